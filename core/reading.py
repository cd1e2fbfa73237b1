"""Files that others may have written, opened and parsed so that nothing in them can block, crash or fill the memory."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from core.errors import InputError
from core.files import explain

MOST = 64 << 20
"""Bytes of a JSON or TOML file: a report with many figures has some ten million."""
before_hdf5: list[Callable[[Path], None]] = []
"""What has a look at an HDF5 file before this process opens it: a damaged one may hold a process up for ever. Each
raises InputError for a file that is not to be opened."""


def open_regular(path: Path, most: int | None = None) -> BinaryIO:
    """A regular file, open for reading, of so many bytes at most.

    A FIFO, device or folder is refused at once: to open one may wait for ever, or do something to the machine.
    Raises: FileNotFoundError; InputError for what is no regular file or too large; ResourceError.
    """
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket
            raise InputError(f"{path} is no regular file", "put the file back or delete it") from error
        raise explain(error, path) from error
    except ValueError as error:  # a null character in the name
        raise InputError(f"{str(path)!r} is no path ({error})", "check the path") from error
    try:
        found = os.fstat(number)
        if not stat.S_ISREG(found.st_mode):
            raise InputError(f"{path} is no regular file", "put the file back or delete it")
        if most is not None and found.st_size > most:
            raise InputError(f"{path} has {found.st_size} bytes, of {most} at most", "it is damaged or another file")
        os.set_blocking(number, True)
        return os.fdopen(number, "rb")
    except BaseException:
        os.close(number)
        raise


def read_bytes(path: Path, most: int = MOST) -> bytes:
    """A whole regular file. Raises: FileNotFoundError, InputError, ResourceError."""
    with open_regular(path, most) as file:
        try:
            return file.read(most)  # it may have grown
        except OSError as error:
            raise explain(error, path) from error


def read_tail(path: Path, most: int) -> bytes:
    """The last bytes of a regular file of any size. Raises: FileNotFoundError, InputError, ResourceError."""
    with open_regular(path) as file:
        try:
            file.seek(max(0, file.seek(0, os.SEEK_END) - most))
            return file.read(most)
        except OSError as error:
            raise explain(error, path) from error


def read_json(path: Path, most: int = MOST) -> Any:
    """The data of a JSON file. Raises: FileNotFoundError, InputError, ResourceError."""
    return _parsed(path, parse_json, most)


def read_toml(path: Path, most: int = MOST) -> dict[str, Any]:
    """The tables of a TOML file. Raises: FileNotFoundError, InputError, ResourceError."""
    import tomllib

    return dict(_parsed(path, tomllib.loads, most))


def parse_json(text: str | bytes) -> Any:
    """The data of a JSON text; halves of surrogate pairs, which no file and no terminal takes, become "?".

    Raises: ValueError, for a text that is nested too deep as well.
    """
    try:
        data = json.loads(text)
        return _encodable(data) if (b"\\ud" if isinstance(text, bytes) else "\\ud") in text.lower() else data  # type: ignore[operator]
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _parsed(path: Path, parse: Callable[[str], Any], most: int) -> Any:
    try:
        return parse(read_bytes(path, most).decode("utf-8"))
    except RecursionError as error:
        raise InputError(f"{path} is damaged (it is nested too deep)", "mend or delete it") from error
    except ValueError as error:
        raise InputError(f"{path} is damaged ({error})", "mend or delete it") from error


def _encodable(data: Any) -> Any:
    if isinstance(data, str):
        return data.encode("utf-8", "replace").decode("utf-8")
    if isinstance(data, list):
        return [_encodable(item) for item in data]
    if isinstance(data, dict):
        return {_encodable(name): _encodable(item) for name, item in data.items()}
    return data
