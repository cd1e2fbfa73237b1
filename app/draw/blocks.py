"""What a cell of the terminal is divided into: two half-blocks, or the finer mosaics of Unicode.

Sextants are of Unicode 13, octants of Unicode 16; where a font lacks them there are boxes, so they are chosen only for
terminals that draw them themselves.
"""

from __future__ import annotations

import os
import subprocess
from functools import lru_cache
from typing import Literal, get_args

Blocks = Literal["half", "quadrant", "sextant", "octant"]
BLOCKS: tuple[Blocks, ...] = get_args(Blocks)

# first versions that draw octants without a font: VTE 0.78, Ghostty 1.2; foot 1.20 and kitty 0.40 tell no version here
_VTE_OCTANTS, _VTE_SEXTANTS, _GHOSTTY_OCTANTS = 7800, 7000, (1, 2)
_DRAW_SEXTANTS = ("kitty", "foot", "ghostty", "wezterm")


def blocks_of(option: str = "auto") -> Blocks:
    """The mosaic that an option asks for; "auto" finds out what this terminal is known to draw itself."""
    if option == "auto":
        return drawn_by_terminal()
    return "sextant" if option == "octant" and not passed_on("octant") else option  # type: ignore[return-value]


def passed_on(blocks: Blocks) -> bool:
    """Whether the characters of a mosaic reach the terminal: tmux (3.3a) and screen swallow those of Unicode 16."""
    return blocks != "octant" or not (os.environ.get("TMUX") or os.environ.get("TERM", "").startswith("screen"))


@lru_cache(maxsize=1)
def drawn_by_terminal() -> Blocks:
    """The finest mosaic that this terminal is known to draw itself, whatever its font; of unknown ones halves."""
    said = os.environ.get("VTE_VERSION", "")
    vte = int(said) if said.isdigit() else 0
    names = f"{os.environ.get('TERM', '')} {os.environ.get('TERM_PROGRAM', '')} {_behind_tmux()}".lower()
    version = os.environ.get("TERM_PROGRAM_VERSION", "").split("-")[0].split(".")
    new = "ghostty" in names and [int(part) for part in version[:2] if part.isdigit()] >= list(_GHOSTTY_OCTANTS)
    if (new or vte >= _VTE_OCTANTS) and passed_on("octant"):
        return "octant"
    return "sextant" if vte >= _VTE_SEXTANTS or any(name in names for name in _DRAW_SEXTANTS) else "half"


def _behind_tmux() -> str:
    """The name of the terminal that tmux is in."""
    if not os.environ.get("TMUX"):
        return ""
    asked = ["tmux", "display-message", "-p", "#{client_termname} #{client_termtype}"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, timeout=0.5, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
