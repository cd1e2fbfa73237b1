"""One row of the validation table, and a figure of what was measured."""

from __future__ import annotations

from dataclasses import dataclass

from core.figures import Figure


@dataclass(frozen=True)
class Check:
    """A quantity of ours beside a reference; `tolerance` says what may differ and why, in words."""

    quantity: str
    ours: str
    reference: str
    tolerance: str
    passed: bool
    note: str = ""


@dataclass(frozen=True)
class Drawn:
    """A figure of the numbers that the checks beside it judge, kept as validation-<name>.png where one asks for it."""

    name: str
    figure: Figure


def within(quantity: str, ours: float, low: float, high: float, reference: str, note: str = "") -> Check:
    """A number that has to lie between two bounds."""
    return Check(quantity, f"{ours:.4g}", reference, f"{low:g} to {high:g}", low <= ours <= high, note)
