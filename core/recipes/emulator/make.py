"""Universes by a trained emulator: files as `simulate` writes them, from initial conditions or a linear density."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.cosmos.box import Field
from core.cosmos.cosmology import Cosmology
from core.cosmos.initial import linear_field
from core.cosmos.power import linear_power
from core.cosmos.universe import Universe, write_universe
from core.errors import UsageError
from core.files import checksum
from core.learning.learner import Network
from core.progress import Progress, part, silent
from core.protohalos.inputs import check_linear
from core.recipes.emulator.recipe import Emulator
from core.recipes.emulator.start import style
from core.runs.fits import check_fits
from core.runs.job import open_model, weights_path
from core.runs.run import Run

FAR = 0.3
"""How far a cosmology may lie beyond those learnt, in the usual range of each number, before a file says so."""


@dataclass(frozen=True)
class Emulation:
    """One universe to be made: from a seed, or from the linear density of a given one."""

    name: str
    cosmology: Cosmology
    redshifts: tuple[float, ...]
    """Moments to keep, the latest last."""
    seed: int = 0
    cells: int = 0
    box_size: float = 0.0
    given: Universe | None = None

    def linear(self, device: str) -> Field:
        """The linear density at z = 0."""
        if self.given:
            check_linear(self.given)
            return self.given.field("delta_linear")
        return linear_field(self.cells, self.box_size, linear_power(self.cosmology), self.seed, device)


@dataclass(frozen=True)
class EmulatorModel:
    """A trained emulator."""

    run: Run
    recipe: Emulator
    learner: Network

    @property
    def cell_size(self) -> float:
        """Of the universes trained on [Mpc/h]."""
        return self.learner.constants["cell_size"]

    @property
    def no_halos(self) -> str:
        """Why a universe has none."""
        return f"no halos: {self.recipe.start.way.name} does not make small ones"

    def settings(self, item: Emulation) -> dict[str, Any]:
        """All that decides on the result."""
        source = {"universe": str(item.given.path)} if item.given else {"seed": item.seed, "cells": item.cells}
        size = item.given.box_size if item.given else item.box_size
        weights = weights_path(self.run)
        return {
            "emulator": self.run.name,
            "weights": checksum(weights) if weights.name != "checkpoint.pt" else f"step {self.learner.step}",
            "start": self.recipe.start.way.name,
            "box_size": size,
            "cosmology": item.cosmology.told(),
            "outputs": list(item.redshifts),
            **source,
        }

    def beyond(self, item: Emulation) -> list[str]:
        """The numbers of a cosmology that lie well beyond those trained on."""
        constants, told = self.learner.constants, []
        for name, value in zip(("omega_matter", "sigma8"), style(item.cosmology, 0.0), strict=False):
            if not constants[f"{name}_lowest"] - FAR <= value <= constants[f"{name}_highest"] + FAR:
                told.append(f"{name} = {getattr(item.cosmology, name):g}")
        return told

    def make(
        self, path: Path, item: Emulation, provenance: Mapping[str, Any] | None = None, progress: Progress = silent
    ) -> Universe:
        """Make one universe and write it to `path`, whole or not at all. Raises: InputError, ResourceError."""
        progress(0.0, "initial conditions")
        delta = item.linear(str(self.learner.device))
        check_fits(self.run, item.name, item.cosmology, delta.cell_size)
        fields, catalogues = self.recipe.emulate(
            self.learner, delta, item.cosmology, item.redshifts, part(progress, 0.05, 0.98)
        )
        told = {"beyond_training": beyond} if (beyond := self.beyond(item)) else {}
        return write_universe(
            path,
            name=item.name,
            box_size=delta.box_size,
            cosmology=item.cosmology,
            fields=[delta, *fields],
            catalogues=catalogues,
            provenance={**(provenance or {}), "seed": item.seed, "settings": self.settings(item), **told},
        )


def open_emulator(run: Run) -> EmulatorModel:
    """The trained emulator of a run. Raises: UsageError for a run of another recipe, RunError without weights."""
    model = open_model(run)
    if not isinstance(model.recipe, Emulator) or not isinstance(model.learner, Network):
        raise UsageError(f"run {run.name} is of the recipe {model.recipe.name}", "train one: `halodeck train emulator`")
    return EmulatorModel(run, model.recipe, model.learner)
