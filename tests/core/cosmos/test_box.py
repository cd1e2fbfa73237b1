"""Periodic folding, the lattice, catalogue cuts."""

import numpy as np
import pytest

from core.cosmos.box import Array, Catalogue, Field, lattice, nearest_image, wrap


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_wrap_stays_below_the_box_size(dtype: type) -> None:
    positions: Array = np.array([-1e-9, 0, 10, 25.5, -0.5, np.nextafter(10, 0)], dtype=dtype)
    folded = wrap(positions, 10.0)
    assert folded.dtype == dtype
    assert (folded >= 0).all()
    assert (folded < 10).all()
    np.testing.assert_allclose(folded[1:5], [0, 0, 5.5, 9.5])


def test_nearest_image() -> None:
    separations = np.array([0.0, 4.9, 5.0, 5.1, -5.0, -5.1, 12.0])
    np.testing.assert_allclose(nearest_image(separations, 10.0), [0, 4.9, -5, -4.9, -5, 4.9, 2])


def test_lattice_is_in_c_order() -> None:
    q = lattice(4, 10.0)
    i, j, k = 1, 3, 2
    np.testing.assert_allclose(q[(i * 4 + j) * 4 + k], [2.5, 7.5, 5.0])
    assert q.shape == (64, 3)


def test_field_and_catalogue() -> None:
    field = Field("v", np.zeros((3, 4, 4, 4)), 10.0)
    assert (field.cells, field.cell_size, field.is_vector) == (4, 2.5, True)
    halos = Catalogue({"mass": np.array([3.0, 2.0, 1.0]), "position": np.arange(9.0).reshape(3, 3)}, 10.0, 0.5)
    heavy = halos.at_least(2.0)
    assert (len(heavy), heavy.redshift) == (2, 0.5)
    np.testing.assert_array_equal(heavy["position"], halos["position"][:2])
    assert "mass" in heavy
    assert "spin" not in heavy
