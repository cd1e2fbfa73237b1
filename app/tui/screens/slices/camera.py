"""What the slices show: a place in a box and how it is looked at. Every key makes a new one of the old."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar, get_args

from app.tui.frame.wording import nearby
from core.analysis.views.colour_range import is_overdensity
from core.analysis.views.panels import Overlays
from core.analysis.views.view import AXES, FEWEST_CELLS, Axis, Component, Pooling, Range, View
from core.cosmos.box import Field
from core.figures import ColourMap, Scale

COMPONENTS: tuple[Component, ...] = get_args(Component)
SCALES: tuple[Scale, ...] = ("linear", "log", "asinh")
COLOURS: tuple[ColourMap | None, ...] = (None, "sequential", "density", "viridis", "cividis", "grey", "diverging")
SMALLEST = (0.0, 1e12, 1e13, 1e14)
"""Masses of the smallest halo shown [Msun/h]."""

Point = tuple[float, float, float]
T = TypeVar("T")


@dataclass(frozen=True)
class Camera:
    """A file and field, a cursor in its box, and how the planes through the cursor are looked at.

    `cells` is 0 until the file has been opened. `at` and `centre` are x, y, z [Mpc/h].
    """

    path: Path
    field: str = ""
    partner: Path | None = None
    cells: int = 0
    box_size: float = 0.0
    at: Point = (0.0, 0.0, 0.0)
    axis: Axis = "z"
    thickness: int = 1
    pooling: Pooling = "mean"
    component: Component = "length"
    scale: Scale | Literal["own"] = "own"
    colours: ColourMap | None = None
    range: Range = "box"
    limits: tuple[float, float] | None = None
    zoom: float = 1.0
    centre: Point | None = None
    overlays: Overlays = dataclasses.field(default_factory=Overlays)

    @property
    def cell_size(self) -> float:
        return self.box_size / self.cells

    @property
    def step(self) -> float:
        """An eighth of the window, in whole cells [Mpc/h]."""
        return max(1, round(self.cells / self.zoom / 8)) * self.cell_size

    def plane(self, axis: Axis | None = None) -> int:
        """The plane of the cursor."""
        return round(self.at[AXES.index(axis or self.axis)] / self.cell_size) % self.cells

    def view(self, field: Field, axis: Axis | None = None) -> View:
        """The view along an axis, the main one by default; a density's own scale is the logarithmic one."""
        axis = axis or self.axis
        scale = self.scale if self.scale != "own" else "log" if is_overdensity(field) else "linear"
        centre = None
        if self.centre:
            centre = tuple(self.centre[k] for k in range(3) if AXES[k] != axis)
        return View(
            axis, self.plane(axis), self.thickness, self.pooling, self.component, scale, self.colours, self.limits,
            self.zoom, centre, self.range,  # type: ignore[arg-type]
        )  # fmt: skip

    def in_box(self, cells: int, box_size: float) -> Camera:
        """The same in a box of this grid; in another one than before the cursor goes to the middle."""
        if (cells, box_size) == (self.cells, self.box_size):
            return self
        middle = cells // 2 * box_size / cells
        thickness = min(self.thickness, cells)
        return replace(
            self,
            cells=cells,
            box_size=box_size,
            at=(middle, middle, middle),
            thickness=thickness,
            zoom=1.0,
            centre=None,
        )

    def showing(self, field: str) -> Camera:
        """Another field, in its own scale and range."""
        return replace(self, field=field, scale="own", limits=None, component="length")

    def deeper(self, by: int) -> Camera:
        """The cursor so many planes further along the axis, around the box."""
        return self._moved(self.axis, by)

    def moved(self, right: int, up: int) -> Camera:
        """The cursor so many cells to the right and up; the window follows."""
        camera = self
        for axis, by in zip((axis for axis in AXES if axis != self.axis), (right, up), strict=True):
            camera = camera._moved(axis, by)
        return camera._followed()

    def pointed(self, axis: Axis, x: float, y: float) -> Camera:
        """The cursor in the cell at this place of the image along an axis."""
        at = list(self.at)
        for k, place in zip((k for k in range(3) if AXES[k] != axis), (x, y), strict=True):
            at[k] = round(place / self.cell_size) % self.cells * self.cell_size
        return replace(self, at=_point(at))

    @property
    def untouched(self) -> bool:
        """Whether the cursor is where it was put when the box was opened."""
        middle = self.cells // 2 * self.box_size / self.cells
        return self.at == (middle, middle, middle)

    def gone_to(self, at: Point) -> Camera:
        """The cursor at a point; the window follows."""
        cells = (round(place / self.cell_size) % self.cells * self.cell_size for place in at)
        return replace(self, at=_point(cells))._followed()

    def panned(self, axis: Axis, right: float, up: float) -> Camera:
        """The window moved by this [Mpc/h] in the image along an axis, around the box."""
        middle = self.box_size / 2 - self.cell_size / 2
        centre = list(self.centre or (middle, middle, middle))
        for k, by in zip((k for k in range(3) if AXES[k] != axis), (right, up), strict=True):
            centre[k] = (centre[k] + by) % self.box_size
        return replace(self, centre=_point(centre))

    def zoomed(self, factor: float) -> Camera:
        """Closer to the cursor, or away from it up to the whole box."""
        zoom = min(max(1.0, self.zoom * factor), max(1.0, self.cells / FEWEST_CELLS))
        if zoom <= 1.0:
            return replace(self, zoom=1.0, centre=None)
        return replace(self, zoom=zoom, centre=self.at if self.zoom <= 1.0 else self.centre)._followed()

    def thicker(self, factor: float) -> Camera:
        """A slab of so many times its planes."""
        return replace(self, thickness=min(self.cells, max(1, int(self.thickness * factor))))

    def command(self, scale: Scale, planes: bool = False) -> str:
        """The `halodeck view` that draws the same, a plane or those along all three axes."""
        words = ["halodeck", "view", nearby(self.path), "--field", self.field]
        if planes:
            words += ["--planes", "--at", ",".join(f"{place:.6g}" for place in self.at)]
        else:
            words += ["--axis", self.axis, "--slice", str(self.plane())]
        words += ["--thickness", str(self.thickness)] if self.thickness > 1 else []
        words += ["--max"] if self.pooling == "max" else []
        words += [f"--{scale}"] if scale != "linear" else []
        words += ["--component", self.component] if self.component != "length" else []
        words += ["--colours", self.colours] if self.colours else []
        words += ["--range", self.range] if self.range != "box" and not self.limits else []
        words += ["--limits", ",".join(f"{limit:.6g}" for limit in self.limits)] if self.limits else []
        words += ["--zoom", f"{self.zoom:g}"] if self.zoom > 1 else []
        if self.centre and not planes:
            centre = [place for axis, place in zip(AXES, self.centre, strict=True) if axis != self.axis]
            words += ["--centre", ",".join(f"{place:.6g}" for place in centre)]
        words += ["--halos", self.overlays.catalogue] if self.overlays.catalogue else []
        words += ["--smallest", f"{self.overlays.smallest:g}"] if self.overlays.smallest else []
        words += ["--outlines"] if self.overlays.outlines else []
        words += ["--compare", nearby(self.partner)] if self.partner else []
        return shlex.join(words)

    def _moved(self, axis: Axis, by: int) -> Camera:
        at = list(self.at)
        at[AXES.index(axis)] = (self.plane(axis) + by) % self.cells * self.cell_size
        return replace(self, at=_point(at))

    def _followed(self) -> Camera:
        """The window moved as little as brings the cursor into it."""
        if self.zoom <= 1.0 or self.centre is None:
            return self
        half = (self.box_size / self.zoom - self.cell_size) / 2
        centre = []
        for place, middle in zip(self.at, self.centre, strict=True):
            away = (place - middle + self.box_size / 2) % self.box_size - self.box_size / 2
            centre.append((middle + away - min(max(away, -half), half)) % self.box_size)
        return replace(self, centre=_point(centre))


def _point(places: Iterable[float]) -> Point:
    x, y, z = places
    return x, y, z


def after(choices: tuple[T, ...], chosen: T, by: int = 1) -> T:
    """The next of some choices, around; the first if none of them was chosen."""
    return choices[(choices.index(chosen) + by) % len(choices)] if chosen in choices else choices[0]
