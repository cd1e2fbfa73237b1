"""Counts and moments of cell values against numpy, scipy and a Gaussian field."""

import numpy as np
import pytest
import scipy.stats

from core.cosmos.box import Array, Field
from core.cosmos.measures.jackknife import subcube
from core.cosmos.measures.pdf import pixel_pdf


def field(values: Array) -> Field:
    return Field("x", values.astype(np.float32), 10.0)


def test_counts_and_moments() -> None:
    values = np.random.default_rng(1).lognormal(size=(12, 12, 12)).astype(np.float32)
    edges = np.linspace(0.2, 3, 15)
    measured = pixel_pdf(field(values), edges)
    np.testing.assert_array_equal(measured.counts.sum(axis=0), np.histogram(values, edges)[0])
    assert measured.outside == pytest.approx(np.mean((values < 0.2) | (values > 3)))
    inside = (values >= 0.2) & (values <= 3)
    assert (measured.density * np.diff(edges)).sum() == pytest.approx(inside.mean())
    exact = values.astype(np.float64).ravel()
    assert measured.mean == pytest.approx(exact.mean(), rel=1e-6)
    assert measured.variance == pytest.approx(exact.var(), rel=1e-5)
    assert measured.skewness == pytest.approx(scipy.stats.skew(exact), rel=1e-4)
    assert measured.kurtosis == pytest.approx(scipy.stats.kurtosis(exact), rel=1e-4)


def test_subcubes_are_blocks_of_cells() -> None:
    """The blocks of the field are the sub-cubes that positions are sorted into."""
    axis = (np.arange(9) + 0.5) / 9 * 10.0
    positions = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    measured = pixel_pdf(field(subcube(positions, 10.0).reshape(9, 9, 9)), np.arange(28) - 0.5)
    np.testing.assert_array_equal(measured.counts, 27 * np.eye(27))


def test_cells_that_three_does_not_divide() -> None:
    measured = pixel_pdf(field(np.random.default_rng(2).normal(size=(8, 8, 8))), np.array([-10.0, 10.0]))
    assert sorted(set(measured.cells.tolist())) == [8, 12, 18, 27]
    assert measured.counts.sum() == 8**3
    assert measured.error[0] == pytest.approx(0, abs=1e-15)  # every cell of every block lies in the one bin


def test_errors_are_the_scatter_of_many_boxes() -> None:
    edges = np.linspace(-3, 3, 13)
    rng = np.random.default_rng(5)
    many = [pixel_pdf(field(rng.normal(size=(12,) * 3)), edges) for _ in range(60)]
    exact = np.diff(scipy.stats.norm.cdf(edges)) / 0.5
    pulls = np.array([(m.density - exact) / m.error for m in many])
    assert abs(pulls.mean()) < 0.15
    assert pulls[:, 2:-2].std() == pytest.approx(1, abs=0.15)  # outer bins hold too few cells for a Gaussian
