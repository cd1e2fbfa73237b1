"""The tasks, one line each: state, bar, what it does."""

from __future__ import annotations

import time
from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from app.background.tasks import Task
from app.tui.frame.key import bindings
from app.tui.frame.lines import visible
from app.tui.frame.wording import STATES, duration
from app.tui.screens.data.keys import KEYS

_BAR = 12


class TaskList(OptionList):
    """Running and ended tasks, the newest first; a line is sent again only when it has changed."""

    BINDINGS = bindings(KEYS, "tasks")
    DEFAULT_CSS = "TaskList { text-wrap: nowrap; text-overflow: ellipsis; }"

    def __init__(self) -> None:
        super().__init__(id="tasks", markup=False)
        self._tasks: list[Task] = []
        self._plain: list[str] = []

    @property
    def chosen(self) -> Task | None:
        """The task under the cursor."""
        row = self.highlighted
        return self._tasks[row] if row is not None and row < len(self._tasks) else None

    def show(self, tasks: Sequence[Task]) -> None:
        """Show these tasks."""
        old = [task.path for task in self._tasks]
        self._tasks = list(reversed(tasks))
        lines = [_line(task, self.size.width) for task in self._tasks]
        plain = [line.markup for line in lines]
        if old == [task.path for task in self._tasks] and len(plain) == len(self._plain):
            for row, (before, after) in enumerate(zip(self._plain, plain, strict=True)):
                if before != after:
                    self.replace_option_prompt_at_index(row, lines[row])
        else:
            row = self.highlighted or 0
            with self.prevent(OptionList.OptionHighlighted):
                self.set_options(Option(line) for line in lines)
                self.highlighted = min(row, len(lines) - 1) if lines else None
        self._plain = plain

    def on_resize(self, event: events.Resize) -> None:
        self._plain = []
        self.show(list(reversed(self._tasks)))


def _line(task: Task, width: int) -> Content:
    sign, colour = STATES[task.state]
    done = round(_BAR * task.fraction)
    age = duration(time.time() - task.started) if task.alive else ""
    line = Content.assemble(
        (sign, f"ansi_{colour}"),
        " ",
        ("━" * done, "$primary"),
        ("─" * (_BAR - done), "dim"),
        f" {round(100 * task.fraction):3d} %  {task.title}  ",
        (f"{task.words}  ", "$error" if task.state in ("failed", "lost") else "dim"),
        (age, "dim"),
    )
    return visible(line)
