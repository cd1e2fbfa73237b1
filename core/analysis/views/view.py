"""Slices of fields as Figures: which planes, how they are flattened, which window of them is shown.

Cell i of a grid stands at i * box_size / cells, so the pixels of an image lie half a cell to either side of that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from core.analysis.views.colour_range import density_limits, is_overdensity
from core.cosmos.box import Array, Field
from core.errors import UsageError, did_you_mean
from core.figures import ColourMap, Scale, Slice

Axis = Literal["x", "y", "z"]
Pooling = Literal["mean", "max"]
Component = Literal["length", "x", "y", "z"]
Range = Literal["box", "slice"]
AXES: tuple[Axis, ...] = get_args(Axis)

FEWEST_CELLS = 4
"""No window is narrower."""


@dataclass(frozen=True)
class View:
    """How a field is looked at: along which axis, which planes, how flattened, which window, in which colours.

    `index` counts planes from 0 (None is the middle), and `thickness` planes from there on make the slab. The window
    is `zoom` times narrower than the box, around `centre` [Mpc/h] in the two other coordinates (None is the middle).
    `component` is that of a vector. No `colours` and `limits`: the field decides, by what it holds in the whole box or
    in this slice, `range`.
    """

    axis: Axis = "z"
    index: int | None = None
    thickness: int = 1
    pooling: Pooling = "mean"
    component: Component = "length"
    scale: Scale = "linear"
    colours: ColourMap | None = None
    limits: tuple[float, float] | None = None
    zoom: float = 1.0
    centre: tuple[float, float] | None = None
    range: Range = "box"

    @property
    def across(self) -> str:
        """The two axes of the image: to the right, up."""
        return "xyz".replace(self.axis, "")

    def plane(self, cells: int) -> int:
        """The first plane of the slab."""
        return cells // 2 if self.index is None else self.index

    def check(self, cells: int) -> None:
        """Raises: UsageError for an unknown name, planes outside the box or a window larger than it."""
        for what, chosen, allowed in (
            ("axis", self.axis, get_args(Axis)),
            ("pooling", self.pooling, get_args(Pooling)),
            ("component", self.component, get_args(Component)),
            ("colour map", self.colours or "sequential", get_args(ColourMap)),
            ("range", self.range, get_args(Range)),
        ):
            if chosen not in allowed:
                raise UsageError(f"unknown {what} {chosen!r}", did_you_mean(str(chosen), allowed))
        if not 0 <= self.plane(cells) < cells:
            raise UsageError(f"there is no plane {self.index} in {cells} cells", f"choose 0 to {cells - 1}")
        if not 1 <= self.thickness <= cells:
            raise UsageError(
                f"a slab of {self.thickness} planes does not fit into {cells} cells", f"choose 1 to {cells}"
            )
        if not self.zoom >= 1:
            raise UsageError(f"a zoom of {self.zoom:g} is less than the box", "choose 1 or more")

    def window(self, cells: int, box_size: float) -> tuple[Array, Array]:
        """Positions [Mpc/h] of the columns and rows of pixels; beyond a face of the box they go on counting."""
        size = box_size / cells
        shown = min(cells, max(FEWEST_CELLS, round(cells / self.zoom)))
        middle = box_size / 2 - size / 2
        u, v = (round(c / size - (shown - 1) / 2) for c in self.centre or (middle, middle))
        return (u + np.arange(shown)) * size, (v + np.arange(shown)) * size


def runs_of_planes(first: int, count: int, cells: int, most: int) -> Iterator[tuple[int, int]]:
    """`count` planes from `first` on around the box, as (first, count) of runs that cross no multiple of `most`."""
    while count > 0:
        first %= cells
        run = min(count, most - first % most, cells - first)
        yield first, run
        first, count = first + run, count - run


def flatten(pieces: Iterable[Array], view: View) -> Array:
    """Planes (components, planes, n, n), piece by piece, as one image (n, n): the mean or the highest value.

    A vector is shown by the length of its mean, or by its greatest length.
    """
    result: Array | None = None
    planes = 0
    for piece in pieces:
        planes += piece.shape[1]
        if view.pooling == "max":
            part = np.fmax.reduce(_length(piece), axis=0)
            result = part if result is None else np.fmax(result, part)
        else:
            part = piece[:, 0] if piece.shape[1] == 1 else piece.sum(axis=1)
            result = part if result is None else result + part
    if result is None:
        raise ValueError("no planes")
    return result if view.pooling == "max" else _length(result if planes == 1 else result / planes)


def slice_figure(
    field: Field, axis: Axis = "z", index: int | None = None, thickness: int = 1, scale: Scale | None = None
) -> Slice:
    """A slab of a field across an axis, by memory map; a vector field is shown by its length.

    Raises: UsageError for a plane outside the box.
    """
    view = View(axis, index, thickness, scale=scale or "linear")
    view.check(field.cells)
    values = field.values if field.is_vector else field.values[None]
    if field.values.dtype.kind in "iu":
        view = View(axis, index, scale=view.scale)
    where = "xyz".index(axis) + 1
    runs = runs_of_planes(view.plane(field.cells), view.thickness, field.cells, field.cells)
    pieces = (np.moveaxis(values[(slice(None),) * where + (slice(k, k + n),)], where, 1) for k, n in runs)
    return plane_figure(field, flatten(pieces, view), view)


def plane_figure(field: Field, plane: Array, view: View, title: str = "") -> Slice:
    """One plane of a field, or a slab flattened to one, as the figure that the view asks for.

    Of `field` only the name, units and shape are used. Labels keep their own colours and are never averaged.
    """
    cells = field.cells
    labels = plane.dtype.kind in "iu"
    signed = bool((plane < 0).any())
    colours: ColourMap = "labels" if labels else "diverging" if signed and view.scale != "log" else "sequential"
    if view.scale == "log" and is_overdensity(field) and not labels:
        colours = "density"
    if view.colours and not labels:
        colours = view.colours
    name = field.name if view.component == "length" or not field.is_vector else f"{field.name}_{view.component}"
    label = f"{name} [{field.units}]" if field.units not in ("", name) else name
    x, y = view.window(cells, field.box_size)
    values, limits = cut(plane, x, y, field.box_size), view.limits
    if view.scale == "log" and is_overdensity(field) and not labels:
        values, label = 1 + values, "1 + overdensity"
        limits = limits or density_limits(values)
    return Slice(
        title or f"{name} at redshift {field.redshift:.4g}, {where(view, cells, field.box_size)}",
        values,
        extent(x, y, field.cell_size),
        f"{view.across[0]} [Mpc/h]",
        f"{view.across[1]} [Mpc/h]",
        label,
        colours,
        "linear" if labels else view.scale,
        None if labels else limits,
        view.pooling,
    )


def where(view: View, cells: int, box_size: float) -> str:
    """Which planes: "depth 31.5 Mpc/h along z, 4 cells thick"; "z = 31.5" would read as a redshift."""
    place = f"depth {view.plane(cells) * box_size / cells:.4g} Mpc/h along {view.axis}"
    return place + (f", {view.thickness} cells thick" if view.thickness > 1 else "")


def cut(plane: Array, x: Array, y: Array, box_size: float) -> Array:
    """The pixels of a plane (n, n) at these positions, around the box; rows go up."""
    columns, rows = (np.rint(at * (len(plane) / box_size)).astype(np.intp) % len(plane) for at in (x, y))
    return np.ascontiguousarray(plane[np.ix_(columns, rows)].T)


def extent(x: Array, y: Array, cell_size: float) -> tuple[float, float, float, float]:
    """The edges of pixels at these positions."""
    half = cell_size / 2
    return float(x[0] - half), float(x[-1] + half), float(y[0] - half), float(y[-1] + half)


def _length(values: Array) -> Array:
    return values[0] if len(values) == 1 else np.asarray(np.sqrt((values**2).sum(axis=0)))
