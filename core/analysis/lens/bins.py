"""A failure and where it is; a bin of mass, environment, density or scale and how often a run fails in it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

What = Literal["mass", "environment", "density", "scale"]
Point = tuple[float, float, float]


@dataclass(frozen=True)
class Place:
    """One error: in which universe, what, how grave, and where in the frame of the prediction [Mpc/h]."""

    universe: Path
    prediction: Path
    words: str
    size: float
    at: Point
    bins: tuple[tuple[What, int], ...] = ()
    """The rows of `bins` that it counts in: what it is a failure of, and of which bin."""

    def as_json(self) -> dict[str, Any]:
        paths = {"universe": str(self.universe), "prediction": str(self.prediction)}
        return {**paths, "words": self.words, "size": self.size, "at": list(self.at), "bins": list(self.bins)}


@dataclass(frozen=True)
class Bin:
    """How often, or how far, a run fails between two values of something."""

    what: What
    number: int
    low: float
    high: float
    count: int
    failing: float
    """Share of true halos that are missed or merged; the scatter of log10(predicted / true) of a density; 1 - r(k)."""
    words: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
