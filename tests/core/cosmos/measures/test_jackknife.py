"""The jackknife against its textbook definition and against counts whose scatter is known."""

import numpy as np
import pytest

from core.cosmos.measures.jackknife import SUBCUBES, jackknife_error, subcube


def test_subcubes_tile_the_box() -> None:
    axis = (np.arange(6) + 0.5) / 6 * 30.0
    positions = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    index = subcube(positions, 30.0)
    assert np.bincount(index).tolist() == [8] * SUBCUBES
    np.testing.assert_array_equal(subcube(positions + np.array([30.0, -60.0, 0.0]), 30.0), index)
    assert subcube(np.array([[0.0, 10.0, 20.0], [30.0, 9.999, 29.999]]), 30.0).tolist() == [5, 2]


def test_equal_weights_give_the_error_of_a_mean() -> None:
    values = np.random.default_rng(1).normal(size=(27, 4))
    expected = values.std(axis=0, ddof=1) / np.sqrt(27)
    np.testing.assert_allclose(jackknife_error(values, np.ones(27)), expected)


def test_unequal_weights_by_leaving_out_one_by_one() -> None:
    rng = np.random.default_rng(2)
    totals, weights = rng.poisson(20, (5, 1)).astype(float), rng.uniform(1, 2, 5)
    rest = [np.delete(totals[:, 0], i).sum() / np.delete(weights, i).sum() for i in range(5)]
    expected = np.sqrt(4 / 5 * sum((r - np.mean(rest)) ** 2 for r in rest))
    assert jackknife_error(totals, weights)[0] == pytest.approx(expected)


def test_random_points_have_poisson_errors() -> None:
    rng = np.random.default_rng(3)
    positions = rng.uniform(0, 1, (40, 2000, 3))
    counts = np.array([np.bincount(subcube(p, 1.0), minlength=27) for p in positions]).T
    error = jackknife_error(counts, np.full(27, 1 / 27))
    # 26 degrees of freedom each: 14 % scatter of one error, 2 % of the mean of 40
    assert error.mean() == pytest.approx(np.sqrt(2000), rel=0.08)
