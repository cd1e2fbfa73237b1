"""Which blocks a terminal shows: where a font lacks them there are boxes, so it must be known to draw them itself."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import cast

from app.draw.blocks import Blocks
from app.draw.tmux import of_tmux

# first versions that draw octants without a font: VTE 0.78, Ghostty 1.2; foot 1.20 and kitty 0.40 tell no version here
_VTE_OCTANTS, _VTE_SEXTANTS, _GHOSTTY_OCTANTS = 7800, 7000, [1, 2]
_DRAW_SEXTANTS = ("kitty", "foot", "ghostty", "wezterm")


def blocks_of(option: str = "auto") -> Blocks:
    """The blocks that an option asks for; "auto" finds out what this terminal is known to draw itself."""
    if option == "auto":
        return drawn_by_terminal()
    return "sextant" if option == "octant" and not passed_on("octant") else cast(Blocks, option)


def passed_on(blocks: Blocks) -> bool:
    """Whether the characters reach the terminal: tmux (3.3a) and screen, also at the other end of an SSH, swallow those
    of Unicode 16."""
    within = os.environ.get("TMUX") or os.environ.get("TERM", "").startswith(("tmux", "screen"))
    return blocks != "octant" or not within


@lru_cache(maxsize=1)
def drawn_by_terminal() -> Blocks:
    """The finest that this terminal is known to draw itself, whatever its font; of unknown ones halves."""
    if "TEXTUAL_DRIVER" in os.environ:  # served to a browser, whatever terminal that is done from
        return "half"
    said = os.environ.get("VTE_VERSION", "")
    vte = int(said) if said.isdigit() else 0
    told = (os.environ.get("TERM", ""), os.environ.get("TERM_PROGRAM", ""))
    names = " ".join((*told, of_tmux("client_termname"), of_tmux("client_termtype"))).lower()
    version = os.environ.get("TERM_PROGRAM_VERSION", "").split("-")[0].split(".")
    new = "ghostty" in names and [int(part) for part in version[:2] if part.isdigit()] >= _GHOSTTY_OCTANTS
    if (new or vte >= _VTE_OCTANTS) and passed_on("octant"):
        return "octant"
    return "sextant" if vte >= _VTE_SEXTANTS or any(name in names for name in _DRAW_SEXTANTS) else "half"
