"""How several slices share the screen with what stands beside or below them."""

from __future__ import annotations

from dataclasses import dataclass

from app.tui.screens.slices.words import rows_of_choices

WIDE = 120
SIDE = 36
"""Columns of what stands beside the images."""
SHORT = 16
"""Lines below which the images get those of the words around them."""
_READABLE = 24
"""Pixels of the side of an image that is read beside others; a smaller one only where it is hardly larger alone."""
_NEARLY = 0.9
_AXES = 5, 3  # columns and lines of an image that hold no pixels: numbers, a title, an axis


@dataclass(frozen=True)
class Arrangement:
    """Which images are shown, in how many columns of how many cells, and whether the choices stand beside or below."""

    shown: tuple[int, ...]
    across: int
    column: int
    choices: bool
    below: bool

    @property
    def several(self) -> bool:
        return len(self.shown) > 1

    @property
    def down(self) -> int:
        return max(1, -(-len(self.shown) // self.across))


def around(height: int, width: int) -> int:
    """Lines above and below the images."""
    return 3 if height < SHORT else 5 + (width < WIDE)


def arranged(
    count: int, chosen: int, alone: bool, width: int, height: int, choices: bool | None = None, beside: int = 0
) -> Arrangement:
    """So many images in a terminal of this size: the chosen one, or as many as can be read, as large as they can be.

    The choices stand where they cost nothing, unless it is said whether; `beside` columns are taken by something else.
    """
    lines = height - around(height, width)
    room = width - (SIDE if choices else beside)
    most = 1 if alone else most_together(count, room, lines)
    start = min(chosen, count - most) if count else 0
    shown = tuple(range(max(0, start), max(0, start) + most)) if count else (0,)
    across = best_grid(len(shown), room, lines)
    below = choices is None and not beside and spare_rows(len(shown), across, width, lines) >= rows_of_choices(width)
    free = len(shown) == 1 and width >= WIDE and side(1, 1, width - SIDE, lines) == side(1, 1, width, lines)
    asked = bool(choices) or (choices is None and not beside and (below or free))
    # to the cell the same width for all: images of one size are compared
    column = (room - across + 1) // across
    return Arrangement(shown, across, column, asked, below)


def most_together(count: int, width: int, lines: int) -> int:
    """How many of so many images stand together: all that can be read, or that are hardly smaller than one alone."""
    least = min(_READABLE, _NEARLY * side(1, 1, width, lines))
    fitting = [some for some in range(1, count + 1) if side(some, best_grid(some, width, lines), width, lines) >= least]
    return max(fitting, default=1)


def best_grid(count: int, width: int, lines: int) -> int:
    """How many images stand side by side so that square ones are largest; a cell is twice as high as wide."""
    return max(range(1, count + 1), key=lambda across: side(count, across, width, lines)) if count else 1


def spare_rows(count: int, across: int, width: int, lines: int) -> int:
    """Lines that such a grid leaves free, an overlay's names and a colour bar below each image counted in."""
    return lines - -(-count // max(1, across)) * (side(count, across, width, lines) // 2 + _AXES[1] + 3)


def side(count: int, across: int, width: int, lines: int) -> int:
    """The side of each image in pixels, one a column and two a line, without its axes."""
    down = -(-count // across)
    return min(width // across - _AXES[0], 2 * (lines // down - _AXES[1]))
