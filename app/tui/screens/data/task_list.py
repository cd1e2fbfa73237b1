"""The tasks, one line each: state, bar, what it does."""

from __future__ import annotations

import time
from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from app.background.tasks import Task
from app.tui.frame.filter import FilterScreen, has_all, tell_filter
from app.tui.frame.key import bindings
from app.tui.frame.lines import visible
from app.tui.frame.wording import STATES, duration
from app.tui.screens.data.keys import KEYS

_BAR = 12


class TaskList(OptionList):
    """Running and ended tasks, the newest first; a line is sent again only when it has changed."""

    BINDINGS = bindings(KEYS, "tasks")
    words, hint = "", "words of a task"
    DEFAULT_CSS = "TaskList { text-wrap: nowrap; text-overflow: ellipsis; }"

    def __init__(self) -> None:
        super().__init__(id="tasks", markup=False)
        self._all: Sequence[Task] = ()
        self._tasks: list[Task] = []
        self._plain: list[str] = []

    @property
    def chosen(self) -> Task | None:
        """The task under the cursor."""
        row = self.highlighted
        return self._tasks[row] if row is not None and row < len(self._tasks) else None

    def show(self, tasks: Sequence[Task]) -> None:
        """Show these tasks, or those of them that have the words."""
        old, self._all = [task.path for task in self._tasks], tasks
        self._tasks = [task for task in reversed(tasks) if has_all(_told(task), self.words)]
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
        tell_filter(self, self.words, len(self._tasks), len(self._all))

    def on_resize(self, event: events.Resize) -> None:
        self._plain = []
        self.show(self._all)

    def filter_by(self, words: str) -> None:
        """Show the tasks whose title, state or words have all of these."""
        self.words = words.strip()
        self.show(self._all)

    def action_filter(self) -> None:
        self.app.push_screen(FilterScreen(self))


def _told(task: Task) -> str:
    return f"{task.title} {task.state} {task.words}"


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
