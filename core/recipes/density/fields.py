"""What density emulators start from and what they aim at: second-order displacements, and where the N-body ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.analysis.densities.ways import painted
from core.cosmos.box import Array, Assignment
from core.cosmos.universe import Universe, sound_field
from core.errors import InputError
from core.learning.training_set import Split, check_cell_sizes
from core.protohalos.inputs import check_linear
from core.recipes.density.settings import Begin, Scaling, Target

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Start:
    """Density (n, n, n) in units of the mean and displacement (3, n, n, n) [Mpc/h] of damped 2LPT at z = 0."""

    density: Array
    displacement: Array


def start(universe: Universe, begin: Begin, assignment: Assignment = "trapezoid") -> Start:
    """What is kept in the universe, or made from its linear density."""
    from core.cosmos.cheap import Approximation
    from core.cosmos.emulator_input import damped_2lpt

    if begin.by != "damped":
        [state] = Approximation(begin.by).states(universe.field("delta_linear"), universe.cosmology, [0.0])
        displacement = state.displacement.numpy()
        return Start(painted(displacement, universe.box_size, assignment), displacement)
    if assignment == "trapezoid" and {"density_2lpt", "displacement_2lpt"} <= universe.fields.keys():
        density, moved = universe.field("density_2lpt"), universe.field("displacement_2lpt")
    else:
        density, moved = damped_2lpt(universe.field("delta_linear"), universe.cosmology, assignment)
    return Start(1 + np.asarray(density.values), np.array(moved.values))


def end(universe: Universe, assignment: Assignment = "trapezoid") -> Array:
    """The N-body density (n, n, n) in units of the mean, painted like the start."""
    return painted(universe.field("displacement").values, universe.box_size, assignment)


def scaled(density: torch.Tensor, scaling: Scaling) -> torch.Tensor:
    """A density in units of the mean as a network sees it: as it is, ln(1 + rho) or asinh(rho)."""
    if scaling == "log":
        return density.log1p()
    return density.asinh() if scaling == "asinh" else density


def seen(universe: Universe, begun: Start, target: Target, scaling: Scaling, sigma: float) -> torch.Tensor:
    """The input: density (1, n, n, n) scaled, or displacement (3, n, n, n) over `sigma` where that is the target."""
    import torch

    if target == "density":
        return scaled(torch.from_numpy(begun.density)[None], scaling)
    return torch.from_numpy(begun.displacement) / sigma


def aimed_at(
    universe: Universe, begun: Start, target: Target, assignment: Assignment, constants: dict[str, float]
) -> torch.Tensor:
    """Density (n, n, n) in units of the mean, or (3 or 6, n, n, n) by how much displacement and velocity differ from
    those of the start, in units of the training set's standard deviations."""
    import torch

    if target == "density":
        return torch.from_numpy(end(universe, assignment))
    parts = [(universe.field("displacement").values - begun.displacement) / constants["sigma_displacement_change"]]
    if target == "displacement+velocity":
        started = to_velocity(universe) * begun.displacement
        parts.append((universe.field("velocity").values - started) / constants["sigma_velocity_change"])
    return torch.from_numpy(np.concatenate(parts).astype(np.float32))


def to_velocity(universe: Universe) -> float:
    """What turns a linear displacement at z = 0 [Mpc/h] into a velocity [km/s]: 100 f."""

    return float(100 * universe.cosmology.growth.rate(1.0))


def scales(training: Sequence[Universe], target: Target, begin: Begin, assignment: Assignment) -> dict[str, float]:
    """Numbers of the training universes: cell size [Mpc/h] and the scales of displacements and velocities."""
    constants = {"cell_size": training[0].box_size / training[0].cells}
    if target == "density":
        return constants
    squares: dict[str, list[float]] = {"displacement": [], "displacement_change": [], "velocity_change": []}
    for universe in training:
        begun = start(universe, begin, assignment).displacement
        squares["displacement"].append(_mean_square(begun))
        squares["displacement_change"].append(_mean_square(universe.field("displacement").values - begun))
        if target == "displacement+velocity":
            change = universe.field("velocity").values - to_velocity(universe) * begun
            squares["velocity_change"].append(_mean_square(change))
    found = {f"sigma_{name}": float(np.sqrt(np.mean(values))) for name, values in squares.items() if values}
    return {**constants, **found}


def _mean_square(values: Array) -> float:
    return float(np.square(values, dtype=np.float64).mean())


def check_set(universes: Sequence[Universe], split: Split, target: Target) -> None:
    """Refuse a set that leaves none to train on, lacks evolved matter, or mixes cell sizes. Raises: InputError."""
    split.parts(universes)
    wanted = ["displacement", *(["velocity"] if target == "displacement+velocity" else [])]
    for universe in universes:
        check_linear(universe)
        for name in wanted:
            if name not in universe.fields:
                raise InputError(f"{universe.path} has no {name} of an N-body", "simulate it with `--truth nbody`")
            if universe.fields[name].redshift != 0:
                raise InputError(
                    f"{name} of {universe.path} is at z = {universe.fields[name].redshift:g}, the input at z = 0",
                    "keep an output at z = 0",
                )
    check_cell_sizes(universes)


def check_values(universe: Universe, names: Sequence[str]) -> None:
    """Read fields through and refuse what would only show as a strange loss. Raises: InputError."""
    for name in names:
        sound_field(universe, name)
