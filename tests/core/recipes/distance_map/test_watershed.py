import numpy as np
import pytest
from scipy import ndimage

from core.cosmos.box import Array
from core.cosmos.lagrangian import normalised_distance
from core.protohalos.regions import by_size, catalogue, centres
from core.recipes.distance_map.cut import calibrate, cut
from core.recipes.distance_map.watershed import falling, watershed


def balls(cells: int, places: list[tuple[tuple[int, int, int], float]]) -> Array:
    """Labels of spheres in a periodic box, in the given order."""
    axis = np.arange(cells)
    label = np.zeros((cells,) * 3, dtype=np.int32)
    for number, (centre, radius) in enumerate(places, start=1):
        square = [((axis - c + cells / 2) % cells - cells / 2) ** 2 for c in centre]
        label[square[0][:, None, None] + square[1][:, None] + square[2] < radius**2] = number
    return label


def random_balls(cells: int, seed: int, count: int) -> list[tuple[tuple[int, int, int], float]]:
    """Spheres of 2.5 to 8 cells, at least one cell apart, anywhere in the periodic box."""
    rng = np.random.default_rng(seed)
    places: list[tuple[tuple[int, int, int], float]] = []
    while len(places) < count:
        centre, radius = tuple(int(x) for x in rng.integers(cells, size=3)), float(rng.uniform(2.5, 8))
        gaps = [
            np.linalg.norm([(a - b + cells / 2) % cells - cells / 2 for a, b in zip(centre, other, strict=True)]) - r
            for other, r in places
        ]
        if all(gap > radius + 1.8 for gap in gaps):
            places.append((centre, radius))  # type: ignore[arg-type]
    return places


def same_partition(a: Array, b: Array) -> bool:
    """Whether two label fields divide the box alike, whatever the numbers."""
    pairs = np.unique(np.stack([a.reshape(-1), b.reshape(-1)]), axis=1)
    return len(np.unique(pairs[0])) == len(np.unique(pairs[1])) == pairs.shape[1]


def test_known_halos_are_recovered_exactly() -> None:
    places = random_balls(64, 1, 40)
    truth = balls(64, places)
    found = watershed(normalised_distance(truth), prominence=0.05)
    assert len(found.cells) == len(places)
    assert same_partition(found.label, truth)
    halos = catalogue(found.label, found.cells, 64.0, 1e10, "watershed")
    true_mass = np.sort([4 / 3 * np.pi * r**3 for _, r in places])[::-1] * 1e10
    # all of them together: single spheres on a lattice hold a few per cent more or less than their volume
    assert halos["mass"].sum() == pytest.approx(true_mass.sum(), rel=0.02)
    np.testing.assert_array_equal(halos["count"], np.sort(np.bincount(truth[truth > 0])[1:])[::-1])


def test_the_fitted_cut_leaves_a_perfect_prediction_alone() -> None:
    truth = balls(64, random_balls(64, 7, 40))
    distance = normalised_distance(truth)
    basins = watershed(distance, prominence=0.08)
    true = np.sort(np.bincount(truth[truth > 0])[1:])[::-1]
    relation = calibrate([(distance, basins)], true.astype(float), 20)
    label, cells = cut(distance, basins, relation, 20)
    assert len(cells) == (true >= 20).sum()
    np.testing.assert_allclose(cells, true[true >= 20], rtol=0.02)
    assert np.mean((label > 0) == (truth > 0)) > 0.999


def test_touching_halos_are_divided_where_they_touch() -> None:
    truth = balls(32, [((8, 16, 16), 6.2), ((20, 16, 16), 6.2)])
    assert (np.diff(truth, axis=0) == 1).any()  # they do touch
    found = watershed(normalised_distance(truth), prominence=0.05)
    true = np.bincount(truth[truth > 0])[1:]
    assert len(found.cells) == 2
    np.testing.assert_allclose(found.cells, np.sort(true)[::-1], rtol=0.02)


def test_noise_degrades_gracefully() -> None:
    truth = balls(48, random_balls(48, 2, 15))
    clean = normalised_distance(truth)
    rng = np.random.default_rng(3)
    right = []
    for noise in (0.0, 0.02, 0.05, 0.2):
        noisy = np.where(truth > 0, clean + noise * rng.standard_normal(clean.shape), 0)
        found = watershed(noisy, prominence=0.1)
        pairs, count = np.unique(np.stack([found.label, truth])[:, truth > 0], axis=1, return_counts=True)
        best = np.zeros(truth.max() + 1)
        np.maximum.at(best, pairs[1], count)
        right.append(best.sum() / (truth > 0).sum())
    assert right[0] == 1
    assert right[1] > 0.99
    assert right == sorted(right, reverse=True)
    assert right[2] > 0.8


def smooth_field(cells: int, seed: int) -> Array:
    field = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal((cells,) * 3), 2, mode="wrap")
    return (field / field.std()).astype(np.float32)


def test_does_not_depend_on_where_the_box_is_cut() -> None:
    field = smooth_field(24, 4)
    found = watershed(field, prominence=0.1)
    for shift in ((5, 0, 0), (7, 13, 21)):
        moved = watershed(np.roll(field, shift, (0, 1, 2)), prominence=0.1)
        assert same_partition(np.roll(found.label, shift, (0, 1, 2)), moved.label)


