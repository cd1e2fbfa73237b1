"""A distribution of the mass as chances at evenly spaced masses: of any form, and another one for each particle.

Targets d are rescaled to [-1, 1]; the first node lies at -1, the last at 1. A true mass between two nodes counts for
both, as linear interpolation shares it.
"""

from __future__ import annotations

import torch


def binned(logits: torch.Tensor, d: torch.Tensor) -> torch.Tensor:
    """The cross-entropy of each sample (N,): logits (N, K) of the nodes, true values d (N,)."""
    last = logits.shape[1] - 1
    place = ((d + 1) * (last / 2)).clamp(0, last)
    below = place.floor().clamp_max(last - 1).long()
    share = place - below
    log_chance = logits.log_softmax(1)
    lower, upper = (log_chance.gather(1, node[:, None])[:, 0] for node in (below, below + 1))
    return -((1 - share) * lower + share * upper)


def mean(logits: torch.Tensor) -> torch.Tensor:
    """The mean of each distribution, in [-1, 1]: logits (..., K) -> (...)."""
    return logits.softmax(-1) @ nodes(logits)


def nodes(logits: torch.Tensor) -> torch.Tensor:
    """The values of the nodes (K,)."""
    return torch.linspace(-1, 1, logits.shape[-1], dtype=logits.dtype, device=logits.device)
