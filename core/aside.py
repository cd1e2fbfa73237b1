"""Large arrays of which many are kept, set aside in unnamed files: read where they are looked at, dropped where memory
is short, gone with the program."""

from __future__ import annotations

import ctypes
import mmap
import os
import resource
import tempfile
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import IO, Any, TypeVar, cast

import numpy as np

from core.files import explain
from core.heap import c_function, give_back
from core.limits import free_memory

LARGE = 1 << 26
"""Bytes from which an array is set aside: those of 256^3 cells in single precision."""

SEVERAL = 8
"""Arrays of a size for which memory must have room, that those one works on lie there."""

_ASKED = 1 << 17
"""Bytes that Linux reads at most for one request, unless its read-ahead was made longer."""

T = TypeVar("T")


def scratch_folder() -> Path | None:
    """The folder for what may be made again, where one is set: it is shared by ranks and kept for the next start."""
    folder = os.environ.get("HALODECK_SCRATCH")
    return Path(folder) if folder else None


def temporary_folder() -> Path:
    """The folder for what ends with the program: the scratch folder, else that of the system."""
    return scratch_folder() or Path(tempfile.gettempdir())


def aside(value: T) -> T:
    """The same value, the large arrays and tensors in it in files.

    It is looked for in tuples, lists, dictionaries and dataclasses; what holds none comes back itself.
    Raises: ResourceError for a full disk.
    """
    return cast(T, _aside(value))


def empty(shape: tuple[int, ...], kind: Any) -> np.ndarray[Any, Any]:
    """An array of zeros to work on, in a file where memory has no room for several like it.

    Raises: ResourceError for a full disk.
    """
    size = int(np.prod(shape)) * np.dtype(kind).itemsize
    if size < LARGE or size < free_memory() / SEVERAL:
        return np.zeros(shape, kind)
    with _unnamed() as file:
        try:
            if hasattr(os, "posix_fallocate"):  # a map of a file that the disk has no room for ends the process
                os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            raise explain(error, temporary_folder()) from error
        return np.asarray(np.memmap(file, kind, "r+", shape=shape))


def in_file(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A copy of an array in an unnamed file. Raises: ResourceError for a full disk."""
    with _unnamed() as file:
        try:
            np.ascontiguousarray(array).tofile(file)
            settle(file)
        except OSError as error:
            raise explain(error, temporary_folder()) from error
        # "c": a page that is written to is copied; a read-only array is no tensor
        return np.asarray(np.memmap(file, array.dtype, "c", shape=array.shape))


def is_map(array: np.ndarray[Any, Any]) -> bool:
    """Whether an array looks at a map of a file; the owner of a tensor's memory is not known to numpy."""
    base: Any = array
    while isinstance(base, np.ndarray):
        if isinstance(base, np.memmap):
            return True
        base = base.base
    return isinstance(base, mmap.mmap)


def settle(file: IO[bytes]) -> None:
    """Have it on the disk: pages that wait to be written count as memory that cannot be freed."""
    file.flush()
    os.fsync(file.fileno())


def read_soon(address: int, size: int) -> None:
    """Ask the system to read a part of a map that will be looked at soon, and do not wait for it."""
    start, end = address // mmap.PAGESIZE * mmap.PAGESIZE, address + size
    if advise := c_function("madvise"):
        for piece in range(start, end, _ASKED):  # of more it may read the beginning alone
            advise(ctypes.c_void_p(piece), ctypes.c_size_t(min(_ASKED, end - piece)), mmap.MADV_WILLNEED)


def allow_many_files() -> None:
    """A map keeps its file open: let as many be open as the system allows this process."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _unnamed() -> IO[bytes]:
    allow_many_files()
    folder = temporary_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return cast(IO[bytes], tempfile.TemporaryFile(dir=folder))
    except OSError as error:
        raise explain(error, folder) from error


def _aside(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value if value.nbytes < LARGE or is_map(value) else _moved(value)
    if type(value).__module__ == "torch" and hasattr(value, "untyped_storage"):
        return _tensor_aside(value)
    if isinstance(value, dict):
        return _if_changed(value, list(value.values()), lambda new: dict(zip(value, new, strict=True)))
    if isinstance(value, list):
        return _if_changed(value, value, list)
    if isinstance(value, tuple):
        return _if_changed(value, value, type(value)._make if hasattr(value, "_fields") else tuple)  # type: ignore[attr-defined]
    if is_dataclass(value) and not isinstance(value, type):
        names = [item.name for item in fields(value) if item.init]
        parts = [getattr(value, name) for name in names]
        return _if_changed(value, parts, lambda new: replace(value, **dict(zip(names, new, strict=True))))
    return value


def _if_changed(value: Any, parts: Any, make: Any) -> Any:
    new = [_aside(part) for part in parts]
    return value if all(a is b for a, b in zip(new, parts, strict=True)) else make(new)


def _tensor_aside(value: Any) -> Any:
    import torch

    if value.device.type != "cpu" or value.nbytes < LARGE or value.requires_grad or is_map(value.numpy()):
        return value
    return torch.from_numpy(_moved(value.numpy()))


def _moved(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    moved = in_file(array)
    give_back()
    return moved
