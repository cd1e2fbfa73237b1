"""The file systems of runs and universes: locks, renaming, room, speed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from core.doctor.finding import Finding, examined

_WRITTEN = 64 << 20
"""Bytes that are written to tell the speed."""


def storage(folders: dict[str, Path]) -> list[Finding]:
    """Each folder by what it is for; where one is not there, its nearest parent is looked at."""
    found: list[Finding] = []
    for name, folder in folders.items():
        here = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.is_dir())

        def look(name: str = name, here: Path = here) -> Iterator[Finding]:
            yield from _examined(name, here)

        found += examined("storage", (look,))
    return found


def _examined(name: str, here: Path) -> Iterator[Finding]:
    if not os.access(here, os.W_OK):
        yield Finding("storage", name, f"{here} may not be written", "bad", "choose another folder")
        return
    free = shutil.disk_usage(here).free / 2**30
    remedy = "free some room" if free < 5 else ""
    yield Finding("storage", f"{name}: room", f"{free:.0f} GiB in {here}", "warning" if free < 5 else "good", remedy)
    with tempfile.TemporaryDirectory(dir=here, prefix=".doctor-") as folder:
        yield _locks(name, Path(folder))
        yield _renames(name, Path(folder))
        yield _speed(name, Path(folder))


def _locks(name: str, folder: Path) -> Finding:
    try:
        with (folder / "lock").open("a") as one, (folder / "lock").open("a") as other:
            fcntl.flock(one, fcntl.LOCK_EX | fcntl.LOCK_NB)
            try:
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return Finding("storage", f"{name}: locks", "kept")
            words = "two processes get the same lock"
    except OSError as error:
        words = f"none ({error.strerror})"
    remedy = "start no two workers on one run; mount with flock"
    return Finding("storage", f"{name}: locks", words, "warning", remedy)


def _renames(name: str, folder: Path) -> Finding:
    (folder / "old").write_text("old")
    (folder / "new").write_text("new")
    (folder / "new").replace(folder / "old")
    well = (folder / "old").read_text() == "new" and not (folder / "new").exists()
    remedy = "" if well else "keep runs on another file system"
    return Finding("storage", f"{name}: renaming", "whole" if well else "torn", "good" if well else "bad", remedy)


def _speed(name: str, folder: Path) -> Finding:
    block, path = os.urandom(1 << 20), folder / "block"
    start = time.perf_counter()
    with path.open("wb") as file:
        for _ in range(_WRITTEN >> 20):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    speed = _WRITTEN / (time.perf_counter() - start) / 1e6
    remedy = "keep universes on a faster disk, e.g. the scratch of the site" if speed < 50 else ""
    return Finding("storage", f"{name}: writing", f"{speed:.0f} MB/s", "warning" if speed < 50 else "good", remedy)
