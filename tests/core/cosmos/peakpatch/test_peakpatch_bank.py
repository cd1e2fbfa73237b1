"""Spheres by Fourier transforms against spheres shell by shell, the path of a GPU taken on the CPU."""

import numpy as np
import pytest
import torch

from core.cosmos.box import Array
from core.cosmos.cosmology import Cosmology
from core.cosmos.initial import linear_field
from core.cosmos.peakpatch.bank import bank_of, grow_by_filters, mark_peaks_torch, mean_strains, weights
from core.cosmos.peakpatch.collapse import collapse_table
from core.cosmos.peakpatch.kernels import mark_peaks, shells
from core.cosmos.peakpatch.search import SEARCH, PeakPatchSettings, filter_bank, find_peaks, grow_patches, tidal_field
from core.cosmos.power import linear_power

CELLS = 48


@pytest.fixture(scope="module")
def modes(planck: Cosmology) -> torch.Tensor:
    values = torch.fft.rfftn(torch.from_numpy(linear_field(CELLS, float(CELLS), linear_power(planck), 3).values))
    values[0, 0, 0] = 0
    return values


@pytest.fixture(scope="module")
def table(planck: Cosmology, tmp_path_factory: pytest.TempPathFactory) -> Array:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp()))
        return collapse_table(planck.omega_matter, (16, 7, 5)).values


@pytest.mark.parametrize("collapsed", [1.0, 1.5])
def test_the_same_spheres_as_shell_by_shell(modes: torch.Tensor, table: Array, collapsed: float) -> None:
    bank = filter_bank(CELLS, float(CELLS), PeakPatchSettings())
    around = shells(min((CELLS - 1) // 2, int(np.ceil(SEARCH * bank[0])) + 2))
    peaks, filters = find_peaks(modes, bank, 1.686)
    slow = grow_patches(tidal_field(modes, float(CELLS)), peaks, SEARCH * filters, 1.686, collapsed, table, around)
    fast = grow_by_filters(modes, peaks, SEARCH * filters, 1.686, collapsed, table, around)
    both, one, two = np.intersect1d(slow.cells, fast.cells, return_indices=True)
    assert len(both) > 0.995 * max(len(slow.cells), len(fast.cells))
    error = np.abs(np.log(fast.radii[two] / slow.radii[one]))
    assert np.median(error) < 1e-3
    assert np.percentile(error, 95) < 0.02
    small = slow.radii[one] < 2.5  # no shell is left out there
    assert small.sum() > 100
    np.testing.assert_allclose(fast.measured[two][small, :4], slow.measured[one][small, :4], rtol=1e-2, atol=2e-3)


def test_means_are_the_trapezoid_rule_over_shells(modes: torch.Tensor) -> None:
    around = shells(5)
    delta = torch.fft.irfftn(modes, s=(CELLS,) * 3).numpy()
    peaks = np.array([0, 12345, CELLS**3 - 1])
    chosen = bank_of(around)
    found = mean_strains(modes, peaks, around, chosen)[:, :, 0]
    for peak, row in zip(peaks, found, strict=True):
        place = np.array(np.unravel_index(peak, delta.shape))
        values = delta[tuple(((place + around.offsets) % CELLS).T)]
        mean = [values[a:b].mean() for a, b in zip(around.first[:-1], around.first[1:], strict=True)]
        for shell, ours in zip(chosen[1:], row[1:], strict=True):
            cubed = around.radius[: shell + 1] ** 3
            assert ours == pytest.approx(np.trapezoid(mean[: shell + 1], cubed) / cubed[-1], abs=1e-4)
        assert row[0] == pytest.approx(delta.reshape(-1)[peak], abs=1e-4)


def test_the_bank() -> None:
    around = shells(20)
    chosen = bank_of(around)
    radii = around.radius[chosen]
    assert radii[0] == 0
    assert radii[1] == 1
    assert np.all(radii[2:] / radii[1:-1] > 1.05)
    assert radii[-1] > 20 / 1.06
    for shell in chosen:
        assert weights(around, shell).sum() == pytest.approx(1)


def test_peaks_by_torch() -> None:
    """Also where neighbours are equal, across the boundary, and where another filter was before."""
    values = np.random.default_rng(1).integers(0, 30, (12, 12, 12)).astype(np.float32)
    found = np.zeros(values.shape, dtype=np.int8)
    mark_peaks(values[::-1].copy(), 20.0, 1, found)
    expected, ours = found.copy(), torch.from_numpy(found.copy())
    mark_peaks(values, 20.0, 2, expected)
    mark_peaks_torch(torch.from_numpy(values), 20.0, 2, ours)
    np.testing.assert_array_equal(ours.numpy(), expected)
    assert set(np.unique(expected)) == {0, 1, 2}
