"""What every recipe for protohalos refuses in the same words: settings, universes and fields."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest
import torch

from core.config import read_table, resolve
from core.cosmos.universe import Universe, open_universe
from core.errors import InputError
from core.learning.learner import Network
from core.recipes.distance_map.recipe import DistanceMap
from core.recipes.halonet.recipe import HaloNet
from core.runs import registry
from core.runs.run import Run

CPU = torch.device("cpu")
Smoke: TypeAlias = Callable[..., HaloNet | DistanceMap]


@pytest.fixture(params=["halonet", "distance_map"])
def smoke(request: pytest.FixtureRequest) -> Smoke:
    """`smoke("steps=3")` is the recipe's table [smoke] with this setting."""

    def resolved(*overrides: str) -> HaloNet | DistanceMap:
        settings = resolve(registry.load(request.param), read_table(request.param, "smoke"), list(overrides))
        assert isinstance(settings, HaloNet | DistanceMap)
        return settings

    return resolved


@pytest.fixture
def learner(smoke: Smoke, universes: list[Universe]) -> Network:
    """An untrained network that knows what it would have been trained on."""
    made = smoke().learner(CPU)
    made.constants.update(smoke().samples(universes, CPU).constants)
    return made


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["split.test=3"], "4 universes leave none to train on .*: give at least 5"),
        (["network.levels=5"], "crop.size sees 16 cells, which 5 levels cannot halve: choose a multiple of 32"),
        (["crop.context=1"], "crop.size sees 18 cells"),
        (["crop.tile=10"], "crop.tile sees 10 cells"),
        (["crop.tile=16", "crop.buffer=8"], "crop.buffer of 8 cells leaves nothing of a crop.tile of 16"),
        (["truth=peakpatch"], "has no peakpatch halos to learn from: simulate it with `--truth both`"),
    ],
)
def test_settings_that_do_not_fit(smoke: Smoke, universes: list[Universe], overrides: list[str], words: str) -> None:
    smoke().check(universes)
    with pytest.raises(InputError, match=words):
        smoke(*overrides).check(universes)


def test_universes_that_do_not_fit(smoke: Smoke, universes: list[Universe], done_run: Run, learner: Network) -> None:
    prediction = open_universe(done_run.path / "predictions" / "u4.h5")
    with pytest.raises(InputError, match="is a prediction without delta_linear: give a universe"):
        smoke().check([*universes, prediction])
    with pytest.raises(InputError, match="is a prediction without delta_linear"):
        smoke().predict(learner, prediction)
    with pytest.raises(InputError, match=r"cells of 1\.5625, 3\.125 Mpc/h: train on one cell size"):
        smoke().check([*universes, replace(universes[0], box_size=50.0)])
    with pytest.raises(InputError, match=r"cells of 3\.125 Mpc/h, the network was trained on 1\.5625"):
        smoke().predict(learner, replace(universes[0], box_size=50.0))
    with pytest.raises(InputError, match="has no halos to learn from"):
        smoke().check([*universes, replace(universes[0], halos={})])
    with pytest.raises(InputError, match=r"crop\.tile sees 10 cells"):
        smoke("crop.tile=10").predict(learner, universes[0])


@pytest.mark.parametrize(("bad", "words"), [(np.nan, "holds 1 value that is not finite"), (None, "is constant")])
def test_fields_that_cannot_be_used(
    smoke: Smoke, universes: list[Universe], learner: Network, tmp_path: Path, bad: float | None, words: str
) -> None:
    path = tmp_path / "u2.h5"
    path.write_bytes(universes[1].path.read_bytes())
    info = universes[1].fields["delta_linear"]
    values = np.memmap(path, info.dtype, "r+", info.offset, info.shape)
    if bad is None:
        values[...] = 0.5
    else:
        values[3, 4, 5] = bad
    values.flush()
    universe = open_universe(path)
    with pytest.raises(InputError, match=words):
        smoke().samples([universe, *universes], CPU)
    with pytest.raises(InputError, match=words):
        smoke().predict(learner, universe)
