"""The report on emulated universes: network and cheap run beside the N-body that both stand for."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import torch

from core.analysis.densities import figures as draw
from core.analysis.densities import numbers as told
from core.analysis.densities.measured import PREDICTION, TRUTH, JudgedBox, judge, measure, reach
from core.analysis.densities.ways import again, corrected, painted, without_network
from core.aside import aside
from core.cosmos.box import Array, Field
from core.cosmos.cheap import Approximation, cheap_groups
from core.cosmos.cosmology import Cosmology
from core.cosmos.universe import Universe
from core.figures import Curves, Figure, Number, Report, Series
from core.learning.learner import Network
from core.progress import Progress, part, silent
from core.protohalos.resimulated import steps_of
from core.recipes.emulator.settings import StartSettings

Displace: TypeAlias = Callable[[Field, Cosmology, list[float]], object]
"""What emulates a linear density of a cosmology at redshifts, without halos."""

SIZES = (20, 50, 100)
"""Particles above which halos are counted."""
TURNS = 3
"""Measurements of the cost, which is that of the least: other work on a machine costs all of them something."""


def report(
    title: str,
    paper: str,
    begin: StartSettings,
    minimum: int,
    learner: Network,
    displace: Displace,
    pairs: Sequence[tuple[Universe, Universe]],
    progress: Progress = silent,
) -> Report:
    """Numbers and figures over all boxes; an error is the standard error of the mean over boxes."""
    cheap = begin.way
    boxes, moved = [], []
    for number, (universe, prediction) in enumerate(pairs):
        stage = part(progress, 0.9 * number / len(pairs), 0.9 * (number + 1) / len(pairs), f"{universe.name}: ")
        box, displacements = aside(_judged(universe, prediction, cheap, learner, stage))
        boxes.append(box)
        moved.append(displacements)
    counts = _counts(moved, boxes[0].universe.box_size, minimum) if begin.tells_halos else {}
    measured = {way: measure([box.spectra[way] for box in boxes]) for way in boxes[0].spectra}
    whole = list(boxes[0].bispectra)
    ceiling = next((way for way in measured if way.startswith("truth again")), None)
    numbers = [
        *told.of_transfer(measured, cheap.name, ceiling),
        Number(
            "reach",
            "k up to which T(k) is within 1 %, or within its error of that",
            reach(measured[PREDICTION]),
            "h/Mpc",
            None,
            reach(measured[cheap.name]),
            ceiling=reach(measured[ceiling]) if ceiling else None,
        ),
        *told.of_bispectra(boxes, cheap.name),
        *_of_particles(boxes, moved, begin.way),
        *_of_halos(counts, cheap.name, ceiling),
        told.number("mean_density", "mean density over the true one", told.mean_ratio, boxes, cheap.name),
        told.number("voids", "largest error of the void probability", told.void_error, boxes, cheap.name),
    ]
    progress(0.9, "measuring what it costs")
    numbers += _costs(begin.way, learner.device, displace, pairs[0][0])
    figures: dict[str, Figure] = {
        "slices": draw.slices(boxes[0], (cheap.name, PREDICTION, TRUTH)),
        "bands": told.bands(measured),
        "wavenumbers": told.by_wavenumber(measured),
        "transfer": draw.transfer(measured),
        "correlation": draw.correlations(measured),
        "power": draw.power(measured),
        **draw.bispectra({way: [box.bispectra[way] for box in boxes] for way in whole}),
        **_mass_functions(counts, boxes),
        "histograms": draw.histograms(boxes),
        "voids": draw.voids({way: [box.voids[way] for box in boxes] for way in whole}),
        **draw.patches(boxes[0]),
    }
    first = boxes[0].universe
    notes = [f"{corrected('a way')}: its waves multiplied so that its power is right on training universes; r stays."]
    if not begin.tells_halos:
        notes.append(
            f"No halos are told: {cheap.name} does not make small halos, and a network that moves particles does not "
            "repair them. Start from an N-body of mesh ratio 2, if only in its last step."
        )
    facts = {
        "paper": paper,
        "held-out universes": ", ".join(box.universe.name for box in boxes),
        "box": f"{first.box_size:g} Mpc/h, {first.cells}^3 particles and cells of {first.box_size / first.cells:.3g} "
        "Mpc/h, clouds in cells",
        "truth": _truth_name(first),
        "baseline": f"{cheap.name}, which the network corrects",
        **({"ceiling": f"{ceiling}: the same initial conditions, against the truth"} if ceiling else {}),
    }
    progress(1.0, "done")
    return Report(title, tuple(numbers), figures, tuple(notes), facts)


def _judged(
    universe: Universe, prediction: Universe, cheap: Approximation, learner: Network, progress: Progress
) -> tuple[JudgedBox, dict[str, Array]]:
    """Measured densities of one box, and displacements (3, n, n, n) [Mpc/h] of the ways that move particles."""
    progress(0.0, "ways without a network")
    densities, begun = without_network(universe, cheap, learner.tensors)
    moved = {
        TRUTH: np.asarray(universe.field("displacement").values),
        PREDICTION: np.asarray(prediction.field("displacement").values),
        cheap.name: begun,
        **again(universe, part(progress, 0.1, 0.7)),
    }
    painting = {way: painted(values, universe.box_size) for way, values in moved.items() if way != cheap.name}
    progress(0.7, "measuring densities")
    return judge(universe, prediction, {**painting, **densities}, "cic"), moved


def _of_particles(boxes: Sequence[JudgedBox], moved: Sequence[dict[str, Array]], cheap: Approximation) -> list[Number]:
    """Errors of displacements and velocities."""
    index = {id(box): displacements for box, displacements in zip(boxes, moved, strict=True)}

    def error(box: JudgedBox, way: str) -> float:
        return _rms(index[id(box)][way], index[id(box)][TRUTH])

    def speed(box: JudgedBox, way: str) -> float:
        ours = box.prediction.field("velocity").values if way == PREDICTION else _velocity(box.universe, cheap)
        return _rms(ours, box.universe.field("velocity").values)

    return [
        told.number("displacement", "rms error of displacements", error, boxes, cheap.name, "Mpc/h"),
        told.number("velocity", "rms error of velocities", speed, boxes, cheap.name, "km/s"),
    ]


def _rms(ours: Array, true: Array) -> float:
    """Of the error of each component."""
    return float(np.sqrt(np.square(ours - true, dtype=np.float64).mean()))


def _counts(moved: Sequence[dict[str, Array]], box_size: float, minimum: int) -> dict[str, list[Array]]:
    """Particles of the friends-of-friends groups of each way, box by box."""
    return {way: [sizes(box[way], box_size, minimum) for box in moved] for way in moved[0]}


def sizes(displacement: Array, box_size: float, minimum: int) -> Array:
    """Particles of each friends-of-friends group."""
    label = cheap_groups(torch.from_numpy(np.array(displacement)), box_size, minimum)
    return np.bincount(label.reshape(-1))[1:]


def _of_halos(counts: dict[str, list[Array]], baseline: str, ceiling: str | None) -> list[Number]:
    """Halos by number of particles over the true ones, of all boxes; the error is the scatter of boxes about it."""
    numbers = []
    for size in SIZES if counts else ():
        many = {way: np.array([float((c >= size).sum()) for c in of]) for way, of in counts.items()}
        true = many[TRUTH].sum()
        if not true:
            continue
        ratio = {way: float(of.sum() / true) for way, of in many.items()}
        boxes = len(many[TRUTH])
        residual = many[PREDICTION] - ratio[PREDICTION] * many[TRUTH]
        error = float(np.sqrt(boxes / (boxes - 1) * np.square(residual).sum()) / true) if boxes > 1 else None
        name = f"halos of at least {size} particles over the true number"
        best = ratio[ceiling] if ceiling else None
        note = f"{true:.0f} true ones"
        numbers.append(Number(f"halos_{size}", name, ratio[PREDICTION], "", error, ratio[baseline], None, note, best))
    return numbers


def _mass_functions(counts: dict[str, list[Array]], boxes: Sequence[JudgedBox]) -> dict[str, Figure]:
    """Halos above a mass, by way, with the errors of their number; nothing where halos are not told."""
    every = {way: np.concatenate(of) for way, of in counts.items()}
    if not every or not len(every[TRUTH]):
        return {}
    first, least = boxes[0].universe, int(every[TRUTH].min())
    edges = np.unique(np.geomspace(least, max(int(every[TRUTH].max()), least + 1), 17).astype(int))
    volume = len(boxes) * first.box_size**3
    series = []
    for way, of in every.items():
        above = np.array([(of >= edge).sum() for edge in edges], dtype=float)
        above[above == 0] = np.nan
        bounds = [(above + sign * np.sqrt(above)) / volume for sign in (-1, 1)]
        bounds[0] = np.where(bounds[0] > 0, bounds[0], np.nan)
        style = draw.STYLES.get(way, "dashed")
        series.append(Series(way, edges * first.particle_mass, above / volume, bounds[0], bounds[1], style))
    figure = Curves(
        "Halos above a mass, friends of friends of the moved particles",
        tuple(series),
        "M [Msun/h]",
        "n(> M) [(h/Mpc)^3]",
        x_log=True,
        y_log=True,
        ratio_to=TRUTH,
        ratio_label="over truth",
        ratio_bands=(0.05,),
    )
    return {"mass_function": figure}


def _velocity(universe: Universe, cheap: Approximation) -> Array:
    """Peculiar velocities [km/s] of the cheap run."""
    from core.recipes.emulator.start import to_velocity

    z = universe.fields["displacement"].redshift
    [state] = cheap.states(universe.field("delta_linear"), universe.cosmology, [z])
    return (state.velocity * to_velocity(universe.cosmology, z)).numpy()


def _costs(cheap: Approximation, device: torch.device, displace: Displace, universe: Universe) -> list[Number]:
    """Seconds of the cheap run with the network over those of the N-body of the truth, both without halos."""
    made, delta, cosmology = steps_of(universe), universe.field("delta_linear"), universe.cosmology
    if made is None:
        return []
    z = universe.fields["displacement"].redshift
    truth = Approximation("nbody", made.steps, made.mesh_ratio)

    def emulated() -> None:
        displace(delta, cosmology, [z])

    def simulated() -> None:
        truth.states(delta, cosmology, [z], device)

    def begun() -> None:
        cheap.states(delta, cosmology, [z], device)

    ours, theirs, start = _seconds((emulated, simulated, begun), device)
    unit = "s" if device.type == "cuda" else "CPU s"
    note = f"{ours:.2g} of {theirs:.2g} {unit} on the {device.type}, the least of {TURNS}"
    return [Number("cost", "cost over that of the truth", ours / theirs, "", None, start / theirs, None, note)]


def _seconds(works: Sequence[Callable[[], object]], device: torch.device) -> list[float]:
    """Least seconds of some works, in turn after each was done once: of all cores, or of the GPU."""
    clock = time.perf_counter if device.type == "cuda" else time.process_time
    taken: list[list[float]] = [[] for _ in works]
    for turn in range(TURNS + 1):
        for work, times in zip(works, taken, strict=True):
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            begun = clock()
            work()
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            if turn:
                times.append(clock() - begun)
    return [min(times) for times in taken]


def _truth_name(universe: Universe) -> str:
    made = steps_of(universe)
    return f"N-body of {made.steps} steps, mesh ratio {made.mesh_ratio:g}" if made else "displacements of the universe"
