"""Circles of halos against spheres cut by hand."""

from dataclasses import replace

import numpy as np
import pytest

from core.analysis.views.overlays import halo_circles, outline
from core.analysis.views.view import View
from core.cosmos.box import Catalogue
from core.cosmos.universe import Universe


@pytest.fixture
def box(universes: list[Universe]) -> Universe:
    """16 cells of 2 Mpc/h."""
    return replace(universes[0], box_size=32.0)


def halos(positions: list[tuple[float, float, float]], radii: list[float], frame: str = "lagrangian") -> Catalogue:
    places = np.array(positions)
    mass = 10.0 ** (15 - np.arange(len(radii)))
    columns = {"mass": mass, "position": places, "radius_200m": np.array(radii)}
    if frame == "lagrangian":
        columns |= {"lagrangian_position": places, "lagrangian_radius": np.array(radii)}
    return Catalogue(columns, 32.0)


def test_a_sphere_is_cut_at_its_distance_from_the_slab(box: Universe) -> None:
    # the slab of plane 8 goes from z = 15 to 17 Mpc/h
    found = halo_circles(
        halos([(10, 20, 16), (10, 20, 20), (10, 20, 12), (4, 4, 22)], [5, 5, 4, 4]),
        box,
        "lagrangian",
        View("z", 8),
        "h",
    )
    assert found is not None
    assert found.name == "h"
    np.testing.assert_allclose(found.radius, [5, 4, np.sqrt(7)])
    np.testing.assert_allclose(found.x, 10)
    np.testing.assert_allclose(found.y, 20)


def test_halos_reach_around_the_box(box: Universe) -> None:
    # it sits in the corner: four images of it reach into the box from -1 to 31 Mpc/h; and the slab is plane 0
    found = halo_circles(halos([(31.5, 0, 31)], [3]), box, "lagrangian", View("z", 0), "h")
    assert found is not None
    assert sorted(zip(found.x, found.y, strict=True)) == [(-0.5, 0), (-0.5, 32), (31.5, 0), (31.5, 32)]
    # a window shows those that are in it
    window = View("z", 0, zoom=4, centre=(0.0, 0.0))
    found = halo_circles(halos([(31.5, 0, 31)], [3]), box, "lagrangian", window, "h")
    assert found is not None
    assert list(zip(found.x, found.y, strict=True)) == [(-0.5, 0)]


def test_axes_masses_and_frames(box: Universe) -> None:
    catalogue = halos([(16, 5, 7), (16, 6, 8)], [3, 3])
    found = halo_circles(catalogue, box, "eulerian", View("x", 8), "h", smallest=5e14)
    assert found is not None
    np.testing.assert_allclose([found.x, found.y], [[5], [7]])
    eulerian = halos([(16, 5, 7)], [3], "eulerian")
    assert halo_circles(eulerian, box, "lagrangian", View("x", 8), "h") is None


def test_without_radii_the_mass_gives_them(box: Universe) -> None:
    mean = box.cosmology.mean_density
    mass = 4 / 3 * np.pi * 2.0**3 * 200 * mean
    catalogue = Catalogue({"mass": np.array([mass]), "position": np.array([[16.0, 16, 16]])}, 32.0)
    found = halo_circles(catalogue, box, "eulerian", View("z", 8), "h")
    assert found is not None
    np.testing.assert_allclose(found.radius, 2.0)


def test_outlines_have_the_window_of_the_image(box: Universe) -> None:
    plane = np.arange(256.0).reshape(16, 16)
    lines = outline(plane, box, View("z", 8, zoom=4, centre=(0.0, 4.0)), "mask", 7)
    # the middle of four cells lies between cells: it is rounded to the even one
    np.testing.assert_array_equal(lines.values, plane[[14, 15, 0, 1]][:, [0, 1, 2, 3]].T)
    assert lines.levels == (7,)
