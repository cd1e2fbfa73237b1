"""The other runs of a sweep as one of them sees them, and when it has lost against them."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import median

from core.errors import HalodeckError, Interrupted
from core.reading import read_json
from core.runs.history import History, Track
from core.runs.run import Run

OUTRUN = "outrun"
"""How the last word of a run begins that was stopped because others were better."""
_LEAST = 2
"""Others that must have come as far."""


class Outrun(Interrupted):
    """A run of a sweep that is stopped because others are better."""


class Rivals:
    """What the other runs of a sweep have reached at their validations, read on as they go."""

    def __init__(self, run: Run, others: list[Run], share: float) -> None:
        self.run, self.share = run, share
        self._read = {other: (0, History()) for other in others}

    def verdict(self, own: Track, steps: int) -> str:
        """Why a run with these validation losses is to be stopped; "" while it is not.

        The median rule: its best loss so far is above the median of what the others had reached by the same step.
        """
        step = own.steps[-1]
        if step < self.share * steps or step >= steps:
            return ""
        mine = min((value for value in own.values if math.isfinite(value)), default=math.inf)
        reached = [best for other in self._read if (best := self._best(other, step)) is not None]
        if len(reached) < _LEAST or not mine > (middle := median(reached)):
            return ""
        return (
            f"{OUTRUN} at step {step}: validation {mine:.4g}, the median of {len(reached)} others of its sweep "
            f"{middle:.4g}"
        )

    def _best(self, other: Run, step: int) -> float | None:
        """The best that another run had reached by a step; None where it has not come so far."""
        offset, history = self._read[other]
        try:
            events, offset = other.events(offset)
            history.add(events)
        except HalodeckError:  # deleted or damaged meanwhile: it is no rival
            return None
        self._read[other] = offset, history
        track = history.validation.get("loss")
        if track is None or not track.steps or track.steps[-1] < step:
            return None
        known = [value for at, value in zip(track.steps, track.values, strict=True) if at <= step]
        return min((value for value in known if math.isfinite(value)), default=None)


def rivals_of(run: Run) -> Rivals | None:
    """The rivals of a run whose sweep stops losers; None for one that was stopped so before, and was resumed."""
    name = str(run.config().get("sweep", ""))
    if not name or Path(name).name != name:
        return None
    folder = run.path.absolute().parent
    try:
        record = read_json(folder / ".sweeps" / name / "sweep.json")
        share, names = float(record["losers"]), [str(other) for other in record["runs"]]
    except (OSError, HalodeckError, ValueError, TypeError, KeyError):  # runs may be anywhere, without their sweep
        return None
    if not share or any(event.get("event") == OUTRUN for event in run.events()[0]):
        return None
    return Rivals(
        run, [Run(folder / other) for other in names if other != run.name and Path(other).name == other], share
    )
