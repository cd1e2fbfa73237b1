"""Void probabilities against counted spheres, unclustered points and a lattice."""

import numpy as np
import pytest

from core.cosmos.box import Array, nearest_image
from core.cosmos.measures.voids import void_probability
from core.errors import InputError


def points(count: int, seed: int = 1) -> Array:
    return np.random.default_rng(seed).uniform(0, 50.0, (count, 3))


def test_spheres_counted_one_by_one() -> None:
    positions, radii = points(60), np.array([3.0, 6.0, 9.0])
    measured = void_probability(positions, 50.0, radii, spheres=400, seed=3)
    centres = np.random.default_rng(3).uniform(0, 50.0, (400, 3))
    distance = np.linalg.norm(nearest_image(centres[:, None] - positions, 50.0), axis=-1)
    expected = [(distance > radius).all(axis=1).mean() for radius in radii]
    np.testing.assert_allclose(measured.probability, expected)
    assert measured.density == 60 / 50.0**3
    moved = void_probability(positions + np.array([50.0, -100.0, 0.0]), 50.0, radii, spheres=400, seed=3)
    np.testing.assert_array_equal(moved.probability, measured.probability)


def test_unclustered_points_follow_poisson() -> None:
    """Within 3 of the quoted errors, which hold the scatter of the points and that of the spheres."""
    radii = np.linspace(1.0, 4.0, 7)
    pulls = []
    for seed in range(6):
        measured = void_probability(points(1000, seed), 50.0, radii, spheres=20_000, seed=100 + seed)
        pulls.append((measured.probability - measured.poisson) / measured.error)
    assert np.abs(pulls).max() < 3
    assert 0.6 < np.std(pulls) < 1.4  # radii are correlated: some 15 independent values
    assert measured.poisson[0] == pytest.approx(np.exp(-0.008 * 4 / 3 * np.pi))


def test_a_lattice_leaves_no_large_void() -> None:
    axis = np.arange(10) * 5.0
    positions = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    measured = void_probability(positions, 50.0, np.array([2.0, 4.331]), spheres=50_000)
    # spheres smaller than half the spacing do not overlap: 1 - n V; none is farther than half the cell's diagonal
    assert measured.probability[0] == pytest.approx(1 - 4 / 3 * np.pi * 8 / 125, abs=0.01)
    assert measured.probability[1] == 0


def test_no_objects() -> None:
    with pytest.raises(InputError, match="no objects"):
        void_probability(np.zeros((0, 3)), 50.0, np.array([1.0]))
