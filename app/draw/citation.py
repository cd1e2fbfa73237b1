"""A value under a cursor as a line that can be cited: what, where, its error, and of which file."""

from __future__ import annotations

import math
from collections.abc import Mapping

from app.draw.numbers import Reading
from app.draw.ticks import number
from core.figures import Curves


def citation(figure: Curves, reading: Reading, sources: Mapping[str, str], program: str) -> str:
    """ "P(k=1.77 h/Mpc) = 312 +- 7 (Mpc/h)^3, P/P_lin = 8.50 +- 0.19 (s0101, z=0, 0f3a…, halodeck 0.2.0)".

    `sources` says of what a series is by the name with which its own begins; `program` is the name and version.
    """
    x_name, x_unit = _parted(figure.x_label)
    y_name, y_unit = _parted(figure.y_label)
    symbol = y_name.removesuffix(f"({x_name})") or "value"
    line = f"{symbol}({x_name}={number(reading.x)}{x_unit}) = {measured(reading.y, reading.error, ' +- ')}{y_unit}"
    if reading.ratio is not None and math.isfinite(reading.ratio):
        over = figure.ratio_symbol or f"over {figure.ratio_to}"
        line += f", {over} = {measured(reading.ratio, reading.ratio_error, ' +- ')}"
    own = [name for name in sources if reading.name.startswith(name)]
    source = reading.name
    if own:
        longest = max(own, key=len)
        source = f"{longest}{reading.name.removeprefix(longest)}, {sources[longest]}"
    return f"{line} ({', '.join(part for part in (source, program) if part)})"


def measured(value: float, error: float | None, between: str = " ± ") -> str:
    """A value with its error, both to the error's second digit: "8.50 ± 0.19", "(1.23 ± 0.04)e-3"."""
    if error is None or not (math.isfinite(value) and math.isfinite(error)) or error <= 0:
        return number(value)
    size = math.floor(math.log10(max(abs(value), error)))
    power = 0 if -3 < size < 6 else size
    scale = 10.0**power
    last = math.floor(math.log10(float(f"{error / scale:.1e}")))
    decimals = max(0, 1 - last)
    text = f"{value / scale:.{decimals}f}{between}{error / scale:.{decimals}f}"
    return f"({text})e{power}" if power else text


def _parted(label: str) -> tuple[str, str]:
    """The name and, after a blank, the unit: "k [h/Mpc]" is "k" and " h/Mpc"."""
    name, _, unit = label.partition(" [")
    return name, f" {unit[:-1]}" if unit.endswith("]") else ""
