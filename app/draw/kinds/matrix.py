"""Matrices: numbers in coloured cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from app.draw.drawer import Drawer, written
from app.draw.maps import colour_table
from app.draw.tables import alike, matrix_canvas
from core.figures import Matrix


def _picture(page: Any, figure: Matrix) -> None:
    _matrix(page.subplots(), figure)


def _matrix(axes: Any, figure: Matrix) -> None:
    from matplotlib import colors

    values = np.asarray(figure.values, dtype=np.float64)
    image = axes.imshow(values, cmap=colors.ListedColormap(colour_table("sequential")), aspect="auto")
    axes.set_xticks(range(len(figure.column_names)), figure.column_names)
    axes.set_yticks(range(len(figure.row_names)), figure.row_names)
    axes.tick_params(length=0)
    axes.set(title=figure.title, xlabel=figure.column_label, ylabel=figure.row_label)
    texts = alike(values)
    size = min(10.0, 75 / max(1, values.shape[1]))  # points: nine columns of 0.03 just fit
    for (row, column), value in np.ndenumerate(values):
        light = np.mean(image.cmap(image.norm(value))[:3]) > 0.5
        axes.text(column, row, texts[row][column], ha="center", va="center", color="k" if light else "w", fontsize=size)


def _numbers(figure: Matrix) -> Iterator[Sequence[str | float]]:
    yield [figure.row_label, *figure.column_names]
    for name, values in zip(figure.row_names, figure.values, strict=True):
        yield [name, *(written(value) for value in values)]


DRAWER = Drawer(
    lambda figure, width, height, terminal: matrix_canvas(figure, width, height, terminal.depth),
    _picture,
    lambda figure: (4.0, 3.4),
    _numbers,
)
