"""A universe of displacement fields (3, n, n, n), as emulators of N-body codes keep them: .npy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.cosmos.box import Array, Field
from core.cosmos.formats.given import Given, Known, settle
from core.cosmos.formats.header import Header
from core.cosmos.formats.readers.cubes import read_npy
from core.cosmos.formats.units import factor
from core.cosmos.imports.linear import check_same_run
from core.cosmos.imports.origin import sources
from core.cosmos.inversion import invert
from core.cosmos.lpt import divergence
from core.cosmos.simulate import at_redshift
from core.cosmos.universe import Universe, write_universe
from core.errors import InputError
from core.progress import Progress, part, silent

FURTHEST = 0.25
"""Largest rms displacement per axis, in boxes: random places have .29."""

LEFT = 0.1
"""Share of one displacement field by itself that its linear field may leave unexplained: nothing is evolved from it."""


def import_displacements(
    path: Path,
    output: Path,
    given: Given,
    evolved: Path | None = None,
    minimum_particles: int = 20,
    provenance: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> Universe:
    """Make a universe of the linear displacement at z = 0 and an evolved one, or of an evolved one alone.

    Of two, the first gives the linear density, -div s. One alone is at --redshift, and its linear density is found by
    running it forwards (core.cosmos.inversion). Units are those of --length-unit, by default Mpc/h. Nothing is known of
    velocities. Raises: InputError for what is no displacement, or is evolved too far.
    """
    progress(0.0, f"reading {path.name}")
    known = _known(path, given, 0.0 if evolved else None)
    first = _read(path, given, known)
    box_size = given.box_size or 0.0
    if evolved is None:
        final, z = first, known.redshift
        found = invert(first, None, box_size, known.cosmology.growth, z, part(progress, 0.1, 0.6))
        if found.residual > LEFT:
            raise InputError(
                f"{path} (z = {z:g}) is too far evolved by itself: its linear field, {found.words}",
                "give the linear displacement at z = 0 first, then this one",
            )
        values, words = found.delta, found.words
    else:
        last = _known(evolved, given.of_final(0.0), 0.0)
        final, z = _read(evolved, given, last), last.redshift
        if final.shape != first.shape:
            raise InputError(
                f"{path} has {first.shape[-1]} cells a side, {evolved} has {final.shape[-1]}", "give one grid"
            )
        modes = -divergence(torch.from_numpy(first), box_size)
        values = torch.fft.irfftn(modes, s=first.shape[1:]).numpy()
        words = "from linear displacements at z = 0"
        check_same_run(first, final, evolved)
    progress(0.6, "halos")
    delta = Field("delta_linear", values, box_size)
    mass = known.cosmology.particle_mass(box_size, delta.cells)
    fields, catalogue = at_redshift(delta, final, None, mass, z, minimum_particles)
    paths = [path] if evolved is None else [path, evolved]
    unit = given.length_unit or "Mpc/h"
    return write_universe(
        output,
        name=output.stem,
        box_size=box_size,
        cosmology=known.cosmology,
        fields=[delta, *fields],
        catalogues={"fof": catalogue},
        provenance={
            **(provenance or {}),
            "sources": sources(paths, format="displacement", units=unit),
            "given": given.stated(),
            "linear_field": words,
            "settings": {"minimum_particles": minimum_particles},
            "lacks": "velocities",
        },
    )


def _known(path: Path, given: Given, redshift: float | None) -> Known:
    """Cosmology and redshift by option: such files say nothing of themselves."""
    said = given if redshift is None else replace(given, usual_redshift=redshift)
    return settle(Header("displacement", 0, parts=(path,)), said)


def _read(path: Path, given: Given, known: Known) -> Array:
    """(3, n, n, n) in Mpc/h. Raises: InputError for other shapes, values that are not finite, or a wrong unit."""
    values = read_npy(path)
    if values.ndim == 4 and values.shape[0] != 3 and values.shape[-1] == 3:
        values = np.moveaxis(values, -1, 0)
    if values.ndim != 4 or values.shape[0] != 3 or len(set(values.shape[1:])) != 1 or values.dtype.kind != "f":
        raise InputError(
            f"{path} has the shape {' x '.join(map(str, values.shape))} of {values.dtype}",
            "a displacement is (3, n, n, n) floats",
        )
    scale = factor(path, given.length_unit or "Mpc/h", known.cosmology.h)
    moved = np.ascontiguousarray(values, dtype=np.float32) * np.float32(scale)
    rms = float(np.sqrt(np.square(moved, dtype=np.float64).mean()))
    if not np.isfinite(rms):
        raise InputError(f"{path} holds displacements that are not numbers", "copy or make it again")
    if not 0 < rms < FURTHEST * (given.box_size or 0.0):
        raise InputError(
            f"{path}: its displacements have an rms of {rms:.3g} Mpc/h in a box of {given.box_size:g} Mpc/h",
            "correct --length-unit (Mpc/h or kpc/h) or --box-size",
        )
    return moved
