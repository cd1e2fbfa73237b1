"""The report on halo masses particle by particle, beside first-crossing masses of the same particles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.cosmos.box import Array, Catalogue
from core.figures import Figure, Number, Report
from core.progress import Progress, each, part, silent
from core.recipes.halo_mass import figures as draw
from core.recipes.halo_mass import objects
from core.recipes.halo_mass.information import Information, jittered, mutual_information, noise_information, unbounded
from core.recipes.halo_mass.masses import crossing_masses, log_crossing
from core.recipes.halo_mass.particles import HaloParticles, radii
from core.recipes.halo_mass.scores import correlation as correlate
from core.recipes.halo_mass.scores import half_range, median

if TYPE_CHECKING:
    from core.cosmos.universe import Universe
    from core.recipes.halo_mass.settings import MassRange

JITTER = 0.05
"""Noise [dex] that fills the gaps between the masses of the rare large halos: little beside any model's scatter."""
FEWEST, FEWEST_HALOS = 200, 10
"""Particles and their halos below which no information is estimated."""
REFERENCE = (1.5, 1.0, 0.75, 0.5)
"""Noise [dex] of the paper's imaginary models."""

PAPER = {"density": 0.370, "averaged": 0.240, "potential": 0.399}
PAPER_CROSSING = {
    "density": {"eps": 0.409, "sheth_tormen": 0.411},
    "averaged": {"eps": 0.271, "sheth_tormen": 0.299},
}
PAPER_RADIUS = {"density": (0.543, 0.378, 0.239), "averaged": (0.388, 0.234, 0.126)}
PAPER_NOISE = {"density": 0.7, "averaged": 0.9}
PAPER_NEVER = {"eps": 0.30, "sheth_tormen": 0.58}
PAPER_THEORY = {"eps": 0.257, "sheth_tormen": 0.260}
THEORIES = {"eps": "EPS", "sheth_tormen": "Sheth-Tormen"}
RADII = {"inner": (0.0, 0.3), "middle": (0.3, 0.6), "outer": (0.6, np.inf)}


@dataclass(frozen=True)
class JudgedParticles:
    """All test particles: log10 of masses [Msun/h] (N,), a theory's -inf without a crossing; r / r200m or None.

    `halo` numbers the halos of all universes.
    """

    halo: Array
    true: Array
    found: Array
    theory: dict[str, Array]
    radius: Array | None
    step: float
    """Spacing of the theories' masses [dex]."""


