"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NewType

from core.errors import HalodeckError, ResourceError

FileName = NewType("FileName", str)
"""Text that is a name in a folder and nothing more."""

_LONGEST_NAME = 120


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
    if error.errno == errno.ENOSPC:
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
def appearing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; rename it to `path` on success, remove it otherwise.

    Raises: ResourceError for a full disk, a read-only or missing place.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
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


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""
    with appearing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, data: Any) -> None:
    """Write JSON atomically."""
    write_text(path, json.dumps(data, indent=1) + "\n")


def checksum(path: Path) -> str:
    """SHA-256 of a file, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
