"""Data: the files there are, what each is, a look into it, and the tasks that make more."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from textual import work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.message import Message
from textual.widgets import Input, OptionList

from app.tui.frame.ask import AskScreen
from app.tui.frame.confirm import ConfirmScreen
from app.tui.frame.folders import Item, resolved
from app.tui.frame.key import bindings
from app.tui.frame.line import Line
from app.tui.frame.lines import entitle
from app.tui.frame.pick import PickScreen
from app.tui.frame.screen import FramedScreen
from app.tui.frame.wording import folder, nearby
from app.tui.screens.data.file_pane import FilePane
from app.tui.screens.data.file_tree import FileTree
from app.tui.screens.data.keys import KEYS
from app.tui.screens.data.task_list import TaskList
from app.tui.screens.data.task_pane import TaskPane
from core.errors import HalodeckError
from core.files import files_below
from core.runs.launch_spec import UNIVERSES
from core.runs.shipped import shipped
from core.trash import restore, throw

Deed = Literal["mark", "open", "delete"]


class DataScreen(FramedScreen):
    """A tree of files beside what the chosen one is; tasks below."""

    BINDINGS = bindings(KEYS, "data")
    CSS_PATH = "data.tcss"

    class Marked(Message):
        """These are universes or predictions; what is to be done with them."""

        def __init__(self, paths: list[Path], then: Deed) -> None:
            self.paths = paths
            self.then = then
            super().__init__()

    def __init__(self) -> None:
        super().__init__()
        self._files = FileTree()
        self._wanted: Path | None = None
        self._deleted: list[Path] = []

    def choose(self, what: str | Path) -> None:
        """Put the cursor on a file, wherever it is."""
        self._wanted = Path(what)
        if self._files.roots:
            self._files.reveal(self._wanted)

    def body(self) -> ComposeResult:
        with Container(id="body"):
            with Vertical(id="files") as files:
                files.border_title = "files"
                yield self._files
                yield Line(placeholder="words of a file's name; esc shows all", id="filter")
            yield FilePane(self.bench.depth)
        yield TaskPane(self.bench.root, self.attempt)

    def on_mount(self) -> None:
        self.query_one("#filter").display = False
        tree = self._files
        roots = [self.bench.universes, self.bench.root, Path()]
        tree.roots = tuple(dict.fromkeys(map(resolved, roots)))
        tree.unfolded = {tree.roots[0]}
        tree.focus()
        if self._wanted:
            tree.reveal(self._wanted)
        self.watch(self.app, "selection", self._show_marks)

    def on_screen_resume(self) -> None:
        """Back from another place: what was made there, or elsewhere, is shown."""
        self._files.read_again()
        self.query_one(TaskPane).look()

    # folders

    def on_file_tree_read(self, message: FileTree.Read) -> None:
        """What is gone is no longer marked; the first of what a task makes is shown where its folder was chosen."""
        tree, selection = self._files, self.bench.selection
        looked_at = () if selection.looked_at is None else (selection.looked_at,)
        for path in filter(message.has_lost, (*selection.universes, *looked_at)):
            selection = selection.without(path)
        self.bench.selection = selection
        made = [path for path in message.new if tree.chosen and tree.chosen.path == path.parent]
        work = self.query_one(TaskPane)
        if made and (work.tasks or work.expected):
            tree.show_path(made[0])
        self._look()

    def action_reload(self) -> None:
        self._files.read_again(all_of_them=True)
        self.query_one(TaskPane).look()

    def action_folder(self) -> None:
        def answered(text: str | None) -> None:
            if text:
                self._add_root(Path(text).expanduser().resolve())

        self.app.push_screen(
            AskScreen("Which folder?", f"{Path.cwd()}{os.sep}", "enter shows it in the tree; tab completes", path=True),
            answered,
        )

    def _add_root(self, path: Path) -> None:
        root = path if path.is_dir() else path.parent
        if root.is_dir():
            self._files.add_root(root)
        else:
            self.notify(f"{path} does not exist", severity="error", markup=False)

    # the filter

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In the filter its own key is a letter; a field is turned where there are several."""
        if action == "filter" and isinstance(self.focused, Input):
            return False
        if action == "clear":
            return self.query_one("#filter").display if self.is_mounted else False
        if action == "cancel":
            return self.is_mounted and bool(self.query_one(TaskPane).tasks)
        return action != "field" or (self.is_mounted and len(self.query_one(FilePane).fields) > 1)

    def action_filter(self) -> None:
        """Show only files, or where the tasks have the focus only tasks, with some words."""
        if isinstance(self.focused, TaskList):
            self.focused.action_filter()
            return
        line = self.query_one("#filter", Input)
        line.display = True
        self.set_focus(line)
        self._files.read_all()

    def action_clear(self) -> None:
        line = self.query_one("#filter", Input)
        line.value = ""
        line.display = False
        self._files.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        tree = self._files
        tree.words = tuple(event.value.lower().split())
        tree.lay_out()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.query_one("#filter").display = bool(event.value)
        self._files.focus()

    # what the chosen file is

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self._look() if event.option_list.id == "tree" else self._show_task()

    def on_descendant_focus(self) -> None:
        if isinstance(self.focused, TaskList):
            self._show_task()
        elif isinstance(self.focused, FileTree):
            self._look()

    def _look(self) -> None:
        chosen = self._files.chosen
        if chosen and not isinstance(self.focused, TaskList):
            self.query_one(FilePane).show_path(chosen.path)

    def _show_task(self) -> None:
        task = self.query_one(TaskList).chosen
        if task:
            self.query_one(FilePane).show_task(task)

    def action_field(self, by: int) -> None:
        self.query_one(FilePane).turn_field(by)

    # marks

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        tree = self._files
        chosen = tree.chosen
        if event.option_list.id != "tree":
            self._show_task()
        elif chosen and chosen.is_folder:
            tree.toggle()
        elif chosen:
            self._mark(chosen, "open")

    def action_mark(self) -> None:
        tree = self._files
        if tree.chosen:
            self._mark(tree.chosen, "mark")
            tree.action_cursor_down()

    def action_unmark(self) -> None:
        self.bench.selection = replace(self.bench.selection, universes=(), looked_at=None)

    @work(thread=True, group="mark")
    def _mark(self, item: Item, then: Deed) -> None:
        """Only universes and predictions are marked, opened and deleted; those in a folder are marked all at once."""
        from app.background.describing import describer

        try:
            paths = files_below(item.path, ".h5") if item.is_folder else [item.path]
            found = [path for path in paths if describer().describe(path).kind in ("universe", "prediction")]
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
        self._files.mark(set(marked))
        entitle(self.query_one("#files"), f"files  ·  {len(marked)} marked" if marked else "files")

    # tasks

    def on_task_pane_found(self, message: TaskPane.Found) -> None:
        for task in message.ended:
            fine = task.state in ("done", "stopped")
            self.notify(f"{task.title}: {task.words}", severity="information" if fine else "error", markup=False)
        if message.ended:
            self.action_reload()
        if isinstance(self.focused, TaskList):
            self._show_task()
        if message.changed:
            self.refresh_bindings()

    def action_cancel(self) -> None:
        self.query_one(TaskPane).end()

    def copied(self) -> tuple[str, str]:
        """The command of the chosen task, or the path of the chosen file."""
        task, chosen = self.query_one(TaskList).chosen, self._files.chosen
        if task and isinstance(self.focused, TaskList):
            return "command", task.line()
        return ("path", str(chosen.path)) if chosen else super().copied()

    # what makes universes

    def action_simulate(self) -> None:
        self._ask("simulate")

    def action_import(self) -> None:
        self._ask("import")

    def action_make(self) -> None:
        """Choose among all commands that make something."""
        from app.cli.registry import commands

        options = [(item.name, f"{item.name:<12} {item.form.title}") for item in commands() if item.form]

        def answered(name: str | None) -> None:
            if name:
                self._ask(name)

        self.app.push_screen(PickScreen("What is to be made?", options), answered)

    def _ask(self, name: str) -> None:
        """Show the form of a command; what is chosen here and where universes are stands in it."""
        from app.cli.registry import command
        from app.tui.screens.data.command_screen import CommandScreen

        chosen, asked, base = self._files.chosen, command(name), dict[str, str]()
        form, file = asked.form, chosen.path if chosen and not chosen.is_folder else None
        if form and form.first and file:
            takes_many = any(field.path == form.first and field.kind == "list" for field in asked.fields)
            base[form.first] = shlex.quote(nearby(file)) if takes_many else nearby(file)
        if form and self.bench.universes != UNIVERSES and (file or "{stem}" not in form.out):
            out = form.out.format(universes=self.bench.universes, stem=file.stem if file else "")
            base |= {"out": out} if out else {}

        def start(words: list[str], values: Mapping[str, str]) -> None:
            self.query_one(TaskPane).start(asked.called(values), words)

        self.app.push_screen(CommandScreen(asked, base, start))

    def action_predict(self) -> None:
        chosen = self._files.chosen
        if chosen is None or chosen.is_folder:
            self.notify("choose a universe first", severity="warning")
            return
        entries = [entry for entry in self.bench.entries if not entry.problem and entry.status.step > 0]
        options = [
            (entry.name, f"{entry.name}  {entry.recipe}, {entry.state}, step {entry.status.step}") for entry in entries
        ]
        known = {name for name, _ in options}
        options += [
            (name, f"{name}  {run.recipe}, comes along") for name, run in shipped().items() if name not in known
        ]

        def answered(name: str | None) -> None:
            if name:
                command = ["predict", name, nearby(chosen.path), "--runs", str(self.bench.root)]
                self.query_one(TaskPane).start(f"{name} predicts {chosen.path.name}", command)

        self.app.push_screen(PickScreen(f"Apply which run to {chosen.path.name}?", options), answered)

    def action_delete(self) -> None:
        chosen = self._files.chosen
        if chosen and not chosen.is_folder:
            self._mark(chosen, "delete")

    def action_undo(self) -> None:
        """Bring back what was deleted last: here, or else in the chosen folder."""
        chosen = self._files.chosen
        here = chosen.path if chosen and chosen.is_folder else chosen.path.parent if chosen else self.bench.universes

        def bring_back() -> str:
            path = self._deleted.pop() if self._deleted else None
            back = restore(path.parent, path.name) if path else restore(here)
            self.app.call_from_thread(self.action_reload)
            return f"{back.name} is back"

        self.attempt(bring_back)

    def _ask_to_delete(self, path: Path) -> None:
        def delete() -> str:
            throw(path)
            self._deleted.append(path)
            self.app.call_from_thread(self.action_reload)
            return f"{path.name} is deleted; {self.bench.signs_of('data.undo')} brings it back"

        def answered(yes: bool | None) -> None:
            if yes:
                self.attempt(delete)

        words = f"{folder(path)} goes into the trash; `halodeck undelete {shlex.quote(nearby(path))}` brings it back."
        self.app.push_screen(ConfirmScreen(f"Delete {path.name}?", words), answered)
