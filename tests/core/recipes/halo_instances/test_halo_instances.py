"""Clusters of an embedding: halos that are known, the border of the box, growth, and what calibration chooses."""

from __future__ import annotations

import numpy as np
import pytest

from core.analysis.protohalos.report import of_another_paper
from core.cosmos.box import Array
from core.figures import Number, Report
from core.protohalos.growth import grown
from core.protohalos.regions import catalogue
from core.recipes.halo_instances.clusters import Linking, calibrate, from_constants, halos

N = 16


def points(label: Array, spread: float, seed: int = 1) -> Array:
    """A displacement that takes the cells of each halo to `spread` cells about its first one, all others nowhere."""
    rng = np.random.default_rng(seed)
    displacement = np.zeros((3, *label.shape))
    for halo in range(1, label.max() + 1):
        cells = np.argwhere(label == halo)
        offset = cells[0] - cells
        offset -= N * np.round(offset / N).astype(int)
        displacement[(slice(None), *cells.T)] = (offset + rng.normal(0, spread, offset.shape)).T
    return displacement


@pytest.fixture
def label() -> Array:
    """Three halos of 64, 36 and 27 cells that touch each other; the first lies across the border."""
    label = np.zeros((N, N, N), dtype=np.int32)
    label[2:5, 0:4, 0:3] = 2
    label[5:8, 0:3, 0:3] = 3
    label[-2:, 0:4, 0:4] = 1
    label[:2, 0:4, 0:4] = 1
    return label


def test_touching_halos_are_found_one_by_one(label: Array) -> None:
    chance = np.where(label > 0, 0.9, 0.1).astype(np.float32)
    found, cells = halos(chance, points(label, 0.05), Linking(0.3, 0.5, 0.6), 8)
    np.testing.assert_array_equal(cells, [64, 36, 27])
    np.testing.assert_array_equal(found, label)
    merged, cells = halos(chance, np.zeros((3, N, N, N)), Linking(1.1, 0.5, 0.6), 8)  # a mask alone
    assert list(cells) == [127]
    np.testing.assert_array_equal(merged > 0, label > 0)


def test_small_ones_are_dropped_and_unlikely_cells_left_out(label: Array) -> None:
    chance = np.where(label > 0, 0.9, 0.1).astype(np.float32)
    chance[label == 2] = 0.3
    _, cells = halos(chance, points(label, 0.05), Linking(0.3, 0.5, 0.6), 30)
    assert list(cells) == [64]
    _, cells = halos(chance, points(label, 0.05), Linking(0.3, 0.2, 0.6), 30)
    assert list(cells) == [64, 36]


def test_cells_join_the_likeliest_halo_they_touch(label: Array) -> None:
    chance = np.where(label > 0, 0.9, 0.1).astype(np.float32)
    chance[8, 0, 0] = 0.8
    grown_once = grown(label, chance, 0.6)
    assert grown_once[8, 0, 0] == 3
    assert np.count_nonzero(grown_once) == np.count_nonzero(label) + 1
    # between two halos: face to face with both
    bare = np.zeros_like(label)
    bare[4, 4, 4], bare[6, 4, 4] = 1, 2
    chance = np.zeros(label.shape, dtype=np.float32)
    chance[4, 4, 4], chance[5, 4, 4], chance[6, 4, 4] = 0.7, 0.8, 0.9
    assert grown(bare, chance, 0.6)[5, 4, 4] == 2


def test_calibration_chooses_what_finds_the_true_halos(label: Array) -> None:
    chance = np.where(label > 0, 0.9, 0.1).astype(np.float32)
    embedding = points(label, 0.05)
    truth = catalogue(label, np.array([64, 36, 27]), float(N), 1.0, "made")
    linking = calibrate([(chance, embedding)], [truth], 1.0, 8)
    _, cells = halos(chance, embedding, linking, 8)
    assert list(cells) == [64, 36, 27]
    assert from_constants(linking.as_constants()) == linking
    # random places hold no halos, whatever is chosen
    nowhere = np.random.default_rng(3).uniform(-N / 2, N / 2, embedding.shape)
    _, cells = halos(chance, nowhere, calibrate([(chance, nowhere)], [truth], 1.0, 8), 8)
    assert list(cells) != [64, 36, 27]


def test_numbers_of_another_paper_do_not_stand_beside_it() -> None:
    made = Report(
        "r",
        (Number("dice", "Dice", 0.9, paper=0.93), Number("n", "N", 1.0, note="paper: within 10 %")),
        {},
        ("The paper's truth is Peak Patch.",),
    )
    named = of_another_paper(made)
    assert all(number.paper is None for number in named.numbers)
    assert [number.note for number in named.numbers] == [
        "Berger & Stein 2019: 0.93",
        "Berger & Stein 2019: within 10 %",
    ]
    assert named.notes == ("Berger & Stein 2019's truth is Peak Patch.",)
