"""Halos from first crossings: spheres put in by hand come out, and small ones are left to larger."""

import numpy as np

from core.analysis.comparison.excursion import excursion_halos
from core.cosmos.box import Field
from core.cosmos.measures.crossing import FirstCrossing

DENSITY = 8.6e10
"""Mean density [Msun/h / (Mpc/h)^3]; cells of 1 Mpc/h."""


def ball(shape: int, centre: tuple[float, float, float], radius: float) -> np.ndarray:
    grid = np.indices((shape,) * 3)
    apart = [(axis - c + shape / 2) % shape - shape / 2 for axis, c in zip(grid, centre, strict=True)]
    return sum(x**2 for x in apart) <= radius**2


def test_two_balls_with_a_smaller_one_inside() -> None:
    radii = np.array([6.0, 3.0])
    masses = 4 / 3 * np.pi * radii**3 * DENSITY
    first = np.zeros((32, 32, 32), dtype=np.float32)
    first[ball(32, (20, 16, 16), 2)] = masses[1]
    first[ball(32, (10, 16, 16), 2)] = masses[1]  # its centre lies in the large halo about (6, 16, 16)
    first[ball(32, (6, 16, 16), 1)] = masses[0]
    first[ball(32, (31.5, 1, 1), 1.5)] = masses[1]  # across the faces
    field = Field("mass_eps", first, 32.0)
    crossing = FirstCrossing(masses.astype(np.float32), np.ones(2), field, field)
    found = excursion_halos(crossing, field, DENSITY, 8)
    # a sphere of cells has the volume of a ball to some percent
    assert np.allclose(found.radii, [6, 3, 3], rtol=0.07)
    assert np.allclose(4 / 3 * np.pi * found.radii**3, np.bincount(found.label.reshape(-1))[1:])
    assert np.allclose(found.centres[0], (6, 16, 16))
    assert {tuple(np.round(c).astype(int) % 32) for c in found.centres[1:]} == {(20, 16, 16), (0, 1, 1)}
    assert np.array_equal(np.unique(found.label), [0, 1, 2, 3])
    assert found.label[10, 16, 16] == 1


def test_the_smallest_halo_that_counts_ends_the_search() -> None:
    masses = np.array([4 / 3 * np.pi * DENSITY])
    field = Field("mass_eps", np.full((8, 8, 8), masses[0], dtype=np.float32), 8.0)
    assert len(excursion_halos(FirstCrossing(masses, np.ones(1), field, field), field, DENSITY, 8).radii) == 0


def test_of_two_that_overlap_the_larger_keeps_the_cells() -> None:
    radii = np.array([5.3, 4.3])
    masses = 4 / 3 * np.pi * radii**3 * DENSITY
    first = np.zeros((32, 32, 32), dtype=np.float32)
    first[10, 16, 16], first[16, 16, 16] = masses
    field = Field("mass_eps", first, 32.0)
    crossing = FirstCrossing(masses.astype(np.float32), np.ones(2), field, field)
    found = excursion_halos(crossing, field, DENSITY, 8)
    own = np.bincount(found.label.reshape(-1))[1:]
    assert own[0] == np.count_nonzero(ball(32, (10, 16, 16), 5.3))
    assert own[1] == np.count_nonzero(ball(32, (16, 16, 16), 4.3) & ~ball(32, (10, 16, 16), 5.3))
