"""Slices through universes and predictions: fields, halos, and comparisons at one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from textual import events, work
from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from app.tui import slice_words as words
from app.tui.bindings import bindings
from app.tui.look import Image, Reader, Seen, Wish, again, halo_by_mass
from app.tui.screens.frame import Frame
from app.tui.sight import AXES, COLOURS, COMPONENTS, SCALES, SMALLEST, Point, Sight, after
from app.tui.widgets.lines import Lines
from app.tui.widgets.slice_view import SliceView, best_grid, spare_rows
from core.errors import HalodeckError
from core.figures import Row
from core.views.panels import Overlays, Panel

MOST_PANES = 4
_WIDE, _ROOMY = 120, 160
_AROUND = 5  # lines above and below the images
_PATIENCE = 0.15  # seconds of reading before it is said


class SlicesScreen(Frame):
    """Linked images of one place in a box."""

    CSS_PATH = "slices.tcss"
    BINDINGS = bindings("slices")

    class Found(Message):
        """The universes of the folder."""

        def __init__(self, paths: tuple[Path, ...]) -> None:
            self.paths = paths
            super().__init__()

    class Halo(Message):
        """The place of a halo, and its words."""

        def __init__(self, number: int, at: Point, words: str) -> None:
            self.number, self.at, self.words = number, at, words
            super().__init__()

    def __init__(self) -> None:
        super().__init__()
        self.sight: Sight | None = None
        self.images: tuple[Image, ...] = ()
        self._wish: Wish | None = None
        self._seen: Wish | None = None
        self._paths: tuple[Path, ...] = ()
        self._fields: tuple[str, ...] = ()
        self._partners: tuple[Path, ...] = ()
        self._problem = ""
        self._three: bool | None = None
        self._alone = False
        self._chosen = 0
        self._direction = 1
        self._halo: SlicesScreen.Halo | None = None

    def body(self) -> ComposeResult:
        yield Lines(id="place")
        with Horizontal(id="across"):
            with Container(id="panes"):
                for k in range(MOST_PANES):
                    yield SliceView(self.bench.depth, id=f"pane{k}")
            yield Lines(id="choices")
        yield Lines(id="readout")
        yield Lines(id="twin")
        yield Input(id="save-as")
        yield Lines(id="empty")

    def on_mount(self) -> None:
        self.reader = Reader(self.bench.root, self.post_message)
        self._serve()
        for widget in (*self._panes, *self.query("#save-as, #empty")):
            widget.display = False
        self.watch(self.bench, "selection", self._selected, init=False)
        self._selected()

    def on_unmount(self) -> None:
        self.reader.stop()

    def on_screen_resume(self) -> None:
        if self._wish:
            self._want(again(self._wish))  # the files may be others by now
        else:
            self._selected()

    def on_resize(self, event: events.Resize) -> None:
        self._look()
        self._arrange()

    @work(thread=True, group="slices")
    def _serve(self) -> None:
        self.reader.serve()

    # what is looked at

    def _selected(self) -> None:
        """Other universes have been marked."""
        path = self.bench.selection.universe
        if path is None:
            self._find()
        elif self.sight is None or self.sight.path != path:
            self._see(replace(self.sight, path=path, partner=None) if self.sight else self._first_sight(path))

    @work(thread=True, exclusive=True, group="find")
    def _find(self) -> None:
        self.post_message(self.Found(tuple(sorted(self.bench.universes.rglob("*.h5")))))

    def on_slices_screen_found(self, message: SlicesScreen.Found) -> None:
        self._paths = message.paths
        if self.sight is None and self._paths:
            self._see(self._first_sight(self._paths[0]))
        self._show_whether_any(self.sight is not None)

    def _show_whether_any(self, there: bool) -> None:
        nothing = self.query_one("#empty", Lines)
        nothing.display = not there
        nothing.show(self.without_universes())
        for widget in self.query("#across, #readout, #twin"):
            widget.display = there

    def _see(self, sight: Sight) -> None:
        """Turn to a sight: say at once where it is, and let it be read."""
        self._show_whether_any(True)
        self.sight = sight
        self._look()
        self._tell()
        self._point()

    def _look(self) -> None:
        """Let be read what is wanted now, unless it is on its way."""
        if self.sight:
            number_ = self._wish.again if self._wish else 0
            three = self._three_planes(self.sight)
            wish = Wish(self.sight, three, self.bench.selection.universes, self._direction, number_)
            if wish != self._wish:
                self._want(wish)

    def _want(self, wish: Wish) -> None:
        self._wish = wish
        self.reader.want(wish)
        self.set_timer(_PATIENCE, self._tell)

    def _three_planes(self, sight: Sight) -> bool:
        """Whether the planes along all axes are shown: where there is room, or when asked for."""
        roomy = self.app.size.width >= _ROOMY
        return sight.partner is None and (roomy if self._three is None else self._three)

    def on_seen(self, message: Seen) -> None:
        if self._wish is None or message.wish is not self._wish:
            return  # stale
        self.sight, self.images, self._problem = message.sight, message.images, message.problem
        self._fields, self._partners = message.fields, message.partners
        self._wish = self._seen = replace(self._wish, sight=self.sight)
        self._arrange()
        self._tell()
        self._point()

    # how it looks

    @property
    def _panes(self) -> list[SliceView]:
        return list(self.query(SliceView))

    @property
    def _one(self) -> bool:
        """Whether one image is shown at a time."""
        return self._alone or self.app.size.width < _WIDE or len(self.images) < 2

    def _arrange(self) -> None:
        """Show the images: all side by side, or the chosen one."""
        self._chosen = min(self._chosen, max(0, len(self.images) - 1))
        shown = [self._chosen] if self._one else list(range(len(self.images)))
        box, panes = self.query_one("#panes"), self._panes
        box.set_class(len(shown) > 1, "-several")
        width, height = self.app.size.width, self.app.size.height - _AROUND
        across = best_grid(len(shown), width, height)
        below = len(shown) > 1 and spare_rows(len(shown), across, width, height) > words.rows_of_choices(width)
        choices = self.query_one("#choices")
        choices.display = len(shown) == 1 or below
        choices.styles.height = words.rows_of_choices(width) if below else "100%"
        self.query_one("#across").set_class(below, "-below")
        box.styles.grid_size_columns = across
        # to the cell the same width for all: images of one size are compared
        box.styles.grid_columns = str((width - across + 1) // across) if len(shown) > 1 else "1fr"
        box.styles.grid_size_rows = -(-len(shown) // across)
        for k, pane in enumerate(panes):
            pane.display = k in shown
            if k < len(self.images):
                pane.show(self.images[k].figure)
        if not self.images:
            panes[0].show(None, self._problem)
        if not isinstance(self.focused, Input) and self.focused is not panes[self._chosen]:
            panes[self._chosen].focus()

    def _tell(self) -> None:
        """Where this is; what the cursor is on; the command that draws the same; every choice and its key."""
        sight = self.sight
        if sight is None:
            return
        halo = self._halo.words if self._halo and sight.cells and sight.at == sight.gone_to(self._halo.at).at else ""
        which = f"image {self._chosen + 1} of {len(self.images)}" if self._one and len(self.images) > 1 else ""
        twin = sight.command(words.scale_shown(self.images)) if sight.cells else ""
        self._say("place", words.place(sight, which, halo, busy=self._wish != self._seen))
        self._say("readout", words.readout(sight, self.images) if self.images else Content())
        self._say("twin", Content.from_markup("[dim]$words[/]", words=twin))
        across = self.app.size.width if self.query_one("#across").has_class("-below") else 0
        self._say("choices", words.choices(sight, self.images, len(self._partners), self._three_planes(sight), across))

    def _say(self, id: str, content: Content) -> None:
        self.query_one(f"#{id}", Lines).show(content)

    def _point(self) -> None:
        """The cursor in every image."""
        if self.sight and self.sight.cells:
            for image, pane in zip(self.images, self._panes, strict=False):
                x, y = (self.sight.at[AXES.index(axis)] for axis in AXES if axis != image.view.axis)
                pane.point((x, y), self.sight.box_size)

    def _first_sight(self, path: Path) -> Sight:
        """A universe as it is seen first: in the colours that were used last."""
        kept = next((colours for colours in COLOURS if colours == self.bench.settings.colour_map), None)
        return Sight(path, colours=kept)

    # what can be done

    def copied(self) -> tuple[str, str]:
        """The command that draws the same."""
        if self.sight and self.sight.cells:
            return "command", self.sight.command(words.scale_shown(self.images))
        return super().copied()

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

    def action_universe(self, by: int) -> None:
        marked = self.bench.selection.universes
        if len(marked) > 1:
            turned = (*marked[by:], *marked[:by])
            self.bench.selection = replace(self.bench.selection, universes=turned)
        elif self.sight and self._paths:
            self._see(replace(self.sight, path=after(self._paths, self.sight.path, by), partner=None))
        else:
            self._find()

    def action_partner(self) -> None:
        if self.sight and not self._partners:
            command = f"halodeck predict RUN {self.sight.path}"
            self.notify(f"nothing to compare with: mark a universe of the same grid, or `{command}`", markup=False)
        else:
            self._turn(lambda sight: replace(sight, partner=after((None, *self._partners), sight.partner)))

    def action_three(self) -> None:
        if self.sight:
            self._three = not self._three_planes(self.sight)
            self._look()
            self._tell()

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

    def action_halo(self, by: int) -> None:
        if self.images and self.sight:
            first = self._halo.number + by if self._halo else 0
            self._find_halo(self.images[0].panel, self.sight.overlays.catalogue, first)

    @work(thread=True, exclusive=True, group="halo")
    def _find_halo(self, panel: Panel, catalogue: str, number_: int) -> None:
        try:
            self.post_message(self.Halo(*halo_by_mass(number_, catalogue, panel, self.reader.shelf)))
        except HalodeckError as error:
            self.notify(str(error), severity="error", markup=False)

    def on_slices_screen_halo(self, message: SlicesScreen.Halo) -> None:
        self._halo = message
        self._turn(lambda sight: sight.gone_to(message.at))

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

    def action_pane(self, by: int) -> None:
        if self.images:
            self._chosen = (self._chosen + by) % len(self.images)
            self._arrange()
            self._tell()

    def action_alone(self) -> None:
        self._alone = not self._alone
        self._arrange()
        self._tell()

    def action_save_slice(self) -> None:
        if self.images and self.sight:
            line = self.query_one("#save-as", Input)
            line.value = f"{self.sight.path.stem}-{self.sight.field}-{self.sight.axis}{self.sight.plane()}.png"
            line.display = True
            line.focus()

    def action_unsave(self) -> None:
        self.query_one("#save-as").display = False
        self._panes[self._chosen].focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Save what is shown; of several images, numbers can hold one."""
        self.action_unsave()
        path = Path(event.value).expanduser()
        alone = self._one or path.suffix == ".npy"
        shown = tuple(image.figure for image in (self.images[self._chosen :][:1] if alone else self.images))
        figure = shown[0] if alone else Row(self.sight.path.stem if self.sight else "", shown)

        def save() -> str:
            from app.draw import save as save_figure

            save_figure(figure, path)
            return f"saved {path}"

        self.attempt(save)

    # the mouse

    def on_slice_view_pointed(self, message: SliceView.Pointed) -> None:
        self._chosen = self._panes.index(message.view)
        axis = self.images[self._chosen].view.axis
        self._turn(lambda sight: sight.pointed(axis, message.x, message.y))

    def on_slice_view_pulled(self, message: SliceView.Pulled) -> None:
        axis = self.images[self._panes.index(message.view)].view.axis
        self._turn(lambda sight: sight.panned(axis, -message.x, -message.y))

    def on_slice_view_wheeled(self, message: SliceView.Wheeled) -> None:
        if message.closer:
            self.action_zoom(2 if message.by > 0 else 0.5)
        else:
            self.action_deeper(message.by)
