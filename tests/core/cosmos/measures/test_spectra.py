"""P(k), r(k), T(k) against a plain Fourier sum, Poisson points and identities."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.cosmos.box import Array, Assignment, Field, lattice
from core.cosmos.cosmology import Cosmology
from core.cosmos.initial import linear_field
from core.cosmos.kernels import shell_sums
from core.cosmos.lpt import first_order
from core.cosmos.measures.spectra import (
    _shell_sums_torch,
    fourier,
    inverse_window,
    particle_modes,
    particle_spectra,
    spectra,
)
from core.cosmos.paint import paint
from core.cosmos.power import linear_power
from core.errors import InputError

SPLINES: dict[int, Assignment | None] = {0: None, 2: "cic", 4: "pcs"}
"""Ways to paint by the power of sinc that their window is."""


def noise(cells: int, seed: int, box_size: float = 20.0) -> Field:
    return Field(f"noise {seed}", np.random.default_rng(seed).normal(size=(cells,) * 3).astype(np.float32), box_size)


def fourier_sum(values: Array) -> Array:
    """delta(k) over all integer wave vectors, axis by axis with the full matrix of exponentials."""
    n = len(values)
    wave = np.exp(-2j * np.pi / n * np.outer(np.arange(n), np.arange(n)))
    return np.asarray(np.einsum("ai,bj,ck,ijk->abc", wave, wave, wave, values.astype(np.float64), optimize=True))


@pytest.mark.parametrize(("cells", "order"), [(8, 0), (16, 0), (16, 2), (12, 4), (9, 2)])
def test_spectra_are_the_sums_over_modes(cells: int, order: int) -> None:
    first, second = noise(cells, 1), noise(cells, 2)
    a, b = fourier_sum(first.values), fourier_sum(second.values)
    axis = np.fft.fftfreq(cells, 1 / cells)
    window = np.prod(np.meshgrid(*[np.sinc(axis / cells) ** order] * 3), axis=0)
    length = np.sqrt(sum(part**2 for part in np.meshgrid(axis, axis, axis)))
    assignment = SPLINES[order]
    measured = spectra(replace(first, assignment=assignment), replace(second, assignment=assignment))
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
    measured = spectra(Field("points", density, box_size, assignment="cic"))
    low = slice(0, 24)
    mean = np.average(measured.power[low], weights=measured.modes[low])
    # 0.6 % standard deviation of these modes, 0.2 % aliasing below 0.4 of Nyquist
    assert mean == pytest.approx(box_size**3 / count, rel=1e-2)
    deviation = (measured.power[low] / (box_size**3 / count) - 1) / measured.relative_error[low]
    assert deviation.std() == pytest.approx(1, abs=0.5)  # the quoted errors are the scatter; 24 shells


def test_poisson_particles() -> None:
    """A7.1: P = V/N within 1 % up to 0.9 of the Nyquist frequency; 0.45 % is the scatter of these modes."""
    measured = particle_spectra(np.random.default_rng(6).uniform(0, 100.0, (50_000, 3)), 100.0, 64)
    assert measured.shot_noise == (20.0, 20.0)
    assert np.average(measured.power[:28], weights=measured.modes[:28]) == pytest.approx(20.0, rel=1e-2)


def test_two_sets_of_particles() -> None:
    """Points and every second of them: the cross-spectrum has the power of the whole set only."""
    positions = np.random.default_rng(7).uniform(0, 100.0, (40_000, 3))
    measured = particle_spectra(positions, 100.0, 64, positions[::2])
    assert measured.shot_noise == (25.0, 50.0)
    weights = measured.modes
    assert np.average(measured.other, weights=weights) == pytest.approx(50.0, rel=2e-2)
    assert np.average(measured.cross, weights=weights) == pytest.approx(25.0, rel=3e-2)
    np.testing.assert_allclose(np.average(measured.correlation, weights=weights), np.sqrt(0.5), rtol=2e-2)


def test_assignments_agree(planck: Cosmology) -> None:
    """A7.2: CIC and interlaced PCS of the same particles within 0.5 % below half the Nyquist frequency."""
    modes = torch.fft.rfftn(torch.from_numpy(linear_field(32, 64.0, linear_power(planck), seed=1).values))
    positions = lattice(32, 64.0) + first_order(modes, 64.0).numpy().reshape(3, -1).T
    rough = particle_spectra(positions, 64.0, 64, assignment="cic", interlaced=False)
    fine = particle_spectra(positions, 64.0, 64)
    np.testing.assert_allclose(rough.power[:15], fine.power[:15], rtol=5e-3)
    assert np.abs(rough.power[24:] / fine.power[24:] - 1).max() > 5e-3  # aliases beyond


def test_interlacing_keeps_the_modes_in_place() -> None:
    """delta(k) of few particles by the Fourier sum over them, far below the Nyquist frequency."""
    positions = np.random.default_rng(8).uniform(0, 10.0, (50, 3))
    modes = particle_modes(positions, 10.0, 64, "pcs", True).numpy()
    for i, j, k in [(1, 0, 0), (0, -2, 3), (-3, 1, 2), (4, 4, 0)]:
        exact = np.exp(-2j * np.pi / 10.0 * positions @ [i, j, k]).sum() * 64**3 / 50
        window = np.prod(np.sinc(np.array([i, j, k]) / 64) ** 4)
        assert modes[i, j, k] / window == pytest.approx(exact, rel=1e-4)


@pytest.mark.parametrize(("cells", "assignment"), [(16, "cic"), (9, "pcs")])
def test_shells_by_torch_equal_the_compiled_ones(cells: int, assignment: Assignment) -> None:
    a, b = fourier(noise(cells, 1)), fourier(noise(cells, 2))
    planes = np.zeros((cells, 5, cells // 2))
    windows = inverse_window(assignment, cells), inverse_window("trapezoid", cells)
    shell_sums(a.numpy(), b.numpy(), *windows, planes)
    np.testing.assert_allclose(_shell_sums_torch(a, b, *windows), planes.sum(axis=0), rtol=1e-6)


def test_errors_are_the_scatter_of_many_boxes() -> None:
    """P, r and T of pairs of Gaussian fields that share half their variance."""
    rng = np.random.default_rng(9)
    many = []
    for _ in range(100):
        common, one, other = rng.normal(size=(3, 16, 16, 16)).astype(np.float32)
        many.append(spectra(Field("a", common + one, 20.0), Field("b", common + other, 20.0)))

    def ratio(name: str, error: str) -> Array:
        values = np.array([getattr(m, name) for m in many])
        quoted = np.array([getattr(m, error) for m in many]).mean(axis=0)
        if error == "relative_error":
            quoted = quoted * values.mean(axis=0)
        return np.asarray(values.std(axis=0) / quoted)[2:]

    # five shells of 100 boxes: each scatter is known to 7 %
    np.testing.assert_allclose(ratio("power", "relative_error"), 1, atol=0.25)
    np.testing.assert_allclose(ratio("correlation", "correlation_error"), 1, atol=0.25)
    np.testing.assert_allclose(ratio("transfer", "transfer_error"), 1, atol=0.25)


def test_a_field_correlates_with_itself() -> None:
    field = noise(16, 1)
    double = Field("double", -2 * field.values, field.box_size)
    measured = spectra(field, field)
    np.testing.assert_array_equal(measured.transfer, 1)
    np.testing.assert_allclose(measured.correlation, 1, rtol=1e-12)
    np.testing.assert_allclose(measured.correlation_error, 0, atol=1e-12)
    np.testing.assert_allclose(measured.transfer_error, 0, atol=1e-7)
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
