"""What the keys of slices change: each turns the camera to something else in the same box."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.tui.frame.screen import FramedScreen
from app.tui.screens.slices.camera import AXES, COLOURS, COMPONENTS, SCALES, SMALLEST, Camera, after
from app.tui.screens.slices.reader import Image
from core.analysis.views.panels import Overlays


class CameraScreen(FramedScreen):
    """A place that looks at a box."""

    def __init__(self) -> None:
        super().__init__()
        self.camera: Camera | None = None
        self.images: tuple[Image, ...] = ()
        self._fields: tuple[str, ...] = ()
        self._direction = 1
        """Where the last step led, deeper or back."""

    def _aim(self, camera: Camera) -> None:
        """Show what this camera sees."""
        raise NotImplementedError

    def _turn(self, change: Callable[[Camera], Camera]) -> None:
        """Turn the camera within its box."""
        if self.camera and self.camera.cells:
            self._aim(change(self.camera))

    def action_deeper(self, by: int) -> None:
        self._direction = 1 if by > 0 else -1
        self._turn(lambda camera: camera.deeper(by))

    def action_face(self, last: bool) -> None:
        """The first plane of the box, or the last."""
        self._direction = -1 if last else 1
        self._turn(lambda camera: camera.deeper((camera.cells - 1 if last else 0) - camera.plane()))

    def action_axis(self) -> None:
        self._turn(lambda camera: replace(camera, axis=after(AXES, camera.axis)))

    def action_field(self, by: int) -> None:
        if self.images:
            self._turn(lambda camera: camera.showing(after(self._fields, camera.field, by)))

    def action_component(self) -> None:
        self._turn(lambda camera: replace(camera, component=after(COMPONENTS, camera.component), limits=None))

    def action_halos(self) -> None:
        if self.images:
            names = ("", *self.images[0].panel.source.universe.halos)
            self._lay_over(lambda over: replace(over, catalogue=after(names, over.catalogue)))

    def action_smallest(self) -> None:
        self._lay_over(lambda over: replace(over, smallest=after(SMALLEST, over.smallest)))

    def action_outlines(self) -> None:
        self._lay_over(lambda over: replace(over, outlines=not over.outlines))

    def _lay_over(self, change: Callable[[Overlays], Overlays]) -> None:
        self._turn(lambda camera: replace(camera, overlays=change(camera.overlays)))

    def action_thicker(self, factor: float) -> None:
        self._turn(lambda camera: camera.thicker(factor))

    def action_pooling(self) -> None:
        self._turn(lambda camera: replace(camera, pooling="max" if camera.pooling == "mean" else "mean"))

    def action_scale(self) -> None:
        if self.images:
            scale = after(SCALES, self.images[0].view.scale)
            self._turn(lambda camera: replace(camera, scale=scale, limits=None))

    def action_colours(self) -> None:
        self._turn(lambda camera: replace(camera, colours=after(COLOURS, camera.colours)))
        if self.camera:
            self.bench.keep(colour_map=self.camera.colours or "")

    def action_hold(self) -> None:
        from app.draw.image import colour_scale

        found = colour_scale(self.images[0].figure) if self.images else None
        if found:
            self._turn(lambda camera: replace(camera, limits=None if camera.limits else (found.low, found.high)))

    def action_zoom(self, factor: float) -> None:
        self._turn(lambda camera: camera.zoomed(factor))

    def action_move(self, right: int, up: int) -> None:
        self._turn(lambda camera: camera.moved(right, up))

    def action_pan(self, right: int, up: int) -> None:
        self._turn(lambda camera: camera.panned(camera.axis, right * camera.step, up * camera.step))
