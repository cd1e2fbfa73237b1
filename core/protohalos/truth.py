"""The true halos of a universe: from its N-body particles or from Peak Patch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.aside import aside
from core.cosmos.box import Array, Catalogue
from core.cosmos.universe import Universe
from core.errors import InputError

TruthSource = Literal["auto", "nbody", "peakpatch"]

_WHERE = {"nbody": ("label", "fof"), "peakpatch": ("label_peakpatch", "peakpatch")}


@dataclass(frozen=True)
class TrueHalos:
    """Halos that count, most massive first, and the label (n, n, n) of every Lagrangian cell: row + 1, or 0."""

    halos: Catalogue
    label: Array

    @property
    def mask(self) -> Array:
        """True where a cell ends in a halo that counts."""
        return self.label > 0


def sources(universe: Universe) -> list[str]:
    """Which truths a universe holds, the N-body one first."""
    return [name for name, (label, halos) in _WHERE.items() if label in universe.fields and halos in universe.halos]


def count(universe: Universe, source: TruthSource) -> int:
    """How many true halos of any size a universe has."""
    return universe.halos[_WHERE[sources(universe)[0] if source == "auto" else source][1]]


def redshift_of(universe: Universe, source: TruthSource) -> float:
    """The redshift of a universe's true halos."""
    _, catalogue = _WHERE[sources(universe)[0] if source == "auto" else source]
    return universe.catalogue(catalogue).redshift


def check_truth(universe: Universe, source: TruthSource) -> None:
    """Refuse a universe without such halos. Raises: InputError."""
    held = sources(universe)
    if not held or source not in ("auto", *held):
        wanted = "halos" if source == "auto" else f"{source} halos"
        raise InputError(f"{universe.path} has no {wanted} to learn from", "simulate it with `--truth both`")


def check_smallest(universe: Universe, source: TruthSource, minimum_cells: int) -> None:
    """Refuse a cut below the smallest halos looked for: what is found there has no truth. Raises: InputError."""
    name = sources(universe)[0] if source == "auto" else source
    smallest = universe.provenance.get("settings", {}).get("minimum_particles")
    if name == "nbody" and isinstance(smallest, int) and minimum_cells < smallest:
        raise InputError(
            f"{universe.path} has no halos of less than {smallest} particles, "
            f"minimum_cells={minimum_cells} asks for them",
            f"set minimum_cells={smallest}, or make the universe with --minimum-particles {minimum_cells}",
        )


def true_halos(universe: Universe, source: TruthSource = "auto", minimum_cells: int = 1) -> TrueHalos:
    """The halos of at least `minimum_cells` Lagrangian cells; auto takes N-body halos where there are any.

    Raises: InputError for a universe without such halos.
    """
    check_truth(universe, source)
    field, catalogue = _WHERE[sources(universe)[0] if source == "auto" else source]
    halos = universe.catalogue(catalogue)
    if "count" in halos:
        keep = halos["count"] >= minimum_cells
    else:
        # the rounding of a catalogue must not drop the smallest halo that counts
        keep = halos["mass"] >= 0.999 * minimum_cells * universe.particle_mass
    # labels fall in size: those that count come first
    counted = int(np.count_nonzero(keep))
    columns = {name: values[:counted] for name, values in halos.columns.items()}
    label = np.asarray(universe.field(field).values)
    return TrueHalos(
        Catalogue(columns, halos.box_size, halos.redshift, halos.definition, halos.units),
        aside(np.where(label <= counted, label, 0)),
    )
