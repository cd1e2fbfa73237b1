"""What the name of a 21cmFAST box says: its files of raw floats have no header.

For example `updated_smoothed_deltax_z006.50_200_300Mpc`, `delta_T_v3_z007.00_nf0.443109_useTs0_200_300Mpc` or
`delta_T_z6.5_esc0.070.npy`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_NUMBER = r"(\d+(?:\.\d+)?)(?![\d])"
_FIELDS = {"delta_T": "brightness_temperature", "deltax": "density", "xH_": "neutral_fraction"}


@dataclass(frozen=True)
class Told:
    """What a name says; None where it does not."""

    field: str | None = None
    redshift: float | None = None
    escape_fraction: float | None = None
    cells: int | None = None
    length: float | None = None
    """Side of the box in Mpc, without h."""


def told_by_name(path: Path) -> Told:
    """Field, labels and box in the name of a file."""
    name = path.name

    def number(pattern: str) -> float | None:
        found = re.search(pattern, name)
        return float(found[1]) if found else None

    box = re.search(r"_(\d+)_(\d+(?:\.\d+)?)Mpc", name)
    return Told(
        next((field for word, field in _FIELDS.items() if word in name), None),
        number(rf"_z{_NUMBER}"),
        number(rf"_esc{_NUMBER}"),
        int(box[1]) if box else None,
        float(box[2]) if box else None,
    )
