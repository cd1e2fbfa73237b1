"""Cloud in cell against a plain sum; the compiled and the torch path; exact transforms of particles."""

import numpy as np
import pytest
import torch

from core.cosmos.box import Array, Field, lattice
from core.cosmos.cosmology import Cosmology
from core.cosmos.initial import linear_field
from core.cosmos.lpt import first_order
from core.cosmos.paint import _gather_torch, _scatter_torch, gather, paint, scatter
from core.cosmos.power import linear_power
from core.cosmos.spectra import spectra

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


def hat(positions: Array) -> Array:
    """Weight (N, n) of every node of a periodic axis: 1 - distance, at least 0."""
    distance = np.abs(positions[:, None] - np.arange(CELLS)) % CELLS
    return np.maximum(0, 1 - np.minimum(distance, CELLS - distance))


def brute_force(positions: torch.Tensor) -> Array:
    x, y, z = (hat(p) for p in positions.numpy().astype(np.float64))
    return np.asarray(np.einsum("pi,pj,pk->ijk", x, y, z))


def test_scatter_is_the_sum_over_particles(positions: torch.Tensor) -> None:
    np.testing.assert_allclose(scatter(positions, CELLS).numpy(), brute_force(positions), atol=1e-5)


def test_gather_is_the_sum_over_nodes(positions: torch.Tensor) -> None:
    mesh = np.random.default_rng(4).normal(size=(CELLS,) * 3).astype(np.float32)
    x, y, z = (hat(p) for p in positions.numpy().astype(np.float64))
    expected = np.einsum("pi,pj,pk,ijk->p", x, y, z, mesh)
    np.testing.assert_allclose(gather(torch.from_numpy(mesh), positions).numpy(), expected, atol=1e-5)


def test_torch_path_equals_compiled_path(positions: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.cosmos.paint._CHUNK", 100)  # several chunks, the last one short
    mesh = torch.zeros((CELLS,) * 3)
    _scatter_torch(mesh, positions)
    torch.testing.assert_close(mesh, scatter(positions, CELLS), rtol=0, atol=1e-5)
    field = torch.from_numpy(np.random.default_rng(4).normal(size=(CELLS,) * 3).astype(np.float32))
    torch.testing.assert_close(_gather_torch(field, positions), gather(field, positions), rtol=0, atol=1e-5)


def test_paint_is_the_overdensity() -> None:
    rng = np.random.default_rng(1)
    positions = rng.uniform(0, 50.0, (4000, 3)).astype(np.float32)
    density = paint(positions, CELLS, 50.0)
    counts = brute_force(torch.from_numpy(positions.T * (CELLS / np.float32(50.0))))
    np.testing.assert_allclose(density, counts * CELLS**3 / 4000 - 1, atol=1e-4)
    assert abs(density.mean(dtype=np.float64)) < 1e-6


def test_a_lattice_is_uniform() -> None:
    assert np.abs(paint(lattice(CELLS, 7.0), CELLS, 7.0)).max() < 1e-5


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


def test_power_of_painted_particles_is_their_own(planck: Cosmology) -> None:
    """The spectrum of the mesh, window divided out, is the particles' own up to half its Nyquist frequency."""
    modes = torch.fft.rfftn(torch.from_numpy(linear_field(16, 100.0, linear_power(planck), seed=3).values))
    positions = lattice(16, 100.0) + first_order(modes, 100.0).numpy().reshape(3, -1).T
    exact = exact_power(positions, 100.0, 17)
    measured = spectra(Field("density", paint(positions, 64, 100.0), 100.0), window_order=2).power[:16]
    np.testing.assert_allclose(measured[:11], exact[:11], rtol=5e-3)
    # aliasing: at half the Nyquist frequency it adds 1.5 % to white noise, less to a falling spectrum
    np.testing.assert_allclose(measured, exact, rtol=1.5e-2)
