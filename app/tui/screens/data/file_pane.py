"""What the chosen file is and a slice of it, or what the chosen task says."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.worker import get_current_worker

from app.background.tasks import Task
from app.draw.colour import Depth
from app.tui.frame.bench import bench_of
from app.tui.frame.figure_view import FigureView
from app.tui.frame.folders import stamp
from app.tui.screens.data.facts import Facts
from app.tui.screens.data.preview import NOT_YET, Preview, preview_of
from core.patience import within

_PATIENCE = 0.08
"""Seconds the cursor rests on a file before it is opened."""


class FilePane(Vertical):
    """Facts above a preview; files are looked into in a thread, the newest request first."""

    class Previewed(Message):
        """A file has been looked into, as it was at a stamp."""

        def __init__(self, preview: Preview, at: tuple[int, int]) -> None:
            self.preview, self.at = preview, at
            super().__init__()

    def __init__(self, depth: Depth) -> None:
        super().__init__(id="about")
        self._depth: Depth = depth
        self._wanted: Path | None = None
        self._field = ""
        self._preview: Preview | None = None
        self._stamp = 0, 0

    def compose(self) -> ComposeResult:
        yield Facts()
        with Vertical(id="picture") as box:
            box.border_title = f"preview   [dim]{bench_of(self).signs_of('data.field')} next field[/]"
            yield FigureView(self._depth, id="preview")

    def on_mount(self) -> None:
        self.query_one("#preview", FigureView).can_focus = False

    @property
    def fields(self) -> tuple[str, ...]:
        """What the preview can show."""
        return self._preview.fields if self._preview else ()

    def show_path(self, path: Path) -> None:
        """Show what a path is; a path that is shown is looked into again where it has changed."""
        if path != self._wanted:
            self._wanted, self._stamp = path, (0, 0)
            self.query_one(Facts).wait_for(path)
        self._look_into(path, self._field, self._stamp)

    def show_task(self, task: Task) -> None:
        """Show what a task does and prints."""
        self._wanted = self._preview = None
        self.query_one(Facts).show_task(task)
        self._show_picture(Preview(task.path))

    def turn_field(self, by: int) -> None:
        """Another field in the preview."""
        preview = self._preview
        if preview and preview.fields:
            self._field = preview.fields[(preview.fields.index(preview.field) + by) % len(preview.fields)]
            self._stamp = 0, 0  # the file is as it was, but the field is still to be read, whoever asks next
            self._look_into(preview.path, self._field, self._stamp)

    @work(thread=True, exclusive=True, group="preview")
    def _look_into(self, path: Path, field: str, known: tuple[int, int]) -> None:
        worker = get_current_worker()
        time.sleep(_PATIENCE)
        now = within(lambda: stamp(path)) or (0, 0)
        if worker.is_cancelled or now == known != (0, 0):
            return
        preview = preview_of(path, field, lambda: worker.is_cancelled)
        if not worker.is_cancelled:
            self.post_message(self.Previewed(preview, now))

    def on_file_pane_previewed(self, message: FilePane.Previewed) -> None:
        message.stop()
        if message.preview.path == self._wanted:
            self._preview, self._stamp = message.preview, message.at
            self.query_one(Facts).show_preview(self._with_keys(message.preview))
            self._show_picture(message.preview)

    def _with_keys(self, preview: Preview) -> Preview:
        """What makes a folder that is not there yet."""
        if preview.facts.get("folder") != NOT_YET:
            return preview
        new, bring, train = map(bench_of(self).signs_of, ("data.simulate", "data.import", "go.launch"))
        words = f"{NOT_YET}: what is simulated ({new}), brought in ({bring}) or trained ({train}) makes it"
        return replace(preview, facts={"folder": words})

    def _show_picture(self, preview: Preview) -> None:
        """The slice, or all the room for the facts."""
        self.query_one("#picture").display = preview.figure is not None
        self.set_class(preview.figure is None, "-alone")
        self.query_one("#preview", FigureView).show(preview.figure)
