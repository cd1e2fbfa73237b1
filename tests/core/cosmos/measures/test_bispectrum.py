"""The bispectrum against sums over all triangles, and against the tree level of a known quadratic field."""

from dataclasses import replace

import numpy as np
import pytest

from core.cosmos.box import Array, Field
from core.cosmos.measures.bispectrum import Bispectrum, bispectrum
from core.cosmos.measures.spectra import spectra
from core.errors import UsageError

BOX = 20.0
STEP = 2 * np.pi / BOX


def noise(cells: int, seed: int) -> Field:
    return Field("noise", np.random.default_rng(seed).normal(size=(cells,) * 3).astype(np.float32), BOX)


def brute_force(values: Array, low: list[float], high: list[float]) -> tuple[float, int]:
    """Sum of delta(k1) delta(k2) delta(k3) (unnormalised) over all closed triples in three shells, and their number."""
    n = len(values)
    delta = np.fft.fftn(values.astype(np.float64))
    axis = np.fft.fftfreq(n, 1 / n).astype(int)
    k = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    length = np.linalg.norm(k, axis=1)
    first, second = (k[(length >= a) & (length < b)] for a, b in zip(low[:2], high[:2], strict=True))
    third = -(first[:, None] + second[None])
    size = np.linalg.norm(third, axis=-1)
    inside = (size >= low[2]) & (size < high[2])
    triple = delta[tuple(first.T)][:, None] * delta[tuple(second.T)] * delta[tuple(third.transpose(2, 0, 1) % n)]
    return float(triple[inside].sum().real), int(inside.sum())


@pytest.mark.parametrize("cells", [16, 12])
def test_every_triangle_of_a_small_grid(cells: int) -> None:
    """A7.3: counts exactly, values to the precision of the float32 transform; up to the Nyquist frequency."""
    field = noise(cells, 1)
    edges = np.array([1.0, 2.5, 4.0, cells / 2])
    measured = bispectrum(field, edges * STEP)
    sides = [tuple(t) for t in measured.triangles.tolist()]
    scale = np.abs(measured.error)
    for a in range(3):
        for b in range(a, 3):
            for c in range(b, 3):
                total, count = brute_force(
                    field.values, [edges[i] for i in (a, b, c)], [edges[i + 1] for i in (a, b, c)]
                )
                assert ((a, b, c) in sides) == (count > 0)
                if count:
                    index = sides.index((a, b, c))
                    assert measured.count[index] == count
                    expected = total / count * BOX**6 / cells**9
                    assert measured.value[index] == pytest.approx(expected, abs=1e-5 * scale[index])


def test_only_triangles_that_close() -> None:
    edges = np.array([1.0, 1.5, 5.0, 5.5]) * STEP  # one and one never reach five
    sides = bispectrum(noise(16, 1), edges).triangles.tolist()
    assert [0, 0, 2] not in sides
    assert [0, 2, 2] in sides


def test_shells_carry_the_power_spectrum() -> None:
    field = replace(noise(16, 2), assignment="cic")
    edges = np.arange(0.5, 7) * STEP
    measured, power = bispectrum(field, edges), spectra(field)
    np.testing.assert_allclose(measured.power, power.power[:6], rtol=1e-5)
    np.testing.assert_allclose(measured.k, power.k[:6], rtol=1e-12)


def quadratic_pair(cells: int, seed: int, f: float) -> tuple[Field, Field]:
    """g + f (g^2 - <g^2>) and the same with -g: white noise up to n/4 modes, the square reaches n/2."""
    axis = np.fft.fftfreq(cells, 1 / cells)
    k = np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + np.arange(cells // 2 + 1) ** 2)
    modes = np.fft.rfftn(np.random.default_rng(seed).normal(size=(cells,) * 3)) * ((k > 0) & (k < cells / 4))
    g = np.fft.irfftn(modes, s=(cells,) * 3, axes=(0, 1, 2))
    square = f * (g**2 - (g**2).mean())
    plus, minus = ((sign * g + square).astype(np.float32) for sign in (1, -1))
    return Field("plus", plus, BOX), Field("minus", minus, BOX)


def test_quadratic_field_has_its_tree_level() -> None:
    """A7.4: B = 2 f (P1 P2 + P2 P3 + P3 P1), so Q = 2 f; pairs of +g and -g cancel the Gaussian's cubic noise."""
    edges, f = np.array([1.5, 3.5, 5.5, 7.5]) * STEP, 0.05
    measured = [bispectrum(field, edges) for seed in range(16) for field in quadratic_pair(32, seed, f)]
    assert len(measured[0].value) == 10
    ratio = np.mean([np.average(b.reduced, weights=b.count) for b in measured]) / (2 * f)
    assert ratio == pytest.approx(1, abs=0.03)  # 1.3 % scatter of 16 pairs


def test_gaussian_errors_are_the_scatter() -> None:
    edges = np.array([1.5, 3.5, 5.5, 7.5]) * STEP
    many = [bispectrum(noise(16, seed), edges) for seed in range(100, 140)]
    pulls = np.array([b.value / b.error for b in many])
    # a Gaussian field has none; the scatter of 40 x 10 values is known to 4 %, the errors use each box's own P
    assert abs(pulls.mean()) < 4 / np.sqrt(pulls.size)
    assert pulls.std() == pytest.approx(1, abs=0.12)


def test_reduced_bispectrum() -> None:
    b = Bispectrum(
        np.array([0.1, 0.2]), np.array([2.0, 3.0]), np.array([[0, 0, 1]]), np.array([32.0]), np.array([4]), 2.0
    )
    assert b.reduced[0] == 32 / (4 + 6 + 6)
    assert b.error[0] == np.sqrt(2 * 8 * 12 / 4)
    assert b.reduced_error[0] == b.error[0] / 16


@pytest.mark.parametrize("edges", [[1.0], [2.0, 1.0], [0.0, 1.0], [1.0, 9.0], [1.1, 1.2]])
def test_impossible_shells_are_refused(edges: list[float]) -> None:
    with pytest.raises(UsageError, match="k ="):
        bispectrum(noise(16, 1), np.array(edges) * STEP)
