"""Histograms: bars or steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from app.draw.drawer import Drawer, written
from app.draw.histogram import histogram_canvas
from app.draw.paper import scales
from core.figures import Histogram


def _picture(page: Any, figure: Histogram) -> None:
    _histogram(page.subplots(), figure)


def _histogram(axes: Any, figure: Histogram) -> None:
    for name, counts in figure.counts.items():
        axes.stairs(counts, figure.edges, fill=len(figure.counts) == 1, label=name or None, linewidth=1.2)
    axes.set(title=figure.title, xlabel=figure.x_label, ylabel=figure.y_label)
    scales(axes, figure)
    if any(figure.counts):
        axes.legend()


def _numbers(figure: Histogram) -> Iterator[Sequence[str | float]]:
    yield [f"{figure.x_label} from", "to", *(name or figure.y_label for name in figure.counts)]
    for k in range(len(figure.edges) - 1):
        yield [written(v) for v in (figure.edges[k], figure.edges[k + 1], *(c[k] for c in figure.counts.values()))]


DRAWER = Drawer(
    lambda figure, width, height, terminal: histogram_canvas(figure, width, height, terminal.depth),
    _picture,
    lambda figure: (4.6, 3.4),
    _numbers,
    shaded=True,
)
