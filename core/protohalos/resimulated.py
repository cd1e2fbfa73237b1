"""Halos of the same phases evolved again: by fewer steps, what a cheap N-body is worth as it is; by more, or on a finer
mesh, how far the truth agrees with itself, which no emulator of it can pass.

Labels are by lattice particle, so the groups lie on the initial lattice as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.cosmos.box import Array, Catalogue
from core.cosmos.universe import Universe
from core.protohalos.regions import catalogue
from core.protohalos.truth import TrueHalos

LARGEST = 128
"""Cells a side up to which the truth is evolved again unasked: some 5 CPU seconds at 64^3, a minute at 128^3, and ten
at 256^3, longer than the prediction that it is to judge."""


@dataclass(frozen=True)
class Steps:
    """How an N-body run is made: time steps from z = 9, and mesh cells per particle spacing."""

    steps: int
    mesh_ratio: float

    @property
    def name(self) -> str:
        return f"{self.steps}/{self.mesh_ratio:g}"


def steps_of(universe: Universe) -> Steps | None:
    """How the N-body truth of a universe was made; None where it was not made in the way that is repeated here."""
    settings = universe.provenance.get("settings", {})
    alike = {"start_redshift": 9.0, "integrator": "bullfrog"}
    if any(settings.get(name) != value for name, value in alike.items()) or len(settings.get("outputs", ())) != 1:
        return None
    return Steps(int(settings["steps"]), float(settings["mesh_ratio"]))


def others(truth: Steps) -> dict[str, Steps]:
    """The truth again: with twice its steps, and with a finer mesh, or a coarser one at the finest."""
    mesh = truth.mesh_ratio + 1 if truth.mesh_ratio <= 3 else truth.mesh_ratio - 1
    return {
        f"truth again, {2 * truth.steps} steps": Steps(2 * truth.steps, truth.mesh_ratio),
        f"truth again, mesh ratio {mesh:g}": Steps(truth.steps, mesh),
    }


def resimulated(universe: Universe, run: Steps, minimum_cells: int, redshift: float) -> TrueHalos:
    """Friends-of-friends halos of at least so many particles of another run of the same linear density."""
    from core.cosmos.cheap import cheap_displacement, cheap_groups

    delta = universe.field("delta_linear")
    displacement = cheap_displacement(delta, universe.cosmology, run.steps, run.mesh_ratio, redshift)
    label = cheap_groups(displacement, universe.box_size, minimum_cells)
    cells = np.bincount(label.reshape(-1))[1:]
    halos = catalogue(label, cells, universe.box_size, universe.particle_mass, f"fof of {run.name}")
    return TrueHalos(_moved(halos, label, displacement.cpu().numpy()), label)


def _moved(halos: Catalogue, label: Array, displacement: Array) -> Catalogue:
    """Halos at the mean place of their particles at the end."""
    inside = np.flatnonzero(label)
    halo = label.reshape(-1)[inside] - 1
    by_axis = [np.bincount(halo, axis.reshape(-1)[inside], len(halos)) for axis in displacement]
    mean = np.stack(by_axis, axis=1) / np.maximum(halos["count"], 1)[:, None]
    position = (halos["lagrangian_position"] + mean).astype(np.float32) % np.float32(halos.box_size)
    return Catalogue(
        {**halos.columns, "position": position}, halos.box_size, halos.redshift, halos.definition, halos.units
    )
