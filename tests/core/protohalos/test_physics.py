"""Features of theory against plane waves, brute force and libraries."""

import numpy as np
import pytest
import torch
from scipy.ndimage import maximum_filter

from core.cosmos.filters import in_spheres, smoothed
from core.cosmos.universe import Universe
from core.protohalos import physics
from core.protohalos.dynamics import CheapRun


def test_the_largest_within_a_ball_is_that_of_a_library() -> None:
    field = np.random.default_rng(1).normal(size=(12, 12, 12)).astype(np.float32)
    for radius in (0.5, 1.0, 2.0, 2.8, 5.6):
        reach = np.arange(-int(radius), int(radius) + 1)
        ball = reach[:, None, None] ** 2 + reach[:, None] ** 2 + reach**2 <= radius**2
        np.testing.assert_array_equal(
            physics.largest_within(field, radius), maximum_filter(field, footprint=ball, mode="wrap")
        )


def test_eigenvalues_are_those_of_a_library() -> None:
    tensor = [torch.from_numpy(x).float() for x in np.random.default_rng(2).normal(size=(6, 500))]
    for item in tensor[3:]:
        item[:3] = 0  # diagonal ones too
    for item in tensor[:3]:
        item[0] = 1.5  # and a sphere
    xx, yy, zz, xy, xz, yz = tensor
    matrices = torch.stack([torch.stack(row, -1) for row in ((xx, xy, xz), (xy, yy, yz), (xz, yz, zz))], -1)
    expected = torch.linalg.eigvalsh(matrices.double()).flip(-1)
    # single precision of the result
    torch.testing.assert_close(torch.stack(physics.eigenvalues(tensor), -1).double(), expected, atol=1e-5, rtol=1e-5)


def test_the_tide_of_a_plane_wave_is_along_it() -> None:
    n, x = 16, np.arange(16)
    wave = np.broadcast_to(np.cos(2 * np.pi * 3 * x / n)[:, None, None], (n, n, n)).astype(np.float32)
    strain = physics.tidal_tensor(torch.fft.rfftn(torch.from_numpy(wave.copy())))
    np.testing.assert_allclose(strain[0], wave, atol=1e-6)
    for item in strain[1:]:
        np.testing.assert_allclose(item, 0, atol=1e-6)
    # two crossed waves: delta = cos a + cos b, second invariant = cos a cos b
    crossed = torch.from_numpy(wave + wave.transpose(1, 0, 2))
    source = physics.second_invariant(physics.tidal_tensor(torch.fft.rfftn(crossed)))
    np.testing.assert_allclose(source, wave * wave.transpose(1, 0, 2), atol=1e-6)


def test_features_of_a_universe(universes: list[Universe]) -> None:
    universe = universes[0]
    told = physics.features(universe)
    assert told.shape == (physics.count(), 16, 16, 16)
    assert told.dtype == np.float32
    delta = universe.field("delta_linear").values
    np.testing.assert_allclose(told[0], delta, atol=1e-5)
    # the trace of the tidal tensor is the density, but for modes at the Nyquist frequency
    smooth = told[physics.SMOOTHINGS.index(2.0)]
    start = len(physics.SMOOTHINGS) + 4 * physics.TIDES.index(2.0)
    np.testing.assert_allclose(told[start : start + 3].sum(axis=0), smooth, atol=1e-3 * smooth.std())
    assert (np.diff(told[start : start + 3], axis=0) <= 1e-6).all()
    spheres = told[-len(physics.SPHERES) :]
    assert (spheres.max(axis=(1, 2, 3)) < delta.max()).all()
    assert all(np.diff(spheres.std(axis=(1, 2, 3))) < 0)


def test_the_cheap_run_comes_last(universes: list[Universe]) -> None:
    run = CheapRun(steps=2)
    told = physics.features(universes[0], run)
    assert len(told) == physics.count(run) == physics.count() + run.channels
    np.testing.assert_array_equal(told[: physics.count()], physics.features(universes[0]))


@pytest.mark.parametrize("radius", [2.0, 4.0])
def test_a_top_hat_is_the_mean_over_a_sphere(radius: float) -> None:
    n, k = 32, 2 * np.pi * 2 / 32
    wave = np.broadcast_to(np.sin(k * np.arange(n)), (n, n, n)).astype(np.float32)
    modes = torch.fft.rfftn(torch.from_numpy(wave.copy()))
    x = k * radius
    expected = 3 * (np.sin(x) - x * np.cos(x)) / x**3 * wave
    np.testing.assert_allclose(physics.real(in_spheres(modes, radius)), expected, atol=1e-6)
    smooth = physics.real(smoothed(modes, radius))
    np.testing.assert_allclose(smooth, np.exp(-(x**2) / 2) * wave, atol=1e-6)
