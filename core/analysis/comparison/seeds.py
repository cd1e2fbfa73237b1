"""Runs that differ by their seed alone, as one: the mean of their curves, with their scatter as a band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from core.figures import Curves, Figure, Row, Series


def groups(names: Sequence[str], settings: Sequence[Mapping[str, str]]) -> list[list[str]]:
    """The names of the runs whose settings are the same but for the seed, in order; each alone without settings."""
    if not settings:
        return [[name] for name in names]
    alike: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for name, told in zip(names, settings, strict=True):
        alike.setdefault(tuple(sorted((key, value) for key, value in told.items() if key != "seed")), []).append(name)
    return list(alike.values())


def together(shown: Sequence[tuple[str, Figure]], alike: Sequence[Sequence[str]]) -> list[tuple[str, Figure]]:
    """Figures of one name by run: those of each group as one where they are curves over the same axis, else as they
    are."""
    result: list[tuple[str, Figure]] = []
    for names in alike:
        some = [(name, figure) for name, figure in shown if name in names]
        one = banded([figure for _, figure in some]) if len(some) > 1 else None
        result += [(f"{names[0]} and {len(some) - 1} more", one)] if one else some
    return result


def banded(figures: Sequence[Figure]) -> Figure | None:
    """Curves of several runs, also panel by panel, as their mean and scatter; None for others.

    A curve that has a band of its own keeps it, averaged; what is the same in all stays as it is.
    """
    rows = [figure for figure in figures if isinstance(figure, Row)]
    if len(rows) == len(figures) and len({len(row.figures) for row in rows}) == 1:
        panels = [banded(column) for column in zip(*(row.figures for row in rows), strict=True)]
        whole = [panel for panel in panels if panel]
        return replace(rows[0], figures=tuple(whole)) if len(whole) == len(panels) else None
    curves = [figure for figure in figures if isinstance(figure, Curves)]
    if len(curves) < len(figures) or len({tuple(item.name for item in one.series) for one in curves}) > 1:
        return None
    series = []
    for many in zip(*(one.series for one in curves), strict=True):
        first = many[0]
        if any(not np.array_equal(item.x, first.x, equal_nan=True) or item.y.shape != first.y.shape for item in many):
            return None
        series.append(_over(many))
    return replace(curves[0], series=tuple(series))


def _over(many: Sequence[Series]) -> Series:
    """Mean and standard deviation of curves over the same x."""
    first, y = many[0], np.array([item.y for item in many], dtype=np.float64)
    if all(np.array_equal(row, y[0], equal_nan=True) for row in y):
        return first
    mean, scatter = y.mean(axis=0), y.std(axis=0, ddof=1)
    lows, highs = (
        [item.low for item in many if item.low is not None],
        [item.high for item in many if item.high is not None],
    )
    if len(lows) == len(highs) == len(many):
        name, low, high = f"{first.name}, {len(many)} seeds", np.mean(lows, axis=0), np.mean(highs, axis=0)
    else:
        name, low, high = f"{first.name}, {len(many)} seeds and their scatter", mean - scatter, mean + scatter
    return replace(first, name=name, y=mean, low=low, high=high)
