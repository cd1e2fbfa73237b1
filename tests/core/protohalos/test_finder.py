from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from core.cosmos.box import Array, nearest_image
from core.protohalos.finder import Found, ShellThreshold, find, find_about
from core.protohalos.regions import connected, regions

CELLS = 48
HALF = ShellThreshold(0.0, 0.5, 0.0, 0.5)


@cache
def spheres() -> tuple[Array, Array, Array]:
    """Probability 1 inside ten separate spheres of 2.2 to 9 cells and 0 elsewhere; centres and radii.

    The radii are those of spheres that have as much volume as the cells inside: what can be known of them.
    """
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
    for number, centre in enumerate(centres):
        inside = (nearest_image(cells - centre, CELLS) ** 2).sum(axis=-1) < radii[number] ** 2
        probability[inside] = 1
        radii[number] = (3 * np.count_nonzero(inside) / (4 * np.pi)) ** (1 / 3)
    return probability, np.array(centres), radii


def test_halos_about_given_centres() -> None:
    probability, centres, radii = spheres()
    found = find_about(probability, centres[::-1], HALF, 27)
    np.testing.assert_allclose(found.radii, np.sort(radii)[::-1], rtol=1e-9)
    np.testing.assert_array_equal(found.centres, centres)
    assert probability[found.label > 0].mean() > 0.98
    # where nothing is, none is found, and who comes first keeps the cells
    assert not len(find_about(probability, centres + 0.5 * CELLS, HALF, 10**6).radii)
    assert len(find_about(probability, np.repeat(centres[:1], 2, axis=0), HALF, 27).radii) == 1
    assert not len(find_about(probability, np.zeros((0, 3)), HALF, 27).radii)


@pytest.mark.parametrize("shell", [HALF, ShellThreshold()])
def test_separate_spheres_are_recovered(shell: ShellThreshold) -> None:
    probability, centres, radii = spheres()
    halos = find(probability, (0.9, 0.5), shell, 27)
    label, found, sizes = halos.label, halos.centres, halos.radii
    assert len(sizes) == len(radii)
    assert (np.diff(sizes) <= 0).all()
    # a sphere about the centre of mass of its cells does not always hold the same cells: their number does not care
    np.testing.assert_allclose(sizes, np.sort(radii)[::-1], rtol=1e-9)
    assert np.linalg.norm(nearest_image(found - centres, CELLS), axis=1).max() < 0.25
    mass = halos.catalogue(96.0, 2.0)["mass"]
    np.testing.assert_allclose(mass, 4 / 3 * np.pi * (2 * radii) ** 3 * 2.0, rtol=0.02)
    assert (halos.level == 0).all()
    # labels are those spheres and little outside
    assert probability[label > 0].mean() > 0.98
    assert probability[label == 0].mean() < 0.002
    count = np.bincount(label.reshape(-1))[1:]
    np.testing.assert_allclose(count, 4 / 3 * np.pi * sizes**3, rtol=0.08)


def test_many_spheres_are_recovered() -> None:
    rng = np.random.default_rng(8)
    cells, radii = 64, np.geomspace(9.0, 2.0, 60)
    centres: list[Array] = []
    counts = []
    probability = np.zeros((cells,) * 3, np.float32)
    grid = np.stack(np.meshgrid(*[np.arange(cells)] * 3, indexing="ij"), axis=-1)
    for radius in radii:
        while True:
            centre = rng.uniform(0, cells, 3)
            away = np.linalg.norm(nearest_image(np.reshape(centres, (-1, 3)) - centre, cells), axis=1)
            if (away > radii[: len(centres)] + radius + 1.8).all():
                break
        inside = (nearest_image(grid - centre, cells) ** 2).sum(axis=-1) < radius**2
        probability[inside] = 1
        centres.append(centre)
        counts.append(np.count_nonzero(inside))
    found = find(probability, (0.9,), ShellThreshold(), 20)
    assert len(found.radii) == len(radii)
    nearest = np.linalg.norm(nearest_image(np.array(centres)[:, None] - found.centres, cells), axis=-1)
    assert sorted(nearest.argmin(axis=1)) == list(range(len(radii)))
    mass = 4 / 3 * np.pi * found.radii[nearest.argmin(axis=1)] ** 3
    np.testing.assert_allclose(mass, counts, rtol=0.02)


