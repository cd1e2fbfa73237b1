"""What draws a kind of figure, wherever it is drawn: as terminal cells, by matplotlib, as numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np

from app.draw.blocks import Blocks
from app.draw.canvas import Canvas
from app.draw.colour import Depth


@dataclass(frozen=True)
class Terminal:
    """What a figure is drawn for: how many colours there are, what paper, what a cell can be divided into."""

    depth: Depth = "truecolor"
    light: bool = False
    blocks: Blocks = "half"


Draw: TypeAlias = Callable[[Any, int, int | None, Terminal], Canvas]
"""A figure, width, height or None for what is natural, and the terminal."""


@dataclass(frozen=True)
class Drawer:
    """The one record of a kind of figure."""

    canvas: Draw
    picture: Callable[[Any, Any], None]
    """On a matplotlib figure or subfigure."""
    size: Callable[[Any], tuple[float, float]]
    """Width and height of the picture in inches."""
    numbers: Callable[[Any], Iterator[Sequence[str | float]]]
    """Its rows as comma-separated values. Raises: UsageError where it has none."""
    shaded: bool = False
    """Its shades are made for dark paper, and are changed for a light one."""
    framed: bool = True
    """Whether matplotlib lays out axes that need room."""


def drawer_of(figure: object) -> Drawer:
    """The drawer of a figure, by its kind."""
    return _drawer(type(figure).__name__.lower())


@cache
def _drawer(name: str) -> Drawer:
    found: Drawer = import_module(f"app.draw.kinds.{name}").DRAWER
    return found


def written(value: float | str) -> str:
    """A number with seven digits; nothing for what is not known."""
    if isinstance(value, str):
        return value
    return f"{value:.7g}" if np.isfinite(value) else ""
