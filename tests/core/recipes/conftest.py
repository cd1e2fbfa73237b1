"""Universes large enough that the numbers of a report mean something."""

import pytest

from core.cosmos.universe import Universe, open_universe


@pytest.fixture(scope="session")
def wide_universes(tmp_path_factory: pytest.TempPathFactory) -> list[Universe]:
    """Two universes of 32^3 particles in 50 Mpc/h with N-body halos of at least 8 particles, seeds 11 and 12.

    Their cells are those of `universes`, on which a recipe can be calibrated.
    """
    from core.cosmos.cosmology import preset
    from core.cosmos.simulate import Evolution, Simulation, simulate

    folder = tmp_path_factory.mktemp("wide")
    evolution = Evolution(steps=5, mesh_ratio=2, minimum_particles=8, device="cpu")
    for seed in (11, 12):
        simulate(folder / f"w{seed}.h5", Simulation(32, 50.0, preset("planck2018"), seed, evolution))
    return [open_universe(path) for path in sorted(folder.glob("*.h5"))]
