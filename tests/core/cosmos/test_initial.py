"""White noise and linear fields: statistics, nesting over resolutions, the given spectrum."""

import numpy as np
import pytest
import torch

from core.cosmos.cosmology import Cosmology
from core.cosmos.initial import linear_field, squared_wavenumber, white_noise
from core.cosmos.measures.spectra import spectra
from core.cosmos.power import linear_power


def test_finer_grids_hold_the_coarser_modes() -> None:
    coarse, fine = white_noise(16, 5), white_noise(32, 5)
    keep = np.r_[0:8, 25:32]  # all of the coarse modes but its Nyquist planes
    inner = np.r_[0:8, 9:16]
    np.testing.assert_array_equal(
        fine.numpy()[np.ix_(keep, keep, np.arange(8))], coarse.numpy()[np.ix_(inner, inner, np.arange(8))]
    )


def test_noise_is_the_transform_of_a_real_field() -> None:
    noise = white_noise(16, 3).to(torch.complex128)
    back = torch.fft.rfftn(torch.fft.irfftn(noise, s=(16, 16, 16)))
    torch.testing.assert_close(back, noise, rtol=0, atol=1e-12)


def test_mean_and_nyquist_modes_are_zero() -> None:
    noise = white_noise(8, 1)
    for empty in (noise[0, 0, 0], noise[4], noise[:, 4], noise[:, :, 4]):
        assert not empty.any()
    assert torch.count_nonzero(noise) == 7 * 7 * 4 - 1


def test_noise_is_complex_normal() -> None:
    noise = white_noise(64, 7).numpy()
    modes = noise[:, :, 1:32][noise[:, :, 1:32] != 0].astype(np.complex128)  # one of each k, -k
    power = np.abs(modes) ** 2
    error = 1 / np.sqrt(len(modes))
    # four standard deviations of each moment of independent complex normal numbers
    assert power.mean() == pytest.approx(1, abs=4 * error)
    assert (power**2).mean() == pytest.approx(2, abs=4 * np.sqrt(20) * error)
    assert abs(modes.mean()) < 4 * error
    assert abs((modes**2).mean()) < 4 * np.sqrt(2) * error
    other = white_noise(64, 8).numpy()[:, :, 1:32]
    assert abs((modes * other[other != 0].conj()).mean()) < 4 * error


def test_neighbouring_modes_are_independent() -> None:
    noise = white_noise(64, 7).numpy().astype(np.complex128)
    for axis in (0, 1, 2):
        block = noise[1:31, 1:31, 1:31]
        shifted = np.roll(noise, -1, axis)[1:31, 1:31, 1:31]
        assert abs((block * shifted.conj()).mean()) < 4 / np.sqrt(block.size)


def test_seeds_decide() -> None:
    torch.testing.assert_close(white_noise(16, 2**63 + 5), white_noise(16, 2**63 + 5), rtol=0, atol=0)
    assert (white_noise(16, 1) != white_noise(16, 2)).float().mean() > 0.7  # all but the empty modes


def test_fixed_and_paired() -> None:
    free, fixed, paired = white_noise(16, 4), white_noise(16, 4, fixed=True), white_noise(16, 4, paired=True)
    full = fixed != 0
    torch.testing.assert_close(fixed[full].abs(), torch.ones(int(full.sum())))
    torch.testing.assert_close(fixed[full].angle(), free[full].angle())
    torch.testing.assert_close(paired, -free, rtol=0, atol=0)


def mean_power_in_shells(cells: int, box_size: float, planck: Cosmology) -> np.ndarray:
    """The input spectrum averaged over the modes of each shell, mode by mode."""
    axis = np.fft.fftfreq(cells, 1 / cells)
    squared = axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2
    shell = (np.sqrt(squared) + 0.5).astype(int)
    power = linear_power(planck)(2 * np.pi / box_size * np.sqrt(squared))
    sums, counts = np.bincount(shell.ravel(), power.ravel()), np.bincount(shell.ravel())
    return np.asarray((sums / counts)[1 : cells // 2])


def test_field_has_the_given_spectrum(planck: Cosmology) -> None:
    expected = mean_power_in_shells(64, 100.0, planck)
    measured = spectra(linear_field(64, 100.0, linear_power(planck), seed=11))
    deviation = (measured.power / expected - 1) / measured.relative_error
    assert np.abs(deviation).max() < 4  # of 31 shells, three standard deviations would fail every twelfth seed
    assert (deviation**2).mean() == pytest.approx(1, abs=4 * np.sqrt(2 / 31))


def test_fixed_field_has_exactly_the_given_spectrum(planck: Cosmology) -> None:
    measured = spectra(linear_field(32, 100.0, linear_power(planck), seed=2, fixed=True))
    np.testing.assert_allclose(measured.power, mean_power_in_shells(32, 100.0, planck), rtol=1e-5)  # float32 FFT


def test_field_of_a_nested_grid_is_the_smoothed_field(planck: Cosmology) -> None:
    coarse, fine = (linear_field(n, 50.0, linear_power(planck), seed=9) for n in (16, 32))
    modes = np.fft.fftn(fine.values.astype(np.float64))
    inner = np.r_[0:8, 25:32]
    cut = np.zeros((16, 16, 16), dtype=complex)
    cut[np.ix_(*[np.r_[0:8, 9:16]] * 3)] = modes[np.ix_(inner, inner, inner)] / 8
    np.testing.assert_allclose(np.fft.ifftn(cut).real, coarse.values, atol=1e-5 * coarse.values.std())


def test_squared_wavenumber() -> None:
    axis = [0, 1, 2, -3, -2, -1]
    expected = [[[i * i + j * j + k * k for k in range(4)] for j in axis] for i in axis]
    np.testing.assert_array_equal(squared_wavenumber(6).numpy(), expected)
