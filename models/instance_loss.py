"""The discriminative loss: particles of one halo are pulled together, halos pushed apart.

After De Brabandere et al. 2017 (arXiv:1708.02551), as Lopez-Cano et al. 2024 (arXiv:2311.12110) use it for protohalos.
Here the space in which they are is that of positions: a particle starts where a simple theory takes it, and the network
moves it further.
"""

from __future__ import annotations

import torch

from models.losses import dice_loss

PULL = 0.1
"""Cells from the middle of its halo within which a particle is left in peace."""

APART = 2.0
"""Cells by which the middles of two halos should be apart."""


def instance_loss(output: torch.Tensor, targets: torch.Tensor, weight: float) -> torch.Tensor:
    """1 - Dice of the chance to be in a halo, plus `weight` times the discriminative loss of where particles are moved.

    output (batch, 5, n, n, n): two logits and a displacement [cells]; targets (batch, 4, n, n, n): the label of each
    particle's halo, 0 for none, and the displacement [cells] from which the network starts.
    """
    label = targets[:, 0].long()
    apart = [
        discriminative(one + start, of) for one, start, of in zip(output[:, 2:], targets[:, 1:], label, strict=True)
    ]
    return dice_loss(output[:, :2], label > 0) + weight * torch.stack(apart).mean()


def discriminative(displacement: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    """Mean over halos of the squared distance [cells^2] of particles from the middle beyond `PULL`, and of how much
    nearer than `APART` the middles of other halos are, squared.

    displacement (3, n, n, n) [cells] from the lattice, periodic; label (n, n, n), 0 outside halos. Every halo counts
    the same, however large. Zero without halos.
    """
    cells = label.shape[-1]
    flat = label.reshape(-1)
    inside = flat.nonzero()[:, 0]
    if not len(inside):
        return displacement.sum() * 0
    _, halo = flat[inside].unique(return_inverse=True)
    count = halo.bincount()
    start = torch.stack([inside // cells**2, inside // cells % cells, inside % cells]).to(displacement.dtype)
    # from one of its own particles: a halo may lie across the border
    first = torch.full_like(count, cells**3).scatter_reduce(0, halo, inside, "amin")
    origin = torch.stack([first // cells**2, first // cells % cells, first % cells]).to(displacement.dtype)
    place = _nearest(start - origin[:, halo], cells) + displacement.reshape(3, -1)[:, inside]
    middle = torch.zeros_like(origin).index_add(1, halo, place) / count
    pull = (_length(place - middle[:, halo]) - PULL).clamp_min(0).square()
    push = (APART - _length(_nearest((middle + origin)[:, :, None] - (middle + origin)[:, None], cells))).clamp_min(0)
    push = push.square().fill_diagonal_(0).sum(1)
    return (torch.zeros_like(middle[0]).index_add(0, halo, pull) / count).mean() + push.mean()


def _nearest(difference: torch.Tensor, cells: int) -> torch.Tensor:
    return difference - cells * torch.round(difference / cells)


def _length(vectors: torch.Tensor) -> torch.Tensor:
    # the root has no slope at zero
    return vectors.square().sum(0).add(1e-6).sqrt()
