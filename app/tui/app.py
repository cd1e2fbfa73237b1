"""The way in: choose the colours before Textual is imported, open the workbench, leave the terminal as it was."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from app.draw.colour import Depth, colour_depth
from app.tui.keeper import keep
from core.errors import UsageError
from core.patience import within

_THREADS = 32
"""Reads and deeds at one time: those that wait for a dead disk keep their threads."""
_PATIENCE = 1.0
"""Seconds for threads to end, e.g. one that saves the preferences."""

if TYPE_CHECKING:
    from app.tui.workbench import Workbench

_COLOUR_SYSTEMS: dict[Depth, str] = {"truecolor": "truecolor", "256": "256", "16": "standard", "none": "standard"}


def run_workbench(runs: Path, depth: str = "auto", universes: Path = Path("universes"), blocks: str = "auto") -> int:
    """Open the workbench on two folders and return its exit code, 128 + the number of a signal that ended it.

    Raises: UsageError without a terminal or for an unknown colour depth.
    """
    served = "TEXTUAL_DRIVER" in os.environ  # by textual-serve, to a browser
    if not (served or (sys.stdin.isatty() and sys.stdout.isatty())):
        raise UsageError("the workbench needs a terminal", "`halodeck runs` and `halodeck report` work without one")
    chosen = colour_depth(depth)
    ended_well = keep()
    # a fifth of the time to the first screen goes into looking for garbage where there is none; on_ready turns it on
    gc.disable()
    # Textual reads these once: the first when it is imported, the second when its app is made
    os.environ["TEXTUAL_COLOR_SYSTEM"] = _COLOUR_SYSTEMS[chosen]
    # exported sizes would be taken for those of the terminal, and stay when that changes
    for name in ("NO_COLOR",) if served else ("NO_COLOR", "COLUMNS", "LINES"):
        os.environ.pop(name, None)
    if chosen == "none":
        os.environ["NO_COLOR"] = "1"

    from app.background.describing import guard_this_process
    from app.tui.frame.memory import memory_path
    from app.tui.frame.preferences import load_preferences, preferences_path
    from app.tui.workbench import Workbench

    guard_this_process()
    workbench = Workbench(runs, chosen, universes, load_preferences(preferences_path()), memory_path(), blocks)
    try:
        return _run(workbench, ended_well)
    finally:
        ended_well()


def _run(workbench: Workbench, ended_well: Callable[[], None]) -> int:
    """The exit code of the workbench, once it is left; the process ends here where threads wait for a disk.

    asyncio's own runner, and Python at its end, would wait for them.
    """
    threads = ThreadPoolExecutor(_THREADS)
    loop = asyncio.new_event_loop()
    loop.set_default_executor(threads)
    workbench.run(loop=loop)
    code = workbench.return_code or 0
    if workbench.last_resort:
        workbench.last_resort.cancel()

    def ended() -> bool:
        threads.shutdown(cancel_futures=True)
        return True

    if not within(ended, _PATIENCE):
        sys.stdout.flush()
        ended_well()
        os._exit(code)
    loop.close()
    return code
