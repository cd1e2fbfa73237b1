"""Clustering of halos less shot noise: against a plain Fourier sum, random points, and many draws of the errors."""

import numpy as np
import pytest

from core.cosmos.box import Array, Catalogue
from core.protohalos.halo_spectra import LARGE_SCALES, correlation, halo_spectra, noise_share, power_ratio, scattered

BOX = 64.0


def halos(places: Array) -> Catalogue:
    mass = np.arange(len(places), 0, -1.0)
    return Catalogue({"mass": mass, "position": places, "lagrangian_position": places}, BOX)


def points(rng: np.random.Generator, count: int = 400) -> Array:
    return rng.uniform(0, BOX, (count, 3))


def test_large_scales_are_the_single_modes_below_the_limit() -> None:
    rng = np.random.default_rng(1)
    x, y = points(rng), points(rng)
    axis = np.arange(-6, 7)
    wave = np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(-1, 3) * (2 * np.pi / BOX)
    length = np.linalg.norm(wave, axis=1)
    wave = wave[(length > 0) & (length <= LARGE_SCALES)]
    a, b = (np.exp(-1j * wave @ places.T).mean(axis=1) for places in (x, y))
    [found] = halo_spectra([halos(y)], [halos(x)], [32])
    assert found.large.modes == len(wave) == 514
    assert found.large.k[0] == pytest.approx(np.linalg.norm(wave, axis=1).mean())
    for name, mean in (("power", abs(a) ** 2), ("other", abs(b) ** 2), ("cross", (a * b.conj()).real)):
        # positions are painted in single precision
        assert getattr(found.large, name)[0] == pytest.approx(mean.mean() * BOX**3, abs=1e-3 * BOX**3 / 400)
    assert found.large.shot_noise == (BOX**3 / 400, BOX**3 / 400)


def test_random_points_have_no_power_but_their_shot_noise() -> None:
    rng = np.random.default_rng(2)
    many = [halo_spectra([halos(points(rng))], [halos(points(rng))], [32])[0] for _ in range(20)]
    for shells in ([one.shells for one in many], [one.large for one in many]):
        modes = np.sum([one.modes for one in shells], axis=0)
        power = np.sum([one.power * one.modes for one in shells], axis=0) / modes / shells[0].shot_noise[0]
        # to the Nyquist frequency: the window of the mesh is divided out and odd aliases cancel
        assert (abs(power - 1) < 4 * np.sqrt(2 / modes) + 1e-3).all()


def test_the_error_of_the_modes_is_the_scatter_of_many_draws() -> None:
    rng = np.random.default_rng(3)

    def draw() -> tuple[float, float, float, float]:
        """Two catalogues that share two thirds of their pairs of points."""
        pairs = np.repeat(points(rng, 300), 2, axis=0) + rng.normal(0, 0.3, (600, 3))
        first, second = halos(pairs[:400] % BOX), halos(pairs[200:] % BOX)
        [found] = halo_spectra([first], [second], [16])
        ratio, r = power_ratio([found.large]), correlation([found.large])
        return float(ratio.value[0]), float(ratio.modes[0]), float(r.value[0]), float(r.modes[0])

    ratio, ratio_error, r, r_error = np.array([draw() for _ in range(100)]).T
    # a hundred draws know their scatter to 7 %, four times that; points in pairs are not quite Gaussian
    assert ratio_error.mean() == pytest.approx(ratio.std(), rel=0.3)
    assert r_error.mean() == pytest.approx(r.std(), rel=0.3)
    assert ratio.mean() == pytest.approx(1, abs=0.05)


def test_boxes_that_differ_have_the_larger_error() -> None:
    rng = np.random.default_rng(4)

    def box(share: float) -> tuple[Catalogue, Catalogue]:
        pairs = np.repeat(points(rng, 200), 2, axis=0) + rng.normal(0, 0.3, (400, 3))
        ours = pairs.copy()
        ours[: int(400 * share)] = points(rng, int(400 * share))
        return halos(pairs % BOX), halos(ours % BOX)

    boxes = [box(share) for share in (0.0, 0.0, 0.8, 0.8)]
    found = [one.large for one in halo_spectra([t for t, _ in boxes], [p for _, p in boxes], [16] * 4)]
    both = power_ratio(found)
    assert both.error[0] == both.boxes[0] > 2 * both.modes[0]
    assert np.isnan(power_ratio(found[:1]).boxes[0])
    assert power_ratio(found[:1]).error[0] == pytest.approx(0, abs=1e-6)
    # a fifth of the pairs is left in half of the boxes
    assert both.value[0] == pytest.approx(0.5 * (1 + 0.2**2), abs=3 * both.error[0])


def test_the_noise_and_its_share() -> None:
    rng = np.random.default_rng(5)
    pairs = halos(np.repeat(points(rng, 300), 2, axis=0))
    [found] = halo_spectra([pairs], scattered([pairs]), [16])
    # points at one place twice have twice the power of single ones
    assert noise_share([found.large]) == pytest.approx(0.5, abs=0.1)
    assert abs(power_ratio([found.large]).value[0]) < 4 * power_ratio([found.large]).modes[0]
    assert np.isnan(power_ratio([]).value[0])
    assert np.isnan(correlation([]).error[0])
    assert np.isnan(noise_share([]))
