"""Mass assignment against plain sums; the compiled and the torch path; exact transforms of particles."""

import math

import numpy as np
import pytest
import torch

from core.cosmos.box import Array, Field, lattice
from core.cosmos.cosmology import Cosmology
from core.cosmos.initial import linear_field
from core.cosmos.lpt import first_order
from core.cosmos.measures.spectra import particle_spectra, spectra
from core.cosmos.paint import (
    ORDER,
    Assignment,
    _gather_torch,
    _scatter_torch,
    gather,
    overdensity,
    paint,
    scatter,
    window,
)
from core.cosmos.power import linear_power

CELLS = 16


@pytest.fixture
def positions() -> torch.Tensor:
    """(3, N) in cells: within the mesh, in other images, on nodes and on the far edge."""
    rng = np.random.default_rng(3)
    inside = rng.uniform(0, CELLS, (3, 500))
    images = rng.uniform(-3 * CELLS, 3 * CELLS, (3, 100))
    nodes = rng.integers(-CELLS, 2 * CELLS, (3, 50))
    edge = np.array([[CELLS, 0, 15.5], [15.5, CELLS, -0.5], [-CELLS, 7, 15.999]]).T
    return torch.as_tensor(np.concatenate([inside, images, nodes, edge], axis=1), dtype=torch.float32)


def weight(positions: Array, order: int) -> Array:
    """Weight (N, n) of every node of a periodic axis: the B-spline of this order, a box convolved with itself.

    Written as the sum of truncated powers, sum_j (-1)^j C(order, j) max(0, s + order/2 - j)^(order-1) / (order-1)!.
    """
    separation = (positions[:, None] - np.arange(CELLS) + CELLS / 2) % CELLS - CELLS / 2
    powers = [
        (-1) ** j * math.comb(order, j) * np.maximum(0, separation + order / 2 - j) ** (order - 1)
        for j in range(order + 1)
    ]
    return np.asarray(sum(powers) / math.factorial(order - 1))


def brute_force(positions: torch.Tensor, order: int = 2) -> Array:
    x, y, z = (weight(p, order) for p in positions.numpy().astype(np.float64))
    return np.asarray(np.einsum("pi,pj,pk->ijk", x, y, z))


@pytest.mark.parametrize("order", ORDER.values())
def test_scatter_is_the_sum_over_particles(positions: torch.Tensor, order: int) -> None:
    np.testing.assert_allclose(scatter(positions, CELLS, order).numpy(), brute_force(positions, order), atol=1e-5)


def test_sorting_in_parts_changes_nothing(positions: torch.Tensor) -> None:
    """More particles than are sorted at once, on a mesh of several columns."""
    from core.cosmos.kernels import _CHUNK

    many = torch.from_numpy(np.random.default_rng(7).uniform(-20, 60, (3, _CHUNK + 1000)).astype(np.float32))
    torch.testing.assert_close(scatter(many, 40), _scatter_torch(many, 40), rtol=1e-4, atol=1e-3)


