from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from core.cosmos.box import Array, Catalogue, nearest_image
from core.finder import ShellThreshold, catalogue, connected_halos, find, fit_shell, measure_shell

CELLS = 48
HALF = ShellThreshold(0.0, 0.5, 0.0, 0.5)
# found radii of perfect spheres are low by up to 0.15 cells: shells one cell wide blur the edge, and the mean of the
# shell that holds it falls with the volume inside, not with the radius
RADIUS_TOLERANCE = 0.2


@cache
def spheres() -> tuple[Array, Array, Array]:
    """Probability 1 inside ten separate spheres of 2.2 to 9 cells and 0 elsewhere; centres and radii."""
    rng = np.random.default_rng(3)
    radii = np.array([9.0, 7.3, 6.0, 5.2, 4.5, 4.0, 3.5, 3.0, 2.5, 2.2])
    centres = [np.array([0.3, 47.6, 20.2])]  # across two faces
    while len(centres) < len(radii):
        centre = rng.uniform(0, CELLS, 3)
        gaps = [
            np.linalg.norm(nearest_image(centre - c, CELLS)) - radii[len(centres)] - r
            for c, r in zip(centres, radii, strict=False)
        ]
        if min(gaps) > 2.5:
            centres.append(centre)
    cells = np.stack(np.meshgrid(*[np.arange(CELLS)] * 3, indexing="ij"), axis=-1)
    probability = np.zeros((CELLS,) * 3, np.float32)
    for centre, radius in zip(centres, radii, strict=True):
        probability[(nearest_image(cells - centre, CELLS) ** 2).sum(axis=-1) < radius**2] = 1
    return probability, np.array(centres), radii


def test_separate_spheres_are_recovered() -> None:
    probability, centres, radii = spheres()
    label, found, sizes = find(probability, (0.9, 0.5), HALF, 27)
    assert len(sizes) == len(radii)
    assert (np.diff(sizes) <= 0).all()
    np.testing.assert_allclose(sizes, radii, atol=RADIUS_TOLERANCE)
    assert np.linalg.norm(nearest_image(found - centres, CELLS), axis=1).max() < 0.6
    # dM / M = 3 dR / R
    mass = catalogue(found, sizes, 96.0, CELLS, 2.0)["mass"]
    np.testing.assert_array_less(
        np.abs(mass / (4 / 3 * np.pi * (2 * radii) ** 3 * 2.0) - 1), 3 * RADIUS_TOLERANCE / radii
    )
    # labels are those spheres and nothing outside
    assert probability[label > 0].mean() > 0.99
    assert probability[label == 0].mean() < 0.03
    count = np.bincount(label.reshape(-1))[1:]
    np.testing.assert_allclose(count, 4 / 3 * np.pi * sizes**3, rtol=0.12)


def test_the_paper_threshold_finds_them_too() -> None:
    probability, _, radii = spheres()
    _, _, sizes = find(probability, (0.9, 0.5), ShellThreshold(), 27)
    np.testing.assert_allclose(sizes, radii, atol=0.3)


def test_moving_the_box_changes_nothing() -> None:
    probability, _, _ = spheres()
    shift = (5, -11, 17)
    label, centres, sizes = find(probability, (0.9, 0.5), HALF, 27)
    moved_label, moved_centres, moved_sizes = find(np.roll(probability, shift, (0, 1, 2)), (0.9, 0.5), HALF, 27)
    np.testing.assert_allclose(moved_sizes, sizes, atol=1e-6)
    np.testing.assert_allclose(nearest_image(moved_centres - centres - shift, CELLS), 0, atol=1e-6)
    np.testing.assert_array_equal(moved_label, np.roll(label, shift, (0, 1, 2)))


