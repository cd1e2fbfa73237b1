"""Where an axis has ticks and what they say; how numbers are written."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

_LEAST_ROOM = 0.8
"""Share of its room that an axis keeps when its ticks are made even."""
_HAIR = 0.02
"""Share of a span that may be cut for that; the margin around curves is larger."""
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Tick:
    """A place on the axis, in the axis' own terms (log10 for a log axis), and its label."""

    place: float
    label: str


def ticks(limits: tuple[float, float], log: bool, most: int) -> list[Tick]:
    """At most `most` ticks of a linear or a log axis."""
    return (log_ticks if log else linear_ticks)(*limits, most=min(9, most))


def apart(limits: tuple[float, float], log: bool, columns: int) -> list[Tick]:
    """As many even ticks of a horizontal axis as fit with a gap between their labels."""
    for most in range(min(9, columns // 8), 1, -1):
        found = ticks(limits, log, most)
        places = [(tick.place - limits[0]) / (limits[1] - limits[0]) * (columns - 1) for tick in found]
        rooms = [(len(a.label) + len(b.label)) / 2 + 1 for a, b in pairwise(found)]
        if all(b - a >= room for (a, b), room in zip(pairwise(places), rooms, strict=True)):
            return found
    return ticks(limits, log, 2)


def evened(limits: tuple[float, float], found: list[Tick], cells: int) -> tuple[float, float]:
    """Limits a little wider, in which ticks that are equally far apart are so in whole cells too.

    The limits as they were where that takes much room, or cuts more than a hair.
    """
    steps = [b.place - a.place for a, b in pairwise(found)]
    span = limits[1] - limits[0]
    if len(steps) < 2 or max(steps) - min(steps) > 1e-6 * span:
        return limits
    exact = steps[0] / span * (cells - 1)
    whole = math.floor(exact + 1e-9)
    if whole < max(1, _LEAST_ROOM * exact):
        return limits
    cell = steps[0] / whole
    room = (cells - 1) * cell
    low = found[0].place - round((found[0].place - (limits[0] - (room - span) / 2)) / cell) * cell
    hair = _HAIR * span
    return (low, low + room) if low <= limits[0] + hair and low + room >= limits[1] - hair else limits


def linear_ticks(low: float, high: float, most: int) -> list[Tick]:
    """At most `most` (at least 2) round numbers between two limits."""
    low, high = min(low, high), max(low, high)
    if not high > low:
        return [Tick(low, number(low))]
    step = _round_step((high - low) / max(2, most), most, low, high)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    skip = max(1, math.ceil((last - first) / (max(2, most) - 1)))
    values = [k * step for k in range(first, last + 1, skip)]
    return [Tick(value, label) for value, label in zip(values, _labels(values, step), strict=True)]


def log_ticks(low: float, high: float, most: int) -> list[Tick]:
    """At most about `most` decades, or 1-2-5 steps on a short axis, between two log10 limits."""
    low, high = min(low, high), max(low, high)
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    decades = last - first + 1
    written_out = low >= -3 and high < 4
    if decades >= 3 or (decades == 2 and most < 4):
        step = math.ceil(decades / max(2, most))
        return [Tick(float(k), power(k, 1, written_out)) for k in range(first, last + 1) if k % step == 0]
    ticks = [
        Tick(k + math.log10(m), power(k, m, written_out))
        for k in range(math.floor(low), last + 1)
        for m in (1, 2, 5)
        if low - 1e-9 <= k + math.log10(m) <= high + 1e-9
    ]
    if len(ticks) >= 2:
        return ticks
    return [Tick(math.log10(t.place), t.label) for t in linear_ticks(10.0**low, 10.0**high, most) if t.place > 0]


def asinh_ticks(low: float, high: float) -> list[Tick]:
    """0 and the decades of both signs between two limits (given and placed as asinh of the value)."""
    last = math.floor(max(abs(low), abs(high)) / math.log(10.0))
    values = [-(10.0**k) for k in range(last, -1, -1)] + [0.0] + [10.0**k for k in range(last + 1)]
    return [Tick(math.asinh(v), number(v, 3)) for v in values if low <= math.asinh(v) <= high]


def power(exponent: int, factor: int, written_out: bool) -> str:
    """factor x 10^exponent: "0.05", "200" when written out, else "10⁻⁴", "2×10¹⁴"."""
    if written_out:
        return f"{factor * 10.0**exponent:.{max(0, -exponent)}f}"
    ten = "10" + str(exponent).translate(_SUPERSCRIPTS)
    return ten if factor == 1 else f"{factor}×{ten}"


def number(value: float, digits: int = 4, whole: float = 1e9) -> str:
    """A number with so many significant digits, a whole one up to `whole` with all: "0.9403", "2108258", "1.5e14", "-"
    for NaN."""
    if math.isnan(value):
        return "-"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == int(value) and abs(value) < whole:
        return str(int(value))
    size = math.floor(math.log10(abs(value)))
    if -4 <= size < 6:
        return _trimmed(f"{value:.{max(0, digits - 1 - size)}f}")
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{_trimmed(mantissa)}e{int(exponent)}"


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _round_step(rough: float, most: int, low: float, high: float) -> float:
    """The least round step that makes at most so many ticks; where that makes but one, which tells no scale, the
    greatest that makes more."""
    decade = 10.0 ** math.floor(math.log10(rough))
    finer = decade / 2
    for step in (decade * m for m in (1.0, 2.0, 5.0, 10.0, 20.0, 50.0)):
        count = math.floor(high / step + 1e-9) - math.ceil(low / step - 1e-9) + 1
        if count <= max(2, most):
            return step if count >= 2 else finer
        finer = step
    return finer


def _labels(values: list[float], step: float) -> list[str]:
    largest = max((abs(value) for value in values), default=0.0)
    if largest >= 1e5 or largest < 1e-3:
        digits = 2 + max(0, math.ceil(math.log10(largest / step))) if largest else 2
        return [number(value, digits, 1e6) if value else "0" for value in values]
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return [f"{value:.{decimals}f}" for value in values]
