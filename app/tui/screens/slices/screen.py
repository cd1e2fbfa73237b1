"""Slices through universes and predictions: fields, halos, and comparisons at one place."""

from __future__ import annotations

import shlex
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from textual import events, work
from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.message import Message
from textual.worker import get_current_worker

from app.tui.frame.key import bindings
from app.tui.frame.lines import Lines
from app.tui.frame.noted import Noted
from app.tui.frame.save import figure_saver
from app.tui.frame.wording import nearby
from app.tui.screens.slices import words as words
from app.tui.screens.slices.camera import COLOURS, Camera, Point, after
from app.tui.screens.slices.halo_list import WIDTH, HaloList
from app.tui.screens.slices.keys import KEYS
from app.tui.screens.slices.layout import SHORT, WIDE, Arrangement, around, arranged, side
from app.tui.screens.slices.lens import LensScreen
from app.tui.screens.slices.reader import ImageRequest, ImagesRead, Reader, again, halo_by_mass
from app.tui.screens.slices.slice_view import SliceView
from core.analysis.lens.halo_here import HaloHere
from core.analysis.views.panels import Panel
from core.analysis.views.view import AXES
from core.errors import HalodeckError
from core.figures import Row
from core.files import files_below
from core.typed import typed

MOST_PANES = 4
BESIDE = 100
"""Columns from which on the list of halos stands beside the slices."""
_ROOMY = 160
_PATIENCE = 0.15  # seconds of reading before it is said


