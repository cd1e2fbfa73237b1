"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import glob
import hashlib
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NewType

from core.errors import HalodeckError, ResourceError
from core.processes import host

FileName = NewType("FileName", str)
"""Text that is a name in a folder and nothing more."""

_LONGEST_NAME = 120
_PART = re.compile(r"\..+\.(?P<host>[^.]+)\.(?P<pid>\d+)\.part", re.DOTALL)
"""The name of a file that is being written: that of the whole one, the machine and the process that write it."""
_FORGOTTEN = 86400.0
"""Seconds after which what another machine has begun and not touched is taken for left behind."""


def file_name(text: str) -> FileName:
    """A safe file name of any foreign text: no folder, no hidden file, no control character, not too long.

    What had to be changed carries a checksum of the text, so that two names stay two.
    """
    plain = re.sub(r"[^\w .,=+@()\[\]*?-]", "_", text)
    plain = re.sub(r"^[.\s-]+", "_", plain).rstrip(". ")[:_LONGEST_NAME]
    if plain and plain == text:
        return FileName(plain)
    return FileName(f"{plain or '_'}-{hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()[:8]}")


def explain(error: OSError, path: Path) -> HalodeckError:
    """The operating system's refusal as a one-line error with a remedy."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ResourceError(f"no space left for {path}", "free some room or choose another folder")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return ResourceError(f"no permission for {path}", "choose a folder you may write to")
    if error.errno == errno.ENOENT:
        return ResourceError(f"{path} does not exist", "check the path")
    return ResourceError(f"{path}: {error.strerror or error}", "check the disk and the path")


def damage(error: Exception) -> str:
    """What is wrong inside a file: the words of HDF5 without its wrapping, bytes where they are missing."""
    words = str(error.args[0] if error.args else error)  # a KeyError quotes its words
    if inner := re.match(r"Unable to [a-z ]+\((.*)\)$", words):
        words = inner[1]
    if sizes := re.match(r"truncated file: eof = (\d+).* stored_eof = (\d+)", words):
        words = f"{int(sizes[1]):,} of {int(sizes[2]):,} bytes are there"
    return " ".join(words.split())


@contextmanager
def appearing(path: Path, within: Path | None = None) -> Iterator[Path]:
    """Give a temporary name beside `path`; rename it to `path` on success, remove it otherwise.

    Folders are made as needed; `within` a folder only those below it, for one that was deleted stays so. What killed
    processes have left of the same file is removed.

    Raises: ResourceError for a full disk, a read-only or missing place.
    """
    temporary = begun(path)
    try:
        _make_folder(path.parent, within)
        for left in path.parent.glob(f".{glob.escape(path.name[:_LONGEST_NAME])}.*.part"):
            if is_left_behind(left):
                left.unlink(missing_ok=True)
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except OSError as error:
        # h5py reports a full disk as a plain OSError whose message holds the errno
        if error.errno is None and "errno = 28" in str(error):
            error = OSError(errno.ENOSPC, "no space left", str(path))
        raise explain(error, path) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def begun(path: Path) -> Path:
    """The name under which this process writes a file until it is whole."""
    return path.with_name(f".{path.name[:_LONGEST_NAME]}.{_word(host())}.{os.getpid()}.part")


def is_left_behind(path: Path) -> bool:
    """Whether a file is the beginning of one whose writer is dead."""
    named = _PART.fullmatch(path.name)
    if not named:
        return False
    try:
        touched = path.lstat().st_mtime
    except OSError:
        return False  # it is whole by now
    if named["host"] != _word(host()):
        return time.time() - touched > _FORGOTTEN
    import psutil

    try:  # a process that was born after the last byte has the number of the dead one
        return psutil.Process(int(named["pid"])).create_time() > touched + 1
    except (psutil.Error, OverflowError):
        return True


def left_behind(folder: Path) -> list[Path]:
    """All that killed processes have left half-written in a folder and those below it."""
    return [path for path in sorted(folder.rglob(".*.part")) if is_left_behind(path)]


def files_below(folder: Path, suffix: str) -> tuple[Path, ...]:
    """The files in a folder and in those below it, by name; what is hidden, as a trash is, is left out."""
    found: list[Path] = []
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(where) / name for name in names if name.endswith(suffix) and not name.startswith(".")]
    return tuple(sorted(found))


def write_text(path: Path, text: str, within: Path | None = None) -> None:
    """Write a text file atomically."""
    with appearing(path, within) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, data: Any, within: Path | None = None) -> None:
    """Write JSON atomically."""
    write_text(path, json.dumps(data, indent=1) + "\n", within)


def overwrite(path: Path, text: str) -> None:
    """Write over the bytes of a small file that is there: on a full disk it has room of its own.

    A reader may see it torn, so this is for a last word only. Raises: ResourceError.
    """
    try:
        with path.open("r+b") as file:
            file.write(text.encode())
            file.truncate()
    except OSError as error:
        raise explain(error, path) from error


def _make_folder(folder: Path, within: Path | None) -> None:
    if within is None:
        folder.mkdir(parents=True, exist_ok=True)
    elif folder != within:
        _make_folder(folder.parent, within)
        folder.mkdir(exist_ok=True)


def _word(text: str) -> str:
    """A name of a machine without dots, which part the names of temporary files."""
    return re.sub(r"[^\w-]", "_", text) or "_"


def checksum(path: Path) -> str:
    """SHA-256 of a file, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
