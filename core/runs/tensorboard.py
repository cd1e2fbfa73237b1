"""The curves of a run as events that TensorBoard reads."""

from __future__ import annotations

import shutil
from math import isfinite
from pathlib import Path

from core.errors import InputError, ResourceError, RunError
from core.files import explain
from core.runs.history import History
from core.runs.run import Run


def write_events(run: Run, folder: Path) -> int:
    """Write every track of training and validation into a new folder; returns the number of values that are finite.

    A run that was resumed is told as its last worker went through it. Raises: InputError where the folder exists,
    RunError for a run without any, ResourceError without tensorboardX.
    """
    try:
        from tensorboardX import SummaryWriter
    except ImportError:
        raise ResourceError(
            "events of TensorBoard need tensorboardX", "install it with: pip install 'halodeck[tensorboard]'"
        ) from None
    if folder.exists():
        raise InputError(f"{folder} exists", "name another folder with --out, or remove it")
    events, _ = run.events()
    history = History()
    history.add(events)
    if not history.train and not history.validation:
        raise RunError(f"run {run.name} has no curves", "it came trained, or has not begun: name a run of yours")
    when = {(event.get("event"), event.get("step")): float(event.get("time", 0.0)) for event in events}
    temporary, count = folder.with_name(f".{folder.name}.part"), 0
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        with SummaryWriter(str(temporary)) as writer:
            for kind, part, tracks in (
                ("step", "training", history.train),
                ("validation", "validation", history.validation),
            ):
                for name, track in tracks.items():
                    for step, value in zip(track.steps, track.values, strict=True):
                        if isfinite(value):
                            writer.add_scalar(f"{part}/{name}", value, step, when.get((kind, step)))
                            count += 1
        temporary.rename(folder)
    except OSError as error:
        raise explain(error, folder) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return count
