"""What can be done with a run: each says in a sentence what it did, and each is a command too."""

from __future__ import annotations

from core.errors import RunError
from core.runs.lock import delete_run
from core.runs.requests import Request
from core.runs.run import Notes, Run


def ask(run: Run, request: Request) -> str:
    """Ask the worker of a run for something. Raises: RunError when no worker lives."""
    run.request(request)
    return f"asked {run.name} to {request}: it answers after its current step"


def resume(run: Run) -> str:
    """Let a paused run go on, or start a new worker for a run that has none. Raises: HalodeckError."""
    status = run.status()
    if status.alive:
        return ask(run, "resume")
    if status.state == "done":
        raise RunError(f"{run.name} is done", f"see its report, or `halodeck resume {run.name}` to make that again")
    from app.background import workers as launch

    launch.resume(run)
    return f"{run.name} goes on from its last checkpoint"


def delete(run: Run) -> str:
    """Delete the folder of a run. Raises: RunError while its worker lives."""
    delete_run(run)
    return f"{run.name} is deleted"


def note(run: Run, notes: Notes) -> str:
    """Replace the notes on a run. Raises: HalodeckError."""
    run.notes()  # damaged ones are not overwritten
    run.write_notes(notes)
    return f"noted on {run.name}"
