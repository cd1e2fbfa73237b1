"""What the keys of slices change: each turns the camera to something else in the same box."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.tui.frame.ask import AskScreen
from app.tui.frame.screen import FramedScreen
from app.tui.screens.slices.camera import COLOURS, COMPONENTS, SCALES, SMALLEST, Camera, after
from app.tui.screens.slices.reader import Image
from core.analysis.views.panels import Overlays
from core.analysis.views.view import AXES, Range
from core.errors import HalodeckError, UsageError


def ends(answer: str) -> tuple[float, float]:
    """Two numbers, in any order. Raises: UsageError."""
    try:
        low, high = sorted(float(part) for part in answer.replace(",", " ").split())
    except ValueError:
        raise UsageError(f"{answer!r} is no range", "write two numbers: 0.1, 100") from None
    return low, high


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

    def action_blocks(self) -> None:
        """Cells divided into more pixels, for this session and the next ones."""
        from app.draw.blocks import BLOCKS
        from app.draw.finest import blocks_of, drawn_by_terminal, passed_on

        if self.bench.depth in ("16", "none"):
            self.notify(f"with {self.bench.depth} colours cells are not divided further")
            return
        chosen = after(tuple(filter(passed_on, BLOCKS)), blocks_of(self.bench.blocks))
        self.bench.divide("auto" if chosen == drawn_by_terminal() else chosen)

    def action_range(self) -> None:
        """Colours of the whole box, of each slice, of a range that is typed."""
        if self.camera is None or (self.camera.limits is None and self.camera.range == "slice"):
            self._ask_for_range()
        else:
            next_range: Range = "box" if self.camera.limits else "slice"
            self._turn(lambda camera: replace(camera, limits=None, range=next_range))

    def _ask_for_range(self) -> None:
        from app.draw.colour_scale import colour_scale

        found = colour_scale(self.images[0].figure) if self.images else None
        if found is None:
            return

        def typed(answer: str | None) -> None:
            try:
                limits = ends(answer) if answer else None
            except HalodeckError as error:
                self.notify(str(error), severity="error", markup=False)
            else:
                if answer is not None:
                    self._turn(lambda camera: replace(camera, limits=limits, range="box"))

        words = "Two numbers, the ends of the colours; nothing for those of the whole box"
        self.app.push_screen(AskScreen("Range of the colours", f"{found.low:.4g}, {found.high:.4g}", words), typed)

    def action_zoom(self, factor: float) -> None:
        self._turn(lambda camera: camera.zoomed(factor))

    def action_move(self, right: int, up: int) -> None:
        self._turn(lambda camera: camera.moved(right, up))

    def action_pan(self, right: int, up: int) -> None:
        self._turn(lambda camera: camera.panned(camera.axis, right * camera.step, up * camera.step))
