"""Universes in reionization: density, neutral fraction and 21-cm brightness over redshift and escape fraction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from core.cosmos.box import Field, lattice
from core.cosmos.cosmology import Cosmology
from core.cosmos.initial import linear_field, linear_modes, white_noise
from core.cosmos.lpt import first_order, second_order
from core.cosmos.paint import overdensity
from core.cosmos.power import linear_power
from core.cosmos.reionization.bubbles import Sources, brightness_temperature, collapsed, neutral_fraction
from core.cosmos.universe import Universe, write_universe
from core.device import choose_device
from core.errors import InputError, ResourceError, UsageError
from core.files import FileName, file_name
from core.limits import free_memory
from core.progress import Progress, silent

if TYPE_CHECKING:
    from core.cosmos.reionization.bubbles import Collapsed


@dataclass(frozen=True)
class Ionization:
    """A universe that is partly ionized; two of one seed have the same initial conditions."""

    cells: int
    """Cells per side."""
    box_size: float
    """Side of the box [Mpc/h]."""
    cosmology: Cosmology
    redshift: float
    escape_fraction: float
    """Share of the ionizing photons that leave their halo."""
    seed: int = 1
    mesh_ratio: int = 2
    """Particles per cell and axis from which the density is painted."""
    sources: Sources = field(default_factory=Sources)

    @property
    def name(self) -> FileName:
        """A name that tells universes of one folder apart and sorts them by seed, then redshift."""
        box = f"{self.cosmology.name}-{self.cells}-L{self.box_size:g}"
        return file_name(f"{box}-s{self.seed:04d}-z{self.redshift:05.2f}-f{self.escape_fraction:.3f}")

    def settings(self) -> dict[str, Any]:
        """All that decides on the result, as JSON keeps it."""
        settings = asdict(self) | {"cosmology": self.cosmology.told()}
        return {**settings, **settings.pop("sources")}

    def check(self) -> None:
        """Refuse what cannot be made, before any work. Raises: UsageError, ResourceError."""

        if self.cells < 4 or self.cells % 2:
            raise UsageError(f"{self.cells} cells per side cannot be made", "give an even number of at least 4")
        if not 0 < self.box_size < np.inf:
            raise UsageError(f"a box of {self.box_size:g} Mpc/h cannot be made", "give a positive size")
        if not 4 <= self.redshift <= 30:
            raise UsageError(f"no sources are known at z = {self.redshift:g}", "give redshifts from 4 to 30")
        if not 0 < self.escape_fraction <= 1:
            raise UsageError(f"an escape fraction of {self.escape_fraction:g}", "give numbers above 0 and up to 1")
        if not 1 <= self.mesh_ratio <= 4:
            raise UsageError(f"{self.mesh_ratio} particles per cell and axis", "give 1 to 4")
        s = self.sources
        for what, value in (("virial temperature", s.virial_temperature), ("largest bubble", s.largest_bubble)):
            if not 0 < value < np.inf:
                raise UsageError(f"a {what} of {value:g}", "give a positive number")
        need, free = memory_needed(self.cells, self.mesh_ratio), free_memory()
        if need > free:
            raise ResourceError(
                f"{(self.cells * self.mesh_ratio)}^3 particles need about {need / 2**30:.1f} GiB, "
                f"{free / 2**30:.1f} GiB are free",
                "make fewer cells or a smaller mesh ratio",
            )


def ionize(
    folder: Path,
    settings: Sequence[Ionization],
    provenance: Mapping[str, Any] | None = None,
    progress: Progress = silent,
    device: str = "auto",
    density: Universe | None = None,
) -> Iterator[Universe]:
    """Write one universe for each of the settings, `folder`/<name>.h5; those of one seed best follow each other.

    Bubbles are sought in the linear density at the redshift, the smallest of them and the matter in the density that
    second-order displacements make of it; with the `density` of a universe that is given, all is in that.
    Raises: UsageError, ResourceError, InputError where nothing is neutral.
    """
    for item in settings:
        item.check()
    where = str(choose_device(device))
    made: tuple[Ionization, torch.Tensor, Collapsed] | None = None
    moved: tuple[Ionization, torch.Tensor, torch.Tensor] | None = None
    for number, item in enumerate(settings):
        progress(number / len(settings), item.name)
        if made is None or replace(item, escape_fraction=made[0].escape_fraction) != made[0]:
            if density is not None:
                delta = torch.from_numpy(np.array(density.field("density").values, dtype=np.float32)).to(where)
                sought = delta
            else:
                if moved is None or not _same_start(item, moved[0]):
                    moved = (item, *displacements(item, where))
                delta, sought = evolved(item, moved[1], moved[2]), linear(item, where)
            shares = collapsed(sought, item.box_size, item.cosmology, item.redshift, item.sources, delta)
            made = (item, delta, shares)
        yield _write(folder / f"{item.name}.h5", item, made[1], made[2], provenance or {}, density)
    progress(1.0, "done")


def _same_start(one: Ionization, other: Ionization) -> bool:
    """Whether two universes have the same initial conditions."""
    return replace(one, redshift=other.redshift, escape_fraction=other.escape_fraction) == other


def displacements(item: Ionization, device: str) -> tuple[torch.Tensor, torch.Tensor]:
    """First- and second-order displacements (3, m, m, m) of the particles today."""
    particles = item.cells * item.mesh_ratio
    modes = linear_modes(white_noise(particles, item.seed, device), item.box_size, linear_power(item.cosmology))
    return first_order(modes, item.box_size), second_order(modes, item.box_size)


def evolved(item: Ionization, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """The overdensity (n, n, n) at the redshift, painted cloud in cell."""
    functions, a = item.cosmology.growth, 1 / (1 + item.redshift)
    particles = item.cells * item.mesh_ratio
    moved = (functions.first(a) * first + functions.second(a) * second).reshape(3, -1).T
    positions = lattice(particles, item.box_size) + moved.cpu().numpy()
    return overdensity(positions, item.cells, item.box_size, "cic", device=str(first.device))


def linear(item: Ionization, device: str) -> torch.Tensor:
    """The linear overdensity (n, n, n) at the redshift."""
    today = linear_field(item.cells, item.box_size, linear_power(item.cosmology), item.seed, device).values
    return torch.as_tensor(today).to(device) * item.cosmology.growth.first(1 / (1 + item.redshift))


def memory_needed(cells: int, mesh_ratio: int) -> float:
    """Peak memory of `ionize` in bytes: 27 floats a particle while it is moved, 12 a cell while bubbles are sought."""
    return 4.0 * cells**3 * (27 * mesh_ratio**3 + 12)


def _write(
    path: Path,
    item: Ionization,
    delta: torch.Tensor,
    shares: Collapsed,
    provenance: Mapping[str, Any],
    density: Universe | None,
) -> Universe:
    neutral = neutral_fraction(shares, item.sources.efficiency(item.escape_fraction))
    if not bool(neutral.any()):
        raise InputError(
            f"nothing is neutral at z = {item.redshift:g} with an escape fraction of {item.escape_fraction:g}",
            "choose higher redshifts or smaller escape fractions",
        )
    temperature = brightness_temperature(neutral, delta, item.redshift, item.cosmology)
    painted = density.fields["density"].assignment if density else "cic"
    fields = [
        Field(name, values.cpu().numpy(), item.box_size, units, item.redshift, "eulerian", assignment)
        for name, values, units, assignment in (
            ("density", delta, "overdensity", painted),
            ("brightness_temperature", temperature, "mK", None),
            ("neutral_fraction", neutral, "", None),
        )
    ]
    told = {"settings": item.settings()} | ({} if density else {"seed": item.seed})
    return write_universe(
        path,
        name=path.stem,
        box_size=item.box_size,
        cosmology=item.cosmology,
        fields=fields,
        catalogues={},
        provenance={**provenance, **told},
    )
