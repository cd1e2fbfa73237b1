"""Groups found slab by slab are those found at once."""

import numpy as np
import pytest

from core.cosmos import halos, slabs
from core.cosmos.box import Array, lattice
from core.cosmos.halos import friends_of_friends, measure
from core.cosmos.slabs import friends_by_slabs


@pytest.fixture(scope="module")
def positions() -> Array:
    """128^3 particles of 64 Mpc/h: half of them in 8,000 clumps of many sizes, also across all faces."""
    rng = np.random.default_rng(3)
    count = 128**3
    clump = (8000 * rng.random(count // 2) ** 3).astype(int)
    centres, size = rng.uniform(0, 64, (8000, 3)), rng.uniform(0.02, 0.3, 8000)
    clumped = centres[clump] + size[clump, None] * rng.normal(size=(count // 2, 3))
    return rng.permutation(np.concatenate([clumped, rng.uniform(0, 64, (count // 2, 3))])).astype(np.float32)


@pytest.fixture(scope="module")
def whole(positions: Array) -> Array:
    return friends_of_friends(positions, 64.0, 20)


def test_eight_slabs_are_the_whole(positions: Array, whole: Array) -> None:
    length = 0.2 * 64 / 128
    # groups lie across borders: without the joining they would be cut
    x = np.mod(positions[:, 0].astype(np.float64), 64.0)
    crossing = np.intersect1d(whole[x % 8 > 7.9], whole[x % 8 < 0.1])
    assert len(crossing) > 100
    assert whole.max() > 1000
    np.testing.assert_array_equal(friends_by_slabs(positions, 64.0, length, 20, 8), whole)


@pytest.mark.parametrize("count", [1, 2, 3, 10_000])
def test_any_number_of_slabs_and_rows(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slabs, "ROWS", 1000)
    rng = np.random.default_rng(1)
    chain = np.stack([np.arange(0, 20, 0.15), np.full(134, 5.0), np.full(134, 19.99)], axis=1)  # around the box
    points = np.concatenate([rng.uniform(-20, 40, (8000, 3)), chain, rng.normal(0, 0.3, (500, 3))])
    expected = friends_of_friends(points, 20.0, 5, 0.2 / (20 / len(points) ** (1 / 3)))
    np.testing.assert_array_equal(friends_by_slabs(points, 20.0, 0.2, 5, count), expected)


def test_many_particles_are_linked_by_slabs(monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.default_rng(2).normal(0, 1, (3000, 3)).astype(np.float32)
    expected = friends_of_friends(points, 20.0, 5)
    monkeypatch.setattr(halos, "SLAB", 500)
    np.testing.assert_array_equal(friends_of_friends(points, 20.0, 5), expected)


def test_halos_measured_in_parts_are_the_same(positions: Array, whole: Array, monkeypatch: pytest.MonkeyPatch) -> None:
    few, labels = positions[: 1 << 19], whole[: 1 << 19]
    labels = np.unique(labels, return_inverse=True)[1].reshape(-1)
    arguments = (few, -few, lattice(128, 64.0)[: 1 << 19], 64.0, 1e10, 0.0)
    once = measure(labels, *arguments)
    monkeypatch.setattr(halos, "PART", 10_007)
    parts = measure(labels, *arguments)
    for name, values in once.columns.items():
        np.testing.assert_array_equal(parts[name], values)


def test_nothing_is_no_group() -> None:
    points = lattice(8, 8.0)
    assert not friends_by_slabs(points, 8.0, 0.2, 5, 4).any()
