"""What is done with runs: with the marked ones together, or without any with the chosen one."""

from __future__ import annotations

from collections.abc import Callable

from app.tui.frame import actions
from app.tui.frame.ask import AskScreen
from app.tui.frame.confirm import ConfirmScreen
from app.tui.frame.screen import FramedScreen
from app.tui.frame.wording import folder, notes_line
from core.runs.listing import Entry
from core.runs.run import Run, read_notes
from core.trash import restore

_MANY = 5  # names of runs in a question


class ActingScreen(FramedScreen):
    """A screen with a chosen run and marked ones, which are asked, noted on, deleted and brought back."""

    def __init__(self) -> None:
        super().__init__()
        self._chosen: Entry | None = None
        self._marked: tuple[str, ...] = ()

    @property
    def _run(self) -> Run | None:
        return self._chosen.run if self._chosen else None

    def action_note(self) -> None:
        if self._marked:
            self._ask_for_tags()
            return
        entry, run = self._chosen, self._answering()
        if entry is None or run is None:
            return

        def written(line: str | None) -> None:
            if line is not None:
                self.attempt(lambda: actions.note(run, read_notes(line)))

        words = f"Words with # are tags. The same by command: halodeck note {run.name} --text ... --tag ..."
        self.app.push_screen(AskScreen(f"Notes on {run.name}", notes_line(entry.notes), words), written)

    def _ask_for_tags(self) -> None:
        runs = self._targets()

        def written(line: str | None) -> None:
            if line and runs:
                self.attempt(lambda: actions.together(runs, lambda run: actions.tag(run, line.split())))

        words = "Words become tags of all of them, -word takes one away. As a command: halodeck note RUN --tag ..."
        self.app.push_screen(AskScreen(f"Tags for {len(runs)} marked runs", "", words), written)

    def action_pause(self) -> None:
        self._with_targets(lambda run: actions.ask(run, "pause"))

    def action_stop(self) -> None:
        self._with_targets(lambda run: actions.ask(run, "stop"))

    def action_resume(self) -> None:
        self._with_targets(actions.resume)

    def action_delete(self) -> None:
        runs = self._targets()
        if not runs:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.attempt(lambda: actions.together(runs, actions.delete))

        what = runs[0].name if len(runs) == 1 else f"{len(runs)} marked runs"
        which = folder(runs[0].path) if len(runs) == 1 else ", ".join(run.name for run in runs[:_MANY])
        which += f" and {len(runs) - _MANY} more" if len(runs) > _MANY else ""
        goes = "goes into the trash" if len(runs) == 1 else "go into the trash"
        back = f"{self.bench.signs_of('runs.undo')} brings {'it' if len(runs) == 1 else 'them'} back."
        self.app.push_screen(ConfirmScreen(f"Delete {what}?", f"{which} {goes}; {back}"), answered)

    def action_undo(self) -> None:
        self.attempt(lambda: f"{restore(self.bench.root).name} is back")

    def _with_targets(self, action: Callable[[Run], str]) -> None:
        runs = self._targets()
        if runs:
            self.attempt(lambda: actions.together(runs, action))

    def _targets(self) -> list[Run]:
        """The marked runs that answer, or without any the chosen one."""
        if not self._marked:
            return [run] if (run := self._answering()) else []
        by_name = {entry.name: entry for entry in self.bench.entries}
        return [by_name[name].run for name in self._marked if not by_name[name].silent]

    def _answering(self) -> Run | None:
        """The chosen run, for what would wait for its folder; one that does not answer says so instead."""
        if self._chosen and self._chosen.silent:
            self.notify(self._chosen.problem, severity="error", markup=False)
            return None
        return self._run
