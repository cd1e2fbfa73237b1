"""Labels that a probability mends, and how a calibration is judged."""

from __future__ import annotations

import numpy as np
import pytest

from core.cosmos.box import Array, Catalogue
from core.protohalos.growth import Growth, calibrate, from_constants, score
from core.protohalos.regions import catalogue

N = 12


@pytest.fixture
def label() -> Array:
    label = np.zeros((N, N, N), dtype=np.int32)
    label[1:4, 1:4, 1:4] = 1
    label[7:9, 7:9, 7:9] = 2
    return label


def halos_of(label: Array) -> Catalogue:
    return catalogue(label, np.bincount(label.reshape(-1))[1:], float(N), 1.0, "made")


def test_unlikely_cells_leave_and_likely_ones_join(label: Array) -> None:
    chance = np.where(label > 0, 0.9, 0.05).astype(np.float32)
    chance[1, 1, 1], chance[9, 7, 7], chance[5, 5, 5] = 0.01, 0.85, 0.95
    mended, cells = Growth(0.1, 0.8)(label, chance, 4)
    assert mended[1, 1, 1] == 0
    assert mended[9, 7, 7] == 2
    assert mended[5, 5, 5] == 0  # touches none
    np.testing.assert_array_equal(cells, [26, 9])
    assert list(Growth(0.1, 0.8)(label, chance, 10)[1]) == [26]


def test_the_score_counts_large_halos_as_much_as_all(label: Array) -> None:
    truth = halos_of(label)  # of 27 and 8 cells
    assert score([(truth, truth)]) == 1
    none = halos_of(np.zeros_like(label))
    assert score([(truth, none)]) == -1
    # five times 8 is more than the largest has: only the first half of the mean is left
    only_large = halos_of(np.where(label == 1, label, 0))
    assert score([(truth, only_large)]) == pytest.approx(0.5 - 0.5)
    many = np.zeros((N, N, N), dtype=np.int32)
    many[:4, :4, :4] = 1
    many[6:8, 6:8, 6:8], many[10, 10, 9:11] = 2, 3
    truth = halos_of(many)  # 64, 8 and 2 cells
    missed = halos_of(np.where(many == 1, 0, np.maximum(many - 1, 0)))
    # of all two of three, of those above ten cells none
    assert score([(truth, missed)]) == pytest.approx((2 / 3 - 1 / 3 + 0 - 1) / 2)
    assert score([(none, truth)]) == 0


def test_calibration_finds_what_mends(label: Array) -> None:
    rng = np.random.default_rng(1)
    chance = np.where(label > 0, 0.9, 0.0).astype(np.float32)
    shrunk = np.where(rng.random(label.shape) < 0.7, label, 0).astype(np.int32)
    found = calibrate([(shrunk, chance)], [halos_of(label)], 1.0, 4)
    np.testing.assert_array_equal(found(shrunk, chance, 4)[0], label)
    assert from_constants(found.as_constants()) == found
