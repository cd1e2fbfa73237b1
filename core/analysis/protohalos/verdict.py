"""Where a network is no better than what needs none: said in words, so that nobody has to search the table."""

from __future__ import annotations

from collections.abc import Sequence

from core.figures import Number

BEST_AT_ZERO = ("false_positive_rate", "distance_loss", "separation", "prolateness")
"""Numbers without a unit whose best value is 0; of those in dex it is too, of all others 1."""

NO_QUALITY = ("halos", "halos_true", "density", "density_large", "density_true", "density_large_true")
"""Counts, which stand in the ratios too."""


def words(numbers: Sequence[Number], name: str) -> str:
    """Which numbers the network is not nearer to their best value by more than its error than `name` is."""
    judged = [
        n for n in numbers if n.value is not None and n.baseline is not None and n.key not in NO_QUALITY and not _odd(n)
    ]
    if not judged:
        return ""
    behind = [number.name for number in judged if _lead(number) <= (number.error or 0.0)]
    if not behind:
        return f"The network is nearer to the truth than {name} in all {len(judged)} numbers that both have."
    return (
        f"In {len(behind)} of {len(judged)} numbers the network is no better than {name}, within its error: "
        f"{'; '.join(behind)}."
    )


def _odd(number: Number) -> bool:
    return number.value != number.value or number.baseline != number.baseline


def _lead(number: Number) -> float:
    """By how much the network is nearer to the best value."""
    assert number.value is not None
    assert number.baseline is not None
    best = 0.0 if number.unit == "dex" or number.key.startswith(BEST_AT_ZERO) or _distance(number) else 1.0
    return abs(number.baseline - best) - abs(number.value - best)


def _distance(number: Number) -> bool:
    """Distances between distributions are named so."""
    return number.key.endswith("_distance")
