"""Universes from snapshots and halo catalogues made by others.

Initial conditions alone give the linear field, which our own N-body evolves; initial conditions and a later snapshot
of the same run are matched by particle id, and a catalogue of that snapshot may take the place of our own halos. A cube
is a universe of one field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from core.cosmos.box import Array, Field
from core.cosmos.cosmology import growth
from core.cosmos.formats.catalogues import read_catalogue
from core.cosmos.formats.given import Given
from core.cosmos.formats.header import parts_of
from core.cosmos.formats.lattice import Lattice, find_lattice, first_id
from core.cosmos.formats.membership import Membership, assign, completed
from core.cosmos.formats.snapshots import Matter, Snapshot, read_snapshot
from core.cosmos.simulate import Evolution, at_redshift, check_evolution, evolve
from core.cosmos.universe import Universe, write_universe
from core.errors import InputError
from core.files import checksum
from core.progress import Progress, part, silent

LARGEST_DENSITY = 0.5
"""Largest rms of div s in initial conditions: beyond, paths cross in 2-sigma peaks and -div s is no linear density."""

SAME_RUN = 0.5
"""Smallest correlation of initial and later displacements: 0.8-1 within one run, 0 between two."""


@dataclass(frozen=True)
class TheirHalos:
    """A halo catalogue of the later snapshot, that takes the place of our own."""

    path: Path
    columns: Mapping[str, str] | None = None
    """Columns of a CSV, as formats.catalogues.read_catalogue takes them."""


def linear_field(snapshot: Snapshot) -> tuple[Field, Lattice]:
    """The linear density at z = 0 on the lattice, -div s / D, and the lattice it was found on.

    s is the displacement of the initial conditions; the part of second order in it is left in (it is D times smaller
    than the first: below 1 % at z > 50). The mean and the Nyquist modes are zero.
    Raises: InputError when there is no lattice, or the displacements are no longer those of initial conditions.
    """
    found = find_lattice(snapshot.particles, snapshot.sources[0])
    displacement = found.displacement(snapshot.particles)
    compression = -divergence(displacement.values, found.box_size)
    if (rms := float(compression.std())) > LARGEST_DENSITY:
        raise InputError(
            f"{snapshot.sources[0]} (z = {snapshot.particles.redshift:g}) is no longer near its initial conditions: "
            f"the density of its displacements has an rms of {rms:.2g}",
            "give the initial conditions, and an evolved snapshot as the second file",
        )
    first = growth(snapshot.cosmology.omega_matter).first(1 / (1 + snapshot.particles.redshift))
    return Field("delta_linear", (compression / first).astype(np.float32), found.box_size), found


def divergence(vectors: Array, box_size: float) -> Array:
    """div of a periodic vector field (3, n, n, n), spectral: exact for every mode below Nyquist, which is dropped."""
    import scipy.fft

    cells = vectors.shape[-1]
    k = 2 * np.pi / box_size * np.fft.fftfreq(cells, 1 / cells)
    if cells % 2 == 0:
        k[cells // 2] = 0
    total: Array = np.zeros((cells, cells, cells // 2 + 1), dtype=np.complex64)
    for axis, wavenumber in enumerate(np.ix_(k, k, k[: cells // 2 + 1])):
        total += 1j * wavenumber * scipy.fft.rfftn(vectors[axis], workers=-1)
    return np.asarray(scipy.fft.irfftn(total, s=(cells,) * 3, workers=-1))


def import_initial(
    path: Path,
    output: Path,
    given: Given,
    evolution: Evolution,
    provenance: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> Universe:
    """Make a universe of initial conditions: their linear field, evolved by our own N-body.

    Raises: InputError for what cannot be read or is no set of initial conditions; UsageError for options.
    """
    progress(0.0, f"reading {path.name}")
    snapshot = read_snapshot(path, given)
    delta, found = linear_field(snapshot)
    check_evolution(evolution, delta.cells)
    fields, catalogues = evolve(delta, snapshot.cosmology, evolution, part(progress, 0.05, 0.95))
    progress(0.95, f"writing {output.name}")
    return write_universe(
        output,
        name=output.stem,
        box_size=found.box_size,
        cosmology=snapshot.cosmology,
        fields=[delta, *fields],
        catalogues=catalogues,
        provenance={
            **(provenance or {}),
            **_origin([snapshot], given, found),
            "settings": asdict(evolution),
        },
    )


def import_pair(
    initial_path: Path,
    final_path: Path,
    output: Path,
    given: Given,
    minimum_particles: int = 20,
    halos: TheirHalos | None = None,
    total_matter: bool = False,
    provenance: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> Universe:
    """Make a universe of initial conditions and a later snapshot of the same run, matched by particle id.

    Everything is moved so that the lattice's first node lies at (0, 0, 0). A redshift in `given` is that of the
    initial conditions. The catalogue is ours, or that of `halos`, with labels to match; the density is that of the
    dark matter, or with `total_matter` that of all particles by their masses.
    Raises: InputError for what cannot be read, or for snapshots of different runs.
    """
    progress(0.0, f"reading {initial_path.name}")
    initial = read_snapshot(initial_path, given)
    delta, found = linear_field(initial)
    progress(0.3, f"reading {final_path.name}")
    final = read_snapshot(final_path, replace(given, redshift=None), total_matter)
    velocities = final.particles.velocities
    if velocities is None:
        raise InputError(f"{final_path} has no velocities", "give a full snapshot")
    _check_headers(initial, final, found)
    displacement = found.displacement(final.particles)
    _check_same_run(found.displacement(initial.particles), displacement, final_path)
    progress(0.5, "halos")
    velocity = found.grid(velocities, final.particles.ids)
    particle_mass, z = final.particles.particle_mass, final.particles.redshift
    told: dict[str, Any] = {"settings": {"minimum_particles": minimum_particles}}
    taken, label = None, None
    if halos is not None:
        taken, told = _taken(halos, given, final)
        label = found.grid(taken.labels, final.particles.ids)
    fields, catalogue = at_redshift(
        delta, displacement.values, velocity, particle_mass, z, minimum_particles, labels=label
    )
    if taken is not None:
        catalogue = completed(taken.catalogue, catalogue, found)
    if final.matter is not None:
        density = paint_matter(final.matter, found)
        fields = [replace(item, values=density) if item.name == "density" else item for item in fields]
        told["density"] = "of all matter"
    progress(0.9, f"writing {output.name}")
    return write_universe(
        output,
        name=output.stem,
        box_size=found.box_size,
        cosmology=initial.cosmology,
        fields=[delta, *fields],
        # the name under which a universe keeps the halos of its labels, whoever found them: see their definition
        catalogues={"fof": catalogue},
        provenance={**(provenance or {}), **_origin([initial, final], given, found), **told},
    )


def paint_matter(matter: Matter, found: Lattice) -> Array:
    """Overdensity (n, n, n) of particles of many masses, cloud in cell, on the mesh that begins at the first node."""
    cells = found.cells
    scaled = (matter.positions - np.asarray(found.offset)) * (cells / found.box_size)
    low = np.floor(scaled).astype(np.int64)
    above = scaled - low
    mesh = np.zeros(cells**3)
    for corner in product((0, 1), repeat=3):
        node = np.ravel_multi_index(tuple(((low + corner) % cells).T), (cells,) * 3)
        weight = np.where(corner, above, 1 - above).prod(axis=1) * matter.shares
        mesh += np.bincount(node, weight, cells**3)
    return (mesh * cells**3 - 1).astype(np.float32).reshape((cells,) * 3)


def _taken(halos: TheirHalos, given: Given, final: Snapshot) -> tuple[Membership, dict[str, Any]]:
    """Labels by somebody's catalogue of the final snapshot, and what the provenance says of it."""
    snapshot = Given(
        box_size=final.particles.box_size,
        omega_matter=final.cosmology.omega_matter,
        h=final.cosmology.h,
        redshift=final.particles.redshift,
        length_unit=given.length_unit,
    )
    taken = assign(halos.path, read_catalogue(halos.path, snapshot, halos.columns), final.particles)
    return taken, {
        "halos": {
            "sources": [{"path": str(path), "sha256": checksum(path)} for path in parts_of(halos.path)],
            "definition": taken.catalogue.definition,
            "labels": taken.source,
            "repairs": list(taken.repairs),
        }
    }


