"""Peak Patch by Fourier transforms alone, for a GPU: mean strains in a bank of spheres instead of shell by shell.

The mean of the strain inside a sphere about every cell is a convolution on the lattice, with the weights that shells
have in the trapezoid rule of `peakpatch_kernels.grow`. Radii 5 % apart are enough: the collapsed one is interpolated.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import max_pool3d, pad

from core.cosmos.box import Array
from core.cosmos.lpt import inverse_laplacian, wavenumbers
from core.cosmos.peakpatch.kernels import COMPONENTS, RADIUS, Shells, search
from core.cosmos.peakpatch.merge import Patches
from core.progress import Progress, silent

RATIO = 1.05
"""Least ratio of the radii of successive spheres; below 4 cells the shells themselves are wider apart."""

PAIRS = ((1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
"""Axes of the tidal COMPONENTS after the overdensity."""


def grow_by_filters(
    modes: torch.Tensor,
    peaks: Array,
    reach: Array,
    threshold: float,
    collapsed: float,
    table: Array,
    around: Shells,
    progress: Progress = silent,
) -> Patches:
    """The largest collapsed sphere around each peak, of those that have one, as `peakpatch.grow_patches` finds it.

    delta(k) in rfftn layout on any device; peaks (N,) flat indices, reach (N,) in cells.
    """
    chosen = bank_of(around)
    means = mean_strains(modes, peaks, around, chosen, progress)
    measured = np.empty((len(peaks), 5))
    search(means, reach, threshold, collapsed, table, around.radius[chosen], measured)
    return Patches(peaks, measured)[np.flatnonzero(measured[:, RADIUS] > 0)]


def bank_of(around: Shells) -> list[int]:
    """The shells from the innermost on that are RATIO times as wide as the one chosen before."""
    chosen = [0]
    for shell, radius in enumerate(around.radius):
        if radius > RATIO * around.radius[chosen[-1]]:
            chosen.append(shell)
    return chosen


def mean_strains(
    modes: torch.Tensor, peaks: Array, around: Shells, chosen: list[int], progress: Progress = silent
) -> Array:
    """Mean of the tidal COMPONENTS (N, len(chosen), 6) float32 inside these shells about each peak."""
    cells, device = modes.shape[0], modes.device
    potential = inverse_laplacian(modes, float(cells))
    wave = wavenumbers(cells, float(cells), device)
    where = torch.as_tensor(peaks, device=device)
    i, j, k = torch.as_tensor(around.offsets.astype(np.int64), device=device).T % cells
    nodes = (i * cells + j) * cells + k
    means = torch.empty((len(peaks), len(chosen), COMPONENTS), dtype=torch.float32, device=device)
    for index, shell in enumerate(chosen):
        progress(index / len(chosen), f"sphere {index + 1} of {len(chosen)} around {len(peaks)} peaks")
        weight = torch.as_tensor(weights(around, shell), dtype=torch.float32, device=device)
        kernel = torch.zeros(cells**3, dtype=torch.float32, device=device)
        kernel[nodes[: len(weight)]] = weight
        window = torch.fft.rfftn(kernel.view((cells,) * 3)).real  # the sphere is symmetric
        del kernel
        means[:, index, 0] = torch.fft.irfftn(modes * window, s=(cells,) * 3).view(-1)[where]
        smooth = potential * window
        for component, (a, b) in enumerate(PAIRS, start=1):
            means[:, index, component] = torch.fft.irfftn(wave[a] * wave[b] * smooth, s=(cells,) * 3).view(-1)[where]
    return means.cpu().numpy()


def weights(around: Shells, last: int) -> Array:
    """What each cell within a shell counts in the mean inside it: trapezoid in r^3 over the means of shells."""
    cubed = around.radius[: last + 1] ** 3
    if last == 0:
        return np.ones(1)
    share = np.diff(cubed, prepend=cubed[0]) + np.diff(cubed, append=cubed[-1])
    count = np.diff(around.first[: last + 2])
    return np.repeat(share / (2 * cubed[-1] * count), count)


def mark_peaks_torch(smoothed: torch.Tensor, threshold: float, mark: int, found: torch.Tensor) -> None:
    """What `peakpatch_kernels.mark_peaks` does, on any device."""
    around = pad(smoothed[None, None], (1,) * 6, mode="circular")
    highest = max_pool3d(around, 3, stride=1)[0, 0]
    found[(found == 0) & (smoothed >= threshold) & (smoothed >= highest)] = mark
