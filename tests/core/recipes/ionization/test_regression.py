"""Numbers told with errors: what is calibrated holds, and what tells nothing says so."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.cosmos.box import Field
from core.cosmos.cosmology import preset
from core.cosmos.universe import Universe, write_universe
from core.learning.samples import Batch
from core.recipes.ionization.regression import (
    Quantity,
    Told,
    calibrated,
    normalisation,
    normalised,
    physical,
    quantity,
    tell,
)
from core.recipes.ionization.slices import LabelledCube, Slices
from core.recipes.ionization.told import JudgedCube, coverage, over_seeds, regression_numbers


class Fixed:
    """A network that tells the mean of a plane, with a deviation of its own choice."""

    def __init__(self, deviation: float) -> None:
        self.log_variance = 2 * math.log(deviation)

    def predict(self, inputs: torch.Tensor) -> torch.Tensor:
        mean = inputs.mean((1, 2, 3))
        return torch.stack([mean, torch.full_like(mean, self.log_variance)], 1)


def universe(path: Path, seed: int, redshift: float, neutral: float) -> Universe:
    values = np.full((8, 8, 8), neutral - 0.125, dtype=np.float32)
    values[::2] += 0.25  # a field of one value is refused
    fields = [
        Field(name, values, 8.0, units, redshift, "eulerian")
        for name, units in (("brightness_temperature", "mK"), ("neutral_fraction", ""))
    ]
    return write_universe(
        path,
        name=path.stem,
        box_size=8.0,
        cosmology=preset("planck2015"),
        fields=fields,
        catalogues={},
        provenance={"seed": seed, "settings": {"escape_fraction": 0.07}},
    )


@pytest.fixture
def cubes(tmp_path: Path) -> list[Universe]:
    return [universe(tmp_path / f"c{i}.h5", i, 7.0 + i, 0.25 * (i + 1)) for i in range(3)]


def test_what_a_cube_holds(cubes: list[Universe]) -> None:
    held: tuple[Quantity, ...] = ("redshift", "neutral_fraction", "escape_fraction")
    assert [quantity(cubes[1], name) for name in held] == [
        8.0,
        0.5,
        0.07,
    ]
    names = held[:2]
    constants = normalisation(cubes, names)
    rows = np.array([normalised(cube, names, constants) for cube in cubes])
    np.testing.assert_allclose(rows.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(rows.std(0), 1)
    np.testing.assert_allclose(physical(rows, names, constants), np.array([[7, 0.25], [8, 0.5], [9, 0.75]]))


@pytest.mark.parametrize("claimed", [0.03, 0.3, 3.0])
def test_errors_are_scaled_to_those_that_are_found(claimed: float) -> None:
    """Whatever deviation a network claims, calibrated intervals hold the share of planes that they should."""
    draw = np.random.default_rng(1)

    def cubes(count: int) -> list[LabelledCube]:
        return [
            LabelledCube(torch.full((10, 10, 10), float(draw.normal())), 0, (float(draw.normal(0, 0.3)),))
            for _ in range(count)
        ]

    def off_by(some: list[LabelledCube]) -> list[LabelledCube]:
        # the truth is the mean of the plane and noise of 0.3
        return [LabelledCube(c.values, 0, (float(c.values[0, 0, 0]) + c.quantities[0],)) for c in some]

    network: Any = Fixed(claimed)
    samples = Slices([], off_by(cubes(400)), 1, 4, seed=1)
    constants = {"mean.redshift": 0.0, "deviation.redshift": 1.0} | calibrated(network, ("redshift",), samples)
    assert constants["scale.redshift"] * claimed == pytest.approx(0.3, rel=0.1)
    unseen = off_by(cubes(400))
    told = [tell(network, constants, ("redshift",), c.values[:1], 4) for c in unseen]
    for width, share in ((0.994458, 0.68), (1.959964, 0.95)):
        held = [
            abs(t.value[0, 0] - c.quantities[0]) <= width * t.deviation[0, 0] for t, c in zip(told, unseen, strict=True)
        ]
        assert float(np.mean(held)) == pytest.approx(share, abs=0.07)


def judged(cubes: list[Universe], values: list[float], deviation: float = 0.1) -> list[JudgedCube]:
    return [
        JudgedCube(
            cube,
            0,
            {},
            np.array([quantity(cube, "redshift")]),
            Told(np.full((4, 1), value), np.full((4, 1), deviation)),
            np.full((4, 1), value),
        )
        for cube, value in zip(cubes, values, strict=True)
    ]


def test_numbers_tell_the_truth_from_the_mean_and_from_another_seed(cubes: list[Universe]) -> None:
    constants = {"mean.redshift": 8.0, "scale.redshift": 1.0}

    def numbers(values: list[float]) -> dict[str, float | None]:
        return {n.key: n.value for n in regression_numbers(("redshift",), constants, judged(cubes, values))}

    truth, mean, other = numbers([7, 8, 9]), numbers([8, 8, 8]), numbers([9, 7, 8])
    assert truth["rms_redshift"] == 0
    assert truth["within_68_redshift"] == truth["within_95_redshift"] == 1
    alone = math.sqrt(2 / 3)
    assert mean["rms_redshift"] == pytest.approx(alone)
    assert other["rms_redshift"] == pytest.approx(math.sqrt(2))
    assert other["within_95_redshift"] == 0
    [baseline] = {
        n.baseline for n in regression_numbers(("redshift",), constants, judged(cubes, [7, 8, 9])) if "rms" in n.key
    }
    assert baseline == pytest.approx(alone)


def test_cubes_of_one_seed_are_one_witness(cubes: list[Universe], tmp_path: Path) -> None:
    twice = [*cubes, universe(tmp_path / "again.h5", 2, 11.0, 0.9)]
    some = judged(twice, [0, 0, 0, 0])
    value, error = over_seeds(some, [1.0, 2.0, 3.0, 5.0])
    assert value == pytest.approx(11 / 4)
    assert error == pytest.approx(np.std([1, 2, 4], ddof=1) / math.sqrt(3))
    assert over_seeds(some[:1], [1.0]) == (1.0, None)
    assert over_seeds(some, [math.nan] * 4) == (None, None)


def test_what_a_cube_does_not_hold_is_not_judged(cubes: list[Universe]) -> None:
    [item] = judged(cubes[:1], [7])
    unknown = JudgedCube(item.universe, 0, {}, np.array([np.nan]), item.told, item.by_trees)
    assert np.isnan(coverage(unknown, 1.0)).all()
    found = list(regression_numbers(("redshift",), {"mean.redshift": 8.0, "scale.redshift": 1.0}, [unknown]))
    assert all(number.value is None for number in found)


def test_targets_hold_classes_then_numbers() -> None:
    samples = Slices([LabelledCube(torch.zeros(10, 10, 10), 1, (0.5, -2.0))] * 1, [], 2, 3, seed=1)
    assert isinstance(samples._batch(torch.zeros(1, 10, 10), samples.training_cubes), Batch)
    assert samples._batch(torch.zeros(1, 10, 10), samples.training_cubes).targets.tolist() == [[0.0, 1.0, 0.5, -2.0]]
