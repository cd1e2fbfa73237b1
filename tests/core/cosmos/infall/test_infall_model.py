"""The semi-analytic infall tables: orbits, mass loss, and the statistics that were asked of them."""

from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

from core.cosmos.box import Array
from core.cosmos.infall.drawn_orbits import drawn_orbits
from core.cosmos.infall.examples import orbits_of
from core.cosmos.infall.model import Infalls, draw_infalls, make_table
from core.cosmos.infall.orbits import Host, carried_out, draw_orbits, radius_200c, radius_after
from core.cosmos.infall.stripping import growth_of
from core.cosmos.infall.table import (
    FEATURES,
    INTERACTIONS,
    OUTCOMES,
    VISHNU,
    age,
    circular_velocity,
    crossing_time,
    described,
    eccentricity,
    radius_200b,
    write_table,
)
from core.errors import UsageError
from core.recipes.infall.ranking import rank


@pytest.fixture(scope="module")
def drawn() -> dict[str, Array]:
    return draw_infalls(Infalls(20_000, 7))


# <V_t> and rms V in units of V200 by quadrature of Jiang et al. 2015; rows host 1e12, 1e13, 1e14, columns mass ratio
TANGENTIAL = [[0.8118, 0.7524, 0.6331], [0.8023, 0.7464, 0.5918], [0.7917, 0.6888, 0.6199]]
SPEED_RMS = [[1.2421, 1.2002, 1.1173], [1.2578, 1.2191, 1.1159], [1.2749, 1.2513, 1.1000]]


@pytest.mark.parametrize("host", range(3))
@pytest.mark.parametrize("ratio", range(3))
def test_moments_of_the_orbits(host: int, ratio: int) -> None:
    n = 100_000
    speed, tangential = draw_orbits(
        np.full(n, (1e12, 1e13, 1e14)[host]), np.full(n, (0.001, 0.01, 0.1)[ratio]), np.random.default_rng(1)
    )
    assert tangential.mean() == pytest.approx(TANGENTIAL[host][ratio], rel=0.01)
    assert np.sqrt(np.mean(speed**2)) == pytest.approx(SPEED_RMS[host][ratio], rel=0.01)
    assert (tangential <= speed).all()
    assert (speed >= 0).all()


def test_ages_and_radii() -> None:
    def slower(a: float) -> float:
        return 1 / (a * np.sqrt(0.25 * a**-3 + 0.75))

    expected = quad(slower, 0, 0.6)[0] * 977.792 / 70
    assert age(np.array(0.6), VISHNU) == pytest.approx(expected, rel=1e-5)
    radius = radius_200b(np.array(1e14), VISHNU)
    assert 1e14 / (4 / 3 * np.pi * radius**3) == pytest.approx(200 * VISHNU.mean_density)
    # a body at H R sqrt(100 Omega_m) crosses R in 1 / (H sqrt(100 Omega_m)), whatever the mass
    assert crossing_time(np.array(1e14), np.array(1.0), VISHNU) == pytest.approx(9.7779 / 0.7 / np.sqrt(25), rel=1e-3)


def test_eccentricities_of_orbits_that_are_known() -> None:
    mass, distance, a = np.array([1e12] * 3), np.array([0.5] * 3), np.array([1.0] * 3)
    circular = circular_velocity(2 * mass, distance, a)[0]
    speed = np.array([circular, circular, np.sqrt(2) * circular])
    found = eccentricity(mass, mass, distance, speed, np.array([1.0, 0.0, 1.0]), a)
    np.testing.assert_allclose(found, [0, 1, 1], atol=1e-7)  # circular, radial, parabolic


def test_carrying_orbits_outwards_keeps_energy_and_angular_momentum() -> None:
    concentration, matter = np.full(500, 8.0), np.full(500, 0.3)
    speed, tangential = draw_orbits(np.full(500, 1e13), np.full(500, 0.01), np.random.default_rng(2))
    ratio = radius_200c(concentration, matter)
    enclosed = _nfw(8.0 * ratio) / _nfw(8.0)
    np.testing.assert_allclose(enclosed / ratio**3, 1 / matter, rtol=1e-9)
    v200c = np.sqrt(enclosed / ratio)
    outside, sideways = carried_out(speed, tangential, concentration, matter)
    np.testing.assert_allclose(sideways, tangential * v200c * ratio)
    work = np.array([quad(lambda r: _nfw(8 * r) / _nfw(8) / r**2, x, 1)[0] for x in ratio[:1]])[0]
    free = outside > sideways * (1 + 1e-12)
    assert 0.5 < free.mean() < 1
    np.testing.assert_allclose(outside[free] ** 2, ((speed * v200c) ** 2 - 2 * work)[free], rtol=1e-6)


def _nfw(x: Array | float) -> Array:
    return np.asarray(np.log1p(x) - x / (1 + x))


def test_orbits_against_a_solver_of_high_order() -> None:
    """In a host that does not grow: 8 Gyr, and the energy with it."""
    mass, radius, c = 1e13, 0.6, 7.0
    times = np.linspace(0, 8, 2001)[:, None] * np.ones(3)
    host = Host(times, np.full((2001, 3), mass), np.full((2001, 3), radius), np.full(3, c))
    v200 = circular_velocity(np.array(mass), np.array(radius), np.array(1.0))
    radial, tangential = np.array([0.9, 0.5, 0.0]) * v200, np.array([0.4, 0.8, 1.0]) * v200
    found = radius_after(np.full(3, radius), radial, tangential, host, 0.7)
    per_gyr = 1.022712e-3 * 0.7

    def slopes(time: float, state: Array) -> Array:
        x, v = state[:2], state[2:]
        r = np.hypot(*x)
        inside = min(float(_nfw(r / (radius / c)) / _nfw(c)), 1.0)
        return np.array([*v, *(-4.30091e-9 * mass * inside * per_gyr**2 * x / r**3)])

    for k in range(3):
        start = [radius, 0, -radial[k] * per_gyr, tangential[k] * per_gyr]
        end = solve_ivp(slopes, (0, 8), start, rtol=1e-10, atol=1e-12).y[:2, -1]
        assert found[k] == pytest.approx(np.hypot(*end), rel=2e-3)
    assert found[2] == pytest.approx(radius, rel=1e-3)  # a circular orbit stays


