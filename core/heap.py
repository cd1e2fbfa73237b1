"""The heap of the C library, from which torch's tensors on the CPU and numpy's arrays come."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import cast

# of glibc's malloc.h
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -3, -4
_LARGE = 32 << 20
"""Bytes of the blocks up to which glibc adapts itself to keep them, and what it is left at."""
_keeping = 0


@contextmanager
def kept() -> Iterator[None]:
    """Keep what is freed for what is asked for next, and give it back in the end.

    A step of a training takes what the one before has freed. glibc returns it to the system meanwhile, which clears
    every page that it gives again. What is kept was in use at once: no more is taken than without.
    Nothing changes where the environment rules the heap, nor under another library.
    """
    global _keeping
    change = None if _ruled() else c_function("mallopt")
    if change is None:
        yield
        return
    _keeping += 1
    change(_MMAP_MAX, 0)
    change(_TRIM_THRESHOLD, -1)
    try:
        yield
    finally:
        _keeping -= 1
        if not _keeping:
            change(_MMAP_MAX, 1 << 16)
            change(_MMAP_THRESHOLD, _LARGE)
            change(_TRIM_THRESHOLD, 2 * _LARGE)
            give_back()


def give_back() -> None:
    """Return what was freed to the system: glibc keeps the memory of box after box, which a limit has no room for."""
    if trim := c_function("malloc_trim"):
        trim(0)


def _ruled() -> bool:
    """Whether the user has set how the heap behaves."""
    return "malloc" in os.environ.get("GLIBC_TUNABLES", "") or any(name.startswith("MALLOC_") for name in os.environ)


@cache
def c_function(name: str) -> Callable[..., int] | None:
    """A function of the C library; None where it has none of this name."""
    try:
        return cast(Callable[..., int], getattr(ctypes.CDLL(None), name))
    except (AttributeError, OSError):
        return None
