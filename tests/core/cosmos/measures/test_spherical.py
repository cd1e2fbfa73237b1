"""Spherical overdensity masses against known profiles and against sorting all distances; centres by hand."""

import numpy as np
import pytest

from core.cosmos.box import Array, lattice, nearest_image
from core.cosmos.measures.spherical import centres, spherical_overdensity
from core.cosmos.universe import Universe

BOX = 20.0
CORNER = np.array([0.1, 19.8, 10.0])
"""A centre whose halo lies across two faces of the box."""


def ball(radii: Array, seed: int = 1) -> Array:
    """Points at these radii in random directions, in pairs opposite to each other: the centre of mass is exact."""
    directions = np.random.default_rng(seed).normal(size=(len(radii) // 2, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return np.asarray(np.stack([directions, -directions], axis=1).reshape(-1, 3) * np.repeat(radii[::2], 2)[:, None])


def nfw(fraction: Array, concentration: float, outer: float) -> Array:
    """Radii inside which a Navarro-Frenk-White profile holds these fractions of its mass within `outer`."""
    x = np.geomspace(1e-4, concentration, 5000)
    mass = np.log1p(x) - x / (1 + x)
    return np.asarray(np.interp(fraction * mass[-1], mass, x) * outer / concentration)


@pytest.mark.parametrize("profile", ["isothermal", "nfw"])
def test_isolated_sphere_of_known_profile(profile: str) -> None:
    """4000 particles within 2.5 Mpc/h, no others: the radius where M(<r) = 200 nbar 4 pi/3 r^3 is known."""
    count, outer = 4000, 2.5
    fraction = (np.arange(count) + 0.5) / count
    radii = outer * fraction if profile == "isothermal" else nfw(fraction, 6.0, outer)
    r = np.linspace(0.3, outer, 20_001)
    inside = (
        r / outer
        if profile == "isothermal"
        else np.interp(r, nfw(np.linspace(0, 1, 9001), 6.0, outer), np.linspace(0, 1, 9001))
    )
    contrast = inside / (4 / 3 * np.pi * r**3) * BOX**3
    expected = r[np.flatnonzero(contrast >= 200)[-1]]
    assert expected < 0.9 * outer
    mass, radius = spherical_overdensity(CORNER + ball(radii), np.ones(count, np.int32), BOX, 1e10)
    assert radius[0] == pytest.approx(expected, rel=1e-3)
    # one particle more or less, and the pairs at one radius
    assert mass[0] / 1e10 == pytest.approx(np.interp(expected, r, inside) * count, abs=3)
    assert mass[0] == pytest.approx(200 * count * 1e10 / BOX**3 * 4 / 3 * np.pi * radius[0] ** 3)


def test_particles_of_no_halo_count() -> None:
    """A dense ball of which only the inner half was linked: its mass is still that of all its particles."""
    points = np.concatenate(
        [CORNER + ball(np.linspace(0.01, 0.5, 800)), np.random.default_rng(3).uniform(2, 18, (200, 3))]
    )
    labels = np.zeros(1000, np.int32)
    labels[:60] = 1
    mass, radius = spherical_overdensity(points, labels, BOX, 1.0)
    assert mass[0] == 800
    assert radius[0] > 0.5


def test_nothing_dense_enough() -> None:
    """Halo 1 is a shell around a void, halo 2 a ball."""
    shell = 5 + ball(np.full(20, 1.0))
    dense = 12 + ball(np.full(40, 0.1))
    far = np.random.default_rng(2).uniform(14, 19, (940, 3))
    labels = np.concatenate([np.full(20, 1), np.full(40, 2), np.zeros(940, int)])
    mass, radius = spherical_overdensity(np.concatenate([shell, dense, far]), labels, BOX, 1.0)
    assert (mass[0], radius[0]) == (0, 0)
    assert mass[1] == 40


def test_no_halos() -> None:
    mass, radius = spherical_overdensity(np.random.default_rng(2).uniform(0, 5, (64, 3)), np.zeros(64, int), 5.0, 1.0)
    assert mass.shape == radius.shape == (0,)


def test_centre_is_that_of_the_heavier_part() -> None:
    """Two balls that a bridge joins, across the corner: the centre of mass lies between them."""
    heavy, light = ball(np.linspace(0.05, 1, 300)), ball(np.linspace(0.05, 0.7, 120)) + np.array([3.0, 0, 0])
    points = CORNER + np.concatenate([light, heavy, np.linspace([1, 0, 0], [2.3, 0, 0], 10)])
    [centre] = centres(points, np.ones(len(points), int), BOX)
    assert np.linalg.norm(nearest_image(centre - CORNER, BOX)) < 0.15
    moved = centres(points + np.array([7.0, -33.0, 0.4]), np.ones(len(points), int), BOX)
    np.testing.assert_allclose(moved[0], np.mod(centre + np.array([7.0, -33.0, 0.4]), BOX), atol=1e-9)


def test_particles_in_one_place() -> None:
    """The sphere that shrinks around them ends."""
    mass, radius = spherical_overdensity(np.full((20, 3), 3.0), np.ones(20, int), 5.0, 1.0)
    assert mass[0] == 20
    assert radius[0] == pytest.approx(5 * (3 / (800 * np.pi)) ** (1 / 3))


def test_masses_equal_those_of_sorted_distances(universe: Universe) -> None:
    box_size, halos = universe.box_size, universe.catalogue()
    positions = lattice(64, box_size) + universe.field("displacement").values.reshape(3, -1).T
    labels = universe.field("label").values.ravel()
    middles = centres(positions, labels, box_size)
    ours = np.round(halos["mass_200m"] / universe.particle_mass).astype(int)
    per_volume = 200 * len(positions) / box_size**3 * 4 * np.pi / 3
    rank = np.arange(1, len(positions) + 1)
    for h in range(0, len(halos), 20):
        separations = nearest_image(positions - middles[h], box_size)
        needed = per_volume * np.sort(np.linalg.norm(separations, axis=1)) ** 3
        # a sphere of `rank` particles may grow until the next particle enters
        dense = (rank >= needed) & (rank < 8 * halos["count"][h])
        assert ours[h] == (rank[dense][-1] if dense.any() else 0)
    np.testing.assert_allclose(per_volume * halos["radius_200m"] ** 3, ours)


def test_masses_beside_those_of_friends_of_friends(universe: Universe) -> None:
    """The force mesh softens centres: 0.81 at two cells per spacing where full resolution has about 1."""
    halos = universe.catalogue()
    well_resolved = halos["count"] >= 200
    ratio = np.median(halos["mass_200m"][well_resolved] / halos["mass"][well_resolved])
    assert ratio == pytest.approx(0.81, abs=0.04)


def test_many_particles_at_one_point_come_to_an_end() -> None:
    """30 of 50 members at one place: no sphere about it holds fewer, and that place is the centre."""
    points = np.concatenate([np.tile(CORNER, (30, 1)), CORNER + ball(np.linspace(0.2, 0.4, 20))])
    found = centres(points % BOX, np.ones(50, np.int32), BOX)
    np.testing.assert_allclose(found[0] % BOX, CORNER, atol=1e-5)
    mass, _ = spherical_overdensity(points % BOX, np.ones(50, np.int32), BOX, 1e10)
    assert mass[0] >= 30e10