def test_gather_is_the_sum_over_nodes(positions: torch.Tensor) -> None:
    mesh = np.random.default_rng(4).normal(size=(CELLS,) * 3).astype(np.float32)
    x, y, z = (weight(p, 2) for p in positions.numpy().astype(np.float64))
    expected = np.einsum("pi,pj,pk,ijk->p", x, y, z, mesh)
    np.testing.assert_allclose(gather(torch.from_numpy(mesh), positions).numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("order", ORDER.values())
def test_torch_path_equals_compiled_path(positions: torch.Tensor, order: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.cosmos.paint._CHUNK", 100)  # several chunks, the last one short
    mesh = _scatter_torch(positions, CELLS, order)
    torch.testing.assert_close(mesh, scatter(positions, CELLS, order), rtol=0, atol=1e-5)


@pytest.mark.parametrize("order", set(ORDER.values()))
def test_torch_path_gives_the_same_bits_in_any_order(order: int) -> None:
    """As a GPU adds: 10^5 particles in few cells, forwards, backwards and shuffled."""
    many = torch.from_numpy(np.random.default_rng(11).normal(3, 2, (3, 100_000)).astype(np.float32))
    mesh = _scatter_torch(many, 8, order)
    assert mesh.sum() == pytest.approx(100_000, rel=1e-6)
    for index in (torch.arange(100_000).flip(0), torch.from_numpy(np.random.default_rng(12).permutation(100_000))):
        assert torch.equal(_scatter_torch(many[:, index], 8, order), mesh)


def test_torch_gather_equals_compiled_gather(positions: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.cosmos.paint._CHUNK", 100)
    field = torch.from_numpy(np.random.default_rng(4).normal(size=(CELLS,) * 3).astype(np.float32))
    torch.testing.assert_close(_gather_torch(field, positions), gather(field, positions), rtol=0, atol=1e-5)


def test_paint_is_the_overdensity() -> None:
    rng = np.random.default_rng(1)
    positions = rng.uniform(0, 50.0, (4000, 3)).astype(np.float32)
    density = paint(positions, CELLS, 50.0)
    counts = brute_force(torch.from_numpy(positions.T * (CELLS / np.float32(50.0))))
    np.testing.assert_allclose(density, counts * CELLS**3 / 4000 - 1, atol=1e-4)
    assert abs(density.mean(dtype=np.float64)) < 1e-6


@pytest.mark.parametrize("assignment", ORDER)
def test_a_lattice_is_uniform(assignment: Assignment) -> None:
    assert np.abs(paint(lattice(CELLS, 7.0), CELLS, 7.0, assignment)).max() < 1e-5


@pytest.mark.parametrize("assignment", ORDER)
def test_a_shift_by_whole_cells_rolls_the_mesh(assignment: Assignment) -> None:
    positions = np.random.default_rng(2).uniform(0, 7.0, (300, 3))
    moved = overdensity(positions, CELLS, 7.0, assignment, shift=1.0)
    expected = np.roll(paint(positions, CELLS, 7.0, assignment), (1, 1, 1), (0, 1, 2))
    np.testing.assert_allclose(moved.numpy(), expected, atol=1e-3)


@pytest.mark.parametrize(("place", "shares"), [
    (0.0, (1, 0)), (0.24, (1, 0)), (0.375, (0.75, 0.25)), (0.5, (0.5, 0.5)), (0.625, (0.25, 0.75)), (0.76, (0, 1)),
])  # fmt: skip
def test_what_the_trapezoid_gives_to_two_cells(place: float, shares: tuple[float, float]) -> None:
    """All within a quarter of a cell of the centre, half at the face, a quarter half-way between (Petulante 2023)."""
    position = np.array([[3 + place, 5.0, 0.0], [3 + place - CELLS, 5.0, 0.0]])
    counts = (paint(position, CELLS, float(CELLS), "trapezoid") + 1) * 2 / CELLS**3
    np.testing.assert_allclose(counts[3:5, 5, 0], np.multiply(2, shares), atol=1e-5)
    assert counts.sum() == pytest.approx(2, rel=1e-5)


@pytest.mark.parametrize("assignment", ORDER)
def test_the_window_is_the_transform_of_what_one_particle_paints(assignment: Assignment) -> None:
    """The mean over places within a cell of the phase it gets, against sub-cell sums."""
    places = (np.arange(400) + 0.5) / 400
    frequencies = np.arange(CELLS // 2 + 1)
    found = np.zeros(len(frequencies))
    for place in places:
        counts = (paint(np.array([[place, 0.0, 0.0]]), CELLS, float(CELLS), assignment) + 1).mean(axis=(1, 2)) / CELLS
        wave = np.exp(-2j * np.pi * np.outer(frequencies, np.arange(CELLS) - place) / CELLS)
        found += (wave @ counts).real / len(places)
    np.testing.assert_allclose(found, window(assignment, frequencies / CELLS), atol=1e-4)


def exact_power(positions: Array, box_size: float, shells: int) -> Array:
    """P(k) of particles by the Fourier sum over them, no mesh: |sum exp(-ikx)|^2 V / N^2 in shells of k_f."""
    axis = np.arange(-shells, shells + 1)
    i, j, k = (part.ravel() for part in np.meshgrid(axis, axis, axis, indexing="ij"))
    shell = (np.sqrt(i**2 + j**2 + k**2) + 0.5).astype(int)
    keep = (shell >= 1) & (shell < shells)
    waves = [np.exp(-2j * np.pi / box_size * np.outer(axis, positions[:, a])) for a in range(3)]
    modes = np.einsum("ip,jp,kp->ijk", *waves, optimize=True).ravel()
    power = np.abs(modes[keep]) ** 2 * box_size**3 / len(positions) ** 2
    return np.asarray(np.bincount(shell[keep], power)[1:] / np.bincount(shell[keep])[1:])


@pytest.fixture(scope="module")
def displaced(planck: Cosmology) -> tuple[Array, Array]:
    """Particles moved off a lattice of 16^3 by their linear displacement, and their exact P(k) of 16 shells."""
    modes = torch.fft.rfftn(torch.from_numpy(linear_field(16, 100.0, linear_power(planck), seed=3).values))
    positions = lattice(16, 100.0) + first_order(modes, 100.0).numpy().reshape(3, -1).T
    return positions, exact_power(positions, 100.0, 17)


def test_power_of_painted_particles_is_their_own(displaced: tuple[Array, Array]) -> None:
    """The spectrum of the mesh, window divided out, is the particles' own up to half its Nyquist frequency."""
    positions, exact = displaced
    measured = spectra(Field("density", paint(positions, 64, 100.0), 100.0, assignment="cic")).power[:16]
    np.testing.assert_allclose(measured[:11], exact[:11], rtol=5e-3)
    # aliasing: at half the Nyquist frequency it adds 1.5 % to white noise, less to a falling spectrum
    np.testing.assert_allclose(measured, exact, rtol=1.5e-2)


@pytest.mark.parametrize(
    ("assignment", "interlaced", "share", "tolerance"),
    [
        ("trapezoid", True, 0.5, 1e-2),
        ("tsc", False, 0.5, 2e-3),
        ("pcs", False, 0.5, 5e-4),
        ("cic", True, 0.5, 2e-3),
        ("tsc", True, 0.7, 3e-4),
        ("pcs", True, 0.9, 5e-4),
    ],
)
def test_higher_orders_and_interlacing_reach_further(
    displaced: tuple[Array, Array], assignment: Assignment, interlaced: bool, share: float, tolerance: float
) -> None:
    """On a mesh of 32^3: up to a share of its Nyquist frequency, 16 shells."""
    positions, exact = displaced
    measured = particle_spectra(positions, 100.0, 32, assignment=assignment, interlaced=interlaced)
    shells = int(share * 16)
    np.testing.assert_allclose(measured.power[:shells], exact[:shells], rtol=tolerance)
    assert measured.shot_noise[0] == 100.0**3 / 16**3