@pytest.mark.parametrize(("noise", "lost", "invented"), [(0.1, 0, 0), (0.3, 0, 0), (0.5, 4, 2)])
def test_noise_degrades_gracefully(noise: float, lost: int, invented: int) -> None:
    probability, centres, radii = spheres()
    rng = np.random.default_rng(0)
    noisy = np.clip(probability + noise * rng.standard_normal(probability.shape), 0, 1)
    _, found, sizes = find(noisy, (0.9, 0.5), HALF, 27)
    separation = np.linalg.norm(nearest_image(centres[:, None] - found[None], CELLS), axis=-1)
    good = (separation < 0.6) & (np.abs(radii[:, None] - sizes[None]) < 0.3)
    assert good.any(axis=1).sum() >= len(radii) - lost
    assert (~good.any(axis=0)).sum() <= invented


def test_small_halos_are_dropped() -> None:
    probability, _, radii = spheres()
    _, _, sizes = find(probability, (0.9,), HALF, 200)
    assert len(sizes) == np.count_nonzero(4 / 3 * np.pi * (radii - RADIUS_TOLERANCE) ** 3 > 200)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_uniform_probability(value: float) -> None:
    label, centres, sizes = find(np.full((16,) * 3, value, np.float32), (0.9,), HALF, 8)
    assert len(sizes) == (1 if value else 0)
    assert centres.shape == (len(sizes), 3)
    assert label.shape == (16, 16, 16)
    assert len(catalogue(centres, sizes, 10.0, 16, 1.0)) == len(sizes)


def test_touching_spheres_share_no_cell() -> None:
    cells = np.stack(np.meshgrid(*[np.arange(32)] * 3, indexing="ij"), axis=-1)
    first, second = (((cells - c) ** 2).sum(axis=-1) for c in ([10, 16, 16], [19, 16, 16]))
    # the cores are certain, the rest is not: two peaks at the high threshold
    probability = np.where((first < 36) | (second < 25), 0.8, 0.0)
    probability[(first < 4) | (second < 4)] = 1.0
    label, centres, sizes = find(probability, (0.95, 0.7), HALF, 8)
    assert len(sizes) == 2
    np.testing.assert_allclose(centres, [[10, 16, 16], [19, 16, 16]], atol=0.1)
    assert sizes[0] == pytest.approx(6, abs=0.7)
    assert label[10, 16, 16] == 1
    assert label[19, 16, 16] == 2


def test_halos_of_a_lower_threshold_come_later_but_rank_by_size() -> None:
    cells = np.stack(np.meshgrid(*[np.arange(32)] * 3, indexing="ij"), axis=-1)
    probability = np.zeros((32,) * 3)
    probability[((cells - 8) ** 2).sum(axis=-1) < 9] = 1.0
    probability[((cells - 22) ** 2).sum(axis=-1) < 36] = 0.8
    label, centres, _ = find(probability, (0.9, 0.7), HALF, 8)
    np.testing.assert_allclose(centres, [[22] * 3, [8] * 3], atol=0.01)
    assert (label[22, 22, 22], label[8, 8, 8]) == (1, 2)


def test_catalogue_units() -> None:
    halos = catalogue(np.array([[47.9, 1.0, 50.0]]), np.array([3.0]), 96.0, 48, 1e10)
    assert halos["lagrangian_radius"][0] == pytest.approx(6.0)
    assert halos["mass"][0] == pytest.approx(4 / 3 * np.pi * 216 * 1e10)
    np.testing.assert_allclose(halos["lagrangian_position"][0], [95.8, 2.0, 4.0], rtol=1e-6)


def test_threshold_of_the_paper() -> None:
    shell = ShellThreshold()
    np.testing.assert_allclose(shell(np.array([2.0, 6.7, 10.0])), [0.398, 0.044 * 6.7 + 0.31, 0.615])
    assert shell(np.array([1e3]))[0] == 0.98
    assert ShellThreshold(0, -1, 0, -1)(np.array([1.0]))[0] == 0.02


def test_a_known_broken_line_is_fitted() -> None:
    rng = np.random.default_rng(1)
    radii = rng.uniform(1.5, 15, 4000)
    true = ShellThreshold(0.06, 0.2, 0.005, 0.2 + 0.055 * 6.0, 6.0)
    fitted = fit_shell(radii, true(radii) + 0.02 * rng.standard_normal(4000))
    x = np.linspace(2, 14, 50)
    # the knee can only be at a bin's mean radius: 20 % bins leave up to 0.03 beside it
    np.testing.assert_allclose(fitted(x), true(x), atol=0.03)
    assert fitted.inner_slope == pytest.approx(0.06, rel=0.2)
    assert fitted.outer_slope == pytest.approx(0.005, abs=0.004)
    assert fitted.knee == pytest.approx(6.0, abs=1.5)


