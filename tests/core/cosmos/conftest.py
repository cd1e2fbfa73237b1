"""One evolved universe for all tests of what evolution makes."""

from pathlib import Path

import pytest

from core.cosmos.cosmology import PRESETS, Cosmology
from core.cosmos.simulate import Evolution, Simulation, simulate
from core.cosmos.universe import Universe


@pytest.fixture(scope="session")
def planck() -> Cosmology:
    """The cosmology of all reference numbers."""
    return PRESETS["planck2015"]


@pytest.fixture(scope="session")
def universe(tmp_path_factory: pytest.TempPathFactory, planck: Cosmology) -> Universe:
    """64^3 particles in 64 Mpc/h with the default evolution, kept at z = 1 and 0."""
    path: Path = tmp_path_factory.mktemp("universe") / "planck-64.h5"
    evolution = Evolution(outputs=(1.0, 0.0), device="cpu")
    return simulate(path, Simulation(64, 64.0, planck, 1, evolution))
