"""What the workbench is opened with: its options, read without the commands that it does not need."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from app.draw.blocks import BLOCKS
from app.draw.colour import DEPTHS
from core.runs import launch_spec


@dataclass(frozen=True)
class Option:
    """An option of the program itself: its name, the variable that may say it instead, its default, its words."""

    name: str
    variable: str
    default: str
    words: tuple[str, ...] = ()
    """All that it may be; anything where there are none."""


COLOR = Option("--color", "HALODECK_COLOR", "auto", ("auto", *DEPTHS))
BLOCKS_OF_IMAGES = Option("--blocks", "HALODECK_BLOCKS", "auto", ("auto", *BLOCKS))
RUNS = Option("--runs", "HALODECK_RUNS", str(launch_spec.RUNS))
UNIVERSES = Option("--universes", "HALODECK_UNIVERSES", str(launch_spec.UNIVERSES))
OPTIONS = (COLOR, BLOCKS_OF_IMAGES, RUNS, UNIVERSES)


def opening(words: Sequence[str]) -> dict[Option, str] | None:
    """The options of a plain `halodeck`; None for all else, also a mistake: the program of all commands sees to it.

    To build that program takes a third of the time to the first screen.
    """
    values = {option: os.environ.get(option.variable) or option.default for option in OPTIONS}
    named = {option.name: option for option in OPTIONS}
    names, given = words[::2], words[1::2]
    if "_HALODECK_COMPLETE" in os.environ or len(names) > len(given) or any(name not in named for name in names):
        return None
    values |= {named[name]: value for name, value in zip(names, given, strict=True)}
    right = all(value in option.words for option, value in values.items() if option.words)
    return values if right and not any(value[:1] in ("", "-") for value in given) else None
