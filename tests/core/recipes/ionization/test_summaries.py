import numpy as np
import pytest
import torch

from core.recipes.ionization.summaries import SHELLS, summaries


def noise(n: int = 32) -> torch.Tensor:
    return torch.rand(4, n, n, generator=torch.Generator().manual_seed(1))


def test_moments_and_mean_are_those_of_scipy() -> None:
    from scipy.stats import kurtosis, skew

    planes = noise() ** 3
    found, flat = summaries(planes), planes.double().flatten(1).numpy()
    np.testing.assert_allclose(found[:, -1], flat.mean(1))
    np.testing.assert_allclose(np.exp(found[:, -4]), flat.std(1))
    np.testing.assert_allclose(found[:, -3], skew(flat, axis=1))
    np.testing.assert_allclose(found[:, -2], kurtosis(flat, axis=1, fisher=False))


def test_a_wave_is_in_the_shell_of_its_wavenumber() -> None:
    x = torch.arange(32) / 32
    waves = [torch.cos(2 * np.pi * k * x).expand(1, 32, 32) for k in (1, 3, 12)]
    shells = [int(summaries(wave)[0, :-4].argmax()) for wave in waves]
    assert shells == sorted(set(shells))
    # the amplitude goes with the square
    one, two = (summaries(factor * waves[0])[0, 0] for factor in (0.5, 1.0))
    assert two - one == pytest.approx(np.log(4), rel=1e-6)


def test_no_shift_turn_or_mirror_is_seen_nor_the_mean_where_it_is_left_out() -> None:
    planes = noise()
    for same in (planes.roll((5, 7), (1, 2)), planes.rot90(1, (1, 2)), planes.flip(1)):
        np.testing.assert_allclose(summaries(same), summaries(planes), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(summaries(planes + 0.3, False), summaries(planes, False), rtol=1e-6, atol=1e-6)
    assert summaries(planes).shape[1] <= SHELLS + 4


def test_an_empty_plane_has_summaries() -> None:
    assert np.isfinite(summaries(torch.zeros(1, 16, 16))).all()
