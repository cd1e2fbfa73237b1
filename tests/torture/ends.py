"""Signals at random moments to commands."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

from core.cosmos.universe import open_universe
from torture.kills import TRAIN, new_run
from torture.program import ended, start
from torture.row import Row

GIVEN = ("--cosmology", "planck2018", "--box-size", 25, "--steps", 20)
"""What the linear field does not say."""
ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def commands(folder: Path, count: int, seed: int) -> Row:
    """End commands: with 128 + the signal, or done before; all files whole, none left begun."""
    row, draw = Row("TERM, HUP, INT to train, simulate, import"), np.random.default_rng(seed)
    for number in range(count):
        runs = new_run(folder, TRAIN["halonet"], "signals")
        lines = (
            ("resume", runs.path),
            ("simulate", "--cells", 32, "--box", 32, "--seeds", "1-9", "--out", f"signalled-{number}"),
            ("import", "delta.npy", "--evolve", *GIVEN, "--out", f"signalled-{number}/i.h5"),
        )
        line = lines[number % len(lines)]
        process = start(folder, *line, log="signals.log")
        time.sleep(float(draw.uniform(0.3, 3.0)))
        asked = ENDING[int(draw.integers(len(ENDING)))]
        with suppress(ProcessLookupError):  # it is done before
            os.kill(process.pid or 0, asked)
        code = ended(process)
        row.tried += 1
        row.expect(code in (128 + asked, 0), f"{line[0]} ended with {code} after {asked.name}")
        if line[0] == "resume":
            state = runs.status().state
            row.expect(state in ("stopped", "done"), f"a run is {state} after {asked.name}")
        made = folder / f"signalled-{number}"
        row.expect(not list(made.rglob("*.part")), f"{line[0]} leaves a file that it began, after {asked.name}")
        for path in made.glob("*.h5"):
            open_universe(path)
    row.expect("Traceback" not in (folder / "signals.log").read_text(errors="replace"), "a traceback in the log")
    return row
