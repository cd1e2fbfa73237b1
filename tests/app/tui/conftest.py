"""Folders for the workbench to look at."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from app.tui.frame import follow
from core.cosmos.box import Field
from core.cosmos.universe import Universe, write_universe


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of runs that is looked at often."""
    monkeypatch.setattr(follow, "EVERY", 0.1)
    return tmp_path / "runs"


@pytest.fixture
def deck(universes: list[Universe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder to be in: universes/ with u1 to u3, runs/ with a prediction for u1; no settings of the user."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    Path("universes").mkdir()
    for universe in universes[:3]:
        shutil.copy(universe.path, "universes")
    first = universes[0]
    probability = np.random.default_rng(3).random((16, 16, 16)).astype(np.float32)
    write_universe(
        Path("runs") / "halonet-001" / "predictions" / f"{first.name}.h5",
        name=first.name,
        box_size=first.box_size,
        cosmology=first.cosmology,
        fields=[Field("probability", probability, first.box_size, "probability")],
        catalogues={"halonet": first.catalogue("fof")},
        provenance={"run": "runs/halonet-001"},
        kind="prediction",
    )
    return tmp_path
