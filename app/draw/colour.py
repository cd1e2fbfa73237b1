"""How many colours the terminal has, and the inks that text, frames and series are written in.

A colour is one integer in the terms of its depth: 0xRRGGBB for truecolor, the ANSI number for 256 and 16; NO_INK
leaves the terminal's own colour. Nothing is ever rounded from one depth to another: each has its own choice.
"""

from __future__ import annotations

import os
import sys
from typing import Literal, get_args

from app.draw.tmux import of_tmux
from core.errors import UsageError, did_you_mean

Depth = Literal["truecolor", "256", "16", "none"]
DEPTHS: tuple[Depth, ...] = get_args(Depth)
NO_INK = -1

# Okabe & Ito (2008), safe for colour-blind readers, without the yellow and black that a background may swallow
SERIES_RGB = (0x56B4E9, 0xE69F00, 0x009E73, 0xD55E00, 0xCC79A7, 0x999999)
_SERIES: dict[Depth, tuple[int, ...]] = {
    "truecolor": SERIES_RGB,
    "256": (74, 214, 36, 166, 175, 246),
    "16": (6, 3, 2, 1, 5, 4),
    "none": (NO_INK,),
}
_SHADES: dict[Depth, tuple[int, ...]] = {
    "truecolor": (0x1B3B4D, 0x4A3608, 0x0A3D2F, 0x4A2408, 0x46293A, 0x363636),
    "256": (23, 58, 22, 52, 53, 237),
    "16": (8,),
    "none": (NO_INK,),
}
_LIGHT_SHADES: dict[Depth, tuple[int, ...]] = {
    "truecolor": (0xBFE0F5, 0xF5DDA8, 0xA8DCCB, 0xF0C4A3, 0xECCFE0, 0xD0D0D0),
    "256": (153, 223, 151, 216, 182, 252),
}
# marker shapes tell series apart without colour; 8 shapes and 6 colours repeat together only after 24 series
MARKERS = "●▲■◆○△□◇"
_FRAME: dict[Depth, int] = {"truecolor": 0x7F7F7F, "256": 244, "16": 8, "none": NO_INK}
# from the widest marked range to the narrowest
_QUIET: dict[Depth, tuple[int, ...]] = {
    "truecolor": (0x303030, 0x3E3E3E, 0x505050),
    "256": (236, 238, 240),
    "16": (8,),
    "none": (NO_INK,),
}

_LIGHT_QUIET: dict[Depth, tuple[int, ...]] = {"truecolor": (0xDEDEDE, 0xCFCFCF, 0xBDBDBD), "256": (253, 251, 249)}


def colour_depth(option: str = "auto") -> Depth:
    """The depth that `--color option` asks for; "auto" finds out what standard output can show.

    Raises: UsageError for an unknown option.
    """
    if option != "auto":
        if option not in DEPTHS:
            raise UsageError(f"unknown colour depth {option!r}", did_you_mean(option, ("auto", *DEPTHS)))
        return option
    terminal = os.environ.get("TERM", "")
    if os.environ.get("NO_COLOR"):
        return "none"
    if not _forced() and (terminal in ("", "dumb") or not sys.stdout.isatty()):
        return "none"
    # OpenSSH does not forward COLORTERM and tmux does not set it, so tmux itself is asked
    if os.environ.get("COLORTERM") in ("truecolor", "24bit") or "RGB" in of_tmux("client_termfeatures").split(","):
        return "truecolor"
    return "256" if "256color" in terminal else "16"


def series_ink(number: int, depth: Depth) -> int:
    """The colour of a series' line."""
    return _SERIES[depth][number % len(_SERIES[depth])]


def ink_name(ink: int, depth: Depth) -> str:
    """An ink as styles of text name it; "" for the terminal's own."""
    if ink == NO_INK:
        return ""
    return f"#{ink:06x}" if depth == "truecolor" else f"color({ink})"


def series_shade(number: int, depth: Depth) -> int:
    """The background colour of a series' error band, dark enough for its line to show."""
    return _SHADES[depth][number % len(_SHADES[depth])]


def marker(number: int) -> str:
    """The marker shape of a series."""
    return MARKERS[number % len(MARKERS)]


def frame_ink(depth: Depth) -> int:
    """The colour of axes and rules: legible on dark and on light."""
    return _FRAME[depth]


def quiet_shade(depth: Depth, level: int = 0) -> int:
    """The background colour of a marked range, or of the next narrower ones inside it."""
    return _QUIET[depth][min(level, len(_QUIET[depth]) - 1)]


def lightened(depth: Depth) -> dict[int, int]:
    """What each shade becomes on light paper; empty for depths that have one shade for both."""
    dark, light = (*_SHADES[depth], *_QUIET[depth]), (*_LIGHT_SHADES.get(depth, ()), *_LIGHT_QUIET.get(depth, ()))
    return dict(zip(dark, light, strict=False))


def _forced() -> bool:
    return any(os.environ.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE"))
