"""What the emulator starts from, sees and aims at: a cheap run of the linear density, moment by moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.cosmos.box import Field
from core.cosmos.cosmology import Cosmology
from core.cosmos.universe import Universe
from core.errors import InputError
from core.protohalos.inputs import check_linear

if TYPE_CHECKING:
    import torch

    from core.cosmos.nbody import State

VECTORS = (0, 3, 6)
"""The first channel of each vector among the inputs: displacement, velocity, force."""

INPUTS = 11
"""Displacement, dx/dD, force, ln density at the particle, linear density."""

STYLE = 3
"""Numbers of a cosmology and a moment: Omega_m, sigma8, D."""

FORCE_MESH = 2.0
"""Cells per particle spacing of the mesh on which the force at the end of the cheap run is told, where none is set."""


@dataclass(frozen=True)
class Moment:
    """A redshift that a universe keeps, and what its fields are called there."""

    redshift: float
    suffix: str


def moments(universe: Universe) -> list[Moment]:
    """The moments of which a universe keeps displacement and velocity, the latest last."""
    found = [
        Moment(info.redshift, name.removeprefix("displacement"))
        for name, info in universe.fields.items()
        if name == "displacement" or name.startswith("displacement_z")
    ]
    told = [moment for moment in found if f"velocity{moment.suffix}" in universe.fields]
    return sorted(told, key=lambda moment: -moment.redshift)


def seen(
    state: State, delta: Field, cosmology: Cosmology, redshift: float, constants: dict[str, float]
) -> torch.Tensor:
    """The channels (INPUTS + STYLE, n, n, n) on the host, in units of the training set; the style is constant."""
    import torch

    from core.cosmos.nbody import acceleration, mesh_positions
    from core.cosmos.paint import gather, scatter

    cells, box_size, moved = delta.cells, delta.box_size, state.displacement
    mesh = 2 * round(constants.get("force_mesh_ratio", FORCE_MESH) * cells / 2)
    places = mesh_positions(moved, box_size, mesh)
    density = gather(scatter(places, mesh) * (mesh / cells) ** 3, places).view(1, *(cells,) * 3)
    linear = torch.from_numpy(np.array(delta.values, dtype=np.float32))[None].to(moved.device)
    told = torch.cat(
        [
            moved / constants["sigma_displacement"],
            state.velocity / constants["sigma_velocity"],
            acceleration(moved, box_size, mesh) / constants["sigma_force"],
            0.5 * density.log1p() - 1,
            linear / constants["sigma"],
        ]
    )
    numbers = torch.tensor(style(cosmology, redshift), device=moved.device)
    return torch.cat([told, numbers[:, None, None, None].expand(-1, *(cells,) * 3)]).cpu()


def style(cosmology: Cosmology, redshift: float) -> tuple[float, float, float]:
    """Omega_m, sigma8 and D, each less a usual value and over a usual range."""
    grown = float(cosmology.growth.first(1 / (1 + redshift)))
    return (cosmology.omega_matter - 0.3) / 0.1, (cosmology.sigma8 - 0.8) / 0.1, (grown - 0.8) / 0.3


def aimed_at(universe: Universe, moment: Moment, state: State) -> torch.Tensor:
    """(9, n, n, n) in cells: by how much displacement and dx/dD are to change, and the displacement at the start."""
    import torch

    cell = universe.box_size / universe.cells
    begun, velocity = state.displacement.cpu(), state.velocity.cpu()
    true = torch.from_numpy(np.array(universe.field(f"displacement{moment.suffix}").values, dtype=np.float32))
    moving = torch.from_numpy(np.array(universe.field(f"velocity{moment.suffix}").values, dtype=np.float32))
    moving /= to_velocity(universe.cosmology, moment.redshift)
    return torch.cat([true - begun, moving - velocity, begun]) / cell


def to_velocity(cosmology: Cosmology, redshift: float) -> float:
    """What turns dx/dD [Mpc/h] into a peculiar velocity [km/s]: a H f D."""
    a = 1 / (1 + redshift)
    return float(a * cosmology.hubble(a) * cosmology.growth.rate(a) * cosmology.growth.first(a))


def scales(
    training: Sequence[tuple[Universe, Moment, State]], force_mesh_ratio: float = FORCE_MESH
) -> dict[str, float]:
    """Root mean squares of what the network sees, the cell size [Mpc/h], and the ranges that it has learnt."""
    from core.cosmos.nbody import acceleration

    first = training[0][0]
    squares: dict[str, list[float]] = {"sigma_displacement": [], "sigma_velocity": [], "sigma_force": [], "sigma": []}
    for universe, _, state in training:
        mesh = 2 * round(force_mesh_ratio * universe.cells / 2)
        force = acceleration(state.displacement, universe.box_size, mesh)
        squares["sigma_displacement"].append(float(state.displacement.square().mean()))
        squares["sigma_velocity"].append(float(state.velocity.square().mean()))
        squares["sigma_force"].append(float(force.square().mean()))
        squares["sigma"].append(float(np.var(universe.field("delta_linear").values, dtype=np.float64)))
    constants = {name: float(np.sqrt(np.mean(values))) for name, values in squares.items()}
    z = [moment.redshift for _, moment, _ in training]
    styles = [style(universe.cosmology, moment.redshift) for universe, moment, _ in training]
    ranges = {
        f"{name}_{which}": float(pick(values))
        for name, values in zip(("omega_matter", "sigma8", "growth"), zip(*styles, strict=True), strict=True)
        for which, pick in (("lowest", min), ("highest", max))
    }
    told = {
        "cell_size": first.box_size / first.cells,
        "force_mesh_ratio": force_mesh_ratio,
        "redshift_lowest": min(z),
        "redshift_highest": max(z),
    }
    return {**constants, **told, **ranges}


def check_truth(universe: Universe) -> None:
    """Refuse what has no particles moved by an N-body. Raises: InputError."""
    check_linear(universe)
    if not moments(universe):
        raise InputError(
            f"{universe.path} has no displacement with velocity of an N-body", "simulate it with `--truth nbody`"
        )
