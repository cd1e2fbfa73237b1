"""The linear density made of the evolved one: a wave whose answer is known, and a universe whose start is."""

import numpy as np
import pytest
import torch

from core.cosmos.box import Field, lattice
from core.cosmos.cosmology import preset
from core.cosmos.kernels import deposit_weighted
from core.cosmos.measures.spectra import spectra
from core.cosmos.paint import overdensity, scatter
from core.cosmos.reconstruction import linear_density, radii
from core.cosmos.reionization.ionize import Ionization, displacements, evolved, linear


def field(values: torch.Tensor) -> Field:
    return Field("delta", values.numpy(), 32.0)


def test_weights_of_one_are_counts_and_all_weight_stays() -> None:
    positions = torch.rand((3, 1000), generator=torch.Generator().manual_seed(1)) * 30 - 7
    weights = torch.randn((2, 1000), generator=torch.Generator().manual_seed(2))
    counts, sums = torch.zeros(1, 16, 16, 16), torch.zeros(2, 16, 16, 16)
    deposit_weighted(positions.numpy(), np.ones((1, 1000), np.float32), counts.numpy())
    torch.testing.assert_close(counts[0], scatter(positions, 16))
    deposit_weighted(positions.numpy(), weights.numpy(), sums.numpy())
    torch.testing.assert_close(sums.sum((1, 2, 3)), weights.sum(1), atol=1e-4, rtol=0)


def test_a_plane_wave_comes_back() -> None:
    """Before shells cross first order is exact in one dimension: the start is A cos kq."""
    cells, fine, amplitude = 32, 128, 0.5
    q = lattice(fine, 32.0)
    phase = 2 * np.pi * q[:, 0] / 32.0
    moved = q.copy()
    moved[:, 0] -= amplitude * 32 / (2 * np.pi) * np.sin(phase)
    delta = overdensity(moved, cells, 32.0, "cic")
    start = amplitude * np.cos(2 * np.pi * np.arange(cells) / cells)
    found = linear_density(delta, 32.0).numpy()
    assert np.abs(delta.numpy()[:, 0, 0] - start).max() > 0.35  # what evolved is far from it
    np.testing.assert_allclose(found, np.broadcast_to(start[:, None, None], found.shape), atol=0.08)


def test_an_even_box_has_no_waves() -> None:
    assert float(linear_density(torch.zeros(16, 16, 16), 16.0).abs().max()) < 1e-5


def test_the_start_of_a_universe_is_nearer_than_its_present() -> None:
    item = Ionization(32, 32.0, preset("planck2015"), 7.0, 0.07, seed=3)
    delta, start = evolved(item, *displacements(item, "cpu")), linear(item, "cpu")
    truth = field(start)
    before, after = (spectra(field(values), truth) for values in (delta, linear_density(delta, 32.0)))
    to_one = before.k < 1
    assert after.correlation[to_one].min() > 0.97
    assert before.correlation[to_one].min() < 0.92
    assert (after.correlation[before.k < 2] > before.correlation[before.k < 2]).all()


def test_radii_fall_to_a_share_of_a_cell() -> None:
    found = radii(64, 64.0)
    assert found == sorted(found, reverse=True)
    assert found[-1] == pytest.approx(0.35)
    assert 2 <= found[0] < 2 * 2**0.5
    assert radii(4, 64.0) == [pytest.approx(5.6)]  # cells wider than matter moved: a single turn
