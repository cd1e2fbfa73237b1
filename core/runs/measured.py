"""What a run has measured last: its validation from the tail of its events, its numbers from the head of its report."""

from __future__ import annotations

import json
from collections.abc import Mapping

from core.errors import HalodeckError
from core.reading import open_regular
from core.runs.history import History
from core.runs.run import Run

_TAIL = 1 << 16
"""Bytes of the events in which the last validation is looked for."""
_HEAD = 1 << 17
"""Bytes of a report in which its numbers stand; its figures, which follow, may be a hundred times as large."""


def validated(run: Run, before: Mapping[str, float] | None = None) -> dict[str, float]:
    """What the last validation measured, from the tail of the events; what was known before where none is there."""
    path, history = run.path / "events.jsonl", History()
    try:
        # the first line of the tail may be torn, which `events` passes over
        history.add(run.events(max(0, path.stat().st_size - _TAIL))[0])
    except (OSError, HalodeckError):  # told where the events are drawn
        return dict(before or {})
    found = {name: track.values[-1] for name, track in history.validation.items() if track.values}
    return found or dict(before or {})


def reported(run: Run) -> dict[str, float]:
    """The numbers of a run's report by their keys; nothing without a report. Figures, which are large, are not read."""
    try:
        with open_regular(run.report_path) as file:
            head = file.read(_HEAD).decode(errors="replace")
        _, _, rest = head.partition('"numbers":')
        numbers, _ = json.JSONDecoder().raw_decode(rest.lstrip())
        return {str(n["key"]): float(n["value"]) for n in numbers if isinstance(n.get("value"), (int, float))}
    except (OSError, HalodeckError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return {}  # told where the report is shown
