"""The range of colours: percentiles of the values, the same at every depth, so that one colour is one value."""

from __future__ import annotations

import numpy as np

from core.cosmos.box import Array, Field
from core.figures import Scale

DENSEST = 99.9
"""Percentile of a density at the bright end of its colours."""
EMPTIEST = 1.0
"""Percentile of a density at the dark end, unless that is emptier than `DECADES` below the bright one."""
DECADES = 3.0
SPREAD = 99.5
"""Percentile of any other field at the end of its colours, of its absolute value where it has both signs."""


def is_overdensity(field: Field) -> bool:
    """Whether one more than the field is a density, which a log scale can show."""
    return field.units == "overdensity" or field.name.startswith("density")


def density_limits(values: Array) -> tuple[float, float] | None:
    """Limits of 1 + overdensity on a logarithmic scale; None where nothing is positive or all is the same."""
    full = values[np.isfinite(values) & (values > 0)]
    if not full.size:
        return None
    low, high = np.percentile(full, (EMPTIEST, DENSEST))
    low = max(low, high / 10**DECADES)
    return (float(low), float(high)) if high > low else None


def limits_of(values: Array, field: Field, scale: Scale) -> tuple[float, float] | None:
    """Limits of the values of a field; None for labels and where they would span nothing."""
    if values.dtype.kind in "iu":
        return None
    if scale == "log":
        return density_limits(1 + values if is_overdensity(field) else values)
    values = values[np.isfinite(values)]
    if not values.size:
        return None
    if (values < 0).any():
        end = float(np.percentile(np.abs(values), SPREAD))
        return (-end, end) if end > 0 else None
    low, high = (float(x) for x in np.percentile(values, (100 - SPREAD, SPREAD)))
    return (low, high) if high > low else None