def test_moving_the_box_changes_nothing() -> None:
    probability, _, _ = spheres()
    shift = (5, -11, 17)
    still = find(probability, (0.9, 0.5), HALF, 27)
    moved = find(np.roll(probability, shift, (0, 1, 2)), (0.9, 0.5), HALF, 27)
    np.testing.assert_allclose(moved.radii, still.radii, atol=1e-6)
    np.testing.assert_allclose(nearest_image(moved.centres - still.centres - shift, CELLS), 0, atol=1e-6)
    np.testing.assert_array_equal(moved.label, np.roll(still.label, shift, (0, 1, 2)))


def test_moving_a_random_field_changes_nothing() -> None:
    rng = np.random.default_rng(6)
    smooth = ndimage.gaussian_filter(rng.normal(size=(CELLS,) * 3), 1.5, mode="wrap")
    probability = (1 / (1 + np.exp(-2 * smooth / smooth.std()))).astype(np.float32)
    thresholds, shift = (0.99, 0.97, 0.9, 0.8), (7, 20, -13)
    still = find(probability, thresholds, HALF, 10)
    moved = find(np.roll(probability, shift, (0, 1, 2)), thresholds, HALF, 10)
    assert len(still.radii) > 100
    np.testing.assert_allclose(moved.radii, still.radii, rtol=1e-9)
    np.testing.assert_array_equal(moved.label > 0, np.roll(still.label > 0, shift, (0, 1, 2)))
    away = nearest_image(moved.centres[:, None] - still.centres - shift, CELLS)
    np.testing.assert_allclose(np.linalg.norm(away, axis=-1).min(axis=1), 0, atol=1e-6)


@pytest.mark.parametrize(("noise", "lost", "invented"), [(0.1, 0, 0), (0.3, 0, 0), (0.5, 4, 2)])
def test_noise_degrades_gracefully(noise: float, lost: int, invented: int) -> None:
    probability, centres, radii = spheres()
    rng = np.random.default_rng(0)
    noisy = np.clip(probability + noise * rng.standard_normal(probability.shape), 0, 1)
    found = find(noisy, (0.9, 0.5), HALF, 27)
    separation = np.linalg.norm(nearest_image(centres[:, None] - found.centres[None], CELLS), axis=-1)
    good = (separation < 0.6) & (np.abs(radii[:, None] - found.radii[None]) < 0.3)
    assert good.any(axis=1).sum() >= len(radii) - lost
    assert (~good.any(axis=0)).sum() <= invented


def test_small_halos_are_dropped() -> None:
    probability, _, radii = spheres()
    sizes = find(probability, (0.9,), HALF, 200).radii
    assert len(sizes) == np.count_nonzero(4 / 3 * np.pi * radii**3 > 200)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_uniform_probability(value: float) -> None:
    found = find(np.full((16,) * 3, value, np.float32), (0.9,), HALF, 8)
    count = 1 if value else 0
    assert found.radii.shape == found.level.shape == (count,)
    assert found.centres.shape == (count, 3)
    assert found.label.shape == (16, 16, 16)
    assert len(found.catalogue(10.0, 1.0)) == count


def test_touching_spheres_share_no_cell() -> None:
    cells = np.stack(np.meshgrid(*[np.arange(32)] * 3, indexing="ij"), axis=-1)
    first, second = (((cells - c) ** 2).sum(axis=-1) for c in ([10, 16, 16], [19, 16, 16]))
    # the cores are certain, the rest is not: two peaks at the high threshold
    probability = np.where((first < 36) | (second < 25), 0.8, 0.0)
    probability[(first < 4) | (second < 4)] = 1.0
    found = find(probability, (0.95, 0.7), HALF, 8)
    assert len(found.radii) == 2
    np.testing.assert_allclose(found.centres, [[10, 16, 16], [19, 16, 16]], atol=0.1)
    # each has its own cells: none counts twice
    assert (4 / 3 * np.pi * found.radii**3).sum() == pytest.approx(np.count_nonzero(probability), rel=0.05)
    assert found.label[10, 16, 16] == 1
    assert found.label[19, 16, 16] == 2


