"""Loss functions."""

from __future__ import annotations

from typing import Literal

import torch


def dice(probability: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Dice coefficient of two classes, 2 g.p / (|g|^2 + |p|^2), summed over foreground and background.

    probability of the foreground and truth (0 or 1), any equal shape. Source: arXiv:1805.04537, equation 2.
    """
    p, g = probability.float(), truth.float()
    overlap = (g * p + (1 - g) * (1 - p)).sum()
    norms = (g * g + (1 - g) ** 2 + p * p + (1 - p) ** 2).sum()
    return 2 * overlap / norms


def dice_loss(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """1 - Dice; logits (batch, 2, ...) with the foreground second, truth (batch, ...) of 0 and 1."""
    return 1 - dice(logits.float().softmax(dim=1)[:, 1], truth)


LEAST_MEAN_DISTANCE = 0.01
"""Floor of the mean that the distance loss is divided by: a crop without halos would outweigh all others."""


Norm = Literal["l1", "squared"]
"""How a distance is off: by its size or by its square."""


def distance_loss(output: torch.Tensor, truth: torch.Tensor, norm: Norm = "l1") -> torch.Tensor:
    """Sum of |g - p| / sum of g over the cells of each crop, averaged over the batch; `squared` has (g - p)^2.

    output (batch, 1, ...) and truth (batch, ...) are distances; a map of zeros scores 1 by l1.
    Source: arXiv:1912.04299, section 3.2: "normalised L1" in its words, symbol and values; equation 3 has the square.
    """
    p, g = output[:, 0].float().flatten(1), truth.float().flatten(1)
    error = (g - p).abs() if norm == "l1" else (g - p).square()
    return (error.mean(1) / g.mean(1).clamp_min(LEAST_MEAN_DISTANCE)).mean()