def test_every_local_maximum_is_a_basin() -> None:
    field = smooth_field(24, 5)
    floor = 0.3
    highest = ndimage.maximum_filter(field, 3, mode="wrap")
    peaks = (field == highest) & (field > floor)
    found = watershed(field, floor)
    assert len(found.cells) == peaks.sum() > 20
    assert len(np.unique(found.label[peaks])) == peaks.sum()
    np.testing.assert_array_equal(found.label > 0, field > floor)
    # each cell leads uphill to its peak: the steepest neighbour of a cell that is no peak has its label
    padded, labels = np.pad(field, 1, mode="wrap"), np.pad(found.label, 1, mode="wrap")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3, 3)).reshape(*field.shape, 27)
    around = np.lib.stride_tricks.sliding_window_view(labels, (3, 3, 3)).reshape(*field.shape, 27)
    uphill = np.take_along_axis(around, windows.argmax(axis=-1)[..., None], axis=-1)[..., 0]
    np.testing.assert_array_equal(uphill[found.label > 0], found.label[found.label > 0])


def test_prominence_counts_the_peaks_that_persist() -> None:
    line = np.zeros((16, 16, 16), dtype=np.float32)
    line[1:12, 0, 0] = [0.5, 0.9, 0.7, 1.0, 0.3, 0.6, 0.5, 0.55, 0.2, 0.8, 0.4]
    # rises above the pass to a higher peak: .2 of .9, .3 of .6, .05 of .55, .6 of .8, all of 1
    for prominence, count in ((0.0, 5), (0.1, 4), (0.23, 3), (0.51, 2), (0.76, 1)):
        assert len(watershed(line, prominence=prominence).cells) == count
    whole = watershed(line, prominence=0.76)
    assert whole.cells.tolist() == [11]


def test_a_plateau_is_one_peak() -> None:
    field = np.zeros((8, 8, 8), dtype=np.float32)
    field[1:7, 1:7, 3] = 1.0
    assert len(watershed(field).cells) == 1


def test_nothing_above_the_floor() -> None:
    found = watershed(np.zeros((4, 4, 4)), floor=0.0)
    assert len(found.cells) == len(found.order) == found.label.max() == 0
    assert len(catalogue(found.label, found.cells, 8.0, 1.0, "none")) == 0


def test_falling_sorts_like_numpy() -> None:
    rng = np.random.default_rng(6)
    values = rng.random(5000).astype(np.float32) ** 8
    values[rng.integers(5000, size=1000)] = values[7]
    order = falling(values, 0.1)
    expected = np.argsort(-values, kind="stable")
    np.testing.assert_array_equal(order, expected[values[expected] > 0.1])


def test_renumbered_by_size() -> None:
    label = np.array([0, 1, 2, 2, 3, 3, 3, 4], dtype=np.int32)
    new, cells = by_size(label, np.array([1, 2, 3, 1]), minimum=2)
    np.testing.assert_array_equal(new, [0, 0, 2, 2, 1, 1, 1, 0])
    np.testing.assert_array_equal(cells, [3, 2])


def test_centres_lie_across_the_boundary() -> None:
    label = balls(16, [((0, 15, 8), 3.5), ((9, 5, 1), 2.5)])
    np.testing.assert_allclose(centres(label, 2), [[0, 15, 8], [9, 5, 1]], atol=1e-12)
    halos = catalogue(label, np.bincount(label[label > 0])[1:], 32.0, 2.0, "balls")
    np.testing.assert_allclose(halos["position"], [[0, 30, 16], [18, 10, 2]])
    np.testing.assert_allclose(halos["lagrangian_radius"] / 2, [3.5, 2.5], rtol=0.08)


def test_regions_begin_as_labels() -> None:
    """Two bumps on one hill are two basins where labels say so, a bump elsewhere is a third; all else joins them."""
    axis = np.arange(16.0)
    x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    hill = np.clip(1 - np.sqrt((x - 5) ** 2 + (y - 8) ** 2 + (z - 8) ** 2) / 4, 0, 1).astype(np.float32)
    other = np.clip(0.5 - np.sqrt((x - 12) ** 2 + (y - 8) ** 2 + (z - 8) ** 2) / 4, 0, 1).astype(np.float32)
    seeds = np.zeros((16,) * 3, dtype=np.int32)
    seeds[4, 8, 8], seeds[6, 8, 8], seeds[0, 0, 0] = 1, 2, 3
    alone, begun = watershed(hill + other), watershed(hill + other, seeds=seeds)
    assert len(alone.cells) == 2
    assert len(begun.cells) == 4
    assert begun.label[4, 8, 8] != begun.label[6, 8, 8]
    # the seeds share the hill; the one on the plain keeps its cell, which comes last
    assert begun.cells[begun.label[[4, 6], 8, 8] - 1].sum() == alone.cells[alone.label[5, 8, 8] - 1]
    assert begun.cells[begun.label[0, 0, 0] - 1] == 1
    assert begun.order[-1] == 0
    assert begun.cells[begun.label[12, 8, 8] - 1] == alone.cells[alone.label[12, 8, 8] - 1]
    nothing = watershed(hill + other, seeds=np.zeros_like(seeds))
    np.testing.assert_array_equal(nothing.label, alone.label)
