"""A universe of an early and a later snapshot of one run, matched by particle id.

A catalogue of the later one may take the place of our own halos.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.cosmos.formats.given import Given
from core.cosmos.formats.lattice import Lattice, first_id
from core.cosmos.formats.membership import completed
from core.cosmos.formats.snapshots import Snapshot, read_snapshot
from core.cosmos.imports.halos import TheirHalos, taken
from core.cosmos.imports.linear import check_same_run, linear_field
from core.cosmos.imports.matter import paint_matter
from core.cosmos.imports.origin import origin
from core.cosmos.simulate import at_redshift
from core.cosmos.universe import Universe, write_universe
from core.errors import InputError
from core.progress import Progress, part, silent


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
    linear = linear_field(initial, part(progress, 0.05, 0.3))
    delta, found = linear.delta, linear.lattice
    progress(0.3, f"reading {final_path.name}")
    final = read_snapshot(final_path, given.of_final(), total_matter)
    velocities = final.particles.velocities
    if velocities is None:
        raise InputError(f"{final_path} has no velocities", "give a full snapshot")
    _check_headers(initial, final, found)
    displacement = found.displacement(final.particles)
    check_same_run(linear.displacement.values, displacement.values, final_path)
    progress(0.5, "halos")
    velocity = found.grid(velocities, final.particles.ids)
    particle_mass, z = final.particles.particle_mass, final.particles.redshift
    told: dict[str, Any] = {"settings": {"minimum_particles": minimum_particles}}
    theirs, label = None, None
    if halos is not None:
        theirs, more = taken(halos, given, final)
        told |= more
        label = found.grid(theirs.labels, final.particles.ids)
    fields, catalogue = at_redshift(
        delta, displacement.values, velocity, particle_mass, z, minimum_particles, labels=label
    )
    if theirs is not None:
        catalogue = completed(theirs.catalogue, catalogue, found.offset)
    if final.matter is not None:
        density = paint_matter(final.matter, found.cells, found.box_size, found.offset)
        fields = [replace(item, values=density) if item.name == "density" else item for item in fields]
        told["density"] = "of all matter; displacements, velocities, labels and halos are of the dark matter"
    progress(0.9, f"writing {output.name}")
    return write_universe(
        output,
        name=output.stem,
        box_size=found.box_size,
        cosmology=initial.cosmology,
        fields=[delta, *fields],
        # the name under which a universe keeps the halos of its labels, whoever found them: see their definition
        catalogues={"fof": catalogue},
        provenance={**(provenance or {}), **origin([initial, final], given, linear), **told},
    )


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
    for name in ("w0", "wa"):
        ours, theirs = getattr(initial.cosmology, name), getattr(final.cosmology, name)
        if ours != theirs:
            raise InputError(f"{first} has {name} = {ours:g}, {last} has {theirs:g}", remedy)
    if first_id(b.ids, last) != found.first_id:
        raise InputError(f"the particle ids of {first} begin with {found.first_id}, those of {last} do not", remedy)
    if b.redshift >= a.redshift:
        raise InputError(
            f"{last} (z = {b.redshift:g}) is not later than {first} (z = {a.redshift:g})",
            "give the initial conditions first",
        )
