"""Whether a universe is of the kind that a network has learnt from, where the run says which that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core.errors import InputError, RunError
from core.runs.run import Run
from core.typed import typed

if TYPE_CHECKING:
    from core.cosmos.cosmology import Cosmology

FITS = 0.05
"""Share by which the numbers of a cosmology may differ from those learnt."""
_NUMBERS = ("omega_matter", "h", "sigma8", "spectral_index", "w0")


@dataclass(frozen=True)
class _Numbers:
    omega_matter: float
    h: float
    sigma8: float
    spectral_index: float
    w0: float = -1.0
    name: str = ""


@dataclass(frozen=True)
class Learnt:
    """What all universes of a training had in common: cells [Mpc/h], where they had any, and the cosmology."""

    cosmology: _Numbers
    cell_size: float | None = None
    cells: int = 0
    """Of a box, a side, where all had the same."""

    def shortly(self) -> str:
        """The same in few words."""
        cells = f"cells of {self.cell_size:g} Mpc/h, " if self.cell_size else ""
        return f"{cells}like {self.cosmology.name}" if self.cosmology.name else self.words()

    def words(self) -> str:
        """What is taken, for people."""
        numbers = ", ".join(f"{name} {getattr(self.cosmology, name):g}" for name in _NUMBERS)
        cells = f"cells of {self.cell_size:g} Mpc/h, " if self.cell_size else ""
        return f"{cells}cosmologies within {100 * FITS:g} % of {numbers}"


@dataclass(frozen=True)
class _Config:
    learnt: Learnt | None = field(default=None)


def learnt(config: Mapping[str, Any]) -> Learnt | None:
    """What a configuration says of it; those of a training on this machine say nothing. Raises: RunError."""
    try:
        return typed(_Config, dict(config)).learnt
    except ValueError as error:
        raise RunError(f"config.toml is not understood ({error})", "get the run again from whom it is") from error


def check_fits(run: Run, name: str, cosmology: Cosmology, cell_size: float | None) -> None:
    """Refuse another cell size or cosmology than a network that came trained has learnt. Raises: InputError."""
    known = learnt(run.config())
    if known is None:
        return
    if known.cell_size and cell_size and abs(cell_size / known.cell_size - 1) > 1e-3:
        raise InputError(
            f"{name} has cells of {cell_size:g} Mpc/h, {run.name} has learnt from cells of {known.cell_size:g}",
            "train on universes of that cell size, see `halodeck simulate --like`",
        )
    far = [
        f"{number} = {given:g} (learnt: {of:g})"
        for number in _NUMBERS
        if abs((given := getattr(cosmology, number)) - (of := getattr(known.cosmology, number))) > FITS * abs(of)
    ]
    if far:
        raise InputError(
            f"{name} is of another cosmology than {run.name} has learnt: {', '.join(far)}",
            f"train on universes like it: `halodeck train {run.recipe}`",
        )
