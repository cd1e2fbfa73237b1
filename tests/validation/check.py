"""One row of the validation table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """A quantity of ours beside a reference; `tolerance` says what may differ and why, in words."""

    quantity: str
    ours: str
    reference: str
    tolerance: str
    passed: bool
    note: str = ""


def within(quantity: str, ours: float, low: float, high: float, reference: str, note: str = "") -> Check:
    """A number that has to lie between two bounds."""
    return Check(quantity, f"{ours:.4g}", reference, f"{low:g} to {high:g}", low <= ours <= high, note)
