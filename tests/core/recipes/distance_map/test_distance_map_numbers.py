"""The numbers and figures of distance maps on arrays whose answer is known."""

import numpy as np
import pytest
import torch

from core.cosmos.box import Array, Catalogue
from core.learning.metrics import correlation
from core.recipes.distance_map.figures import SIGMAS, cumulative, masses, voxel_masses
from core.recipes.distance_map.numbers import loss, mass_function_deviation
from core.recipes.distance_map.recipe import validation_metrics


def test_numbers_by_hand() -> None:
    truth, guess = np.array([1.0, 0.5, 0.0, 0.0]), np.array([0.5, 0.5, 0.5, 0.0])
    assert loss(guess, truth, "squared") == pytest.approx(0.5 / 4 / 0.375)
    assert loss(guess, truth, "l1") == pytest.approx(1 / 1.5)
    assert loss(np.zeros(4), truth, "l1") == 1
    assert correlation(truth, guess) == pytest.approx(np.corrcoef(truth, guess)[0, 1])
    output = torch.tensor(guess).reshape(1, 1, 1, 2, 2)
    assert validation_metrics(output, torch.tensor(truth).reshape(1, 1, 2, 2)) == pytest.approx(
        {"correlation": np.corrcoef(truth, guess)[0, 1]}
    )

    def halos(mass: Array) -> Catalogue:
        return Catalogue({"mass": np.sort(mass)[::-1]}, 10.0)

    true = halos(np.repeat([1e12, 1e13], 20))
    edges = masses([true], 1e12)
    assert cumulative([true], edges)[[0, 1, -1]].tolist() == [40, 20, 20]
    assert mass_function_deviation([true], [true], 1e12) == 0
    # 30 and 10 of 40 and 20: at most masses half of the halos are missing
    assert mass_function_deviation([true], [halos(np.repeat([1e12, 1e13], [20, 10]))], 1e12) == 0.5


def test_contours_hold_the_sigmas() -> None:
    rng = np.random.default_rng(1)
    true = rng.uniform(12, 15, 400_000)
    figure = voxel_masses([np.stack([true, true + 0.2 * rng.standard_normal(len(true))])], 10**11.0, bins=400)
    contours, equal = figure.contours
    cells = len(equal.values)
    assert np.abs(equal.values[range(cells), range(cells)]).max() == 0
    assert contours.levels == SIGMAS
    low, high = figure.extent[:2]
    centre = low + (high - low) * (np.arange(400) + 0.5) / 400
    column = int(np.argmin(np.abs(centre - 13.5)))
    for level, sigmas in zip(SIGMAS[1:], (2, 1), strict=True):
        inside = centre[contours.values[:, column] > level]
        assert (inside.max() - inside.min()) / 2 == pytest.approx(0.2 * sigmas, rel=0.15)
