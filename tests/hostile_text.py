"""Text that wants more of a terminal than to be read, and a universe and a run whose every word is of that kind."""

import json
import os
import re
from pathlib import Path

import h5py
import numpy as np

from core.cosmos.box import Catalogue, Field
from core.cosmos.cosmology import preset
from core.cosmos.universe import Universe, write_universe
from core.runs.run import Run, create_run

HOSTILE = "\x1b]52;c;eA==\x07\x1b[2J\x1b]0;mine\x07\b\r\n\x7f\x9b31m\x85\u202e\u2066\u200b[/red]漢e\u0301"
"""Clipboard, clearing, title, cursor, C1, bidirectional marks, markup of Rich's and Textual's, wide and combined."""
NAME = HOSTILE.replace("/", "")
"""The same without the divider of paths."""
FILE_NAME = f"a{NAME}{os.fsdecode(bytes([0xFF]))}"
"""Such a name with a byte that is no text."""
OWN = re.compile(r"\x1b\[[0-9;]*m")
"""What a drawing may use: colours."""


def harmless(text: str) -> bool:
    """Whether text holds nothing but letters, line ends and colours."""
    return all(line.isprintable() for line in OWN.sub("", text).split("\n"))


def hostile_universe(folder: Path) -> Universe:
    """A universe with such a name, units, fields, catalogue and cosmology."""
    random, box, cells = np.random.default_rng(1), 10.0, 8
    fields = [Field("density", random.normal(size=(cells,) * 3), box, f"units{HOSTILE}", 0.0, "eulerian", "cic")]
    fields.append(Field(f"field{NAME}", random.normal(size=(cells,) * 3), box, HOSTILE))
    halos = Catalogue(
        {"mass": np.array([2e13, 1e13]), "position": random.random((2, 3)) * box, f"column{NAME}": np.ones(2)},
        box,
        0.0,
        f"definition{HOSTILE}",
        {"mass": f"Msun/h{HOSTILE}"},
    )
    path = folder / f"{FILE_NAME}.h5"
    written = write_universe(
        path,
        name=f"name{HOSTILE}",
        box_size=box,
        cosmology=preset("planck2018"),
        fields=fields,
        catalogues={f"halos{NAME}": halos},
        provenance={"command": f"halodeck{HOSTILE}", "sources": [{"path": HOSTILE, "sha256": HOSTILE}]},
    )
    with h5py.File(path, "a") as file:
        file["cosmology"].attrs["name"] = f"cosmology{HOSTILE}"
    return written


def hostile_run(root: Path) -> Run:
    """A failed run with such a name, state, notes, log and report."""
    from core.figures import Curves, Figure, Number, Report, Series, Table, dump_report

    run = create_run(root, "halonet", {}, universes=[HOSTILE], device=HOSTILE)
    run = Run(run.path.rename(root / FILE_NAME))
    status = {"state": "failed", "step": 1, "steps": 2, "values": {"loss": 1.0, HOSTILE: 2.0}, "message": HOSTILE}
    (run.path / "status.json").write_text(json.dumps({**status, "host": HOSTILE}))
    (run.path / "notes.json").write_text(json.dumps({"text": HOSTILE, "tags": [HOSTILE]}))
    (run.path / "worker.log").write_text(f"{HOSTILE}\nlog\n", errors="surrogateescape")
    for step in (1, 2, 3):
        run.emit("step", step=step, loss=1.0 / step, **{HOSTILE: 1.0 / step})
    steps = np.arange(3.0)
    figures: dict[str, Figure] = {
        f"curves{HOSTILE}": Curves(HOSTILE, (Series(HOSTILE, steps, steps),), HOSTILE, HOSTILE),
        f"table{HOSTILE}": Table(HOSTILE, (HOSTILE, "other"), ((HOSTILE, HOSTILE), ("漢字", "b")), HOSTILE),
    }
    numbers = (Number(HOSTILE, HOSTILE, 1.0, HOSTILE, note=HOSTILE),)
    report = Report(HOSTILE, numbers, figures, (HOSTILE,), {HOSTILE: HOSTILE, "漢字": "wide"})
    run.report_path.parent.mkdir()
    run.report_path.write_text(json.dumps(dump_report(report)))
    return run
