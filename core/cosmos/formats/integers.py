"""Whole numbers as texts write them: 27, 27.0, 2.7e1, and ids of 64 bits without a sign"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from core.cosmos.box import Array
from core.errors import InputError

_EXACT = 2**53
"""Up to here a float holds every whole number."""


def integers(words: Iterable[str]) -> Array:
    """int64 (N,); ids of 2^63 and more keep their 64 bits. Raises: ValueError for a word that is no whole number."""
    words = [str(word) for word in words]
    try:
        return np.array(words, dtype=object).astype(np.int64)
    except (ValueError, OverflowError):
        return np.array([_integer(word) for word in words], dtype=np.uint64).view(np.int64)


def whole(values: Array, what: str) -> Array:
    """Ids or counts as int64; those of 2^63 and more keep their 64 bits. Raises: InputError for other numbers."""
    if values.dtype.kind in "iu":
        return values.astype(np.int64)
    exact = values.astype(np.float64)
    if not (np.isfinite(exact).all() and (np.abs(exact) <= _EXACT).all() and (exact == np.round(exact)).all()):
        raise InputError(f"{what} are no whole numbers", "make the file again")
    return exact.astype(np.int64)


def _integer(word: str) -> int:
    """The 64 bits of one number."""
    try:
        number = int(word)
    except ValueError:
        value = float(word)
        if not (value.is_integer() and abs(value) <= _EXACT):
            raise ValueError(f"{word!r} is no whole number") from None
        number = int(value)
    if not -(2**63) <= number < 2**64:
        raise ValueError(f"{word!r} has more than 64 bits")
    return number % 2**64
