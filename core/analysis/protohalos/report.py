"""The report on halos predicted in Lagrangian space, beside the truth and a baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.analysis.protohalos import cells, clustering, counts, profiles, shapes, variants, verdict
from core.analysis.protohalos import figures as draw
from core.aside import aside
from core.cosmos.box import Array, Catalogue
from core.cosmos.displace import move
from core.cosmos.universe import Universe
from core.figures import Figure, Number, Report
from core.learning.learner import Network
from core.progress import Progress, part, silent
from core.protohalos import ceiling, without_network
from core.protohalos.calibration import from_constants
from core.protohalos.finder import ShellThreshold
from core.protohalos.matching import match, separations
from core.protohalos.truth import TrueHalos


@dataclass(frozen=True)
class JudgedBox:
    """A universe, what was predicted for it, and its true halos that count."""

    universe: Universe
    prediction: Universe
    truth: TrueHalos

    @property
    def probability(self) -> Array:
        return np.asarray(self.prediction.field("probability").values)

    @property
    def found(self) -> Catalogue:
        [name] = self.prediction.halos
        return self.prediction.catalogue(name)


def report(
    title: str,
    paper: str,
    learner: Network,
    boxes: Sequence[JudgedBox],
    minimum_cells: int,
    progress: Progress = silent,
    thresholds: Sequence[float] = (),
) -> Report:
    """Numbers and figures over all boxes for halos of at least `minimum_cells` Lagrangian cells.

    `thresholds` are those of the shell finder, of which the calibration may use but some; without any there is no table
    of the finder's variants.

    An error is the standard error of the mean over boxes.
    """
    universes = [box.universe for box in boxes]
    first = universes[0]
    # the rounding of a catalogue must not drop the smallest halo that counts
    minimum = 0.999 * minimum_cells * min(universe.particle_mass for universe in universes)
    large = 100 / minimum_cells * minimum
    densities = [universe.field("delta_linear") for universe in universes]
    truths, probabilities = [box.truth for box in boxes], [box.probability for box in boxes]
    truth, ours = [t.halos.at_least(minimum) for t in truths], [box.found.at_least(minimum) for box in boxes]
    ours_label = [np.asarray(box.prediction.field("label").values) for box in boxes]

    constants, without = learner.constants, without_network.of(learner.constants, learner.tensors)
    best = _ceilings(boxes, minimum_cells, minimum, large, part(progress, 0.0, 0.3))
    progress = part(progress, 0.3, 1.0)
    progress(0.0, "halos of the baseline")
    guesses = [without.guess(universe, minimum_cells) for universe in universes]
    base_found = [guess.found for guess in guesses]
    baseline = [
        move(f.catalogue(u.box_size, u.cosmology.mean_density).at_least(minimum), f.label, d, u.cosmology)
        for f, u, d in zip(base_found, universes, densities, strict=True)
    ]
    moved = [
        move(halos, t.label, d, u.cosmology) for halos, t, d, u in zip(truth, truths, densities, universes, strict=True)
    ]
    progress(0.3, "shapes")
    strains = [
        shapes.shapes(densities, labels, list(map(len, halos)))
        for labels, halos in (
            ([t.label for t in truths], truth),
            (ours_label, ours),
            ([f.label for f in base_found], baseline),
        )
    ]
    alone = [aside(shapes.unmatched(*one)) for one in zip(ours_label, ours, truth, strict=True)]
    strays = shapes.shapes(densities, alone, list(map(len, ours)))
    progress(0.6, "clustering")
    clustered = clustering.measure(truth, ours, baseline, moved, probabilities, [aside(t.mask) for t in truths])
    shell = ShellThreshold.from_constants(constants, "shell")
    by_centre = _pairs(truth, ours)
    progress(0.8, "cells")
    peak_patch = counts.learnt_from_peak_patch(truths)
    same_cut = peak_patch and counts.at_the_papers_cut(universes)
    cell_numbers, cell_figures = cells.numbers_and_figures(
        truths, universes, probabilities, guesses, without.name, peak_patch
    )
    h = [universe.cosmology.h for universe in universes]
    how, chosen = _finder(constants)
    calibrated = f"; {chosen}" if chosen else ""
    numbers = [
        *cell_numbers,
        Number("halos_true", "halos, true", float(sum(map(len, truth)))),
        Number("halos", "halos, predicted", float(sum(map(len, ours))), baseline=float(sum(map(len, baseline)))),
        *counts.densities("density", f"halos > {minimum:.2g} Msun/h", truth, ours, baseline, minimum, False),
        *counts.densities("density_large", f"halos > {large:.2g} Msun/h", truth, ours, baseline, large, same_cut),
        *(
            _ratio(key, f"N(> {mass:.2g} Msun/h), predicted / true", truth, ours, baseline, mass, paper, calibrated)
            for key, mass, paper in (
                ("mass_function", minimum, None),
                ("mass_function_large", large, counts.PAPER_RATIO if same_cut else None),
            )
        ),
        *counts.class_masses(truth, ours, baseline, h),
        _matched("matched", f"true halos > {minimum:.2g} Msun/h matched", truth, ours, baseline, minimum),
        _matched(
            "matched_large",
            f"true halos > {large:.2g} Msun/h matched",
            truth,
            ours,
            baseline,
            large,
            *counts.papers_matches(same_cut),
        ),
        *_separation(truth, ours),
        *_mass_numbers(by_centre, _pairs(truth, baseline)),
        *clustering.numbers(clustered),
        *shapes.numbers(*strains),
        *shapes.unmatched_numbers(strains[0], strays),
        *profiles.shell_numbers(shell, same_cut),
    ]
    cell = first.box_size / first.cells
    figures: dict[str, Figure] = {
        "slices": draw.slices(first, probabilities[0], truths[0], ours[0]),
        **cell_figures,
        "profiles": profiles.stack_figure(profiles.stack(probabilities, truth), cell),
        "shell": profiles.shell_figure(probabilities, truth, shell),
        "mass_function": draw.mass_functions(truth, ours, baseline, minimum, first.cosmology, without.name),
        "masses": draw.mass_scatter(*by_centre, minimum),
        **clustering.figures(clustered),
        **shapes.figures(strains[0], strains[1], first.particle_mass, strays),
    }
    if thresholds:
        densities_of = [universe.cosmology.mean_density for universe in universes]
        calibration = from_constants(constants, "finder", thresholds)
        figures["finder"] = variants.table(probabilities, truth, densities_of, calibration, thresholds, minimum_cells)
    facts = {
        "paper": paper,
        "held-out universes": ", ".join(universe.name for universe in universes),
        "box": f"{first.box_size:g} Mpc/h, {first.cells}^3 cells of {cell:.3g} Mpc/h",
        "true halos": truths[0].halos.definition,
        "smallest halo": f"{minimum:.3g} Msun/h",
        "baseline": without.words,
        "finder": how,
    }
    # only shells leave rims
    notes = [note for note in NOTES if note != RIMS or how.startswith("shells")]
    said = tuple(filter(None, (verdict.words(numbers, without.name), *notes)))
    return ceiling.with_ceiling(Report(title, tuple(numbers), figures, said, facts), best)


WHOSE = "Berger & Stein 2019"
"""The paper of these numbers."""


def of_another_paper(report: Report) -> Report:
    """The report of a network that is not that paper's: no number of it stands in the column, and notes name it."""

    def named(note: str) -> str:
        return note.replace("The paper", WHOSE).replace("the paper", WHOSE).replace("paper", WHOSE)

    numbers = tuple(
        replace(
            number,
            paper=None,
            note=named(number.note if number.paper is None else f"paper: {number.paper:g}; {number.note}".rstrip("; ")),
        )
        for number in report.numbers
    )
    return replace(report, numbers=numbers, notes=tuple(map(named, report.notes)))


