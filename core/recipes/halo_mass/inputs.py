"""What the network is fed: fields in units of the training set, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.cosmos.box import Array
from core.cosmos.universe import Universe
from core.errors import InputError
from core.protohalos.dynamics import CheapRun
from core.protohalos.inputs import Inputs, channel_count, channels, check_linear, scales, vectors_of
from core.protohalos.truth import TruthSource, check_truth
from core.recipes.halo_mass.particles import HaloParticles, centre_cells, seen
from core.recipes.halo_mass.settings import InputSettings, LossSettings, MassRange

if TYPE_CHECKING:
    import torch

    from core.recipes.halo_mass.subboxes import Centres

BESIDE = "beside."
"""Begins the names of the constants of the channels beside the field, whose scale is another."""


@dataclass(frozen=True)
class Seen:
    """What a network sees of a universe: a field of some kind, and what of protohalos.inputs is told beside it."""

    settings: InputSettings
    inputs: Inputs
    run: CheapRun
    truth: TruthSource

    @property
    def channels(self) -> int:
        return channel_count(self.inputs, self.run)

    @property
    def vectors(self) -> tuple[int, ...]:
        """The first of the three channels of each vector among them."""
        return vectors_of(self.inputs)

    @property
    def words(self) -> str:
        """What it is, for the report."""
        run = f"an N-body of {self.run.steps} steps with mesh ratio {self.run.mesh_ratio:g}"
        beside = {
            "density": "",
            "density+context": " and what the density is around",
            "density+displacement": " and displacement",
            "density+nbody": f" and {run}",
        }
        return self.settings.kind + beside[self.inputs]

    def bytes(self, universe: Universe) -> int:
        """Memory that it takes."""
        ratio = self.settings.mesh_ratio if self.settings.kind == "evolved" else 1
        return 4 * self.channels * (ratio * universe.cells) ** 3

    def field(self, universe: Universe) -> Array:
        """The field before it is scaled."""
        return seen(universe, self.settings.kind, self.settings.mesh_ratio)

    def scales(self, training: Sequence[Universe], fields: Sequence[Array]) -> dict[str, float]:
        """Mean and standard deviation of the fields of the training universes, and what scales the channels beside."""
        mean = float(np.mean([field.mean(dtype=np.float64) for field in fields]))
        sigma = float(np.sqrt(np.mean([np.square(field - mean).mean(dtype=np.float64) for field in fields])))
        constants = {"mean": mean, "sigma": sigma, "cell_size": training[0].box_size / training[0].cells}
        if self.inputs != "density":
            beside = scales(training, self.inputs, self.truth)
            constants |= {f"{BESIDE}{name}": value for name, value in beside.items()}
        return constants

    def fields(
        self, universe: Universe, constants: dict[str, float], device: torch.device, field: Array | None = None
    ) -> torch.Tensor:
        """(channels, n, n, n) in units of the training set, on the device; `field` where it is known already."""
        import torch

        field = self.field(universe) if field is None else field
        scaled = torch.from_numpy((field - np.float32(constants["mean"])) / np.float32(constants["sigma"]))[None]
        if self.inputs == "density":
            return scaled.to(device)
        known = {name.removeprefix(BESIDE): value for name, value in constants.items() if name.startswith(BESIDE)}
        return torch.cat([scaled, channels(universe, self.inputs, known, self.run, device)[1:]]).to(device)


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
    """Cubes (N, channels, side, side, side) as the network sees them."""
    from core.recipes.halo_mass.subboxes import shell_average

    return shell_average(cubes, settings.shells) if settings.kind == "averaged" else cubes


def check_settings(look: Seen, log_mass: MassRange, sees: str, loss: LossSettings) -> None:
    """Refuse settings that contradict each other. Raises: InputError."""
    if sees == "cubes" and loss.likelihood == "bins":
        raise InputError("loss.likelihood=bins is told by a network that sees boxes", "set sees=boxes")
    if look.settings.side % 2 == 0:
        raise InputError(f"input.side of {look.settings.side} cells has no middle", "make it odd")
    if look.settings.kind == "evolved" and look.inputs != "density":
        raise InputError(
            f"inputs={look.inputs} lie on the initial lattice, input.kind=evolved does not", "set inputs=density"
        )
    if log_mass.low >= log_mass.high:
        raise InputError(
            f"log_mass.low of {log_mass.low:g} is not below log_mass.high of {log_mass.high:g}", "change one of them"
        )


def check_universe(universe: Universe, settings: InputSettings, truth: TruthSource) -> None:
    """Refuse a universe that lacks what is seen or learnt. Raises: InputError."""
    check_linear(universe)
    check_truth(universe, truth)
    if settings.kind == "evolved" and "displacement" not in universe.fields:
        raise InputError(f"{universe.path} has no displacement", "give a universe that was evolved by N-body")


def check_side(universe: Universe, settings: InputSettings) -> None:
    """Refuse cubes larger than a universe. Raises: InputError."""
    cells = (settings.mesh_ratio if settings.kind == "evolved" else 1) * universe.cells
    if settings.side > cells:
        raise InputError(
            f"input.side={settings.side} is larger than {universe.path} of {cells}^3 cells",
            f"set input.side={cells - 1 + cells % 2}",
        )
