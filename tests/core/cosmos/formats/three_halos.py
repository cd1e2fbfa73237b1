"""Three halos, the particles in them, and files of theirs in every format of catalogues."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from snapshot_writers import BOX, OMEGA_MATTER, H, Halos, Run, write_ahf, write_groups, write_rockstar

from core.cosmos.box import Particles, lattice, nearest_image
from core.cosmos.cosmology import CRITICAL_DENSITY
from core.cosmos.formats.given import Given

MEAN_DENSITY = OMEGA_MATTER * CRITICAL_DENSITY
BESIDE = Given(box_size=BOX, redshift=0.0, h=H, omega_matter=OMEGA_MATTER)
"""What a snapshot lends to its catalogue."""
CENTRES = np.array([[25.0, 26.0, 24.0], [0.3, 10.0, 49.9], [12.0, 40.0, 8.0]])
COUNTS = (40, 125, 60)


def halos(**changes: object) -> Halos:
    """Three halos 250 times denser than the mean; the second is the heaviest and lies across the box's edge."""
    masses = np.array(COUNTS) * MEAN_DENSITY * BOX**3 / 16**3
    radii = (3 * masses / (4 * np.pi * 250 * MEAN_DENSITY)) ** (1 / 3)
    members = np.split(np.arange(sum(COUNTS)), np.cumsum(COUNTS)[:-1])
    return replace(Halos(CENTRES.copy(), masses, radii, members), **changes)  # type: ignore[arg-type]


def run_with(found: Halos) -> Run:
    """A run at z = 0 whose first particles are the members, half a radius around their halos, and the rest far off."""
    run = Run(z=0.0)
    random = np.random.default_rng(1)
    free = lattice(16, BOX, np.float64) + 0.5
    distance = np.min(
        [np.linalg.norm(nearest_image(free - centre, BOX), axis=1) - 2 for centre in found.positions], axis=0
    )
    run.positions = np.where(distance[:, None] > 0, free, [40.0, 20.0, 40.0])
    for centre, radius, members in zip(found.positions, found.radii, found.members, strict=True):
        offsets = random.normal(size=(len(members), 3))
        offsets *= 0.5 * radius * random.random((len(members), 1)) / np.linalg.norm(offsets, axis=1, keepdims=True)
        run.positions[members] = (centre + offsets) % BOX
    run.velocities[:] = 0
    return run


def particles(run: Run) -> Particles:
    return Particles(run.positions.astype(np.float32) % np.float32(BOX), run.ids, BOX, 0.0, run.mass)


def write_csv(path: Path, found: Halos, header: str = "mass [Msun/h],x [Mpc/h],y [Mpc/h],z [Mpc/h]") -> Path:
    rows = [
        f"{mass:.6e},{x:.5f},{y:.5f},{z:.5f}" for mass, (x, y, z) in zip(found.masses, found.positions, strict=True)
    ]
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


WRITERS: dict[str, Callable[..., Path]] = {
    "rockstar": write_rockstar,
    "ahf": write_ahf,
    "subfind": write_groups,
    "csv": write_csv,
}
