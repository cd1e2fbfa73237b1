"""Universes of many seeds, made one after another; what exists with the same settings is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import InputError
from core.progress import Progress, part, silent

if TYPE_CHECKING:
    from core.cosmos.cosmology import Cosmology
    from core.cosmos.simulate import Simulation
    from core.cosmos.universe import Universe


def of_seeds(
    simulation: Simulation, seeds: Sequence[int], cosmologies: Sequence[Cosmology] | None = None
) -> list[Simulation]:
    """One simulation for each seed, of a cosmology of its own where they are given."""
    chosen = cosmologies or [simulation.cosmology] * len(seeds)
    return [replace(simulation, seed=seed, cosmology=one) for seed, one in zip(seeds, chosen, strict=True)]


def simulate_many(
    out: Path, simulations: Sequence[Simulation], force: bool = False, progress: Progress = silent
) -> list[Universe]:
    """Simulate each into a folder, under its own name, and open it; those that exist with the same settings are kept.

    Raises: InputError for a file with other settings, unless `force` is given; UsageError, ResourceError.
    """
    from core.cosmos.simulate import simulate
    from core.cosmos.universe import open_universe
    from core.provenance import provenance

    for simulation in simulations[:1]:
        simulation.check()
    made = []
    for number, this in enumerate(simulations):
        path = out / f"{this.name}.h5"
        if path.exists() and not force:
            universe = open_universe(path)
            if universe.provenance.get("settings") != this.settings():
                raise InputError(f"{path} exists with other settings", "use --force, another --out or other seeds")
        else:
            stage = part(progress, number / len(simulations), (number + 1) / len(simulations), f"seed {this.seed}: ")
            universe = simulate(path, this, provenance(), stage)
        made.append(universe)
    return made