def _ceilings(
    boxes: Sequence[JudgedBox], minimum_cells: int, minimum: float, large: float, progress: Progress
) -> dict[str, float]:
    """What another run of the truth reaches, by the keys of the numbers."""
    universes, truths = [box.universe for box in boxes], [box.truth for box in boxes]
    best = ceiling.measure(universes, truths, minimum_cells, minimum, large, progress)
    counts = {"mass_function": "count", "mass_function_large": "count_large"}
    return best | {key: best[name] for key, name in counts.items() if name in best}


def _finder(constants: dict[str, float]) -> tuple[str, str]:
    """How halos were found, and what of it other universes decided; empty where nothing was."""
    if "growth.stay" in constants:
        how = (
            f"groups of the cheap N-body; cells below p = {constants['growth.stay']:g} leave them, "
            f"those above {constants['growth.join']:g} that touch one join"
        )
        return how, "these chances were chosen by matches and count of other universes"
    if "linking.length" in constants:
        how = (
            f"particles with p > {constants['linking.chance']:g} that are closer than {constants['linking.length']:g} "
            f"cells in the embedding; cells above {constants['linking.join']:g} that touch one join"
        )
        return how, "linking length and chance were chosen by matches and count of other universes"
    if "finder.levels" in constants:
        return "shells; calibrated on the validation universes", (
            "the finder's thresholds were chosen by the count of other universes"
        )
    return "shells; the paper's values", ""


