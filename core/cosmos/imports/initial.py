"""A universe of initial conditions alone, whose linear field our own N-body evolves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.cosmos.formats.given import Given
from core.cosmos.formats.snapshots import read_snapshot
from core.cosmos.imports.linear import linear_field
from core.cosmos.imports.origin import origin
from core.cosmos.simulate import Evolution, check_evolution, evolve
from core.cosmos.universe import Universe, write_universe
from core.errors import InputError
from core.progress import Progress, part, silent

LEFT = 0.02
"""Largest share of the displacements that the linear field may leave unexplained; of 32^3 particles in 50 Mpc/h it
leaves .0006 at z = 5, .003 at z = 3, .08 at z = 1."""


def import_initial(
    path: Path,
    output: Path,
    given: Given,
    evolution: Evolution,
    provenance: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> Universe:
    """Make a universe of one early snapshot: its linear field, evolved by our own N-body.

    Raises: InputError for what cannot be read, has no lattice, or is too far evolved; UsageError for options.
    """
    progress(0.0, f"reading {path.name}")
    snapshot = read_snapshot(path, given)
    linear = linear_field(snapshot, part(progress, 0.05, 0.2))
    if linear.found.residual > LEFT:
        raise InputError(
            f"{path} (z = {snapshot.particles.redshift:g}) is too far evolved to evolve again: its linear field, "
            f"{linear.found.words}",
            "give a later snapshot of the run as the second file, or bring this one in as it is: --evolved",
        )
    check_evolution(evolution, linear.delta.cells)
    fields, catalogues = evolve(linear.delta, snapshot.cosmology, evolution, part(progress, 0.2, 0.95))
    progress(0.95, f"writing {output.name}")
    return write_universe(
        output,
        name=output.stem,
        box_size=linear.lattice.box_size,
        cosmology=snapshot.cosmology,
        fields=[linear.delta, *fields],
        catalogues=catalogues,
        provenance={**(provenance or {}), **origin([snapshot], given, linear), "settings": asdict(evolution)},
    )