def report(
    title: str,
    facts: dict[str, str],
    pairs: Sequence[tuple[Universe, Universe]],
    halos_of: Callable[[Universe], Catalogue],
    masses: MassRange,
    kind: str,
    bootstraps: int,
    progress: Progress = silent,
) -> Report:
    """Numbers and figures over the particles of all pairs of (truth, prediction).

    `halos_of` tells the true halos of a universe, `kind` what the network sees; the facts come from the recipe.
    """
    low, high = masses.low, masses.high
    judged = _judged(halos_of, pairs, part(progress, 0.0, 0.3))
    share = _Shared(low, high, judged.step, bootstraps)
    every = np.ones(len(judged.true), dtype=bool)
    progress(0.3, "mutual information")
    whole = share.network(judged, every)
    noise = _levels(judged.true)
    numbers = [
        _information("information", "information, network, all particles", whole, paper=PAPER.get(kind)),
        Number(
            "noise",
            "Gaussian noise on the true masses that leaves as much",
            _equivalent(noise, whole),
            "dex",
            paper=PAPER_NOISE.get(kind),
        ),
        *_accuracy(judged, kind),
    ]
    models = {"network": (judged.true, judged.found)}
    points = {"network": whole}
    for theory, name in each(part(progress, 0.5, 0.8, "information of "), list(THEORIES.items()), lambda item: item[1]):
        crossed = np.isfinite(judged.theory[theory])
        if crossed.any():
            models[name] = (judged.true[crossed], judged.theory[theory][crossed])
        ours, theirs = share.network(judged, crossed), share.theory(judged, theory, crossed)
        paper = PAPER_CROSSING.get(kind, {}).get(theory)
        where = f"where {name} tells a mass"
        numbers += [
            _information(f"information_{theory}", f"information, network {where}", ours, theirs, paper),
            _information(f"{theory}_information", f"information, {name} {where}", theirs, paper=PAPER_THEORY[theory]),
            Number(
                f"never_{theory}",
                f"particles that never cross, {name}",
                float(1 - crossed.mean()),
                paper=PAPER_NEVER[theory],
            ),
        ]
        if theirs:
            points[name] = theirs
    figures: dict[str, Figure] = {
        "masses": draw.joint("particles", models, low, high),
        "residuals": draw.residuals(models, low, high),
        "distributions": draw.distributions(models, low, high),
        "information": draw.information(
            noise, {n: (i.value, i.error, _equivalent(noise, i) or np.nan) for n, i in points.items() if i}
        ),
    }
    progress(0.8, "by radius")
    if judged.radius is not None:
        numbers += _radius_numbers(judged, share, kind)
        figures["radius"] = draw.by_radius(_parts(judged), low, high)
    boxes = [objects.whole_halos(prediction) for _, prediction in pairs]
    if halos := objects.together([box for box in boxes if box is not None]):
        numbers += objects.numbers(halos)
        ways = {"network": (halos.true, halos.network), "EPS": halos.by_eps()}
        # EPS may give no halo a mass
        ways = {name: masses for name, masses in ways.items() if len(masses[0])}
        figures["objects"] = draw.joint("whole halos", ways, low, high)
    counted = f"{len(judged.true):,} of halos of 10^{low:g} to 10^{high:g} Msun/h"
    facts = {name: counted if name == "particles" else text for name, text in facts.items()}
    facts["noise on the truth"] = ", ".join(f"{width:g} dex leaves {noise[width]:.3f} nats" for width in REFERENCE)
    return Report(title, tuple(numbers), figures, NOTES, facts)


def _judged(
    halos_of: Callable[[Universe], Catalogue], pairs: Sequence[tuple[Universe, Universe]], progress: Progress
) -> JudgedParticles:
    parts, halos = [], 0
    for truth, prediction in each(progress, pairs, lambda pair: pair[0].name):
        found = prediction.catalogue("particles")
        particles = HaloParticles(found["id"], found["halo"] - 1, halos_of(truth))
        crossed = [log_crossing(prediction.field(f"mass_{theory}"), particles) for theory in THEORIES]
        columns = np.stack([halos + particles.halo, np.log10(particles.mass), np.log10(found["mass"]), *crossed])
        halos += len(particles.halos)
        # in an order of their own: what is drawn at random below is the same for every run
        order = np.argsort(particles.ids)
        radius = radii(truth, particles)
        parts.append((columns[:, order], None if radius is None else radius[order]))
    halo, true, network, *theory = np.concatenate([columns for columns, _ in parts], axis=1)
    apart = [radius for _, radius in parts if radius is not None]
    bank = np.log10(crossing_masses(pairs[0][0]))
    return JudgedParticles(
        halo.astype(np.int64),
        true,
        network,
        dict(zip(THEORIES, theory, strict=True)),
        np.concatenate(apart) if len(apart) == len(parts) else None,
        float(bank[0] - bank[1]),
    )


@dataclass(frozen=True)
class _Shared:
    """Mutual information with the true mass, which is made continuous and unbounded first."""

    low: float
    high: float
    step: float
    bootstraps: int

    def network(self, judged: JudgedParticles, where: Array) -> Information | None:
        return self._of(judged, where, judged.found[where])

    def theory(self, judged: JudgedParticles, theory: str, where: Array) -> Information | None:
        # theories know only so many masses: noise within their spacing keeps all that they tell
        return self._of(judged, where, jittered(judged.theory[theory][where], self.step / 4, seed=2))

    def _of(self, judged: JudgedParticles, where: Array, found: Array) -> Information | None:
        true, halo = judged.true[where], judged.halo[where]
        if len(true) < FEWEST or len(np.unique(halo)) < FEWEST_HALOS or np.ptp(found) == 0:
            return None
        margin = 3 * JITTER
        smooth = unbounded(jittered(true, JITTER), self.low - margin, self.high + margin)
        return mutual_information(smooth, found, bootstraps=self.bootstraps, groups=halo)


