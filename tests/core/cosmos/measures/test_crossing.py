"""First crossings against smoothing by hand, random walks and their limits; fractions on halos: tests/validation."""

import numpy as np
import pytest
from scipy.special import erf

from core.cosmos.box import Array, Field
from core.cosmos.cosmology import PRESETS
from core.cosmos.initial import linear_field
from core.cosmos.measures.crossing import (
    eps_barrier,
    first_crossing,
    mass_bank,
    never,
    radius,
    sheth_tormen_barrier,
    variances,
)
from core.cosmos.power import linear_power
from core.errors import UsageError

WMAP5 = PRESETS["wmap5"]
BOX = 20.0


def delta(cells: int = 32, seed: int = 1, box_size: float = BOX, fixed: bool = False) -> Field:
    return linear_field(cells, box_size, linear_power(WMAP5), seed, fixed=fixed)


def sharp_k_masses(cells: int, box_size: float, count: int) -> Array:
    """From the fundamental mode to the corner of the mesh."""
    radii = np.geomspace(box_size / (2 * np.pi) * 1.01, box_size / (np.pi * cells) / np.sqrt(3), count)
    return 6 * np.pi**2 * WMAP5.mean_density * radii**3


def test_the_bank_of_the_paper() -> None:
    bank = mass_bank(WMAP5)
    assert len(bank) == 50
    np.testing.assert_allclose(bank[[0, -1]] / WMAP5.h, [1e15, 3e10])
    np.testing.assert_allclose(np.diff(np.log(bank)), np.log(3e-5) / 49)


def test_windows_hold_their_mass() -> None:
    mass = np.array([1e12])
    top_hat, sharp_k = radius(mass, WMAP5)[0], radius(mass, WMAP5, "sharp_k")[0]
    assert 4 / 3 * np.pi * top_hat**3 * WMAP5.mean_density == pytest.approx(1e12)
    assert 6 * np.pi**2 * sharp_k**3 * WMAP5.mean_density == pytest.approx(1e12)


def test_variances() -> None:
    radii = np.array([8.0, 2.0, 0.5])
    assert variances(radii, WMAP5)[0] == pytest.approx(0.817**2, rel=1e-5)
    # sharp in k: the integral of P up to 1/R, by another quadrature
    power = linear_power(WMAP5)
    for scale, found in zip(radii, variances(radii, WMAP5, "sharp_k"), strict=True):
        k = np.linspace(1e-4, 1 / scale, 200_001)
        assert found == pytest.approx(np.trapezoid(k**2 * power(k), k) / (2 * np.pi**2), rel=1e-3)


def test_barriers() -> None:
    variance = np.array([0.0, 0.707 * 1.686**2, 4.0])
    np.testing.assert_array_equal(eps_barrier(variance), 1.686)
    moving = sheth_tormen_barrier(variance) / (np.sqrt(0.707) * 1.686)
    # beta where S is a delta_c^2; gamma is the slope from there
    np.testing.assert_allclose(moving[:2], [1, 1.485])
    assert np.log((moving[2] - 1) / 0.485) / np.log(variance[2] / variance[1]) == pytest.approx(0.615)


@pytest.mark.parametrize("window", ["top_hat", "sharp_k"])
def test_largest_mass_above_the_barrier(window: str) -> None:
    """By a full float64 transform and one mask a scale, in the opposite order."""
    field = delta(16)
    masses = np.geomspace(1e13, 2e10, 9)
    found = first_crossing(field, WMAP5, masses, window)  # type: ignore[arg-type]
    axis = 2 * np.pi * np.fft.fftfreq(16, BOX / 16)
    k = np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2)
    modes = np.fft.fftn(field.values.astype(np.float64))
    for name, barrier in (("eps", 1.686 + 0 * found.sigma), ("sheth_tormen", sheth_tormen_barrier(found.sigma**2))):
        expected = np.zeros((16,) * 3)
        for mass, scale, level in reversed(
            list(zip(found.masses, radius(found.masses, WMAP5, window), barrier, strict=True))  # type: ignore[arg-type]
        ):
            x = k * scale
            safe = np.where(x > 0, x, 1)
            ball = np.where(x > 0, 3 * (np.sin(safe) - safe * np.cos(safe)) / safe**3, 1)
            smooth = np.fft.ifftn(modes * (ball if window == "top_hat" else x <= 1)).real
            expected[smooth >= level] = mass
        # a cell within float32 rounding of the barrier may fall to either side
        assert np.count_nonzero(~np.isclose(getattr(found, name).values, expected, rtol=1e-6)) <= 2
        assert len(np.unique(expected)) > 3


