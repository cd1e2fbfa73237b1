"""What can be done with runs: each says in a sentence what it did, and each is a command too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import HalodeckError, RunError
from core.runs.run import Notes, Run
from core.runs.submission import ask, delete

if TYPE_CHECKING:
    from app.background.tasks import Task

__all__ = ["ask", "delete", "make_report", "note", "resume", "tag", "together"]

_MOST_SAID = 3


def together(runs: Sequence[Run], action: Callable[[Run], str]) -> str:
    """Do something with each of several runs; what one refuses keeps no other. Raises: HalodeckError where all do."""
    if len(runs) == 1:
        return action(runs[0])
    said, refused = [], list[HalodeckError]()
    for run in runs:
        try:
            said.append(action(run))
        except HalodeckError as error:
            refused.append(error)
    if refused and not said:
        raise refused[0]
    more = [f"and {len(said) - _MOST_SAID} more"] if len(said) > _MOST_SAID else []
    return "\n".join([*said[:_MOST_SAID], *more, *(f"not done: {error.problem}" for error in refused)])


def resume(run: Run) -> str:
    """Let a paused or held run go on, or start a new worker for a run that has none. Raises: HalodeckError."""
    status = run.status()
    if status.alive or status.state == "queued":
        return ask(run, "resume")
    if status.state == "done":
        if run.came_trained:
            raise RunError(f"{run.name} came trained", "see its report, or train one of your own under launch (4)")
        raise RunError(f"{run.name} is done", f"see its report, or `halodeck resume {run.name}` to make that again")
    from app.background import workers as launch

    launch.resume(run)
    return f"{run.name} goes on from its last checkpoint"


def note(run: Run, notes: Notes) -> str:
    """Replace the notes on a run. Raises: HalodeckError."""
    run.notes()  # damaged ones are not overwritten
    run.write_notes(notes)
    return f"noted on {run.name}"


def tag(run: Run, words: Sequence[str]) -> str:
    """Give a run these tags; one with a minus before it is taken away. Raises: HalodeckError."""
    notes = run.notes()
    gone = {word[1:].lstrip("#") for word in words if word.startswith("-")}
    new = [word.lstrip("#") for word in words if not word.startswith("-")]
    run.write_notes(replace(notes, tags=tuple(word for word in (*notes.tags, *new) if word not in gone)))
    return f"{run.name}: {' '.join(f'#{word}' for word in run.notes().tags) or 'no tags'}"


def make_report(root: Path, run: Run) -> Task:
    """Have the report of a run made, as a task. Raises: HalodeckError where it cannot be made yet."""
    from app.background import tasks

    if run.status().alive:
        raise RunError(f"{run.name} is at work and makes its report at the end", "wait, or stop it first")
    if not (run.path / "model.pt").exists():
        raise RunError(f"{run.name} was not trained to its end", "resume it: it makes its report then")
    return tasks.start(root, f"report of {run.name}", ["report", str(run.path.resolve()), "--again"])
