"""What a cell of the terminal is divided into: two half-blocks, or the finer mosaics of Unicode, and their characters.

Quadrants are as old as half-blocks, sextants are of Unicode 13, octants of Unicode 16.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, get_args

Blocks = Literal["half", "quadrant", "sextant", "octant"]
BLOCKS: tuple[Blocks, ...] = get_args(Blocks)
GRID: dict[Blocks, tuple[int, int]] = {"half": (2, 1), "quadrant": (2, 2), "sextant": (3, 2), "octant": (4, 2)}
"""Pixels of a cell, down and across."""

_FIRST = {"sextant": 0x1FB00, "octant": 0x1CD00}
# sets of pixels that were characters before their block was: these have code points of their own
_OLDER: dict[str, dict[int, int]] = {
    "sextant": {0: 0x20, 21: 0x258C, 42: 0x2590, 63: 0x2588},
    "octant": {
        **{0: 0x20, 1: 0x1CEA8, 2: 0x1CEAB, 3: 0x1FB82, 5: 0x2598, 10: 0x259D, 15: 0x2580, 20: 0x1FBE6, 40: 0x1FBE7},
        **{63: 0x1FB85, 64: 0x1CEA3, 80: 0x2596, 85: 0x258C, 90: 0x259E, 95: 0x259B, 128: 0x1CEA0, 160: 0x2597},
        **{165: 0x259A, 170: 0x2590, 175: 0x259C, 192: 0x2582, 240: 0x2584, 245: 0x2599, 250: 0x259F, 252: 0x2586},
        **{255: 0x2588},
    },
}


@lru_cache
def characters(blocks: Blocks) -> str:
    """The character for each set of pixels with the ink: bit 0 is the upper left, then to the right, then down."""
    if blocks == "half":
        return " ▀▄█"
    if blocks == "quadrant":
        return " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"
    (down, across), code, older = GRID[blocks], _FIRST[blocks], _OLDER[blocks]
    found = ""
    for pixels in range(1 << down * across):
        found += chr(older.get(pixels, code))
        code += pixels not in older
    return found


@lru_cache(maxsize=1)
def pixels_of_images() -> frozenset[str]:
    """All of these characters but the blank."""
    return frozenset("".join(map(characters, BLOCKS))) - {" "}
