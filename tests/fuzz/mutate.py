"""Damage to the bytes of a file, drawn from a seed: what disks, copies and people do to them."""

from __future__ import annotations

import re

import numpy as np

HEADS = (64, 400, 4000, 10**9)
"""Half of what matters is in the first bytes."""
_NUMBER = re.compile(rb"-?\d+(\.\d+)?([eE][-+]?\d+)?")
_NUMBERS = (b"0", b"-1", b"1e999", b"nan", b"-inf", b"4294967296", b"9" * 40, b"1e-320", b"", b"x", b"0x10", b"\xff")
_BITS = (b"\xff" * 8, b"\0" * 8, b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\0\0\xc0\x7f", b"\0" * 7 + b"\x80")
"""The largest and smallest numbers, NaN."""
_WORDS = (b"null", b"[]", b"{}", b"[1]", b'"\\ud800"', b"true", b"[" * 3000, b'"', b"\\", b"\n", b"\0")


def mutated(whole: bytes, seed: int) -> bytes:
    """The bytes with one to three damages."""
    draw = np.random.default_rng(seed)
    data = whole
    for _ in range(int(draw.choice((1, 1, 2, 3)))):
        data = _damaged(data, draw) if data else data
    return data


def _damaged(data: bytes, draw: np.random.Generator) -> bytes:
    head = min(len(data), HEADS[int(draw.integers(len(HEADS)))])
    at = int(draw.integers(head))
    size = int(draw.integers(1, 13))
    match int(draw.choice((0, 0, 0, 1, 2, 3, 3, 4, 5, 6, 6, 7, 7, 8))):  # half of them leave the length as it was
        case 0:
            return data[:at] + bytes([data[at] ^ (1 << int(draw.integers(8)))]) + data[at + 1 :]
        case 1:
            return data[:at] + draw.bytes(size) + data[at + int(draw.integers(13)) :]
        case 2:
            return data[:at]
        case 3:
            end = at + 8 * size
            return data[:at] + bytes(len(data[at:end])) + data[end:]
        case 4:
            return data[:at] + data[at + size :]
        case 5:
            return data[: at + size] + data[at:]
        case 6:
            bits = _BITS[int(draw.integers(len(_BITS)))]
            return data[:at] + bits + data[at + len(bits) :]
        case 7:
            found = list(_NUMBER.finditer(data[:4000])) or list(_NUMBER.finditer(data))
            where = found[int(draw.integers(len(found)))].span() if found else (at, at)
            return data[: where[0]] + _NUMBERS[int(draw.integers(len(_NUMBERS)))] + data[where[1] :]
        case _:
            word = _WORDS[int(draw.integers(len(_WORDS)))]
            return data[:at] + word + data[at + int(draw.integers(13)) :]
