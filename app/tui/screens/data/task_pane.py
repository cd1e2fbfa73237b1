"""The tasks of this folder of runs: looked at while one is alive, started, cancelled, cleared away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.worker import get_current_worker

from app.background import tasks
from app.background.tasks import Task
from app.tui.frame.bench import bench_of
from app.tui.screens.data.task_list import TaskList

LOOK_EVERY = 1.0
"""Seconds between looks at tasks that run."""


class TaskPane(Vertical):
    """A list of tasks, shown where there are any."""

    class Found(Message):
        """How all tasks are; `ended` are those that have since the last look, `changed` is whether there are
        any now and were none or the other way round."""

        def __init__(self, found: list[Task]) -> None:
            self.found = found
            self.ended: list[Task] = []
            self.changed = False
            super().__init__()

    def __init__(self, root: Path, attempt: Callable[[Callable[[], str]], object]) -> None:
        """`attempt` does in a thread what may fail, and tells of it."""
        super().__init__(id="work")
        self._root = root
        self._attempt = attempt
        self._known = False
        self.expected = False
        """Whether a task has been started here: it may make its files before it is found among the tasks."""
        self._timer: Timer | None = None
        self.tasks: list[Task] = []

    def compose(self) -> ComposeResult:
        yield TaskList()

    def on_mount(self) -> None:
        key = bench_of(self).signs_of("data.cancel")
        self.border_title = f"tasks   [dim]{key} cancels, or clears away what has ended[/]"
        self.display = False
        self._timer = self.set_interval(LOOK_EVERY, self.look, pause=True)
        self.look()

    @property
    def listed(self) -> TaskList:
        return self.query_one(TaskList)

    def look(self) -> None:
        """Find out how the tasks are."""
        self._look()

    @work(thread=True, exclusive=True, group="tasks")
    def _look(self) -> None:
        worker = get_current_worker()
        found = self.Found(tasks.all_tasks(self._root))
        if not worker.is_cancelled:  # a newer look has begun, and this one must not be told after it
            self.post_message(found)

    def on_task_pane_found(self, message: TaskPane.Found) -> None:
        before = {task.path: task for task in self.tasks}
        for task in message.found:
            was = before.get(task.path)
            # one that is new here and has ended was quicker than the looks
            if self._known and not task.alive and (was is None or was.alive):
                message.ended.append(task)
        message.changed = bool(self.tasks) != bool(message.found)
        self.tasks, self._known = message.found, True
        self.display = bool(self.tasks)
        self.listed.show(self.tasks)
        if self._timer:
            self._timer.resume() if any(task.alive for task in self.tasks) else self._timer.pause()

    def start(self, title: str, command: list[str]) -> None:
        """Start a command as a task."""
        self.expected = True

        def begin() -> str:
            tasks.start(self._root, title, command)
            self.app.call_from_thread(self.look)
            return f"{title}: started; it goes on when the workbench is left"

        self._attempt(begin)

    def end(self) -> None:
        """Cancel a task, or clear it away when it has ended: the chosen one, else the newest, those alive first."""
        alive = [task for task in self.tasks if task.alive]
        task = self.listed.chosen if self.listed.has_focus else None
        task = task or (alive or self.tasks)[-1]

        def end() -> str:
            words = tasks.cancel(task) if task.alive else tasks.clear(task)
            self.app.call_from_thread(self.look)
            return words

        self._attempt(end)
