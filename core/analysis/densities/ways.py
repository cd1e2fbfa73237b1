"""Ways to the N-body's density without a network, which a network has to beat, and what no network can."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.analysis.densities.measured import measure
from core.cosmos.box import Array, Assignment, Field, lattice
from core.cosmos.cheap import Approximation
from core.cosmos.measures.spectra import spectra
from core.cosmos.paint import paint
from core.cosmos.universe import Universe
from core.progress import Progress, silent
from core.protohalos.resimulated import LARGEST, others, steps_of

if TYPE_CHECKING:
    import torch

SECOND_ORDER = Approximation("2lpt")

BOXES = 4
"""Training universes over which t(k) is measured."""


def corrected(way: str) -> str:
    """What a way is called once its power is made right."""
    return f"{way} x t(k)"


def fit(training: Sequence[Universe], cheap: Approximation, assignment: Assignment = "cic") -> dict[str, torch.Tensor]:
    """t(k) of 2LPT and of the cheap run: by what their density has to be multiplied to have the power of the truth.

    Mean over a few training universes, on a mesh of as many cells as particles.
    """
    import torch

    told = {}
    for way in {SECOND_ORDER.name: SECOND_ORDER, cheap.name: cheap}.values():
        found = []
        for universe in training[:BOXES]:
            truth = painted(universe.field("displacement").values, universe.box_size, assignment)
            ours = painted(moved(universe, way), universe.box_size, assignment)
            a, b = (
                Field("density", density - 1, universe.box_size, "overdensity", 0.0, "eulerian", assignment)
                for density in (ours, truth)
            )
            found.append(spectra(a, b))
        m = measure(found)
        told[f"k of {way.name}"] = torch.from_numpy(m.k)
        told[f"t of {way.name}"] = torch.from_numpy(1 / np.maximum(m.transfer, 1e-6))
    return told


def without_network(
    universe: Universe, cheap: Approximation, fitted: Mapping[str, torch.Tensor], assignment: Assignment = "cic"
) -> tuple[dict[str, Array], Array]:
    """Densities (n, n, n) in units of the mean: of the cheap run, and it and 2LPT with the power made right.

    Also the displacement (3, n, n, n) [Mpc/h] of the cheap run.
    """
    size, begun = universe.box_size, moved(universe, cheap)
    found = {cheap.name: painted(begun, size, assignment)}
    second = found.get(SECOND_ORDER.name)
    second = painted(moved(universe, SECOND_ORDER), size, assignment) if second is None else second
    for way, density in ((cheap.name, found[cheap.name]), (SECOND_ORDER.name, second)):
        if f"t of {way}" in fitted:
            k, t = (fitted[f"{what} of {way}"].numpy() for what in ("k", "t"))
            found[corrected(way)] = multiplied(density, size, k, t)
    return found, begun


def again(universe: Universe, progress: Progress = silent) -> dict[str, Array]:
    """Displacements (3, n, n, n) of the truth evolved again, with twice its steps and on another mesh; none where that
    takes minutes or the truth was made elsewhere."""
    made = steps_of(universe)
    if made is None or universe.cells > LARGEST:
        return {}
    found = {}
    for number, (name, run) in enumerate(others(made).items()):
        progress(number / 2, name)
        found[name] = moved(universe, Approximation("nbody", run.steps, run.mesh_ratio))
    return found


def moved(universe: Universe, way: Approximation) -> Array:
    """Displacement (3, n, n, n) [Mpc/h] of a way at the redshift of the truth."""
    z = universe.fields["displacement"].redshift if "displacement" in universe.fields else 0.0
    [state] = way.states(universe.field("delta_linear"), universe.cosmology, [z])
    return state.displacement.numpy()


def painted(displacement: Array, box_size: float, assignment: Assignment = "cic") -> Array:
    """Density (n, n, n) in units of the mean of particles that moved from the lattice by (3, n, n, n) [Mpc/h]."""
    cells = displacement.shape[-1]
    positions = lattice(cells, box_size) + np.reshape(displacement, (3, -1)).T
    return 1 + paint(positions, cells, box_size, assignment)


def multiplied(density: Array, box_size: float, k: Array, t: Array) -> Array:
    """A density (n, n, n) with its waves multiplied by t(k), given at some k [h/Mpc]; the mean stays."""
    cells = density.shape[0]
    axis = np.fft.fftfreq(cells, box_size / cells / (2 * np.pi))
    last = np.fft.rfftfreq(cells, box_size / cells / (2 * np.pi))
    wave = np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + last**2)
    factor = np.interp(wave, k, t)
    factor[0, 0, 0] = 1
    return np.fft.irfftn(np.fft.rfftn(density) * factor, s=density.shape, axes=(0, 1, 2)).astype(np.float32)
