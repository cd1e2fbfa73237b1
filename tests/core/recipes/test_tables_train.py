"""The tables that come with a recipe train: every network of them takes a step, on data of a test's size."""

from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_data import data_for

from core.config import read_table, resolve, tables
from core.cosmos.universe import Universe
from core.learning.chain import Chain
from core.runs import registry

SMALL = {
    "ionization": [
        "classes=2",
        "cells=24",
        "dense.side=12",
        "split.validation=1",
        "split.test=1",
        "batch=2",
        "autoencoder.filters=[4]",
    ],
    "ionization_map": ["crop.size=16", "split.validation=1", "split.test=1", "network.levels=1"],
}
"""What makes the data of tests fit."""


@pytest.mark.parametrize("name", list(SMALL))
@pytest.mark.parametrize("table", ["cpu", "gpu"])
def test_every_network_of_a_table_takes_a_step(
    name: str, table: str, universes: list[Universe], tmp_path: Path
) -> None:
    assert table in tables(name)
    settings: Any = resolve(registry.load(name), read_table(name, table), SMALL[name])
    device = torch.device("cpu")
    samples = settings.samples(data_for(settings.product, universes, tmp_path), device)
    learner = settings.learner(device)
    if isinstance(learner, Chain):
        for link in learner.links.values():
            link.network.steps = 1
        learner.steps = len(learner.links)
    steps = [step.values["loss"] for step in islice(learner.fit(samples), len(getattr(learner, "links", "x")))]
    assert len(steps) == len(getattr(learner, "links", "x"))
    assert learner.validate(samples)["loss"] > -100
