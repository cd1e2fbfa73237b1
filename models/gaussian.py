"""A Gaussian likelihood whose width is learnt with its mean: what a network says of its own error."""

from __future__ import annotations

import torch

NARROWEST = 1e-4
"""Least variance of targets of unit deviation: without a floor one sample that is learnt by heart has them all."""


def moments(output: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Means and variances, each (batch, n), of an output (batch, 2 n): means first, then the logs of the variances."""
    mean, log_variance = output.chunk(2, dim=1)
    return mean, log_variance.clamp(max=10).exp() + NARROWEST


def gaussian_loss(output: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean of -ln p(targets | output) less ln(2 pi) / 2; targets (batch, n) in units of their own deviation.

    Source: Nix & Weigend 1994, doi:10.1109/ICNN.1994.374138.
    """
    mean, variance = moments(output)
    return 0.5 * (variance.log() + (targets - mean).square() / variance).mean()