def test_more_scales_never_cross_less() -> None:
    """A6.4."""
    field, bank = delta(), mass_bank(WMAP5)
    few, many = first_crossing(field, WMAP5, bank[::3]), first_crossing(field, WMAP5, bank)
    for name in ("eps", "sheth_tormen"):
        a, b = getattr(few, name).values, getattr(many, name).values
        assert (b >= a).all()
        assert (b > a).any()
    assert never(many.eps) < never(many.sheth_tormen)
    assert (many.eps.units, many.eps.frame, many.eps.redshift) == ("Msun/h", "lagrangian", 0.0)


def test_order_of_masses_is_free() -> None:
    masses = np.geomspace(1e11, 1e14, 6)
    one, other = first_crossing(delta(16), WMAP5, masses), first_crossing(delta(16), WMAP5, masses[[3, 0, 5, 1, 4, 2]])
    np.testing.assert_array_equal(one.eps.values, other.eps.values)
    np.testing.assert_array_equal(one.masses, np.sort(masses)[::-1])


def test_never() -> None:
    field = Field("m", np.array([0.0, 0.0, 0.0, 1e12]).reshape(1, 2, 2), 1.0)
    assert never(field) == 0.75
    assert never(field, np.array([False, False, True, True]).reshape(1, 2, 2)) == 0.5


def test_sharp_k_is_a_random_walk() -> None:
    """A6.3: modes of different length are independent, so a cell's density walks as the scale shrinks.

    Fraction never crossing against 50 000 walks with the steps of this box, and above erf(1.686 / sqrt2 sigma), the
    limit of infinitely many steps: a walk that is looked at less often crosses less.
    """
    masses = sharp_k_masses(32, BOX, 400)
    fields = [delta(seed=seed, fixed=True) for seed in range(1, 5)]
    found = [first_crossing(field, WMAP5, masses, "sharp_k") for field in fields]
    axis = np.fft.fftfreq(32, 1 / 32)
    k = 2 * np.pi / BOX * np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2)
    mode = np.where((np.abs(axis) < 16).astype(bool), 1, 0)  # Nyquist modes are zero
    share = linear_power(WMAP5)(k) / BOX**3 * mode[:, None, None] * mode[:, None] * mode
    scales = radius(found[0].masses, WMAP5, "sharp_k")
    variance = np.array([share[k * scale <= 1].sum() for scale in scales])
    assert np.sqrt(variance[-1]) == pytest.approx(fields[0].values.std(), rel=1e-3)

    rng = np.random.default_rng(1)
    walk = np.zeros(50_000, dtype=np.float32)
    crossed = np.zeros((2, walk.size), dtype=bool)
    for step, moving in zip(
        # two equal sums may differ by rounding
        np.sqrt(np.diff(variance, prepend=0.0).clip(min=0)),
        sheth_tormen_barrier(found[0].sigma ** 2),
        strict=True,
    ):
        walk += step * rng.standard_normal(walk.size, dtype=np.float32)
        crossed[0] |= walk >= 1.686
        crossed[1] |= walk >= moving
    expected = 1 - crossed.mean(axis=1)
    # 2 % scatter from box to box at this size (few long modes), 1 % of the mean of four
    assert np.mean([never(f.eps) for f in found]) == pytest.approx(expected[0], abs=0.02)
    assert np.mean([never(f.sheth_tormen) for f in found]) == pytest.approx(expected[1], abs=0.02)
    limit = erf(1.686 / np.sqrt(2 * variance[-1]))
    assert limit < expected[0] < limit + 0.05


def test_masses_must_be_positive() -> None:
    with pytest.raises(UsageError, match="positive"):
        first_crossing(delta(16), WMAP5, np.array([1e12, 0.0]))
