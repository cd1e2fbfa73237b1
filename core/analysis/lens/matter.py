"""The particles of one halo, found again from where they started: profile, concentration."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from core.analysis.views.overlays import radii
from core.cosmos.box import Array, Catalogue, nearest_image
from core.cosmos.universe import Universe
from core.errors import InputError

FEWEST = 100
"""Particles within R200m from which on a concentration is measured."""
SOFT = 2.0
"""Cells of the force mesh within which forces are softened."""
_REACH = 1.6
"""Lagrangian radii of the cube that the matter in and around a halo came from."""
_SHRINKS = 6
_NEEDED = {"lagrangian_position", "lagrangian_radius", "position"}


def lagrangian_cube(values: Array, centre: Array, reach: int) -> Array:
    """Cells (..., m, m, m), m = 2 reach + 1, around a cell of a periodic cube (..., n, n, n)."""
    n = values.shape[-1]
    reach = min(reach, (n - 1) // 2)
    x, y, z = (np.arange(c - reach, c + reach + 1) % n for c in np.asarray(centre, dtype=np.int64))
    planes = np.asarray(values[..., x, :, :])  # one axis at a time: the values may be a memory map
    return np.asarray(planes[..., y, :][..., z])


class Matter:
    """The particles of a universe, read around one halo after another."""

    def __init__(self, universe: Universe, halos: Catalogue) -> None:
        """Raises: InputError for a universe without displacements or halos without Lagrangian centres."""
        if "displacement" not in universe.fields or not set(halos.columns) >= _NEEDED:
            raise InputError(
                f"{universe.name} does not know where its halos came from", "simulate it, or import a pair"
            )
        self.universe, self.halos = universe, halos
        self.radii = radii(halos, universe, "eulerian")
        """R200m of each halo [Mpc/h]."""
        self._displacement = universe.field("displacement").values

    def around(self, row: int) -> Array:
        """Sorted distances [Mpc/h] of particles from the densest place of a halo.

        Complete within the halo: only particles from the surroundings of its protohalo are looked at.
        """
        universe, halos = self.universe, self.halos
        cell = universe.box_size / universe.cells
        start, centre = (np.asarray(halos[name][row], dtype=np.float64) for name in ("lagrangian_position", "position"))
        reach = int(np.ceil(_REACH * halos["lagrangian_radius"][row] / cell)) + 1
        home = np.rint(start / cell).astype(np.int64)
        moved = lagrangian_cube(self._displacement, home, reach).astype(np.float64)
        side = np.arange(moved.shape[-1]) - (moved.shape[-1] - 1) // 2
        lattice = np.stack(np.meshgrid(side, side, side, indexing="ij")) * cell
        places = (home * cell)[:, None] + (lattice + moved).reshape(3, -1)
        away = nearest_image(places.T - centre, universe.box_size)
        radius = self.radii[row]
        # a sphere that shrinks around the mean of what it holds ends at the densest place
        middle, size = np.zeros(3), 1.5 * radius
        for _ in range(_SHRINKS):
            inside = np.linalg.norm(away - middle, axis=1) < size
            if inside.sum() < 10:
                break
            middle, size = away[inside].mean(axis=0), 0.75 * size
        return np.sort(np.linalg.norm(away - middle, axis=1))


def concentration(distances: Array, radius: float, softening: float = 0.0) -> float:
    """c of the NFW profile that has half of the mass within a radius as far inside as these particles do.

    NaN for fewer than `FEWEST` particles, where half of them are within the softening of the forces, and below 1: what
    is as flat as that is no such halo. Navarro, Frenk & White 1997, astro-ph/9611107.
    """
    inside = distances[distances <= radius]
    if len(inside) < FEWEST or np.median(inside) < softening:
        return float("nan")
    half, c = _half_mass_radii()
    found = float(np.interp(np.median(inside) / radius, half, c))
    return found if found >= 1 else float("nan")


def softening_of(universe: Universe) -> float:
    """Within how far [Mpc/h] the forces of a particle mesh were too weak to tell a profile; 0 where it is unknown."""
    settings = universe.provenance.get("settings")
    ratio = settings.get("mesh_ratio") if isinstance(settings, dict) else None
    return SOFT * universe.box_size / universe.cells / ratio if isinstance(ratio, int | float) and ratio > 0 else 0.0


@lru_cache
def _half_mass_radii() -> tuple[Array, Array]:
    """Radii that hold half of the mass, in outer radii and growing, and the concentrations they belong to."""
    c, share = np.geomspace(100.0, 0.1, 200), np.linspace(1e-3, 1.0, 1000)
    mass = nfw_mass(c[:, None] * share) / nfw_mass(c)[:, None]
    return share[np.argmax(mass >= 0.5, axis=1)], c


def nfw_mass(x: Array) -> Array:
    """ln(1 + x) - x / (1 + x), the mass of an NFW halo within x scale radii."""
    return np.log1p(x) - x / (1 + x)


def concentrations(universe: Universe, halos: Catalogue, rows: Array) -> Array:
    """Concentrations of some halos: the catalogue's own column, else measured; NaN where they cannot be."""
    if "concentration" in halos:
        return np.asarray(halos["concentration"][rows], dtype=np.float64)
    if "rs" in halos and "radius_200m" in halos:
        return np.asarray(halos["radius_200m"][rows] / halos["rs"][rows], dtype=np.float64)
    found = np.full(len(rows), np.nan)
    counts = halos["count"][rows] if "count" in halos else np.zeros(len(rows))
    try:
        matter = Matter(universe, halos)
    except InputError:
        return found
    for place in np.flatnonzero(counts >= FEWEST):
        row = int(rows[place])
        found[place] = concentration(matter.around(row), matter.radii[row], softening_of(universe))
    return found