def test_a_straight_line_is_fitted_exactly() -> None:
    radii = np.linspace(2, 10, 300)
    fitted = fit_shell(radii, 0.3 + 0.02 * radii)
    np.testing.assert_allclose(fitted(radii), 0.3 + 0.02 * radii, atol=1e-9)


def test_few_halos_give_their_mean() -> None:
    few = fit_shell(np.array([2.0, 3.0]), np.array([0.4, 0.6]))
    np.testing.assert_allclose(few(np.array([1.0, 2.5, 30.0])), 0.5)
    assert fit_shell(np.zeros(0), np.zeros(0)) == ShellThreshold()


def test_the_edge_of_true_halos_is_measured() -> None:
    # probability falls linearly with the distance from the centre: its mean at the edge is known
    cells = np.stack(np.meshgrid(*[np.arange(32)] * 3, indexing="ij"), axis=-1)
    distance = np.linalg.norm(nearest_image(cells - np.array([1, 30, 16]), 32), axis=-1)
    probability = np.clip(1 - distance / 10, 0, 1)
    columns = {
        "mass": np.array([2.0, 1.0]),
        "count": np.array([500, 5]),
        "lagrangian_radius": np.array([10.0, 1.0]),
        "lagrangian_position": np.array([[2.0, 60.0, 32.0], [1, 1, 1]], np.float32),
    }
    radii, edge = measure_shell(probability, Catalogue(columns, 64.0), minimum_cells=20)
    np.testing.assert_allclose(radii, [5.0])
    np.testing.assert_allclose(edge, [0.5], atol=0.01)


@pytest.mark.parametrize("fraction", [0.02, 0.06, 0.3])
def test_connected_regions_against_scipy(fraction: float) -> None:
    mask = np.random.default_rng(4).random((20, 20, 20)) < fraction
    label, centres, radii = connected_halos(mask, 2)
    sizes = np.bincount(label.reshape(-1))[1:]
    assert sorted(sizes.tolist()) == periodic_sizes(mask, 2)
    np.testing.assert_allclose(4 / 3 * np.pi * radii**3, sizes)
    assert (label[~mask] == 0).all()
    assert centres.shape == (len(sizes), 3)


def periodic_sizes(mask: Array, minimum: int) -> list[int]:
    """Sizes of 26-connected regions by scipy on an open box, merged across the faces by a union of labels."""
    label, count = ndimage.label(mask, np.ones((3, 3, 3)))
    parent = list(range(count + 1))

    def root(item: int) -> int:
        while parent[item] != item:
            item = parent[item]
        return item

    n = mask.shape[0]
    for i, j, k in np.argwhere(mask):
        for step in np.ndindex(3, 3, 3):
            a, b, c = (np.array([i, j, k]) + step - 1) % n
            if mask[a, b, c]:
                parent[root(int(label[i, j, k]))] = root(int(label[a, b, c]))
    roots = np.array([root(item) for item in label[mask]])
    sizes = np.unique(roots, return_counts=True)[1]
    return sorted(int(size) for size in sizes if size >= minimum)


def test_centres_across_the_boundary() -> None:
    mask = np.zeros((16,) * 3, bool)
    mask[np.ix_([15, 0, 1], [7, 8, 9], [14, 15, 0])] = True
    label, centres, _ = connected_halos(mask, 1)
    np.testing.assert_allclose(centres, [[0, 8, 15]], atol=1e-12)
    assert label.max() == 1


def test_an_empty_mask() -> None:
    label, centres, radii = connected_halos(np.zeros((8,) * 3, bool), 1)
    assert label.max() == 0
    assert centres.shape == (0, 3)
    assert len(radii) == 0
