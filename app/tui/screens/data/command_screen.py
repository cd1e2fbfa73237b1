"""A command as a form: its options, what is wrong with them, and the line that does the same."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from app.cli.command import Command
from app.tui.frame.form import Form
from app.tui.frame.key import bindings
from app.tui.frame.lines import Lines
from app.tui.frame.screen import FramedScreen
from app.tui.screens.data.keys import KEYS
from core.forms import command_words


class CommandScreen(FramedScreen):
    """Asks for the options of a command and starts it."""

    BINDINGS = bindings(KEYS, "command")
    DEFAULT_CSS = """
    CommandScreen #settings { height: 1fr; border-top: solid $border; border-title-color: $primary; }
    CommandScreen #command {
        height: 4; padding: 0 1; color: $accent; border-top: solid $border-blurred; border-title-color: $text-muted;
    }
    """

    def __init__(
        self, command: Command, base: Mapping[str, str], start: Callable[[list[str], Mapping[str, str]], None]
    ) -> None:
        super().__init__()
        assert command.form
        self.subject = command.form.title
        self._form = command.form
        self._command = command
        self._base = base
        self._start = start

    def body(self) -> ComposeResult:
        with Vertical(id="settings") as settings:
            settings.border_title = self._form.title
            yield Form(self._problems, id="form")
        yield Lines(id="command")

    def on_mount(self) -> None:
        self.query_one("#command").border_title = "the same as a command"
        command, form = self._command, self.query_one(Form)
        form.show(command.fields, self._base, folded=self._form.folded, groups=self._form.groups)
        form.list.focus()
        self.on_form_changed()

    @property
    def words(self) -> list[str]:
        """The command without `halodeck`."""
        return [*self._command.name.split(), *command_words(self._command.fields, self.query_one(Form).values)]

    def _problems(self, changes: Mapping[str, str]) -> dict[str, str]:
        return self._command.problems({**self._base, **changes})

    def on_form_changed(self) -> None:
        self.query_one("#command", Lines).show(Content(shlex.join(["halodeck", *self.words])))

    def action_launch(self) -> None:
        form = self.query_one(Form)
        if problems := form.problems:
            path, words = next(iter(problems.items()))
            self.notify(f"{path} {words}", severity="error", markup=False)
            self.action_wrong()
        else:
            self._start(self.words, form.values)
            self.dismiss(None)

    def action_wrong(self, by: int = 1) -> None:
        form = self.query_one(Form)
        form.list.focus()
        form.list.action_wrong(by)

    async def action_copy(self) -> None:
        await self.app.run_action("app.copy")

    def copied(self) -> tuple[str, str]:
        """The command."""
        return "command", shlex.join(["halodeck", *self.words])

    def action_back(self) -> None:
        self.dismiss(None)