def _check_headers(initial: Snapshot, final: Snapshot, found: Lattice) -> None:
    a, b = initial.particles, final.particles
    first, last = initial.sources[0], final.sources[0]
    remedy = "give two snapshots of one run"
    if len(a) != len(b):
        raise InputError(f"{first} has {len(a)} particles, {last} has {len(b)}", remedy)
    if abs(a.box_size / b.box_size - 1) > 1e-4:
        raise InputError(f"{first} has a box of {a.box_size:g} Mpc/h, {last} of {b.box_size:g} Mpc/h", remedy)
    for name in ("omega_matter", "h", "omega_baryon"):
        ours, theirs = getattr(initial.cosmology, name), getattr(final.cosmology, name)
        if abs(ours / theirs - 1) > 1e-3:
            raise InputError(f"{first} has {name} = {ours:g}, {last} has {theirs:g}", remedy)
    if first_id(b.ids, last) != found.first_id:
        raise InputError(f"the particle ids of {first} begin with {found.first_id}, those of {last} do not", remedy)
    if b.redshift >= a.redshift:
        raise InputError(
            f"{last} (z = {b.redshift:g}) is not later than {first} (z = {a.redshift:g})",
            "give the initial conditions first",
        )


def _check_same_run(initial: Field, final: Field, path: Path) -> None:
    """Displacements keep their direction; those of another run, or of unmatched particles, have no common one."""
    a, b = initial.values, final.values
    correlation = float(np.vdot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)))
    if correlation < SAME_RUN:
        raise InputError(
            f"{path}: its particles did not move as the initial conditions say (correlation {correlation:.2f})",
            "give two snapshots of one run, with the ids of the run",
        )


def _origin(snapshots: list[Snapshot], given: Given, found: Lattice) -> dict[str, Any]:
    """Where an imported universe comes from, for its provenance."""
    files = [
        {"path": str(path), "sha256": checksum(path), "format": snapshot.format, "units": snapshot.units}
        for snapshot in snapshots
        for path in snapshot.sources
    ]
    return {
        "sources": files,
        "given": given.stated(),
        "initial_redshift": snapshots[0].particles.redshift,
        "lattice": {
            "order": found.name,
            "ids": f"from {found.first_id}" if snapshots[0].numbered else "none, by the order of the file",
            "offset [Mpc/h]": found.offset,
            "rms displacement [Mpc/h]": found.rms_displacement,
        },
    }
