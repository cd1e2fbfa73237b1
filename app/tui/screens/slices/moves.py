"""What the keys of slices change: each turns the sight into another one of the same box."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.tui.frame.screen import FramedScreen
from app.tui.screens.slices.camera import AXES, COLOURS, COMPONENTS, SCALES, SMALLEST, Sight, after
from app.tui.screens.slices.reader import Image
from core.analysis.views.panels import Overlays


class CameraScreen(FramedScreen):
    """A place that looks at a box."""

    def __init__(self) -> None:
        super().__init__()
        self.sight: Sight | None = None
        self.images: tuple[Image, ...] = ()
        self._fields: tuple[str, ...] = ()
        self._direction = 1
        """Where the last step led, deeper or back."""

    def _see(self, sight: Sight) -> None:
        """Turn to a sight."""
        raise NotImplementedError

    def _turn(self, change: Callable[[Sight], Sight]) -> None:
        """Another sight of the same box."""
        if self.sight and self.sight.cells:
            self._see(change(self.sight))

    def action_deeper(self, by: int) -> None:
        self._direction = 1 if by > 0 else -1
        self._turn(lambda sight: sight.deeper(by))

    def action_axis(self) -> None:
        self._turn(lambda sight: replace(sight, axis=after(AXES, sight.axis)))

    def action_field(self, by: int) -> None:
        if self.images:
            self._turn(lambda sight: sight.showing(after(self._fields, sight.field, by)))

    def action_component(self) -> None:
        self._turn(lambda sight: replace(sight, component=after(COMPONENTS, sight.component), limits=None))

    def action_halos(self) -> None:
        if self.images:
            names = ("", *self.images[0].panel.source.universe.halos)
            self._lay_over(lambda over: replace(over, catalogue=after(names, over.catalogue)))

    def action_smallest(self) -> None:
        self._lay_over(lambda over: replace(over, smallest=after(SMALLEST, over.smallest)))

    def action_outlines(self) -> None:
        self._lay_over(lambda over: replace(over, outlines=not over.outlines))

    def _lay_over(self, change: Callable[[Overlays], Overlays]) -> None:
        self._turn(lambda sight: replace(sight, overlays=change(sight.overlays)))

    def action_thicker(self, factor: float) -> None:
        self._turn(lambda sight: sight.thicker(factor))

    def action_pooling(self) -> None:
        self._turn(lambda sight: replace(sight, pooling="max" if sight.pooling == "mean" else "mean"))

    def action_scale(self) -> None:
        if self.images:
            scale = after(SCALES, self.images[0].view.scale)
            self._turn(lambda sight: replace(sight, scale=scale, limits=None))

    def action_colours(self) -> None:
        self._turn(lambda sight: replace(sight, colours=after(COLOURS, sight.colours)))
        if self.sight:
            self.bench.keep(colour_map=self.sight.colours or "")

    def action_hold(self) -> None:
        from app.draw.image import colour_scale

        found = colour_scale(self.images[0].figure) if self.images else None
        if found:
            self._turn(lambda sight: replace(sight, limits=None if sight.limits else (found.low, found.high)))

    def action_zoom(self, factor: float) -> None:
        self._turn(lambda sight: sight.zoomed(factor))

    def action_move(self, right: int, up: int) -> None:
        self._turn(lambda sight: sight.moved(right, up))

    def action_pan(self, right: int, up: int) -> None:
        self._turn(lambda sight: sight.panned(sight.axis, right * sight.step, up * sight.step))
