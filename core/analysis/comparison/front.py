"""Accuracy against cost: which ways to halos give the most for what a prediction costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase

import numpy as np

from core.cosmos.box import Array
from core.figures import Curves, Row, Series

LETTERS = ascii_uppercase + ascii_lowercase
"""Of the ways in the figure."""
MISS = 1e-3
"""Least |N / N_true - 1| that is drawn: a logarithm has no 0."""


@dataclass(frozen=True)
class Score:
    """What one way costs [s of one box], on a GPU or else on CPUs, and how good it is."""

    cost: float
    gpu: bool
    matched: float
    dice: float
    count_error: float
    """|N / N_true - 1|."""


QUALITIES: dict[str, Callable[[Score], float]] = {
    "true halos matched": lambda score: score.matched,
    "Dice of the cells in halos": lambda score: score.dice,
    "|N / N_true - 1|": lambda score: -score.count_error,
}
"""Each the greater the better."""


def on_front(cost: Array, quality: Array) -> Array:
    """Which points (N,) no other one beats: none costs less and is as good, or costs as much and is better."""
    costs_less = cost[None] < cost[:, None]
    better = quality[None] > quality[:, None]
    as_cheap, as_good = cost[None] <= cost[:, None], quality[None] >= quality[:, None]
    return np.asarray(~((costs_less & as_good) | (as_cheap & better)).any(axis=1))


def fronts(scores: Mapping[str, Score]) -> dict[str, list[str]]:
    """The ways on the front of each quality, the cheapest first; those whose cost is not known are in none.

    Seconds of a GPU and of CPUs are not the same: ways of each are compared among themselves.
    """
    result: dict[str, list[str]] = {}
    for quality, of in QUALITIES.items():
        names: list[str] = []
        for gpu in (False, True):
            known = {n: s for n, s in scores.items() if s.gpu == gpu and np.isfinite(s.cost) and np.isfinite(of(s))}
            cost, value = np.array([s.cost for s in known.values()]), np.array([of(s) for s in known.values()])
            best = [name for name, front in zip(known, on_front(cost, value), strict=True) if front]
            names += sorted(best, key=lambda name: known[name].cost)
        result[quality] = names
    return result


def figure(scores: Mapping[str, Score]) -> Row:
    """A panel for each quality: a letter for each way, in the order of their costs."""
    on_gpu = any(score.gpu for score in scores.values())
    axis = "CPU or GPU seconds a box" if on_gpu else "CPU seconds a box"
    known = sorted((name for name in scores if np.isfinite(scores[name].cost)), key=lambda name: scores[name].cost)
    panels = []
    for quality, of in QUALITIES.items():
        miss = quality.startswith("|")
        series = [
            Series(
                f"{name} (GPU)" if scores[name].gpu else name,
                np.array([scores[name].cost]),
                np.array([max(-of(scores[name]), MISS) if miss else of(scores[name])]),
                style="points",
                sign=LETTERS[number % len(LETTERS)],
            )
            for number, name in enumerate(known)
        ]
        least = min((float(one.y[0]) for one in series if np.isfinite(one.y[0])), default=0.0)
        limits = None if miss else (np.floor(10 * least) / 10, 1.05)
        panels.append(Curves(quality, tuple(series), axis, "", x_log=True, y_log=miss, y_limits=limits))
    return Row("Accuracy against the cost of a prediction", tuple(panels), one_key=True)


def words(scores: Mapping[str, Score], networks: Sequence[str]) -> str:
    """Who is on which front, and where the networks are not."""
    every = fronts(scores)
    told = "; ".join(f"{quality}: {', '.join(names) or 'none'}" for quality, names in every.items())
    off = {name: [quality for quality, names in every.items() if name not in names] for name in networks}
    missing = [f"{name} not in {', '.join(qualities)}" for name, qualities in off.items() if qualities]
    gpu = [name for name, score in scores.items() if score.gpu]
    also = f" On a GPU, among themselves: {', '.join(gpu)}." if gpu else ""
    return (
        "Nothing that costs less is as good as these, the cheapest first (prediction alone, no training). "
        f"{told}. Networks: {'; '.join(missing) or 'on all fronts'}.{also}"
    )
