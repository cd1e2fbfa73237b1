"""The card of one halo: its profile today, the patch it came from, and what a prediction sees there."""

from __future__ import annotations

import numpy as np

from core.analysis.lens.halo_table import HaloRow, halo_rows
from core.analysis.lens.matter import FEWEST, SOFT, Matter, lagrangian_cube, nfw_mass
from core.analysis.views.view import extent
from core.cosmos.box import Array, Catalogue, by_mass
from core.cosmos.universe import Universe
from core.errors import InputError, UsageError
from core.figures import Circles, Contours, Curves, Figure, Row, Series, Slice

SHELLS = 12
_PATCH = 2.0
"""Lagrangian radii that the image of the patch shows to either side."""


def card(
    universe: Universe, name: str, number: int, prediction: Universe | None = None, side: str = "true"
) -> tuple[dict[str, str], Row]:
    """Facts and figures of the halo of this rank by mass, from 1, of a catalogue.

    Raises: UsageError for a rank that there is not, InputError for a catalogue without Lagrangian centres.
    """
    halos = universe.catalogue(name)
    theirs = next(iter(prediction.halos), "") if prediction else ""
    predicted = prediction.catalogue(theirs) if prediction and theirs else None
    own = predicted if side == "predicted" and predicted is not None else halos
    if not 1 <= number <= len(own):
        raise UsageError(f"there is no halo {number} among {len(own)}", f"choose 1 to {len(own)}")
    rows = halo_rows(universe, halos, predicted)
    row = next((one for one in rows if one.side == side and one.rank == number), None)
    if row is None or row.lagrangian_position is None:
        raise InputError(f"halo {number} of {name} has no Lagrangian centre", "choose another catalogue")
    index = int(by_mass(own)[number - 1])
    figures: list[Figure] = []
    if side == "true" and (profile := _profile(universe, halos, index, row.concentration)):
        figures.append(profile)
    if patch := _patch(universe, row, prediction):
        figures.append(patch)
    if shells := _shells(universe, row, index, prediction, side):
        figures.append(shells)
    return facts(row), Row(row.words, tuple(figures))


_UNTOLD = f"needs {FEWEST} particles, half of them beyond {SOFT:g} cells of the force mesh"
"""Why a concentration is not told."""


def facts(row: HaloRow) -> dict[str, str]:
    """What is known of a halo, name by name."""
    here = {
        "halo": row.words,
        "R200m": _length(row.radius),
        "R_L": f"{_length(row.patch)} of the protohalo",
        "particles": f"{row.count}" if row.count else "",
        "c": f"{row.concentration:.3g}" if np.isfinite(row.concentration) else f"- ({_UNTOLD})",
        "delta_8": f"{row.environment:.3g}" if np.isfinite(row.environment) else "",
        "today": _place(row.position),
        "from": _place(row.lagrangian_position),
        "other": f"halo {row.other}, {row.other_mass:.3g} Msun/h, {row.distance:.3g} Mpc/h off" if row.other else "",
    }
    return {name: words for name, words in here.items() if words}


def _profile(universe: Universe, halos: Catalogue, row: int, c: float) -> Curves | None:
    """Density over the mean in shells of particles, beside NFW of the measured concentration."""
    try:
        matter = Matter(universe, halos)
    except InputError:
        return None
    distances, outer = matter.around(row), matter.radii[row]
    edges = np.geomspace(0.1 * outer, 2.0 * outer, SHELLS + 1)
    count = np.histogram(distances, edges)[0]
    mean = universe.cells**3 / universe.box_size**3
    volume = 4 * np.pi / 3 * np.diff(edges**3)
    density = np.where(count > 0, count / volume / mean, np.nan)
    error = density / np.sqrt(np.maximum(count, 1))
    r = np.sqrt(edges[1:] * edges[:-1])
    low, high = np.maximum(density - error, 0.1 * density), density + error
    series = [Series("particles", r, density, low, high, "points")]
    if np.isfinite(c):
        inside = np.count_nonzero(distances <= outer) / mean / (4 * np.pi / 3 * outer**3)
        x = c * r / outer
        series.append(Series(f"NFW, c = {c:.2g}", r, inside * c**3 / (3 * nfw_mass(np.array(c)) * x * (1 + x) ** 2)))
    return Curves("Profile today", tuple(series), "r [Mpc/h]", "density / mean", x_log=True, y_log=True)


