"""A universe of one evolved snapshot: matter and halos of one moment, without initial conditions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.cosmos.box import Field
from core.cosmos.formats.given import Given
from core.cosmos.formats.membership import completed
from core.cosmos.formats.snapshots import read_snapshot
from core.cosmos.halos import friends_of_friends
from core.cosmos.imports.halos import TheirHalos, taken
from core.cosmos.imports.matter import paint_matter
from core.cosmos.imports.origin import origin
from core.cosmos.paint import paint
from core.cosmos.simulate import halos_of
from core.cosmos.universe import Universe, write_universe
from core.errors import UsageError
from core.progress import Progress, silent

LACKS = "initial conditions: no linear field, displacements or labels, so nothing that learns from them"


def import_evolved(
    path: Path,
    output: Path,
    given: Given,
    cells: int | None = None,
    minimum_particles: int = 20,
    halos: TheirHalos | None = None,
    total_matter: bool = False,
    provenance: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> Universe:
    """Make a universe of one snapshot: density on a mesh of cells^3 (as many as particles) and halos.

    Halos are friends of friends, or those of `halos`; with `total_matter` the density is that of all particles.
    Neither lattice nor ids are needed. Raises: InputError for what cannot be read; UsageError for a mesh.
    """
    progress(0.0, f"reading {path.name}")
    snapshot = read_snapshot(path, given, total_matter)
    particles = snapshot.particles
    box_size, z = particles.box_size, particles.redshift
    cells = cells or round(len(particles) ** (1 / 3))
    if cells < 2:
        raise UsageError(f"a mesh of {cells} cells a side", "give --cells, at least 2")
    progress(0.3, "density")
    if snapshot.matter is not None:
        density = paint_matter(snapshot.matter, cells, box_size)
    else:
        density = paint(particles.positions, cells, box_size)
    told: dict[str, Any] = {"settings": {"minimum_particles": minimum_particles, "cells": cells}}
    progress(0.5, "halos")
    theirs = None
    if halos is not None:
        theirs, more = taken(halos, given, snapshot)
        told |= more
        labels = theirs.labels
    else:
        labels = friends_of_friends(particles.positions, box_size, minimum_particles)
    ours = halos_of(labels, particles.positions, particles.velocities, None, box_size, particles.particle_mass, z)
    catalogue = ours if theirs is None else completed(theirs.catalogue, ours)
    progress(0.9, f"writing {output.name}")
    return write_universe(
        output,
        name=output.stem,
        box_size=box_size,
        cosmology=snapshot.cosmology,
        fields=[Field("density", density, box_size, "overdensity", z, "eulerian", "cic")],
        catalogues={"fof": catalogue},
        provenance={**(provenance or {}), **origin([snapshot], given), **told, "lacks": LACKS}
        | ({"density": "of all matter"} if snapshot.matter is not None else {}),
    )
