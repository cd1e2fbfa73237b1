"""Read what the slices show, in one thread: the newest request first, an older one given up, then what comes next."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from textual.message import Message

from app.tui.screens.slices.camera import Camera, Point
from core.analysis.lens.halo_here import HaloHere, halo_here
from core.analysis.views.panels import (
    Panel,
    described,
    fields_beside,
    first_field,
    first_of,
    most_massive,
    overlaid,
    panels,
    partners,
)
from core.analysis.views.slab_cache import Cancelled, SlabCache
from core.analysis.views.view import AXES, View, where
from core.cosmos.box import by_mass, position_in
from core.cosmos.universe import Universe
from core.errors import HalodeckError, InputError, Interrupted
from core.figures import Slice
from core.runs.predictions import predictions


@dataclass(frozen=True)
class ImageRequest:
    """What is to be seen: a camera, one axis or all three, and files to compare with besides the predictions."""

    camera: Camera
    three: bool = False
    others: tuple[Path, ...] = ()
    direction: int = 1
    """Where the next slices are likely to be."""
    again: int = 0
    """Another number reads the same once more."""


@dataclass(frozen=True)
class Image:
    """One picture: what, how seen, as a figure by itself, and as one of those on the screen, titled by what tells it
    from the others."""

    panel: Panel
    view: View
    figure: Slice
    shown: Slice

    @property
    def redshift(self) -> float:
        return described(self.panel.source).redshift

    def value(self, at: Point) -> float:
        """The value of the pixel at a point of the box; NaN outside the window."""
        (x0, x1, y0, y1), values = self.figure.extent, self.figure.values
        box, (rows, columns) = self.panel.source.universe.box_size, values.shape
        x, y = (at[AXES.index(axis)] for axis in AXES if axis != self.view.axis)
        column, row = int((x - x0) % box / (x1 - x0) * columns), int((y - y0) % box / (y1 - y0) * rows)
        return float(values[row, column]) if row < rows and column < columns else float("nan")


class ImagesRead(Message):
    """What a request shows, what else could be shown, or `problem` says why nothing is."""

    def __init__(
        self,
        request: ImageRequest,
        camera: Camera,
        images: tuple[Image, ...] = (),
        fields: tuple[str, ...] = (),
        partners: tuple[Path, ...] = (),
        here: HaloHere | None = None,
        problem: str = "",
    ) -> None:
        self.request, self.camera, self.images = request, camera, images
        self.fields, self.partners, self.here, self.problem = fields, partners, here, problem
        super().__init__()


class Reader:
    """One thread that reads the newest request and posts what it shows."""

    def __init__(self, runs: Path, post: Callable[[Message], Any]) -> None:
        self._runs = runs
        self._post = post
        self._news = threading.Condition()
        self._wanted: ImageRequest | None = None
        self._stopped = False
        self.cache = SlabCache()

    def want(self, request: ImageRequest) -> None:
        """Read this next, and nothing asked for earlier (any thread)."""
        with self._news:
            self._wanted = request
            self._news.notify()

    def stop(self) -> None:
        """End `serve` soon (any thread)."""
        with self._news:
            self._stopped = True
            self._news.notify()

    def serve(self) -> None:
        """Read until told to stop: the body of the thread."""
        done: ImageRequest | None = None
        while True:
            with self._news:
                self._news.wait_for(lambda last=done: self._stopped or self._wanted is not last)  # type: ignore[misc]
                if self._stopped:
                    return
                done = self._wanted
            if done:
                self._serve(done)

    def _serve(self, request: ImageRequest) -> None:
        def newer() -> bool:
            return self._stopped or self._wanted is not request

        try:
            found = self._read(request, newer)
        except Interrupted:
            return
        except HalodeckError as error:
            self._post(ImagesRead(request, request.camera, problem=str(error)))
            return
        self._post(found)
        try:
            for image in found.images:
                source = image.panel.source
                self.cache.fetch_ahead(source.universe, source.field, image.view, request.direction, newer)
        except HalodeckError:
            return  # given up, or told when it is looked at

    def _read(self, request: ImageRequest, newer: Cancelled) -> ImagesRead:
        universe = self.cache.universe(request.camera.path)
        first_field(universe)  # a table has none: said before its cells are counted
        others = dict.fromkeys((*predictions(self._runs, universe), *request.others))
        camera = request.camera.in_box(universe.cells, universe.box_size)
        fields = fields_beside(universe, self.cache.universe(camera.partner) if camera.partner else None)
        if camera.field not in fields:
            camera = camera.showing(first_of(fields) if fields else first_field(universe))
        if request.three and camera.untouched:
            frame = universe.fields[camera.field].frame
            camera = camera.gone_to(most_massive(universe, frame, camera.overlays.catalogue, self.cache))
        pictures = images(camera, universe, request.three, self.cache, newer)
        here = self._here(camera, pictures[0].panel)
        return ImagesRead(request, camera, pictures, fields, tuple(partners(universe, others, self.cache)), here)

    def _here(self, camera: Camera, panel: Panel) -> HaloHere | None:
        """The halo under the cursor."""
        universe = panel.source.universe
        name = first_catalogue(universe, camera.overlays.catalogue)
        if not name:
            return None
        frame, halos = described(panel.source).frame, self.cache.catalogue(universe, name)
        return halo_here(halos, universe, frame, camera.at, name)


def images(
    camera: Camera, universe: Universe, three: bool, cache: SlabCache, cancelled: Cancelled = lambda: False
) -> tuple[Image, ...]:
    """What a camera sees: one field along one or three axes, or the panels of a comparison."""
    shown = panels(universe, camera.field, cache.universe(camera.partner) if camera.partner else None)
    axes = [camera.axis, *(axis for axis in AXES if axis != camera.axis)] if three else [camera.axis]
    pictures = []
    for panel in shown:
        for axis in axes:
            view = camera.view(described(panel.source), axis)
            figure = overlaid(panel.figure(cache, view, cancelled), panel, shown, camera.overlays, cache, view)
            title = figure.title if len(shown) > 1 else ""
            title = where(view, universe.cells, universe.box_size) if three and not title else title
            pictures.append(Image(panel, view, figure, replace(figure, title=title)))
    return tuple(pictures)


def halo_by_mass(number: int, name: str, panel: Panel, cache: SlabCache) -> tuple[int, Point, str]:
    """Number, place and words of the so-many-th halo by mass, counted around; a catalogue that is not there is the
    first. Raises: HalodeckError where there are no halos in the frame of the panel."""
    universe, frame = panel.source.universe, described(panel.source).frame
    name = first_catalogue(universe, name)
    position = position_in(frame)
    halos = cache.catalogue(universe, name) if name else None
    if halos is None or position not in halos or not len(halos):
        raise InputError(f"{universe.name} has no halos with a {frame} position", "choose another field")
    number %= len(halos)
    row = by_mass(halos)[number]
    x, y, z = (float(place) for place in halos[position][row])
    return number, (x, y, z), f"halo {number + 1} of {len(halos)} ({name}), {halos['mass'][row]:.3g} Msun/h"


def first_catalogue(universe: Universe, wanted: str) -> str:
    """The catalogue of that name, or the first there is; empty where there is none."""
    return wanted if wanted in universe.halos else next(iter(universe.halos), "")


def again(request: ImageRequest) -> ImageRequest:
    """The same, to be read once more."""
    return replace(request, again=request.again + 1)
