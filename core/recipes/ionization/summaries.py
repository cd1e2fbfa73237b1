"""What one measures of a plane without a network: its power spectrum, its moments and its mean."""

from __future__ import annotations

import numpy as np
import torch

from core.cosmos.box import Array

SHELLS = 16
"""Most shells of |k|, of equal ratio from the fundamental mode to the one of two cells."""
FLOOR = 1e-12
"""Least power and variance, of planes in [0, 1]: an empty one has a logarithm too."""


def summaries(planes: torch.Tensor, with_mean: bool = True) -> Array:
    """ln P(k) in shells, ln deviation, skewness and kurtosis, and the mean (m, F) of periodic planes (m, n, n)."""
    values = planes.double()
    mean = values.mean((1, 2), keepdim=True)
    values = values - mean
    deviation = values.square().mean((1, 2)).clamp(min=FLOOR).sqrt()
    higher = [values.pow(power).mean((1, 2)) / deviation**power for power in (3, 4)]
    found = [*_power(values).clamp(min=FLOOR).log().T, deviation.log(), *higher]
    return torch.stack([*found, mean[:, 0, 0]] if with_mean else found, 1).cpu().numpy()


def _power(values: torch.Tensor) -> torch.Tensor:
    """Mean squared modes (m, shells) of planes (m, n, n), each shell a ring of |k| in the corners' reach of n / 2."""
    n = values.shape[-1]
    frequency = torch.fft.fftfreq(n, 1 / n, device=values.device)
    k = (frequency[:, None].square() + frequency.square()).sqrt()
    edges = np.unique(np.geomspace(1, n // 2 + 1, SHELLS + 1).round()) - 0.5
    shell = torch.bucketize(k, torch.as_tensor(edges, dtype=k.dtype, device=k.device), right=True)
    squared = torch.fft.fft2(values).abs().square() / n**4
    sums = torch.zeros(len(values), len(edges) + 1, dtype=values.dtype, device=values.device)
    sums.index_add_(1, shell.flatten(), squared.flatten(1))
    counts = torch.bincount(shell.flatten(), minlength=len(edges) + 1)
    return (sums / counts.clamp(min=1))[:, 1:-1]