class SlicesScreen(LensScreen):
    """Linked images of one place in a box."""

    CSS_PATH = "slices.tcss"
    BINDINGS = bindings(KEYS, "slices")

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
        self._request: ImageRequest | None = None
        self._answered: ImageRequest | None = None
        self._paths: tuple[Path, ...] = ()
        self._partners: tuple[Path, ...] = ()
        self._problem = ""
        self._three: bool | None = None
        self._choices: bool | None = None
        self._halo: SlicesScreen.Halo | None = None
        self._here: HaloHere | None = None

    def body(self) -> ComposeResult:
        yield Lines(id="place")
        with Horizontal(id="across"):
            with Container(id="panes"):
                for k in range(MOST_PANES):
                    yield SliceView(self.bench.depth, id=f"pane{k}")
            yield Lines(id="choices")
            yield HaloList()
        yield Lines(id="readout")
        yield Lines(id="twin")
        yield Lines(id="empty")

    def on_mount(self) -> None:
        self.reader = Reader(self.bench.root, self.post_message)
        self._serve()
        for widget in (*self._panes, self.query_one("#empty")):
            widget.display = False
        self.watch(self.app, "selection", self._selected, init=False)
        self.watch(self.app, "blocks", self._tell, init=False)
        self._selected()

    def on_unmount(self) -> None:
        super().on_unmount()
        self.reader.stop()

    def on_screen_resume(self) -> None:
        if self._request:
            self._want(again(self._request))  # the files may be others by now
            self._find()
        else:
            self._selected()

    def on_resize(self, event: events.Resize) -> None:
        if self.is_mounted:
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
        elif self.camera is None or self.camera.path != path:
            self._aim(replace(self.camera, path=path, partner=None) if self.camera else self._first_camera(path))

    @work(thread=True, exclusive=True, group="find")
    def _find(self) -> None:
        worker, paths = get_current_worker(), files_below(self.bench.universes.resolve(), ".h5")
        if not worker.is_cancelled:
            self.post_message(self.Found(paths))

    def on_slices_screen_found(self, message: SlicesScreen.Found) -> None:
        self._paths = message.paths
        if self.camera is None and self._paths:
            self._aim(self._first_camera(self._paths[0]))
        self._show_whether_any(self.camera is not None)

    def _show_whether_any(self, there: bool) -> None:
        nothing = self.query_one("#empty", Lines)
        nothing.display = not there
        nothing.show(self.without_universes())
        for widget in self.query("#across, #readout, #twin"):
            widget.display = there

    def _aim(self, camera: Camera) -> None:
        """Show what this camera sees: say at once where it is, and let it be read."""
        self._show_whether_any(True)
        self.camera = camera
        self._look()
        self._tell()
        self._point()

    def _look(self) -> None:
        """Let be read what is wanted now, unless it is on its way."""
        if self.camera:
            number_ = self._request.again if self._request else 0
            three = self._three_planes(self.camera)
            request = ImageRequest(self.camera, three, self.bench.selection.universes, self._direction, number_)
            if request != self._request:
                self._want(request)

    def _want(self, request: ImageRequest) -> None:
        self._request = request
        self.reader.want(request)
        self.set_timer(_PATIENCE, self._tell)

    def _three_planes(self, camera: Camera) -> bool:
        """Whether the planes along all axes are shown: where two are no smaller than one, or when asked for."""
        if camera.partner is not None:
            return False
        width, height = self.app.size
        lines = height - around(height, width)
        roomy = width >= _ROOMY or side(2, 2, width, lines) >= side(1, 1, width, lines)
        return roomy if self._three is None else self._three

    def on_images_read(self, message: ImagesRead) -> None:
        if self._request is None or message.request is not self._request:
            return  # stale
        self.camera, self.images, self._problem = message.camera, message.images, message.problem
        self._fields, self._partners, self._here = message.fields, message.partners, message.here
        self._request = self._answered = replace(self._request, camera=self.camera)
        if self._reach():
            return
        self._know()
        self._arrange()
        self._tell()
        self._point()

    # how it looks

    @property
    def _panes(self) -> list[SliceView]:
        return list(self.query(SliceView))

    def _plan(self) -> Arrangement:
        """Which images are shown, and how."""
        beside = WIDTH if self._listing and self.app.size.width >= BESIDE else 0
        choices = False if beside else self._choices
        return arranged(len(self.images), self._chosen, self._alone, *self.app.size, choices, beside)

    def _arrange(self) -> None:
        """Show the images: as many side by side as can be read, or the chosen one."""
        self._chosen = min(self._chosen, max(0, len(self.images) - 1))
        plan, (width, height) = self._plan(), self.app.size
        box, panes, choices = self.query_one("#panes"), self._panes, self.query_one("#choices")
        box.set_class(plan.several, "-several")
        self.query_one("#across").set_class(plan.below, "-below")
        choices.display = plan.choices
        table, alone = self.query_one(HaloList), self._listing and width < BESIDE
        table.display, box.display = self._listing, not alone
        table.styles.width = "100%" if alone else WIDTH
        choices.styles.height = words.rows_of_choices(width) if plan.below else "100%"
        for line in self.query("#place, #twin"):
            line.display = height >= SHORT and self.camera is not None
        self.query_one("#readout").styles.height = self._lines_of_readout
        box.styles.grid_size_columns, box.styles.grid_size_rows = plan.across, plan.down
        box.styles.grid_columns = str(plan.column) if plan.several else "1fr"
        for k, pane in enumerate(panes):
            pane.display, pane.together = k in plan.shown, len(plan.shown)
            if k < len(self.images):
                pane.show(self.images[k].shown)
        if not self.images:
            panes[0].show(None, self._problem)
        if alone and not table.has_focus:
            table.focus()
        elif self.focused is not panes[self._chosen] and not (self._listing and table.has_focus):
            panes[self._chosen].focus()

    def _focus_slice(self) -> None:
        self._panes[self._chosen].focus()

    @property
    def _lines_of_readout(self) -> int:
        return 2 if self.app.size.height >= SHORT and self.app.size.width < WIDE else 1

    def _tell(self) -> None:
        """Where this is; what the cursor is on; the command that draws the same; every choice and its key."""
        camera = self.camera
        if camera is None:
            return
        planes, keys = self._three_planes(camera), self.bench.keys_of("slices")
        which = words.which(self._plan().shown, len(self.images))
        redshift = self.images[0].redshift if self.images else None
        self._say("place", words.place(camera, redshift, which, planes, busy=self._request != self._answered))
        lines = self._lines_of_readout
        self._say("readout", words.readout(camera, self.images, self._halo_words, lines) if self.images else Content())
        twin = camera.command(words.scale_shown(self.images), planes) if camera.cells else ""
        self._say("twin", Content.from_markup("[dim]$words[/]", words=twin))
        across = self.app.size.width if self.query_one("#across").has_class("-below") else 0
        self._say(
            "choices", words.choices(camera, self.images, len(self._partners), planes, self.bench.blocks, across, keys)
        )

    @property
    def _halo_words(self) -> str:
        """The halo at the cursor, and what a prediction makes of it."""
        here = self._here
        if said := self.lens_words:
            return said
        if here is None:
            return "in no halo"
        verdict = self.verdict_at(here.rank)
        return f"{here.words}, {verdict}" if verdict else here.words

    def _say(self, id: str, content: Content) -> None:
        self.query_one(f"#{id}", Lines).show(content)

    def _point(self) -> None:
        """The cursor in every image."""
        if self.camera and self.camera.cells:
            for image, pane in zip(self.images, self._panes, strict=False):
                x, y = (self.camera.at[AXES.index(axis)] for axis in AXES if axis != image.view.axis)
                pane.point((x, y), self.camera.box_size)

    def _first_camera(self, path: Path) -> Camera:
        """A universe as it is seen first: as the one that was seen last, or else in the colours used last."""
        kept = next((colours for colours in COLOURS if colours == self.bench.preferences.colour_map), None)
        try:
            return typed(Camera, {"colours": kept, **self.bench.remembered("slices"), "path": path, "partner": None})
        except ValueError:
            return Camera(path, colours=kept)

    def look(self) -> dict[str, Any]:
        """The camera, whatever it is on."""
        kept = asdict(self.camera) if self.camera and self.camera.cells else self.bench.remembered("slices")
        return {name: value for name, value in kept.items() if name not in ("path", "partner")}

    # what can be done

    def copied(self) -> tuple[str, str]:
        """The command that draws the same."""
        if self.camera and self.camera.cells:
            return "command", self.camera.command(words.scale_shown(self.images), self._three_planes(self.camera))
        return super().copied()

    def noted(self) -> Noted | None:
        """The slice, or the panes of a comparison, and the command that draws the same."""
        if not (self.camera and self.camera.cells and self.images):
            return None
        several, planes = len(self.images) > 1, self._three_planes(self.camera)
        figure = Row(self.camera.path.stem, tuple(image.shown for image in self.images)) if several else None
        command = tuple(shlex.split(self.camera.command(words.scale_shown(self.images), planes)))
        title = f"{self.camera.path.stem}: {self.images[0].figure.title}"
        said = words.readout(self.camera, self.images, self._halo_words, 1).plain
        return Noted(title, said, command, figure or self.images[0].figure)

    def action_universe(self, by: int) -> None:
        marked = self.bench.selection.universes
        paths = marked if len(marked) > 1 else self._paths
        if self.camera and paths:
            self.bench.selection = self.bench.selection.showing(after(paths, self.camera.path, by))
        else:
            self._find()

    def action_partner(self) -> None:
        if self.camera and not self._partners:
            command = f"halodeck predict RUN {nearby(self.camera.path)}"
            self.notify(f"nothing to compare with: mark a universe of the same grid, or `{command}`", markup=False)
        else:
            self._turn(lambda camera: replace(camera, partner=after((None, *self._partners), camera.partner)))

    def action_three(self) -> None:
        if self.camera:
            self._three = not self._three_planes(self.camera)
            self._look()
            self._tell()

    def action_halo(self, by: int) -> None:
        if self.images and self.camera and not self.walk(by):
            first = self._halo.number + by if self._halo else 0
            self._find_halo(self.images[0].panel, self.camera.overlays.catalogue, first)

    @work(thread=True, exclusive=True, group="halo")
    def _find_halo(self, panel: Panel, catalogue: str, number_: int) -> None:
        try:
            self.post_message(self.Halo(*halo_by_mass(number_, catalogue, panel, self.reader.cache)))
        except HalodeckError as error:
            self.notify(str(error), severity="error", markup=False)

    def on_slices_screen_halo(self, message: SlicesScreen.Halo) -> None:
        self._halo = message
        self._turn(lambda camera: camera.gone_to(message.at))

    def action_pane(self, by: int) -> None:
        if self.images:
            self._chosen = (self._chosen + by) % len(self.images)
            self._arrange()
            self._tell()

    def action_choices(self) -> None:
        """Show the choices, or hide them."""
        self._choices = not self._plan().choices
        self._arrange()
        self._tell()

    def action_alone(self) -> None:
        self._alone = not self._alone
        self._arrange()
        self._tell()

    def action_save_slice(self) -> None:
        """Save what is shown; of several images, numbers can hold one."""
        if not (self.images and self.camera):
            return
        one, several = self.images[self._chosen].figure, self._plan().several
        title = f"{self.camera.path.stem} at redshift {self.images[0].redshift:.4g}"
        shown = Row(title, tuple(image.shown for image in self.images)) if several else one

        def save(path: Path) -> str:
            return figure_saver(one if path.suffix == ".npy" else shown)(path)

        name = f"{self.camera.path.stem}-{self.camera.field}-{self.camera.axis}{self.camera.plane()}.png"
        endings = "Its ending chooses: .png .svg .pdf .txt, or the numbers as .npy"
        self.ask_to_save("Save the slice", name, endings, save)

    # the mouse

    def on_slice_view_pointed(self, message: SliceView.Pointed) -> None:
        self._chosen = self._panes.index(message.view)
        axis = self.images[self._chosen].view.axis
        self._turn(lambda camera: camera.pointed(axis, message.x, message.y))

    def on_slice_view_pulled(self, message: SliceView.Pulled) -> None:
        axis = self.images[self._panes.index(message.view)].view.axis
        self._turn(lambda camera: camera.panned(axis, -message.x, -message.y))

    def on_pointed_view_wheeled(self, message: SliceView.Wheeled) -> None:
        if message.closer:
            self.action_zoom(2 if message.by > 0 else 0.5)
        else:
            self.action_deeper(message.by)
