"""Two processes learn what one does that accumulates two batches: losses, weights and moments to the last bit."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from identical import of
from tiny_data import data_for

from core.config import read_table, resolve
from core.cosmos.universe import Universe
from core.runs import registry

ROOT = Path(__file__).parents[3]
STEPS = 3
CHANGED = {"halonet": ["network.batch_norm=true", "network.dropout=0.2"], "density": ["accumulate=1"]}
"""Settings besides those of the tables [smoke]: what draws and what remembers is to be among what is compared; of two
batches there is one sum, of more the order counts."""


def networks() -> list[str]:
    """Every recipe that learns by gradients."""
    return [name for name in registry.names() if registry.load(name).product != "table"]


@pytest.fixture(scope="module")
def asked(universes: list[Universe], tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, list[str]]]:
    """Settings and universes of every network."""
    found = {}
    for name in networks():
        settings = resolve(registry.load(name), read_table(name, "smoke"), CHANGED.get(name, []))
        data = data_for(settings.product, universes, tmp_path_factory.mktemp(name))
        found[name] = (settings.model_dump(mode="json"), [str(universe.path) for universe in data])
    return found


@pytest.fixture(scope="module")
def learnt(asked: dict[str, tuple[Any, list[str]]], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What two ranks learn, and what one process does."""
    folder = tmp_path_factory.mktemp("ranks")
    together = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    ways = {"two": (together, 1), "one": ([], 2)}
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    found = {}
    for way, (launcher, accumulate) in ways.items():
        torch.save({name: (*how, STEPS, accumulate) for name, how in asked.items()}, folder / "job.pt")
        done = subprocess.run(
            [sys.executable, *launcher, str(ROOT / "tests" / "ranked.py"), str(folder / "job.pt"), str(folder / way)],
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        found[way] = torch.load(folder / way, weights_only=True)
    return found


@pytest.mark.parametrize("name", networks())
def test_two_ranks_learn_what_one_process_does(name: str, learnt: dict[str, Any]) -> None:
    two, one = (learnt[way][name] for way in ("two", "one"))
    assert two["steps"] == one["steps"]
    assert two["validation"] == pytest.approx(one["validation"], rel=1e-12, nan_ok=True)  # sums of another alignment
    assert of(two["state"]) == of(one["state"])