def test_halos_of_a_lower_threshold_come_later_but_rank_by_size() -> None:
    cells = np.stack(np.meshgrid(*[np.arange(32)] * 3, indexing="ij"), axis=-1)
    probability = np.zeros((32,) * 3)
    probability[((cells - 8) ** 2).sum(axis=-1) < 9] = 1.0
    probability[((cells - 22) ** 2).sum(axis=-1) < 36] = 0.8
    found = find(probability, (0.9, 0.7), HALF, 8)
    np.testing.assert_allclose(found.centres, [[22] * 3, [8] * 3], atol=0.01)
    assert (found.label[22, 22, 22], found.label[8, 8, 8]) == (1, 2)
    assert found.level.tolist() == [1, 0]


def test_catalogue_units() -> None:
    label = np.zeros((48,) * 3, np.int32)
    halos = Found(label, np.array([[47.9, 1.0, 50.0]]), np.array([3.0]), np.array([0])).catalogue(96.0, 1e10)
    assert halos["lagrangian_radius"][0] == pytest.approx(6.0)
    assert halos["mass"][0] == pytest.approx(4 / 3 * np.pi * 216 * 1e10)
    np.testing.assert_allclose(halos["lagrangian_position"][0], [95.8, 2.0, 4.0], rtol=1e-6)


def test_threshold_of_the_paper() -> None:
    shell = ShellThreshold()
    np.testing.assert_allclose(shell(np.array([2.0, 6.7, 10.0])), [0.398, 0.044 * 6.7 + 0.31, 0.615])
    assert shell(np.array([1e3]))[0] == 0.98
    assert ShellThreshold(0, -1, 0, -1)(np.array([1.0]))[0] == 0.02


@pytest.mark.parametrize("fraction", [0.02, 0.06, 0.3])
def test_connected_regions_against_scipy(fraction: float) -> None:
    mask = np.random.default_rng(4).random((20, 20, 20)) < fraction
    size, heavy, _, first, _ = regions(mask, 0)
    assert sorted(size.tolist()) == periodic_sizes(mask)
    assert (heavy == size).all()
    # in the order of their first cells, before which no cell of theirs comes
    flat = first @ np.array([400, 20, 1])
    assert (np.diff(flat) > 0).all()
    assert flat[0] == np.flatnonzero(mask)[0]


def test_regions_are_of_cells_above_a_value_and_in_no_other() -> None:
    values = np.random.default_rng(5).random((12, 12, 12)).astype(np.float32)
    label = np.zeros(values.shape, np.int32)
    label[3:6, 2:5, 9:] = 7
    mask = (values > np.float32(0.9)) & (label == 0)
    size, heavy, bordering, first, offset = regions(values, 0.9, label)
    alone = regions(mask, 0)
    for one, other in zip((size, first, offset), (alone[0], alone[3], alone[4]), strict=True):
        np.testing.assert_array_equal(one, other)
    assert heavy.sum() == pytest.approx(values[mask].sum(dtype=np.float64))
    beside = ndimage.binary_dilation(np.pad(label > 0, 1, mode="wrap"), np.ones((3, 3, 3), bool))[1:-1, 1:-1, 1:-1]
    assert bordering.sum() == np.count_nonzero(beside & mask) > 0


def periodic_sizes(mask: Array) -> list[int]:
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
    return sorted(np.unique(roots, return_counts=True)[1].tolist())


def test_a_centre_across_the_boundary() -> None:
    probability = np.zeros((16,) * 3)
    probability[np.ix_([15, 0, 1], [7, 8, 9], [14, 15, 0])] = 1
    np.testing.assert_allclose(find(probability, (0.5,), HALF, 1).centres, [[0, 8, 15]], atol=1e-12)


def test_the_rim_of_a_halo_is_no_halo() -> None:
    cells = np.stack(np.meshgrid(*[np.arange(32)] * 3, indexing="ij"), axis=-1)
    x, y, z = (cells - 16).transpose(3, 0, 1, 2)
    # one halo, longer than wide, with a sure core: what its sphere leaves over at the ends are caps one cell thick
    halo = (x / 6) ** 2 + (y / 5) ** 2 + (z / 5) ** 2 < 1
    probability = np.where(halo, 0.8, 0.0)
    probability[x**2 + y**2 + z**2 < 9] = 1.0
    found = find(probability, (0.95, 0.7), HALF, 8)
    assert len(found.radii) == 1
    assert len(connected((probability > 0.7) & (found.label == 0))) >= 2
    # a halo beside it, of which only one side touches, is one
    probability[((cells - (16, 16, 26)) ** 2).sum(axis=-1) < 16] = 0.8
    assert len(find(probability, (0.95, 0.7), HALF, 8).radii) == 2
