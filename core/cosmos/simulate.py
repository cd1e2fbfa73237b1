"""From a linear field to an evolved universe: 2LPT, particle-mesh N-body, halos, and their labels on the lattice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import torch

from core.cosmos import nbody
from core.cosmos.box import Array, Catalogue, Field, lattice
from core.cosmos.cosmology import Cosmology
from core.cosmos.emulator_input import damped_2lpt
from core.cosmos.halos import friends_of_friends, measure
from core.cosmos.initial import linear_field
from core.cosmos.lagrangian import mean_strain, overdensity_and_shape
from core.cosmos.measures.spherical import spherical_overdensity
from core.cosmos.paint import paint
from core.cosmos.peakpatch.search import PeakPatchSettings, check_peak_patch, peak_patch_output
from core.cosmos.power import camb_power, linear_power
from core.cosmos.universe import Universe, check_field, write_universe
from core.device import choose_device
from core.errors import ResourceError, UsageError, did_you_mean
from core.files import FileName, file_name
from core.limits import free_memory
from core.progress import Progress, part, silent

Spectrum = Literal["eh98", "camb"]
Truth = Literal["nbody", "peakpatch", "both"]
SPECTRA = {"eh98": linear_power, "camb": camb_power}
"""Linear spectra by name: Eisenstein & Hu 1998 needs nothing, CAMB the optional package."""


@dataclass(frozen=True)
class Evolution:
    """How a linear field is evolved."""

    steps: int = 20
    """Time steps, uniform in the growth factor D."""
    mesh_ratio: float = 2.0
    """Force-mesh cells per particle spacing."""
    outputs: tuple[float, ...] = (0.0,)
    """Redshifts to keep."""
    integrator: nbody.Integrator = "bullfrog"
    """bullfrog is exact to second order of perturbation theory in any step, fastpm to first."""
    start_redshift: float = 9.0
    """Redshift at which 2LPT hands over to the N-body."""
    minimum_particles: int = 20
    """Smallest friends-of-friends group that counts as a halo."""
    device: str = "auto"
    """auto, cpu, cuda or cuda:N."""


def evolve(
    delta: Field, cosmology: Cosmology, evolution: Evolution, progress: Progress = silent
) -> tuple[list[Field], dict[str, Catalogue]]:
    """Evolve the linear field at z = 0 to each output redshift.

    Returns the fields density (Eulerian), displacement, velocity [km/s] and label (Lagrangian), and the catalogue
    fof; for all outputs but the latest the names end in _z<redshift>.
    Raises: InputError for an unusable field, UsageError for impossible settings, ResourceError for a missing device.
    """
    check_field(delta)
    check_evolution(evolution, delta.cells)
    device = choose_device(evolution.device)
    functions = cosmology.growth
    box_size, cells = delta.box_size, delta.cells
    mesh = 2 * round(evolution.mesh_ratio * cells / 2)

    progress(0.0, "second-order displacements")
    modes = torch.fft.rfftn(torch.from_numpy(np.array(delta.values, dtype=np.float32)).to(device))
    state = nbody.initial_state(modes, box_size, functions, evolution.start_redshift)
    del modes

    redshifts = sorted(set(evolution.outputs), reverse=True)
    ends = [functions.first(1 / (1 + z)) for z in redshifts]
    segments = nbody.edges(state.first, ends, evolution.steps)
    total, done = sum(len(segment) - 1 for segment in segments), 0
    fields: list[Field] = []
    catalogues: dict[str, Catalogue] = {}

    def stepped() -> None:
        nonlocal done
        done += 1
        progress(0.05 + 0.8 * done / total, f"N-body step {done} of {total}")

    for z, segment in zip(redshifts, segments, strict=True):
        state = nbody.follow(state, segment[1:], functions, box_size, mesh, evolution.integrator, stepped)
        progress(0.05 + 0.8 * done / total, f"halos at z = {z:g}")
        suffix = "" if z == redshifts[-1] else f"_z{z:g}"
        a = 1 / (1 + z)
        to_kms = a * cosmology.hubble(a) * functions.rate(a) * state.first
        output, halos = at_redshift(
            delta,
            state.displacement.cpu().numpy(),
            (to_kms * state.velocity).cpu().numpy(),
            cosmology.particle_mass(box_size, cells),
            z,
            evolution.minimum_particles,
            suffix,
        )
        fields += output
        catalogues[f"fof{suffix}"] = halos
    progress(1.0, "done")
    return fields, catalogues


def at_redshift(
    delta: Field,
    displacement: Array,
    velocity: Array | None,
    particle_mass: float,
    z: float,
    minimum: int,
    suffix: str = "",
    labels: Array | None = None,
) -> tuple[list[Field], Catalogue]:
    """Density, displacement, velocity, labels and halos of particles at one moment.

    delta is the linear density at z = 0, displacement [Mpc/h] and peculiar velocity [km/s], if known, (3, n, n, n) are
    by lattice id; halos are friends-of-friends groups of `minimum` particles, or those of `labels` (n, n, n), 1 to H.
    """
    cells, box_size = delta.cells, delta.box_size
    positions = lattice(cells, box_size) + by_particle(displacement)
    labels = friends_of_friends(positions, box_size, minimum) if labels is None else labels.ravel()
    q = lattice(cells, box_size)
    moving = None if velocity is None else by_particle(velocity)
    halos = halos_of(labels, positions, moving, q, box_size, particle_mass, z)
    del q
    strain = mean_strain(delta.values, labels.reshape((cells,) * 3), box_size)
    columns = dict(zip(("overdensity", "ellipticity", "prolateness"), overdensity_and_shape(strain), strict=True))
    units = dict.fromkeys(columns, "")
    halos = replace(halos, columns=halos.columns | columns, units=halos.units | units)
    fields = moved_fields(positions, displacement, velocity, box_size, z, suffix)
    return [*fields, Field(f"label{suffix}", labels.reshape((cells,) * 3), box_size, "halo", z)], halos


def moved_fields(
    positions: Array, displacement: Array, velocity: Array | None, box_size: float, z: float, suffix: str = ""
) -> list[Field]:
    """Density, displacement and velocity, if known, of particles at one moment: all but what halos tell."""
    density = paint(positions, displacement.shape[-1], box_size)
    return [
        Field(f"density{suffix}", density, box_size, "overdensity", z, "eulerian", "cic"),
        Field(f"displacement{suffix}", displacement, box_size, "Mpc/h", z),
        *([] if velocity is None else [Field(f"velocity{suffix}", velocity, box_size, "km/s", z)]),
    ]


def halos_of(
    labels: Array,
    positions: Array,
    velocities: Array | None,
    lagrangian_positions: Array | None,
    box_size: float,
    particle_mass: float,
    z: float,
) -> Catalogue:
    """The catalogue of labelled particles, as `halos.measure` takes them, with spherical-overdensity masses."""
    halos = measure(labels, positions, velocities, lagrangian_positions, box_size, particle_mass, z)
    mass, radius = spherical_overdensity(positions, labels, box_size, particle_mass)
    columns = halos.columns | {"mass_200m": mass, "radius_200m": radius}
    return replace(halos, columns=columns, units=halos.units | {"mass_200m": "Msun/h", "radius_200m": "Mpc/h"})


@dataclass(frozen=True)
class Simulation:
    """One universe to be made from a seed."""

    cells: int
    """Particles per side."""
    box_size: float
    """Side of the box [Mpc/h]."""
    cosmology: Cosmology
    seed: int = 1
    evolution: Evolution = Evolution()
    fixed: bool = False
    """Amplitudes exactly at the spectrum."""
    paired: bool = False
    """All phases turned by pi."""
    spectrum: Spectrum = "eh98"
    truth: Truth = "nbody"
    """Where halos come from: the evolved particles, Peak Patch on the linear field, or both."""
    with_2lpt: bool = False
    """Keep the damped second-order density and displacement at z = 0: what an emulator of the N-body starts from."""

    @property
    def name(self) -> FileName:
        """A name that tells universes of one folder apart."""
        kind = f"{'-fixed' if self.fixed else ''}{'-paired' if self.paired else ''}"
        return file_name(f"{self.cosmology.name}-{self.cells}-L{self.box_size:g}-s{self.seed:04d}{kind}")

    def settings(self) -> dict[str, Any]:
        """All that decides on the result, as JSON keeps it."""
        settings = asdict(self) | {"cosmology": self.cosmology.told()}
        evolution = settings.pop("evolution")
        del evolution["device"]
        if not self.with_2lpt:  # what was not asked for is no reason to make a universe again
            del settings["with_2lpt"]
        return {**settings, **evolution, "outputs": list(self.evolution.outputs)}

    def check(self) -> None:
        """Refuse what cannot be simulated, before any work. Raises: UsageError, ResourceError."""
        if self.cells < 4 or self.cells % 2:
            raise UsageError(f"{self.cells} cells per side cannot be simulated", "give an even number of at least 4")
        if not 0 < self.box_size < np.inf:
            raise UsageError(f"a box of {self.box_size:g} Mpc/h cannot be simulated", "give a positive size")
        if self.spectrum not in SPECTRA:
            raise UsageError(f"unknown spectrum {self.spectrum!r}", did_you_mean(self.spectrum, SPECTRA))
        if self.truth not in get_args(Truth):
            raise UsageError(f"unknown truth {self.truth!r}", did_you_mean(self.truth, get_args(Truth)))
        check_evolution(self.evolution, self.cells)
        self.cosmology.check()
        if self.truth != "nbody":
            self.cosmology.require_constant("Peak Patch")
            check_peak_patch(self.peak_patch, self.cells)

    @property
    def peak_patch(self) -> PeakPatchSettings:
        """Peak Patch at the redshift of the last output."""
        return PeakPatchSettings(redshift=min(self.evolution.outputs))


def simulate(
    path: Path, simulation: Simulation, provenance: Mapping[str, Any] | None = None, progress: Progress = silent
) -> Universe:
    """Simulate one universe and write it to `path`, whole or not at all. Raises: UsageError, ResourceError."""
    simulation.check()
    progress(0.0, "initial conditions")
    s = simulation
    power, device = SPECTRA[s.spectrum](s.cosmology), str(choose_device(s.evolution.device))
    delta = linear_field(s.cells, s.box_size, power, s.seed, device, s.fixed, s.paired)
    fields = list(damped_2lpt(delta, s.cosmology, power=power, device=device)) if s.with_2lpt else []
    catalogues: dict[str, Catalogue] = {}
    share = {"nbody": 0.98, "both": 0.7, "peakpatch": 0.02}[s.truth]
    if s.truth != "peakpatch":
        evolved, catalogues = evolve(delta, s.cosmology, s.evolution, part(progress, 0.02, share))
        fields += evolved
    if s.truth != "nbody":
        patches = peak_patch_output(delta, s.cosmology, s.peak_patch, part(progress, share, 0.98), device)
        fields, catalogues = fields + patches[0], catalogues | patches[1]
    return write_universe(
        path,
        name=path.stem,
        box_size=s.box_size,
        cosmology=s.cosmology,
        fields=[delta, *fields],
        catalogues=catalogues,
        provenance={**(provenance or {}), "seed": s.seed, "settings": s.settings()},
    )


def check_evolution(evolution: Evolution, cells: int) -> None:
    """Refuse settings that cannot work, before any work. Raises: UsageError, ResourceError."""

    if evolution.steps < 1:
        raise UsageError(f"{evolution.steps} steps", "give at least 1")
    if not evolution.outputs or not all(0 <= z < evolution.start_redshift for z in evolution.outputs):
        raise UsageError(
            f"outputs at z = {', '.join(f'{z:g}' for z in evolution.outputs)}",
            f"give redshifts from 0 to below the start at z = {evolution.start_redshift:g}",
        )
    if evolution.integrator not in get_args(nbody.Integrator):
        raise UsageError(
            f"unknown integrator {evolution.integrator!r}",
            did_you_mean(evolution.integrator, get_args(nbody.Integrator)),
        )
    if not 1 <= evolution.mesh_ratio <= 4:
        raise UsageError(f"a mesh ratio of {evolution.mesh_ratio:g}", "give 1 to 4")
    if evolution.minimum_particles < 2:
        raise UsageError(f"halos of at least {evolution.minimum_particles} particles", "give at least 2")
    need = memory_needed(cells, evolution.mesh_ratio, len(set(evolution.outputs)))
    free = free_memory()
    if choose_device(evolution.device).type == "cpu" and need > free:
        fits = int(cells * (free / need) ** (1 / 3)) // 2 * 2
        raise ResourceError(
            f"{cells}^3 particles need about {need / 2**30:.1f} GiB, {free / 2**30:.1f} GiB are free",
            f"{fits}^3 would fit",
        )


def memory_needed(cells: int, mesh_ratio: float, outputs: int = 1) -> float:
    """Peak memory of `simulate` in bytes, a tenth above the peaks of steps measured at 64^3, mesh ratios 1, 2 and 4.

    A step takes 25 floats a particle and 3.4 a mesh cell, finding halos 40 a particle; earlier outputs keep 8.
    """
    return 4.0 * cells**3 * (max(25 + 3.4 * mesh_ratio**3, 40) + 8 * (outputs - 1))


def by_particle(vectors: Array) -> Array:
    """(3, n, n, n) as (n^3, 3)."""
    return np.ascontiguousarray(vectors.reshape(3, -1).T)