def test_every_column_is_there_and_finite(drawn: dict[str, Array]) -> None:
    assert set(FEATURES) | set(INTERACTIONS) | set(OUTCOMES) <= drawn.keys()
    for name in (*FEATURES, *INTERACTIONS, "survived", "host_final_radius", "crossing_time"):
        assert np.isfinite(drawn[name]).all(), name
        assert len(drawn[name]) == 20_000
    survived = drawn["survived"] == 1
    for name in ("final_mass", "final_distance"):
        assert (np.isfinite(drawn[name]) == survived).all()
    assert (np.isfinite(drawn["merge_time"]) == ~survived).all()
    left = (drawn["final_mass"] / drawn["sub_mass"])[survived]
    assert (left >= 0.1 - 1e-9).all()
    assert (left <= 1).all()
    assert (drawn["final_distance"][survived] <= 1).all()
    assert (drawn["merge_time"][~survived] <= age(np.array(1.0), VISHNU)).all()
    assert (drawn["sub_mass"] >= 3.215e10).all()
    assert (drawn["mass_ratio"] <= 1).all()


def test_accretion_follows_the_growth_of_the_hosts(drawn: dict[str, Array]) -> None:
    assert growth_of(np.array(1e13), np.array(1.0)) == 1
    quantiles = np.percentile(1 / drawn["scale_factor"] - 1, [25, 50, 75])
    # the quantiles expected of all that fall in; the late ones that are outside their hosts are not in the table
    np.testing.assert_allclose(quantiles, [0.56, 1.31, 2.49], rtol=0.2)


def test_fates(drawn: dict[str, Array]) -> None:
    """64 % merge; after the best scale factor 90 % survive as told, the rule judged on other rows."""
    a, survived = drawn["scale_factor"], drawn["survived"] == 1
    assert np.mean(~survived) == pytest.approx(0.64, abs=0.015)
    at = np.linspace(0.3, 0.8, 251)
    best = at[np.argmax([np.mean((a[:15_000] > x) == survived[:15_000]) for x in at])]
    assert np.mean((a[15_000:] > best) == survived[15_000:]) == pytest.approx(0.90, abs=0.015)
    assert best == pytest.approx(0.53, abs=0.04)


def test_survival_hangs_on_what_the_thesis_found(drawn: dict[str, Array]) -> None:
    features = np.stack([drawn[name] for name in FEATURES], axis=1)
    found = rank(tuple(FEATURES), features, drawn["survived"], seed=1, runs=5)
    assert found.names[0] == "scale_factor"
    assert set(found.names) == {"scale_factor", "mass_ratio", "impact_angle", "velocity"}


def test_a_seed_is_a_table() -> None:
    first, again, other = (draw_infalls(Infalls(50, seed)) for seed in (3, 3, 4))
    for name in first:
        np.testing.assert_array_equal(first[name], again[name])
    assert not np.array_equal(first["mass_ratio"], other["mass_ratio"])


def test_a_table_on_disk(tmp_path: Path) -> None:
    universe = make_table(tmp_path / "t.h5", Infalls(60, 1), {"command": "test"})
    assert universe.fields == {}
    assert universe.halos.keys() == {"infall", "orbits"}
    assert universe.halos["infall"] == 60
    facts = described(universe)
    assert facts["subhalos"] == "60"
    assert facts["features"] == "24"
    assert "missing" not in facts


@pytest.mark.parametrize(("infalls", "words"), [(Infalls(3), "too few"), (Infalls(seed=-1), "is negative")])
def test_wrong_orders(infalls: Infalls, words: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=words):
        make_table(tmp_path / "t.h5", infalls, {})


def test_examples_of_orbits_begin_and_end_where_the_table_says(tmp_path: Path) -> None:
    columns = draw_infalls(Infalls(200, 1))
    universe = write_table(tmp_path / "t.h5", columns, VISHNU, 100.0, {}, drawn_orbits(columns, VISHNU))
    survivor, merger = orbits_of(universe)
    assert (survivor.survived, merger.survived) == (True, False)
    row = np.flatnonzero(np.isclose(columns["sub_mass"], survivor.mass[0], rtol=1e-9))[0]
    assert columns["survived"][row] == 1
    distances = np.linalg.norm(survivor.position, axis=1)
    assert distances[0] == pytest.approx(columns["distance"][row])
    # 400 steps in log a instead of the 1000 of the table
    assert distances[-1] / survivor.host_radius[-1] == pytest.approx(columns["final_distance"][row], abs=0.02)
    assert survivor.mass[-1] == pytest.approx(columns["final_mass"][row], rel=1e-6)
    assert survivor.scale_factor[-1] == pytest.approx(1)
    row = np.flatnonzero(np.isclose(columns["sub_mass"], merger.mass[0], rtol=1e-9))[0]
    assert merger.mass[-1] <= 0.1 * merger.mass[0] < merger.mass[-2]
    spent = age(merger.scale_factor[[0, -1]], VISHNU)
    assert spent[1] - spent[0] == pytest.approx(columns["merge_time"][row], rel=0.01)
    assert (np.diff(merger.mass) < 0).all()
