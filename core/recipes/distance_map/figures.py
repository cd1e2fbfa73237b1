"""Figures of the report on distance maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.analysis.massfunction import mass_function_figure
from core.cosmos.box import Array, Catalogue
from core.figures import ColourMap, Contours, Curves, Histogram, Row, Series, Slice, Style
from core.protohalos.figures import equality
from core.recipes.distance_map.cut import Relation
from core.recipes.distance_map.cut import trajectories as trace

if TYPE_CHECKING:
    from core.recipes.distance_map.judged import JudgedBox, Way

SIGMAS = (0.0027, 0.0455, 0.3173)
"""Share of a normal distribution beyond 3, 2 and 1 standard deviations."""

EXAMPLES = 5
"""Trajectories drawn, from the largest region to the smallest that counts."""


def slices(box: JudgedBox) -> Row:
    """Input, distances and halos in the plane that holds most of the largest true halo."""
    universe = box.universe
    depth = int(np.argmax((box.truth.label == 1).sum(axis=(0, 1))))
    extent = (0.0, universe.box_size, 0.0, universe.box_size)
    edge = box.truth.label[:, :, depth].T > 0
    # the outline of what is truly in a halo goes over all but the truth itself
    outline = (Contours("true protohalos", edge.astype(np.float32), (0.5,)),)

    # 1 where distances are normalised
    largest = float(box.true_distance.max(initial=1.0))

    def panel(title: str, field: Array, label: str, colours: ColourMap = "sequential", over: bool = True) -> Slice:
        limits = (0.0, largest) if colours == "sequential" else None
        values = field[:, :, depth].T
        contours = outline if over else ()
        return Slice(title, values, extent, "x [Mpc/h]", "y [Mpc/h]", label, colours, limits=limits, contours=contours)

    density = universe.field("delta_linear").values
    return Row(
        f"Slice at z = {depth * universe.box_size / universe.cells:.1f} Mpc/h of {universe.name}",
        (
            panel("linear density", density, "delta", "diverging", over=False),
            panel("true distance", box.true_distance, "distance", over=False),
            panel("predicted distance", box.distance, "distance"),
            panel("true halos", _shuffled(box.truth), "halo", "labels", over=False),
            panel("watershed", _shuffled(box.raw), "halo", "labels"),
            panel("after the cut", _shuffled(box.network), "halo", "labels"),
        ),
    )


def zoom(box: JudgedBox) -> Row:
    """The surroundings of the largest true halo, three of its diameters wide, with the outlines of all true halos."""
    universe, cell = box.universe, box.universe.box_size / box.universe.cells
    label = box.truth.label
    largest = np.argwhere(label == 1)
    first = largest[0] if len(largest) else np.zeros(3, dtype=np.int64)
    # across the faces of the box, from the halo's first cell
    offset = (largest - first + universe.cells // 2) % universe.cells - universe.cells // 2
    middle = first + (np.rint(offset.mean(axis=0)).astype(np.int64) if len(largest) else 0)
    reach = min(max(round(3 * np.cbrt(3 / (4 * np.pi) * len(largest))), 4), (universe.cells - 1) // 2)
    rows = [np.arange(m - reach, m + reach + 1) % universe.cells for m in middle]
    side = (-reach - 0.5) * cell, (reach + 0.5) * cell

    def plane(field: Array) -> Array:
        return np.asarray(field[:, :, rows[2][reach]])[np.ix_(rows[0], rows[1])].T

    outline = Contours("true protohalos", _outlined(plane(label)), (0.5,))

    def panel(title: str, field: Array, of: str, colours: ColourMap = "sequential") -> Slice:
        return Slice(title, plane(field), (*side, *side), "x [Mpc/h]", "y [Mpc/h]", of, colours, contours=(outline,))

    return Row(
        f"The largest true halo of {universe.name} from nearby",
        (
            panel("true distance", box.true_distance, "distance"),
            panel("predicted distance", box.distance, "distance"),
            panel("watershed", _shuffled(box.raw), "halo", "labels"),
            panel("after the cut", _shuffled(box.network), "halo", "labels"),
            panel("uniform cut", _shuffled(box.uniform), "halo", "labels"),
        ),
    )


def _outlined(label: Array) -> Array:
    """1 in the cells of halos but for those that border another halo, so that an outline runs between the two."""
    borders = np.zeros(label.shape, dtype=bool)
    for axis in (0, 1):
        other = np.roll(label, 1, axis)
        borders |= (other > 0) & (label > 0) & (other != label)
    return ((label > 0) & ~borders).astype(np.float32)


def _shuffled(way: Way) -> Array:
    """Labels in another order: neighbours of like mass get unlike colours."""
    order = np.concatenate([[0], 1 + np.random.default_rng(1).permutation(len(way.halos))])
    return order[way.label]


def masses(catalogues: Sequence[Catalogue], minimum: float) -> Array:
    """Ten masses [Msun/h] a decade from the smallest that counts to the largest there is."""
    highest = max((float(c["mass"].max()) for c in catalogues if len(c)), default=minimum)
    count = max(2, int(np.ceil(10 * np.log10(max(highest / minimum, 1.01)))) + 1)
    # the rounding of a catalogue must not drop the smallest halo that counts
    return 0.999 * minimum * 10 ** (np.arange(count) / 10)


def cumulative(catalogues: Sequence[Catalogue], edges: Array) -> Array:
    """Halos of at least each mass, over all boxes."""
    every = np.sort(np.concatenate([c["mass"] for c in catalogues]))
    return len(every) - np.searchsorted(every, edges).astype(np.float64)


def _ways(boxes: Sequence[JudgedBox]) -> dict[str, list[Catalogue]]:
    ways = {"truth": "truth", "network": "network", "raw": "before the cut", "uniform": "uniform cut"}
    ways["baseline"] = "without network"
    return {name: [getattr(box, way).halos for box in boxes] for way, name in ways.items()}


def counts(boxes: Sequence[JudgedBox], minimum: float) -> Histogram:
    """Halos in bins of mass, five a decade."""
    many = _ways(boxes)
    edges = masses([c for catalogues in many.values() for c in catalogues], minimum)[::2]
    edges = np.append(edges, edges[-1] * 10**0.2)
    every = {name: np.concatenate([c["mass"] for c in catalogues]) for name, catalogues in many.items()}
    counted = {name: np.histogram(mass, edges)[0] for name, mass in every.items()}
    return Histogram("Halos by mass", edges, counted, "M [Msun/h]", "halos", x_log=True, y_log=True)


def mass_functions(boxes: Sequence[JudgedBox], minimum: float) -> Curves:
    """Halos above each mass in (h/Mpc)^3, and their ratio to the truth."""
    volume = sum(box.universe.box_size**3 for box in boxes)
    many = _ways(boxes)
    edges = masses([c for catalogues in many.values() for c in catalogues], minimum)
    series = []
    for name, catalogues in many.items():
        count = cumulative(catalogues, edges)
        count[count == 0] = np.nan
        band = np.sqrt(count) if name in ("truth", "network") else 0 * count
        low, high = (count - band) / volume, (count + band) / volume
        style: Style = "line" if name in ("truth", "network") else "dashed"
        series.append(Series(name, edges, count / volume, low, high, style))
    title = "Halos above a mass (Poisson bands); the cut is fitted to this in training"
    return mass_function_figure(title, series, "truth", "n(> M) [(h/Mpc)^3]")


def voxel_masses(pairs: Sequence[Array], minimum: float, which: str = "after the cut", bins: int = 32) -> Slice:
    """Predicted against true mass of cells that are in a halo in both; contours hold 1, 2, 3 sigma at each mass.

    pairs (2, N) of log10 M, true and predicted.
    """
    true, ours = np.concatenate(list(pairs), axis=1)
    low = np.log10(0.999 * minimum)
    high = max(float(np.max(np.concatenate([true, ours]), initial=low)), low + 0.5) * 1.0001
    edges = np.linspace(low, high, bins + 1)
    count = np.histogram2d(ours, true, (edges, edges))[0]
    below = np.cumsum(count, axis=0) - count / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        # how much of the mass bin lies further out than this cell: 1 at its median
        outside = 1 - np.abs(2 * below / count.sum(axis=0) - 1)
        log = np.where(count > 0, np.log10(count), np.nan)
    return Slice(
        f"Mass of each cell's halo, {which}",
        log,
        (low, high, low, high),
        "log10 true M [Msun/h]",
        "log10 predicted M [Msun/h]",
        "log10 cells",
        contours=(Contours("1, 2, 3 sigma at each true mass", np.nan_to_num(outside), SIGMAS), equality(edges, edges)),
    )


def plane(boxes: Sequence[JudgedBox], relation: Relation, smallest: int, bins: int = 48) -> Slice:
    """How many trajectories pass each place of the (V, d) plane, and the relation that cuts them."""
    largest = max((int(box.basins.cells.max(initial=smallest)) for box in boxes), default=smallest)
    volume = np.unique(np.geomspace(smallest, max(largest, 2 * smallest), 4 * bins).astype(np.int64))
    lines = np.concatenate([trace(box.distance, box.basins, volume) for box in boxes])
    x = np.log10(np.broadcast_to(volume, lines.shape)[np.isfinite(lines)])
    y = lines[np.isfinite(lines)]
    x_edges = np.linspace(np.log10(volume[0]), np.log10(volume[-1]), bins + 1)
    y_edges = np.linspace(0, max(float(np.quantile(y, 0.999)) if len(y) else 1.0, 0.1), bins + 1)
    count = np.histogram2d(y, x, (y_edges, x_edges))[0]
    middle_x, middle_y = (10 ** ((x_edges[1:] + x_edges[:-1]) / 2), (y_edges[1:] + y_edges[:-1]) / 2)
    above = middle_y[:, None] - relation(middle_x)[None]
    return Slice(
        "Trajectories of the regions as they are cut",
        np.where(count > 0, np.log10(np.maximum(count, 1)), np.nan),
        (float(x_edges[0]), float(x_edges[-1]), float(y_edges[0]), float(y_edges[-1])),
        "log10 (V in cells)",
        "mean distance [cells]",
        "log10 passages",
        contours=(Contours("relation of the cut", above, (0.0,)),),
    )


def trajectories(boxes: Sequence[JudgedBox], relation: Relation, here: Relation, smallest: int) -> Curves:
    """Single regions as the threshold rises, the relation fitted in training, and what these boxes would ask for."""
    box = boxes[0]
    sizes = box.basins.cells
    series = []
    if len(sizes):
        volume = np.unique(np.geomspace(smallest, max(int(sizes[0]), 2 * smallest), 60).astype(np.int64))
        lines = trace(box.distance, box.basins, volume)
        wanted = np.geomspace(max(int(sizes[0]), smallest), smallest * 2, EXAMPLES)
        for region in dict.fromkeys(int(np.argmin(np.abs(sizes - cells))) for cells in wanted):
            series.append(
                Series(f"region of {sizes[region]} cells", volume.astype(float), lines[region], style="dashed")
            )
    return Curves(
        "Where regions are cut",
        (
            *series,
            Series("relation, from training", relation.volume, relation.distance),
            Series("as these universes would have it", here.volume, here.distance, style="points"),
        ),
        "V [cells]",
        "mean distance [cells]",
        x_log=True,
    )