RIMS = (
    "The finder, the baseline's too, takes no region for a halo nearly all of whose cells border one that was found: "
    "the rims that spheres leave of halos that are none. The paper's has no such step."
)

NOTES = (
    "The paper's truth is Peak Patch spheres in 512 Mpc boxes of another cosmology. Its numbers stand beside ours "
    "where the truth is of that kind, those on halos of at least 100 cells where a cell also has its mass; elsewhere a "
    "note names them. N-body halos are friends of friends traced back to the lattice.",
    "A match has its centre inside the true halo's Lagrangian sphere and its radius within 25 %; masses one by one "
    "are of halos matched by their centres alone.",
    RIMS,
    "Halo spectra are measured at equal number: the most massive halos of each catalogue, as many as the shorter has. "
    "The shot noise V/N is subtracted before a ratio is taken; the paper's ratios have it in them. Errors of ratios "
    "and of r(k) are the larger of those of the finite number of modes and of the scatter over universes.",
    "P_shell(R) is fitted on the validation universes, in cells; the points in its figure are the held-out ones.",
)


def _ratio(
    key: str,
    name: str,
    truth: list[Catalogue],
    ours: list[Catalogue],
    baseline: list[Catalogue],
    mass: float,
    paper: float | None,
    calibrated: str,
) -> Number:
    """Cumulative counts over all boxes; the error is Poisson, of the predicted count."""
    note = f"paper: within 10 %{calibrated}"
    true, found, base = (sum(len(c.at_least(mass)) for c in many) for many in (truth, ours, baseline))
    if not true:
        return Number(key, name, None, paper=paper, note=f"no true halos; {note}")
    return Number(key, name, found / true, "", np.sqrt(found) / true, base / true, paper, note)


def _matched(
    key: str,
    name: str,
    truth: list[Catalogue],
    ours: list[Catalogue],
    baseline: list[Catalogue],
    mass: float,
    paper: float | None = None,
    note: str = "",
) -> Number:
    """Fraction of true halos above a mass that have a match; binomial error."""

    def fraction(many: list[Catalogue]) -> tuple[float, int]:
        hits = [match(t, p)[t["mass"] >= mass] >= 0 for t, p in zip(truth, many, strict=True)]
        every = np.concatenate(hits)
        return (float(every.mean()), len(every)) if len(every) else (float("nan"), 0)

    value, count = fraction(ours)
    if not count:
        return Number(key, name, None, note="no true halos")
    error = float(np.sqrt(value * (1 - value) / count))
    return Number(key, name, value, "", error, fraction(baseline)[0], paper, note)


def _separation(truth: list[Catalogue], ours: list[Catalogue]) -> list[Number]:
    distances = np.concatenate([separations(t, p, match(t, p)) for t, p in zip(truth, ours, strict=True)])
    value = float(np.median(distances)) if len(distances) else None
    return [Number("separation", "median distance of matched centres", value, "Mpc/h")]


def _pairs(truth: list[Catalogue], other: list[Catalogue]) -> tuple[Array, Array]:
    """True and predicted mass of the halos matched by their centres alone."""
    pairs = [(t, p, match(t, p, np.inf)) for t, p in zip(truth, other, strict=True)]
    true = [t["mass"][matched >= 0] for t, _, matched in pairs]
    predicted = [p["mass"][matched[matched >= 0]] for _, p, matched in pairs]
    return np.concatenate(true), np.concatenate(predicted)


def _mass_numbers(ours: tuple[Array, Array], baseline: tuple[Array, Array]) -> list[Number]:
    """Median and half the central 68 % of log10(predicted / true mass)."""

    def measure(pairs: tuple[Array, Array]) -> tuple[float | None, float | None]:
        if not len(pairs[0]):
            return None, None
        low, middle, high = np.percentile(np.log10(pairs[1] / pairs[0]), (16, 50, 84))
        return float(middle), float(high - low) / 2

    (bias, scatter), (base_bias, base_scatter) = measure(ours), measure(baseline)
    return [
        Number("mass_bias", "log10 predicted / true mass, median", bias, "dex", baseline=base_bias),
        Number("mass_scatter", "log10 predicted / true mass, scatter", scatter, "dex", baseline=base_scatter),
    ]
