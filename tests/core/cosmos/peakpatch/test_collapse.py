"""Ellipsoids: elliptic integrals and growth against scipy, collapse against known cases and another code's table."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import elliprd

from core.cosmos.cosmology import growth
from core.cosmos.peakpatch.collapse import (
    EDGE,
    HIGHEST,
    LOWEST,
    ROUNDEST,
    CollapseTable,
    axes,
    carlson_rd,
    collapse,
    collapse_table,
    linear_growth,
    shape_integrals,
)

SMALL = (6, 4, 3)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder of the user."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    collapse_table.cache_clear()
    return tmp_path / "halodeck"


@pytest.mark.parametrize("arguments", [(1.0, 1.0, 1.0), (0.3, 1.0, 0.02), (0.02, 1.0, 0.3), (40.0, 1.0, 9.0)])
def test_elliptic_integral(arguments: tuple[float, float, float]) -> None:
    assert carlson_rd(*arguments) == pytest.approx(float(elliprd(*arguments)), rel=1e-7)


@pytest.mark.parametrize("lengths", [(1.0, 1.0, 1.0), (2.0, 1.5, 0.4), (1.0, 0.2, 0.1), (0.05, 0.3, 0.2)])
def test_shape_integrals(lengths: tuple[float, float, float]) -> None:
    """b_i = a1 a2 a3 / 2 int du / ((a_i^2 + u) sqrt prod (a_j^2 + u)) (Binney & Tremaine, table 2.2)."""
    squares = np.square(lengths)

    def expected(axis: int) -> float:
        def integrand(t: float) -> float:  # u = t / (1 - t), so that the range is finite
            u = t / (1 - t)
            return float(1 / ((squares[axis] + u) * np.sqrt(np.prod(squares + u))) / (1 - t) ** 2)

        return float(np.prod(lengths) / 2 * quad(integrand, 0, 1, limit=400)[0])

    b = shape_integrals(*lengths)
    np.testing.assert_allclose(b, [expected(axis) for axis in range(3)], rtol=1e-5)
    assert sum(b) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("omega_matter", [0.25, 0.3089, 1.0])
def test_growth_in_closed_form(omega_matter: float) -> None:
    a = np.array([0.01, 0.1, 0.5, 0.9, 1.0])
    first, rate = linear_growth(a, omega_matter)
    functions = growth(omega_matter)
    np.testing.assert_allclose(first, [functions.first(x) for x in a], rtol=1e-6)
    np.testing.assert_allclose(rate, [functions.rate(x) for x in a], rtol=1e-5)


def test_sphere_of_matter_alone() -> None:
    """Collapse at F = 1.686 (1 + z), a little earlier because 1 % of the scale factor is collapse: self-similar."""
    f = np.array([1.8, 2.5, 5.0, 7.5])
    z = collapse(f, 0 * f, 0 * f, 1.0)
    np.testing.assert_allclose(f / z, (f / z)[0], rtol=2e-3)
    assert (f / z)[0] == pytest.approx(1.686, rel=0.02)


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [
        (0.0, [1.718, 1.766, 1.827, 1.900, 1.993, 2.112, 2.262, 2.470]),
        (0.5, [1.718, 1.756, 1.807, 1.871, 1.945, 2.041, 2.156, 2.304]),
        (-0.5, [1.718, 1.772, 1.846, 1.939, 2.054, 2.211, 2.432, 2.771]),
    ],
)
def test_critical_overdensity_of_another_code(ratio: float, expected: list[float]) -> None:
    """F that collapses today for e = 0, 0.05, ... 0.35 in the table of the Fortran Peak Patch, to 0.5 %."""
    e = 0.05 * np.arange(len(expected))
    f = np.array(expected)
    assert (collapse(1.005 * f, e, ratio * e, 0.3089) >= 1).all()
    assert (collapse(0.995 * f, e, ratio * e, 0.3089) < 1).all()


def test_collapse_is_earlier_for_more_matter_and_later_for_flatter_ellipsoids() -> None:
    f, e = np.meshgrid(np.linspace(1.5, 8, 12), np.linspace(0, 0.4, 6), indexing="ij")
    z = collapse(f, e, 0 * e, 0.3)
    assert (np.diff(z, axis=0)[z[1:] > 0] > 0).all()
    assert (np.diff(z, axis=1) <= 0).all()
    assert (z == 0).any()
    at_collapse = f[z > 0] * linear_growth(1 / z[z > 0], 0.3)[0]
    assert at_collapse.min() == pytest.approx(1.686, rel=0.02)
    assert at_collapse.max() > 2


def test_table_returns_its_nodes_and_lies_between_them(cache: Path) -> None:
    table = collapse_table(0.3, SMALL)
    f, e, ratio = np.meshgrid(*axes(SMALL), indexing="ij")
    np.testing.assert_allclose(table(f, e, ratio * e)[:, 1:], table.values[:, 1:], rtol=1e-5, atol=1e-5)
    values = np.random.default_rng(1).uniform(1, 2, (3, 3, 3))
    nodes = axes((3, 3, 3))
    middle = CollapseTable(0.3, values)(
        np.sqrt(nodes[0][0] * nodes[0][1]), nodes[1][1:].mean(), nodes[2][:2].mean() * nodes[1][1:].mean()
    )
    assert middle == pytest.approx(values[:2, 1:, :2].mean())


def test_outside_the_table(cache: Path) -> None:
    table = collapse_table(0.3, (12, 6, 5))
    assert table(np.array([LOWEST - 0.01, 3.0]), np.array([0.0, ROUNDEST + 0.01]), np.zeros(2)).tolist() == [0, 0]
    edge = table(np.array(3.0), np.array(0.2), np.array(0.2 * EDGE))
    assert table(np.array(3.0), np.array(0.2), np.array(0.2001)) == pytest.approx(edge)
    # matter alone decides in dense regions: as good as solving the equations there
    f = 1.5 * HIGHEST
    expected = collapse(np.array([f]), np.array([0.2]), np.array([0.0]), 0.3)[0]
    assert table(np.array(f), np.array(0.2), np.array(0.0)) == pytest.approx(expected, rel=0.02)


def test_table_is_kept_for_the_next_time(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = collapse_table(0.3, SMALL)
    [path] = cache.iterdir()
    with np.load(path, allow_pickle=False) as file:
        np.testing.assert_array_equal(file["values"], table.values)
    collapse_table.cache_clear()
    monkeypatch.setattr("core.cosmos.peakpatch.collapse.collapse", None)  # a call would fail
    np.testing.assert_array_equal(collapse_table(0.3, SMALL).values, table.values)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def other_shape(path: Path) -> None:
    np.savez(path, values=np.zeros((2, 2, 2)), omega_matter=0.3)


def other_universe(path: Path) -> None:
    np.savez(path, values=np.zeros(SMALL), omega_matter=0.31)


def no_table(path: Path) -> None:
    np.savez(path, other=np.zeros(SMALL))


def objects(path: Path) -> None:
    np.savez(path, values=np.array([None]), omega_matter=0.3)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [cut, other_shape, other_universe, no_table, objects, empty])
def test_damaged_table_is_made_again(cache: Path, damage: Callable[[Path], None]) -> None:
    expected = collapse_table(0.3, SMALL).values
    [path] = cache.iterdir()
    damage(path)
    collapse_table.cache_clear()
    np.testing.assert_array_equal(collapse_table(0.3, SMALL).values, expected)
    with np.load(path) as file:
        np.testing.assert_array_equal(file["values"], expected)


def test_cache_that_cannot_be_written_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    collapse_table.cache_clear()
    assert collapse_table(0.3, SMALL).values.max() > 1