def _patch(universe: Universe, row: HaloRow, prediction: Universe | None) -> Slice | None:
    """The linear density around the protohalo, the outlines of what ended in the halo and of the prediction."""
    if "delta_linear" not in universe.fields or row.lagrangian_position is None:
        return None
    cell = universe.box_size / universe.cells
    home, reach = _home(row, cell, universe.cells)
    side = np.arange(-((_side(reach, universe.cells) - 1) // 2), (_side(reach, universe.cells) - 1) // 2 + 1)
    plane = lagrangian_cube(universe.field("delta_linear").values, home, reach)[:, :, len(side) // 2].T
    x, y = ((home[k] + side) * cell for k in (0, 1))
    contours = []
    if "label" in universe.fields:
        labels = lagrangian_cube(universe.field("label").values, home, reach)[:, :, len(side) // 2].T
        own = labels == row.rank if row.side == "true" else labels > 0
        contours.append(Contours("ended in it" if row.side == "true" else "true halos", own.astype(float), (0.5,), 0))
    if prediction and "probability" in prediction.fields:
        values = lagrangian_cube(prediction.field("probability").values, home, reach)[:, :, len(side) // 2].T
        contours.append(Contours("predicted", np.asarray(values, dtype=np.float64), (0.5,), 1))
    right, up, _ = row.lagrangian_position
    ring = Circles("R_L", np.array([right]), np.array([up]), np.array([row.patch]), 2)
    limit = float(np.abs(plane).max()) or 1.0
    return Slice(
        "Where it came from", np.asarray(plane, dtype=np.float64), extent(x, y, cell), "x [Mpc/h]", "y [Mpc/h]",
        "linear overdensity", "diverging", limits=(-limit, limit), circles=(ring,), contours=tuple(contours),
    )  # fmt: skip


def _shells(universe: Universe, row: HaloRow, index: int, prediction: Universe | None, side: str) -> Curves | None:
    """Shares of the cells in shells around the protohalo: those that ended in it, in any halo, and the prediction."""
    cell = universe.box_size / universe.cells
    home, reach = _home(row, cell, universe.cells)
    n = _side(reach, universe.cells)
    away = np.arange(n) - (n - 1) // 2
    r = cell * np.sqrt(away[:, None, None] ** 2 + away[:, None] ** 2 + away**2)
    edges = np.arange(0.0, cell * ((n - 1) // 2) + 0.5 * cell, max(cell, row.patch / 6))
    middle = (edges[1:] + edges[:-1]) / 2
    lines: list[tuple[str, Array]] = []
    if "label" in universe.fields:
        labels = lagrangian_cube(universe.field("label").values, home, reach)
        if side == "true":
            lines.append(("ended in it", labels == index + 1))
        lines.append(("in any halo", labels > 0))
    if prediction and "probability" in prediction.fields:
        lines.append(("predicted", lagrangian_cube(prediction.field("probability").values, home, reach)))
    counts = np.histogram(r, edges)[0]
    series = [
        Series(name, middle, np.histogram(r, edges, weights=values.astype(np.float64))[0] / np.maximum(counts, 1))
        for name, values in lines
    ]
    if not series:
        return None
    return Curves("Around its centre", tuple(series), "Lagrangian r [Mpc/h]", "share of cells", y_limits=(0.0, 1.0))


def _home(row: HaloRow, cell: float, cells: int) -> tuple[Array, int]:
    """The cell of the protohalo's centre, and how far an image of it reaches."""
    home = np.rint(np.asarray(row.lagrangian_position) / cell).astype(np.int64)
    return home, min((cells - 1) // 2, int(np.ceil(_PATCH * row.patch / cell)) + 1)


def _side(reach: int, cells: int) -> int:
    return 2 * min(reach, (cells - 1) // 2) + 1


def _length(value: float) -> str:
    return f"{value:.3g} Mpc/h"


def _place(place: tuple[float, float, float] | None) -> str:
    return f"({', '.join(f'{coordinate:.4g}' for coordinate in place)}) Mpc/h" if place else ""
