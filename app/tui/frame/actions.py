"""What can be done with a run: each says in a sentence what it did, and each is a command too."""

from __future__ import annotations

from core.errors import RunError
from core.runs.run import Notes, Run
from core.runs.submission import ask, delete

__all__ = ["ask", "delete", "note", "resume"]


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
