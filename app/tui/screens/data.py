"""Data: the files there are, what each is, a look into it, and the tasks that make more."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from textual import work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, OptionList
from textual.worker import get_current_worker

from app.tui import tasks
from app.tui.bindings import bindings
from app.tui.screens.ask import AskScreen
from app.tui.screens.confirm import ConfirmScreen
from app.tui.screens.frame import Frame
from app.tui.screens.pick import PickScreen
from app.tui.tasks import Task
from app.tui.widgets.facts import Facts, Seen, look
from app.tui.widgets.figure_view import FigureView
from app.tui.widgets.file_tree import FileTree, Item, read_folder
from app.tui.widgets.task_list import TaskList
from app.tui.wording import folder
from core.errors import HalodeckError
from core.files import explain
from core.plan import UNIVERSES

if TYPE_CHECKING:
    from app.tui.commands import CommandForm

Deed = Literal["mark", "open", "delete"]

LOOK_EVERY = 1.0
"""Seconds between looks at tasks that run."""
_MOST_FOLDERS = 2000
"""Folders read for a filter; what lies beyond is found by unfolding."""
_PATIENCE = 0.08
"""Seconds the cursor rests on a file before it is opened."""


class DataScreen(Frame):
    """A tree of files beside what the chosen one is; tasks below."""

    BINDINGS = bindings("data")
    CSS_PATH = "data.tcss"

    class FoldersRead(Message):
        """Some folders have been read."""

        def __init__(self, content: dict[Path, tuple[Item, ...] | str]) -> None:
            self.content = content
            super().__init__()

    class Looked(Message):
        """A file has been looked into."""

        def __init__(self, seen: Seen) -> None:
            self.seen = seen
            super().__init__()

    class Marked(Message):
        """These are universes or predictions; what is to be done with them."""

        def __init__(self, paths: list[Path], then: Deed) -> None:
            self.paths = paths
            self.then = then
            super().__init__()

    class TasksFound(Message):
        """How all tasks are."""

        def __init__(self, found: list[Task]) -> None:
            self.found = found
            super().__init__()

    def __init__(self) -> None:
        super().__init__()
        self._field = ""
        self._seen: Seen | None = None
        self._tasks: list[Task] = []
        self._tasks_known = False
        self._timer: Timer | None = None

    def body(self) -> ComposeResult:
        with Container(id="body"):
            with Vertical(id="files") as files:
                files.border_title = "files"
                yield FileTree()
                yield Input(placeholder="words of a file's name; esc shows all", id="filter")
            with Vertical(id="seen"):
                yield Facts()
                with Vertical(id="look") as look_into:
                    look_into.border_title = "preview   [dim]v next field[/]"
                    yield FigureView(self.bench.depth, id="preview")
        with Vertical(id="work") as box:
            box.border_title = "tasks   [dim]x cancels, or clears away what has ended[/]"
            yield TaskList()

    def on_mount(self) -> None:
        self.query_one("#filter").display = False
        self.query_one("#work").display = False
        self.query_one("#preview", FigureView).can_focus = False
        tree = self.query_one(FileTree)
        roots = [self.bench.universes, self.bench.root, Path()]
        tree.roots = tuple(dict.fromkeys(path.resolve() for path in roots))
        tree.unfolded = {tree.roots[0]}
        tree.focus()
        tree.lay_out()
        self._read(tree.roots)
        self._timer = self.set_interval(LOOK_EVERY, self._look_at_tasks, pause=True)
        self._look_at_tasks()
        self.watch(self.bench, "selection", self._show_marks)

    def on_screen_resume(self) -> None:
        """Back from another place: what was made there, or elsewhere, is shown."""
        self.action_reload()

    # folders

    @work(thread=True, group="folders")
    def _read(self, paths: Iterable[Path]) -> None:
        content: dict[Path, tuple[Item, ...] | str] = {}
        for path in paths:
            try:
                content[path] = read_folder(path)
            except FileNotFoundError:
                content[path] = "is not there yet"
            except OSError as error:
                content[path] = explain(error, path).problem
        self.post_message(self.FoldersRead(content))

    @work(thread=True, exclusive=True, group="walk")
    def _read_all(self, roots: Iterable[Path]) -> None:
        """Everything under the roots, nearest first, for the filter."""
        worker = get_current_worker()
        waiting, seen = list(roots), set[Path]()
        while waiting and len(seen) < _MOST_FOLDERS and not worker.is_cancelled:
            path = waiting.pop(0)
            if path in seen:
                continue
            seen.add(path)
            try:
                items = read_folder(path)
            except OSError:
                continue
            waiting += [item.path for item in items if item.is_folder and not item.path.is_symlink()]
            self.post_message(self.FoldersRead({path: items}))

    def on_data_screen_folders_read(self, message: DataScreen.FoldersRead) -> None:
        self.query_one(FileTree).know(message.content)

    def on_file_tree_unfolded(self, message: FileTree.Unfolded) -> None:
        self._read([message.path])

    def action_reload(self) -> None:
        tree = self.query_one(FileTree)
        self._read([*tree.roots, *tree.unfolded])
        self._look_at_tasks()

    def action_folder(self) -> None:
        def answered(text: str | None) -> None:
            if text:
                self._add_root(Path(text).expanduser().resolve())

        self.app.push_screen(
            AskScreen("Which folder?", f"{Path.cwd()}{os.sep}", "enter shows it in the tree"), answered
        )

    def _add_root(self, path: Path) -> None:
        tree = self.query_one(FileTree)
        root = path if path.is_dir() else path.parent
        if not root.is_dir():
            self.notify(f"{path} does not exist", severity="error", markup=False)
            return
        tree.roots = tuple(dict.fromkeys((*tree.roots, root)))
        tree.unfolded.add(root)
        self._read([root])
        tree.lay_out()
        tree.show_path(root)

    # the filter

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In the filter its own key is a letter; a field is turned where there are several."""
        if action == "filter" and isinstance(self.focused, Input):
            return False
        if action == "clear":
            return self.query_one("#filter").display if self.is_mounted else False
        if action == "cancel":
            return bool(self._tasks)
        return action != "field" or bool(self._seen and len(self._seen.fields) > 1)

    def action_filter(self) -> None:
        line = self.query_one("#filter", Input)
        line.display = True
        self.set_focus(line)
        self._read_all(self.query_one(FileTree).roots)

    def action_clear(self) -> None:
        line = self.query_one("#filter", Input)
        line.value = ""
        line.display = False
        self.query_one(FileTree).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        tree = self.query_one(FileTree)
        tree.words = tuple(event.value.lower().split())
        tree.lay_out()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.query_one("#filter").display = bool(event.value)
        self.query_one(FileTree).focus()

    # what the chosen file is

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self._look() if event.option_list.id == "tree" else self._show_task()

    def on_descendant_focus(self) -> None:
        if isinstance(self.focused, TaskList):
            self._show_task()
        elif isinstance(self.focused, FileTree):
            self._look()

    def _look(self) -> None:
        chosen = self.query_one(FileTree).chosen
        if chosen and (self._seen is None or self._seen.path != chosen.path):
            self.query_one(Facts).wait_for(chosen.path)
            self._look_into(chosen.path, self._field)

    @work(thread=True, exclusive=True, group="look")
    def _look_into(self, path: Path, field: str) -> None:
        worker = get_current_worker()
        time.sleep(_PATIENCE)
        if not worker.is_cancelled:
            seen = look(path, field)
            if not worker.is_cancelled:
                self.post_message(self.Looked(seen))

    def on_data_screen_looked(self, message: DataScreen.Looked) -> None:
        chosen, seen = self.query_one(FileTree).chosen, message.seen
        if chosen is None or seen.path != chosen.path:
            return
        self._seen = seen
        self.query_one(Facts).show_seen(seen)
        self._preview(seen)

    def _preview(self, seen: Seen) -> None:
        """The slice, or all the room for the facts."""
        self.query_one("#look").display = seen.figure is not None
        self.query_one("#seen").set_class(seen.figure is None, "-alone")
        self.query_one("#preview", FigureView).show(seen.figure)

    def action_field(self, by: int) -> None:
        seen = self._seen
        if seen and seen.fields:
            self._field = seen.fields[(seen.fields.index(seen.field) + by) % len(seen.fields)]
            self._look_into(seen.path, self._field)

    # marks

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        tree = self.query_one(FileTree)
        chosen = tree.chosen
        if event.option_list.id != "tree":
            self._show_task()
        elif chosen and chosen.is_folder:
            tree.toggle()
        elif chosen:
            self._mark(chosen, "open")

    def action_mark(self) -> None:
        tree = self.query_one(FileTree)
        if tree.chosen:
            self._mark(tree.chosen, "mark")
            tree.action_cursor_down()

    def action_unmark(self) -> None:
        from dataclasses import replace

        self.bench.selection = replace(self.bench.selection, universes=())

    @work(thread=True, group="mark")
    def _mark(self, item: Item, then: Deed) -> None:
        """Only universes and predictions are marked, opened and deleted; those in a folder are marked all at once."""
        from core.cosmos.formats.recognise import recognise

        try:
            paths = sorted(item.path.glob("*.h5")) if item.is_folder else [item.path]
            found = [path for path in paths if recognise(path).kind in ("universe", "prediction")]
        except HalodeckError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        if found:
            self.post_message(self.Marked(found, then))
        else:
            self.notify(f"{item.path.name} holds no universe or prediction", severity="warning", markup=False)

    def on_data_screen_marked(self, message: DataScreen.Marked) -> None:
        selection = self.bench.selection
        if message.then == "open":
            self.bench.selection = selection.showing(message.paths[0])
            self.bench.go("slices")
            return
        if message.then == "delete":
            self._ask_to_delete(message.paths[0])
            return
        new = [path for path in message.paths if path not in selection.universes]
        for path in new or message.paths:
            selection = selection.toggled(path)
        self.bench.selection = selection

    def _show_marks(self) -> None:
        marked = self.bench.selection.universes
        self.query_one(FileTree).mark(set(marked))
        words = f"files  ·  {len(marked)} marked" if marked else "files"
        if self.query_one("#files").border_title != words:
            self.query_one("#files").border_title = words

    # tasks

    def _look_at_tasks(self) -> None:
        self._find_tasks()

    @work(thread=True, exclusive=True, group="tasks")
    def _find_tasks(self) -> None:
        self.post_message(self.TasksFound(tasks.all_tasks(self.bench.root)))

    def on_data_screen_tasks_found(self, message: DataScreen.TasksFound) -> None:
        before, known = {task.path: task for task in self._tasks}, self._tasks_known
        self._tasks, self._tasks_known = message.found, True
        self.query_one("#work").display = bool(self._tasks)
        self.query_one(TaskList).show(self._tasks)
        for task in self._tasks:
            was = before.get(task.path)
            # one that is new here and has ended was quicker than the looks
            if known and not task.alive and (was is None or was.alive):
                fine = task.state in ("done", "stopped")
                self.notify(f"{task.title}: {task.words}", severity="information" if fine else "error", markup=False)
                self.action_reload()
        if self._timer:
            self._timer.resume() if any(task.alive for task in self._tasks) else self._timer.pause()
        if isinstance(self.focused, TaskList):
            self._show_task()
        if bool(before) != bool(self._tasks):
            self.refresh_bindings()

    def _show_task(self) -> None:
        task = self.query_one(TaskList).chosen
        if task:
            self._seen = None
            self.query_one(Facts).show_task(task)
            self._preview(Seen(task.path))

    def _start(self, title: str, command: list[str]) -> None:
        def begin() -> str:
            tasks.start(self.bench.root, title, command)
            self.app.call_from_thread(self._look_at_tasks)
            return f"{title}: started; it goes on when the workbench is left"

        self.attempt(begin)

    def action_cancel(self) -> None:
        running = [task for task in self._tasks if task.alive]
        task = self.query_one(TaskList).chosen if isinstance(self.focused, TaskList) else None
        task = task or (running or self._tasks)[-1]

        def end() -> str:
            words = tasks.cancel(task) if task.alive else tasks.clear(task)
            self.app.call_from_thread(self._look_at_tasks)
            return words

        self.attempt(end)

    def copied(self) -> tuple[str, str]:
        """The command of the chosen task, or the path of the chosen file."""
        task, chosen = self.query_one(TaskList).chosen, self.query_one(FileTree).chosen
        if task and isinstance(self.focused, TaskList):
            return "command", task.line()
        return ("path", str(chosen.path)) if chosen else super().copied()

    # what makes universes

    def action_simulate(self) -> None:
        from app.tui.commands import simulate_form

        base = {} if self.bench.universes == UNIVERSES else {"out": str(self.bench.universes)}
        self._ask(simulate_form(), base)

    def action_import(self) -> None:
        from app.tui.commands import import_form

        chosen = self.query_one(FileTree).chosen
        base = {}
        if chosen and not chosen.is_folder:
            base["initial"] = _short(chosen.path)
            if self.bench.universes != UNIVERSES:
                base["out"] = str(self.bench.universes / f"{chosen.path.stem}.h5")
        self._ask(import_form(), base)

    def _ask(self, form: CommandForm, base: dict[str, str]) -> None:
        from app.tui.screens.command import CommandScreen

        def start(command: list[str], values: Mapping[str, str]) -> None:
            simulation = "simulate {cells}^3, seeds {seeds}"
            self._start((simulation if form.name == "simulate" else "import {initial}").format(**values), command)

        self.app.push_screen(CommandScreen(form, base, start))

    def action_predict(self) -> None:
        chosen = self.query_one(FileTree).chosen
        if chosen is None or chosen.is_folder:
            self.notify("choose a universe first", severity="warning")
            return
        entries = [entry for entry in self.bench.entries if not entry.problem and entry.status.step > 0]
        options = [
            (entry.name, f"{entry.name}  {entry.recipe}, {entry.state}, step {entry.status.step}") for entry in entries
        ]
        if not options:
            self.notify("no run has been trained yet; 4 launches one", severity="warning")
            return

        def answered(name: str | None) -> None:
            if name:
                command = ["predict", name, _short(chosen.path), "--runs", str(self.bench.root)]
                self._start(f"{name} predicts {chosen.path.name}", command)

        self.app.push_screen(PickScreen(f"Apply which run to {chosen.path.name}?", options), answered)

    def action_delete(self) -> None:
        chosen = self.query_one(FileTree).chosen
        if chosen and not chosen.is_folder:
            self._mark(chosen, "delete")

    def _ask_to_delete(self, path: Path) -> None:
        def delete() -> str:
            try:
                path.unlink()
            except OSError as error:
                raise explain(error, path) from error
            self.app.call_from_thread(self._forget, path)
            return f"{path.name} is deleted"

        def answered(yes: bool | None) -> None:
            if yes:
                self.attempt(delete)

        words = f"{folder(path)} goes for good, as by `rm {shlex.quote(_short(path))}`."
        self.app.push_screen(ConfirmScreen(f"Delete {path.name}?", words), answered)

    def _forget(self, path: Path) -> None:
        if path in self.bench.selection.universes:
            self.bench.selection = self.bench.selection.toggled(path)
        self.action_reload()


def _short(path: Path) -> str:
    """A path as one would type it here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
