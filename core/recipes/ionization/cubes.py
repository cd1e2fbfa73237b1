"""Labels of 21-cm cubes, and which of them training may see.

Cubes of one realisation, whatever their redshift and escape fraction, have the same structures: they stay together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from core.cosmos.universe import Universe, sound_field
from core.errors import InputError
from core.learning.training_set import Parts, Split

if TYPE_CHECKING:
    import torch

Target = Literal["redshift", "escape_fraction"]
FIELD = "brightness_temperature"
LARGEST_TEMPERATURE = 70.0
"""What maps are divided by [mK]; what a cell has more is cut off."""

UNITS: dict[Target, str] = {"redshift": "z", "escape_fraction": "escape fraction"}


def label(universe: Universe, target: Target) -> float | None:
    """The redshift or escape fraction of a cube; None where it is not known."""
    if target == "redshift":
        return round(universe.fields[FIELD].redshift, 3) if FIELD in universe.fields else None
    for told in ("settings", "given"):
        if "escape_fraction" in universe.provenance.get(told, {}):
            return round(float(universe.provenance[told]["escape_fraction"]), 4)
    return None


def realisation(universe: Universe) -> str:
    """What the initial conditions of a cube are known by: their seed, or else the cube itself."""
    seed = universe.provenance.get("seed")
    return universe.name if seed is None else f"seed {seed}"


def split(universes: Sequence[Universe], into: Split) -> Parts[Universe]:
    """Whole realisations with all their cubes, the last of the list for the report. Raises: InputError."""
    known = into.parts(list(dict.fromkeys(realisation(universe) for universe in universes)), "realisations")
    chosen = (known.training, known.validation, known.test)
    return Parts(*([universe for universe in universes if realisation(universe) in some] for some in chosen))


def classes(universes: Sequence[Universe], target: Target) -> list[float]:
    """The labels that occur, rising. Raises: InputError for a cube without one."""
    found = set()
    for universe in universes:
        value = label(universe, target)
        if value is None:
            raise InputError(f"{universe.path} has no {target.replace('_', ' ')}", "import it with one")
        found.add(value)
    return sorted(found)


def cube(universe: Universe, device: torch.device) -> torch.Tensor:
    """The map (n, n, n) as networks see it, in [0, 1]."""
    import torch

    values = np.array(sound_field(universe, FIELD).values, dtype=np.float32)
    return torch.from_numpy(values).to(device).div_(LARGEST_TEMPERATURE).clamp_(0, 1)
