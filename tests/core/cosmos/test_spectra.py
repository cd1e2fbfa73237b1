"""P(k), r(k), T(k) against a plain Fourier sum, Poisson points and identities."""

import numpy as np
import pytest

from core.cosmos.box import Array, Catalogue, Field
from core.cosmos.paint import paint
from core.cosmos.spectra import halo_field, spectra
from core.errors import InputError


def noise(cells: int, seed: int, box_size: float = 20.0) -> Field:
    return Field(f"noise {seed}", np.random.default_rng(seed).normal(size=(cells,) * 3).astype(np.float32), box_size)


def fourier_sum(values: Array) -> Array:
    """delta(k) over all integer wave vectors, axis by axis with the full matrix of exponentials."""
    n = len(values)
    wave = np.exp(-2j * np.pi / n * np.outer(np.arange(n), np.arange(n)))
    return np.asarray(np.einsum("ai,bj,ck,ijk->abc", wave, wave, wave, values.astype(np.float64), optimize=True))


@pytest.mark.parametrize(("cells", "order"), [(8, 0), (16, 0), (16, 2), (12, 2)])
def test_spectra_are_the_sums_over_modes(cells: int, order: int) -> None:
    first, second = noise(cells, 1), noise(cells, 2)
    a, b = fourier_sum(first.values), fourier_sum(second.values)
    axis = (np.arange(cells) + cells // 2) % cells - cells // 2
    window = np.prod(np.meshgrid(*[np.sinc(axis / cells) ** order] * 3), axis=0)
    length = np.sqrt(sum(part**2 for part in np.meshgrid(axis, axis, axis)))
    measured = spectra(first, second, order)
    for index in range(cells // 2 - 1):
        shell = (length >= index + 0.5) & (length < index + 1.5)
        norm = 20.0**3 / cells**6 / shell.sum()
        weight = norm / window[shell] ** 2
        assert measured.modes[index] == shell.sum()
        assert measured.k[index] == pytest.approx(length[shell].mean() * 2 * np.pi / 20.0)
        assert measured.power[index] == pytest.approx((np.abs(a[shell]) ** 2 * weight).sum(), rel=1e-5)
        assert measured.other[index] == pytest.approx((np.abs(b[shell]) ** 2 * weight).sum(), rel=1e-5)
        cross = (a[shell] * b[shell].conj()).real
        assert measured.cross[index] == pytest.approx((cross * weight).sum(), abs=1e-5 * measured.power[index])
    assert len(measured.k) == cells // 2 - 1


def test_poisson_points_have_the_power_of_shot_noise() -> None:
    rng = np.random.default_rng(5)
    count, box_size = 100_000, 100.0
    density = paint(rng.uniform(0, box_size, (count, 3)), 128, box_size)
    measured = spectra(Field("points", density, box_size), window_order=2)
    low = slice(0, 24)
    mean = np.average(measured.power[low], weights=measured.modes[low])
    # 0.6 % standard deviation of these modes, 0.2 % aliasing below 0.4 of Nyquist
    assert mean == pytest.approx(box_size**3 / count, rel=1e-2)
    deviation = (measured.power[low] / (box_size**3 / count) - 1) / measured.relative_error[low]
    assert deviation.std() == pytest.approx(1, abs=0.5)  # the quoted errors are the scatter; 24 shells


def test_a_field_correlates_with_itself() -> None:
    field = noise(16, 1)
    double = Field("double", -2 * field.values, field.box_size)
    measured = spectra(field, field)
    np.testing.assert_array_equal(measured.transfer, 1)
    np.testing.assert_allclose(measured.correlation, 1, rtol=1e-12)
    against = spectra(double, field)
    np.testing.assert_allclose(against.transfer, 2, rtol=1e-6)
    np.testing.assert_allclose(against.correlation, -1, rtol=1e-6)


def test_spectra_do_not_see_translations() -> None:
    field = noise(16, 1)
    moved = Field("moved", np.roll(field.values, (3, -5, 7), (0, 1, 2)), field.box_size)
    np.testing.assert_allclose(spectra(moved).power, spectra(field).power, rtol=1e-4)  # float32 FFT
    np.testing.assert_allclose(spectra(moved, field).transfer, 1, rtol=1e-4)


def test_a_constant_changes_nothing() -> None:
    field = noise(16, 1)
    raised = Field("raised", field.values + 3, field.box_size)
    np.testing.assert_allclose(spectra(raised).power, spectra(field).power, rtol=1e-4)


@pytest.mark.parametrize("other", [noise(8, 2), noise(16, 2, box_size=30.0)])
def test_different_boxes_are_refused(other: Field) -> None:
    with pytest.raises(InputError, match="differ"):
        spectra(noise(16, 1), other)


def test_halo_field() -> None:
    rng = np.random.default_rng(1)
    catalogue = Catalogue({"mass": np.ones(50), "position": rng.uniform(0, 20, (50, 3))}, 20.0, 0.5)
    field = halo_field(catalogue, 8)
    assert (field.frame, field.redshift, field.cells) == ("eulerian", 0.5, 8)
    assert field.values.min() >= -1
    assert field.values.mean() == pytest.approx(0, abs=1e-6)
    with pytest.raises(InputError, match="no halos"):
        halo_field(catalogue.at_least(2.0), 8)
