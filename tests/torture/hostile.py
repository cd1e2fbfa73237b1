"""Files that want to do harm, or hold nothing of use, through the commands that open any file."""

from __future__ import annotations

import os
import time
from pathlib import Path

import h5py
import numpy as np
from hostile_hdf5 import HOSTILE
from hostile_text import harmless, hostile_run, hostile_universe

from torture.program import run
from torture.row import Row

COMMANDS = (("info",), ("import",), ("view",), ("stats",), ("import", "--evolved"))
SLOWEST = 60.0


def files(folder: Path) -> Row:
    """Every file by every command: an exit code of its own, text that is text, no traceback, an end."""
    row = Row("hostile files through info, import, view, stats")
    place = folder / "hostile"
    place.mkdir()
    for path in _made(place):
        for command in COMMANDS:
            began = time.monotonic()
            code, text = run(place, *command, path, *(("--out", "x.h5") if command[0] == "import" else ()))
            row.tried += 1
            said = f"{' '.join(command)} {path.name!r}"
            row.expect(code in (0, 1, 2), f"{said} ended with {code}: {text[-200:]}")
            row.expect("Traceback" not in text, f"{said}: {text[-400:]}")
            row.expect(harmless(text), f"{said} prints what a terminal obeys")
            row.expect(time.monotonic() - began < SLOWEST, f"{said} took {time.monotonic() - began:.0f} s")
    return row


def _made(place: Path) -> list[Path]:
    (place / "elsewhere.h5").write_bytes(b"")
    found = []
    for number, put in enumerate(HOSTILE):
        path = place / f"link-{number}.h5"
        with h5py.File(path, "w") as file:
            file.create_group("Header").attrs.update(BoxSize=1.0, Time=1.0)
            put(file.create_group("PartType1"), "Coordinates")
        found.append(path)
    for name, data in {
        "empty": b"",
        "zeros": bytes(4096),
        "text": b"hello\n" * 100,
        "half.h5": found[0].read_bytes()[:700],
        "pickle.npy": b"\x80\x04\x95cposix\nsystem\n(S'touch harm'\ntR.",
        "deep.json": b"[" * 200_000,
    }.items():
        (place / name).write_bytes(data)
        found.append(place / name)
    cube = np.ones((8, 8, 8), np.float32)
    for name, value in {"nan": np.nan, "infinite": np.inf, "constant": 1.0}.items():
        cube[0, 0, 0] = value
        np.save(place / f"{name}.npy", cube)
        found.append(place / f"{name}.npy")
    np.save(place / "objects.npy", np.array([print], dtype=object))
    os.mkfifo(place / "fifo")
    (place / "folder").mkdir()
    (place / "circle").symlink_to("circle")
    found += [place / name for name in ("objects.npy", "fifo", "folder", "circle", "nowhere")]
    return [*found, Path("/dev/zero"), hostile_universe(place).path, hostile_run(place).path]
