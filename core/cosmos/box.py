"""What fills a periodic box: fields, particles, halos. Every array travels with its box.

Units everywhere: comoving Mpc/h, Msun/h, km/s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Frame = Literal["lagrangian", "eulerian"]
Assignment = Literal["cic", "tsc", "pcs", "trapezoid"]


@dataclass(frozen=True)
class Field:
    """A scalar (n, n, n) or vector (3, n, n, n) field on the regular grid of a periodic box.

    In the Lagrangian frame cell (i, j, k) belongs to the particle that starts at (i, j, k) * box_size / n;
    in the Eulerian frame it is the mesh node at that position. `assignment` is how particles were painted on the mesh,
    None where none were.
    """

    name: str
    values: Array
    box_size: float
    units: str = ""
    redshift: float = 0.0
    frame: Frame = "lagrangian"
    assignment: Assignment | None = None

    @property
    def cells(self) -> int:
        """Cells per side."""
        return int(self.values.shape[-1])

    @property
    def cell_size(self) -> float:
        """Side of a cell [Mpc/h]."""
        return self.box_size / self.cells

    @property
    def is_vector(self) -> bool:
        return self.values.ndim == 4


@dataclass(frozen=True)
class Particles:
    """Particles of one mass: positions (N, 3) in [0, box_size), velocities (N, 3) peculiar, integer ids (N,)."""

    positions: Array
    ids: Array
    box_size: float
    redshift: float
    particle_mass: float
    velocities: Array | None = None

    def __len__(self) -> int:
        return len(self.positions)


@dataclass(frozen=True)
class Catalogue:
    """Halos, one row each, most massive first; `columns` maps names to arrays of length N or (N, 3).

    Always there: `mass` [Msun/h], `position` (N, 3) [Mpc/h]. Often: `count` (particles), `velocity`,
    `lagrangian_position`, `lagrangian_radius`. Row h - 1 is the halo that carries label h in a label field.
    """

    columns: dict[str, Array]
    box_size: float
    redshift: float = 0.0
    definition: str = "fof"
    units: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.columns["mass"])

    def __getitem__(self, name: str) -> Array:
        return self.columns[name]

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def at_least(self, mass: float) -> Catalogue:
        """The halos of at least this mass [Msun/h]."""
        keep = self.columns["mass"] >= mass
        columns = {name: values[keep] for name, values in self.columns.items()}
        return Catalogue(columns, self.box_size, self.redshift, self.definition, self.units)


def by_mass(halos: Catalogue) -> Array:
    """Rows of a catalogue, the most massive first."""
    return np.argsort(-np.asarray(halos["mass"], dtype=np.float64), kind="stable")


def position_in(frame: Frame) -> str:
    """The column with the positions of halos in a frame."""
    return "lagrangian_position" if frame == "lagrangian" else "position"


def wrap(positions: Array, box_size: float) -> Array:
    """Positions folded into [0, box_size); rounding never leaves box_size itself."""
    folded = np.mod(positions, box_size)
    return np.where(folded >= box_size, 0, folded).astype(positions.dtype, copy=False)


def nearest_image(separations: Array, box_size: float) -> Array:
    """Separation vectors folded into [-box_size/2, box_size/2)."""
    return separations - box_size * np.floor(separations / box_size + 0.5)


def cell_index(positions: Array, side: int, box_size: float) -> Array:
    """Flat index (N,), int64, of the cell of a side^3 grid that each position (N, 3) in [0, box_size) lies in."""
    index = np.zeros(len(positions), dtype=np.int64)
    for axis in range(3):  # one at a time: three of them would be the largest arrays of a halo finder
        index *= side
        index += np.minimum((positions[:, axis] * (side / box_size)).astype(np.int64), side - 1)
    return index


def lattice(cells: int, box_size: float, dtype: type = np.float32) -> Array:
    """Lagrangian positions (n^3, 3) of the particle lattice in C order."""
    axis: Array = (np.arange(cells) * (box_size / cells)).astype(dtype)
    return np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
