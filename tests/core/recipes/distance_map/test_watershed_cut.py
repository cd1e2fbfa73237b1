from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from core.cosmos.box import Array
from core.recipes.distance_map.cut import (
    RAREST,
    Relation,
    calibrate,
    cut,
    cut_uniformly,
    from_constants,
    knots,
    trajectories,
)
from core.recipes.distance_map.watershed import watershed


def smooth_field(seed: int, cells: int = 32) -> Array:
    field = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal((cells,) * 3), 1.5, mode="wrap")
    return np.maximum(field / field.std(), 0).astype(np.float32)


def test_trajectories_are_means_of_the_highest_cells() -> None:
    field = smooth_field(1)
    basins = watershed(field)
    volumes = np.array([1, 5, 40])
    lines = trajectories(field, basins, volumes)
    for region in (0, 3, len(basins.cells) - 1):
        inside = np.sort(field[basins.label == region + 1])[::-1]
        radius = (3 * len(inside) / (4 * np.pi)) ** (1 / 3)
        for column, volume in enumerate(volumes):
            expected = radius * inside[:volume].mean() if volume <= len(inside) else np.nan
            assert lines[region, column] == pytest.approx(expected, rel=1e-5, nan_ok=True)


def test_a_sphere_has_a_quarter_of_its_radius() -> None:
    axis = np.arange(48) - 24.0
    distance = np.maximum(1 - np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2) / 18, 0)
    basins = watershed(distance)
    assert basins.unit[0] == pytest.approx(18, rel=0.01)
    # the mean of 1 - r / R over a ball is 1 / 4
    assert trajectories(distance, basins, basins.cells)[0, 0] == pytest.approx(18 / 4, rel=0.02)


def test_the_cut_ends_where_the_trajectory_meets_the_relation() -> None:
    field = smooth_field(2)
    basins = watershed(field)
    relation = Relation(np.array([5.0, 60.0]), np.array([1.0, 3.0]))
    label, cells = cut(field, basins, relation, 1)
    assert cells.tolist() == np.bincount(label[label > 0])[1:].tolist()
    kept = {int(basins.label[label == number][0]): int(count) for number, count in enumerate(cells, start=1)}
    for region in (1, 7, 30):
        volumes = np.arange(1, basins.cells[region - 1] + 1)
        above = trajectories(field, basins, volumes)[region - 1] >= relation(volumes.astype(float))
        stop = len(volumes) if above.all() else int(np.argmin(above))
        assert kept[region] == stop
        # the highest cells stay
        inside = field[basins.label == region]
        assert field[(basins.label == region) & (label > 0)].min() >= np.sort(inside)[::-1][stop - 1]


def test_no_relation_cuts_nothing() -> None:
    field = smooth_field(3)
    basins = watershed(field)
    label, cells = cut(field, basins, Relation(np.array([]), np.array([])), 4)
    assert cells.tolist() == basins.cells[basins.cells >= 4].tolist()
    np.testing.assert_array_equal(label, np.where(basins.label <= len(cells), basins.label, 0))


def test_calibrated_counts_are_the_true_ones() -> None:
    fields = [smooth_field(seed) for seed in (4, 5)]
    basins = [watershed(field) for field in fields]
    # a truth of regions somewhat smaller than those flooded, in other proportions than any one level would give
    rng = np.random.default_rng(6)
    true = [np.sort(b.cells * rng.uniform(0.2, 0.8, len(b.cells)))[::-1] for b in basins]
    relation = calibrate(zip(fields, basins, strict=True), np.concatenate(true), 8)
    assert (relation.distance > 0).all()
    found = np.concatenate([cut(f, b, relation, 1)[1] for f, b in zip(fields, basins, strict=True)])
    every = np.concatenate(true)
    for volume in relation.volume:
        assert (found >= volume).sum() == pytest.approx((every >= volume).sum(), abs=2 + 0.02 * len(every))
    uncut = np.concatenate([b.cells for b in basins])
    assert (uncut >= 100).sum() > 1.3 * (every >= 100).sum()


def test_a_uniform_cut_leaves_as_many_of_the_smallest() -> None:
    field = smooth_field(5)
    basins = watershed(field)
    true = np.linspace(8, 200, 12)
    level = calibrate([(field, basins)], true, 8).uniform
    label, cells = cut_uniformly(field, basins, level, 8)
    assert len(cells) == 12
    inside = label > 0
    assert field[inside].min() > level
    # what is above the level and is left out belongs to regions that are too small
    left_out = (field > level) & ~inside
    assert np.bincount(basins.label[left_out]).max() < 8
    # no region is cut by another's
    assert all(len(np.unique(basins.label[label == number])) == 1 for number in range(1, 13))


def test_fewer_regions_than_halos_are_all_kept() -> None:
    field = smooth_field(7)
    basins = watershed(field)
    relation = calibrate([(field, basins)], np.full(10 * len(basins.cells), 50.0), 4)
    assert cut(field, basins, relation, 1)[1].tolist() == basins.cells.tolist()


def test_no_true_halo_leaves_none() -> None:
    field = smooth_field(8)
    basins = watershed(field)
    relation = calibrate([(field, basins)], np.zeros(0), 10)
    assert len(cut(field, basins, relation, 10)[1]) == 0


def test_knots_reach_to_the_rare_halos() -> None:
    volumes = np.concatenate([np.full(100, 12.0), np.full(RAREST, 1200.0), [50_000.0]])
    assert knots(volumes, 10)[[0, -1]].tolist() == pytest.approx([10, 1200])
    assert knots(volumes[:3], 10).tolist() == [10]


def test_relation_is_linear_in_log_volume() -> None:
    relation = Relation(np.array([10.0, 1000.0]), np.array([1.0, 3.0]))
    np.testing.assert_allclose(relation(np.array([5.0, 10.0, 100.0, 1000.0, 8000.0])), [0, 1, 2, 3, 6])
    constants = {**replace(relation, uniform=0.3).as_constants("cut"), "sigma": 1.0}
    assert all(type(value) is float for value in constants.values())
    again = from_constants(constants, "cut")
    np.testing.assert_array_equal(again.volume, relation.volume)
    np.testing.assert_array_equal(again.distance, relation.distance)
    assert again.uniform == 0.3
    del constants["cut.uniform"]
    assert len(from_constants(constants, "cut").volume) == 2
    assert len(from_constants(constants, "baseline.cut").volume) == 0