def _information(
    key: str,
    name: str,
    found: Information | None,
    baseline: Information | None = None,
    paper: float | None = None,
    note: str = "",
) -> Number:
    """Baseline: a theory on the same particles."""
    if found is None:
        return Number(key, name, None, "nats", paper=paper, note=f"fewer than {FEWEST} particles")
    return Number(key, name, found.value, "nats", found.error, baseline.value if baseline else None, paper, note)


def _levels(true: Array) -> dict[float, float]:
    """Information left by Gaussian noise of each width [dex], the paper's among them."""
    return {
        width: noise_information(true, width) for width in sorted({*np.round(np.arange(0.1, 2.01, 0.1), 1), *REFERENCE})
    }


def _equivalent(levels: dict[float, float], found: Information | None) -> float | None:
    """The noise [dex] that leaves as much information; None beyond the levels."""
    widths = sorted(levels, reverse=True)
    values = [levels[width] for width in widths]
    if found is None or not values[0] <= found.value <= values[-1]:
        return None
    return float(np.interp(found.value, values, widths))


def _accuracy(judged: JudgedParticles, kind: str) -> list[Number]:
    """Median, scatter, correlation and outliers of the residual, beside EPS on the particles that cross."""
    crossed = np.isfinite(judged.theory["eps"])
    ours = judged.found - judged.true
    theirs = (judged.theory["eps"] - judged.true)[crossed]
    correlation = correlate(judged.true, judged.found)
    eps = correlate(judged.true[crossed], judged.theory["eps"][crossed])
    evolved = kind == "evolved"
    outliers = float(np.mean(np.abs(ours - ours.mean()) > 3 * ours.std()))
    note = "baseline: EPS, where it crosses"
    return [
        Number("bias", "median residual", float(np.median(ours)), "dex", None, median(theirs), note=note),
        Number("scatter", "half the 68 % range of the residual", half_range(ours), "dex", None, half_range(theirs)),
        Number("correlation", "correlation with the true mass", correlation, "", None, eps, 0.96 if evolved else None),
        Number("outliers", "residuals beyond 3 sigma", outliers, paper=0.004 if evolved else None),
    ]


def _parts(judged: JudgedParticles) -> dict[str, draw.Masses]:
    assert judged.radius is not None
    parts = {}
    for low, high in RADII.values():
        inside = (judged.radius >= low) & (judged.radius < high)
        parts[_where(low, high)] = (judged.true[inside], judged.found[inside])
    return parts


def _where(low: float, high: float) -> str:
    if low == 0:
        return f"r < {high:g} r200m"
    return f"r > {low:g} r200m" if np.isinf(high) else f"{low:g} to {high:g} r200m"


def _radius_numbers(judged: JudgedParticles, share: _Shared, kind: str) -> list[Number]:
    assert judged.radius is not None
    numbers = []
    for (key, (low, high)), paper in zip(RADII.items(), PAPER_RADIUS.get(kind, (None,) * 3), strict=True):
        inside = (judged.radius >= low) & (judged.radius < high)
        found, label = share.network(judged, inside), f"information, {_where(low, high)}"
        numbers.append(
            _information(f"information_{key}", label, found, paper=paper, note=f"{inside.mean():.0%} of all")
        )
    return numbers


NOTES = (
    "Errors of mutual information are bootstraps over halos: particles of one halo share its mass. The paper's, over "
    "particles, are smaller for the same data.",
    "Theory: first crossing by a top hat of the linear density at the particle's own cell, on 50 scales down to a "
    "radius of 2 cells. It tells no mass of particles that never cross; network and theory are compared on the others.",
    "Several seeds: train again with --set seed=2 and so on, on the same universes, and put the runs side by side with "
    "`halodeck compare`; the particles that are judged are the same.",
)
