"""What the network is fed: the field around particles in units of the training set, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.cosmos.box import Array
from core.cosmos.universe import Universe
from core.errors import InputError
from core.protohalos.inputs import check_linear
from core.protohalos.truth import TruthSource, check_truth
from core.recipes.halo_mass.particles import HaloParticles, centre_cells
from core.recipes.halo_mass.settings import InputSettings, MassRange

if TYPE_CHECKING:
    import torch

    from core.recipes.halo_mass.subboxes import Centres


def scales(fields: Sequence[Array]) -> dict[str, float]:
    """Mean and standard deviation over the fields of the training universes."""
    mean = float(np.mean([field.mean(dtype=np.float64) for field in fields]))
    sigma = float(np.sqrt(np.mean([np.square(field - mean).mean(dtype=np.float64) for field in fields])))
    return {"mean": mean, "sigma": sigma}


def normalised(field: Array, constants: dict[str, float], device: torch.device) -> torch.Tensor:
    """A field (n, n, n) in units of the training set, on the device."""
    import torch

    return torch.from_numpy((field - np.float32(constants["mean"])) / np.float32(constants["sigma"])).to(device)


def centres(
    universe: Universe, particles: HaloParticles, settings: InputSettings, log_mass: MassRange, device: torch.device
) -> Centres:
    """Where in the field the particles sit, and their targets."""
    import torch

    from core.recipes.halo_mass.subboxes import Centres

    cells = centre_cells(universe, particles.ids, settings.kind, settings.mesh_ratio)
    targets = log_mass.scaled(np.log10(particles.mass)).astype(np.float32)
    return Centres(torch.from_numpy(cells).to(device), torch.from_numpy(targets).to(device))


def changed(cubes: torch.Tensor, settings: InputSettings) -> torch.Tensor:
    """Cubes (N, side, side, side) as the network sees them."""
    from core.recipes.halo_mass.subboxes import shell_average

    return shell_average(cubes, settings.shells) if settings.kind == "averaged" else cubes


def check_settings(settings: InputSettings, log_mass: MassRange) -> None:
    """Refuse settings that contradict each other. Raises: InputError."""
    if settings.side % 2 == 0:
        raise InputError(f"input.side of {settings.side} cells has no middle", "make it odd")
    if log_mass.low >= log_mass.high:
        raise InputError(
            f"log_mass.low of {log_mass.low:g} is not below log_mass.high of {log_mass.high:g}", "change one of them"
        )


def check_universe(universe: Universe, settings: InputSettings, truth: TruthSource) -> None:
    """Refuse a universe that the network cannot take. Raises: InputError."""
    check_linear(universe)
    check_truth(universe, truth)
    if settings.kind == "evolved" and "displacement" not in universe.fields:
        raise InputError(f"{universe.path} has no displacement", "give a universe that was evolved by N-body")
    cells = (settings.mesh_ratio if settings.kind == "evolved" else 1) * universe.cells
    if settings.side > cells:
        raise InputError(
            f"input.side={settings.side} is larger than {universe.path} of {cells}^3 cells",
            f"set input.side={cells - 1 + cells % 2}",
        )


def field_bytes(universes: Sequence[Universe], settings: InputSettings) -> int:
    """Memory that the fields of these universes take."""
    ratio = settings.mesh_ratio if settings.kind == "evolved" else 1
    return sum(4 * (ratio * universe.cells) ** 3 for universe in universes)
