"""How several slices share the screen with the list of choices."""

from __future__ import annotations

from dataclasses import dataclass

from app.tui.screens.slices.words import rows_of_choices

_WIDE = 120
_AROUND = 5  # lines above and below the images


@dataclass(frozen=True)
class Arrangement:
    """Which images are shown, in how many columns of how many cells, and where the choices stand."""

    shown: tuple[int, ...]
    across: int
    column: int
    choices_below: bool

    @property
    def several(self) -> bool:
        return len(self.shown) > 1

    @property
    def down(self) -> int:
        return max(1, -(-len(self.shown) // self.across))


def one_at_a_time(count: int, alone: bool, width: int) -> bool:
    """Whether one of so many images is shown, because that is wished or there is no room for more."""
    return alone or width < _WIDE or count < 2


def arranged(count: int, chosen: int, alone: bool, width: int, height: int) -> Arrangement:
    """So many images in a terminal of this size: the chosen one, or all as large as they can be."""
    shown = (chosen,) if one_at_a_time(count, alone, width) else tuple(range(count))
    across = best_grid(len(shown), width, height - _AROUND)
    spare = spare_rows(len(shown), across, width, height - _AROUND)
    # to the cell the same width for all: images of one size are compared
    column = (width - across + 1) // across
    return Arrangement(shown, across, column, len(shown) > 1 and spare > rows_of_choices(width))


def best_grid(count: int, width: int, height: int) -> int:
    """How many images stand side by side so that square ones are largest; a cell is twice as high as wide."""
    return max(range(1, count + 1), key=lambda across: _side(count, across, width, height))


def spare_rows(count: int, across: int, width: int, height: int) -> int:
    """Lines that such a grid leaves free."""
    return height - -(-count // across) * (_side(count, across, width, height) // 2 + 6)


def _side(count: int, across: int, width: int, height: int) -> int:
    """The side of each image in columns, without its axes and colour bar."""
    down = -(-count // across)
    return min(width // across - 12, 2 * (height // down - 6))
