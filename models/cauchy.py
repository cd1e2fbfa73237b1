"""The loss of Lucie-Smith et al. 2024 (arXiv:2011.10577, appendix C): a Cauchy likelihood between walls, and priors.

Targets d are rescaled to [-1, 1]. Inside |y| <= 1 the likelihood is a Cauchy distribution of d about y, normalised
over what d can be; outside a super-exponential in y takes over, with the same value and slope at y = +-1.
"""

from __future__ import annotations

import math
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn

LARGEST_SCALE = 2.0
SMALLEST_SCALE = 1e-3
"""The paper clips the scale to [0, 2]; at zero there is no likelihood."""


def cauchy(y: torch.Tensor, d: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """-ln p(d | y) per sample; y and d (batch,), `scale` the half width at half maximum.

    Source: equations C2 and C3; the constants of the walls follow from matching value and slope. Beyond |y| = 4.4 the
    wall overflows float32.
    """
    inside = y.abs() <= 1
    # each branch sees only values that it can take: what is not chosen must not spoil the gradient
    within = _selected(torch.where(inside, y, torch.zeros_like(y)), d, scale)
    beyond = _wall(torch.where(inside, torch.ones_like(y), y), d, scale)
    return torch.where(inside, within, beyond)


def _selected(y: torch.Tensor, d: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """ln g + ln(1 + ((d - y) / g)^2) + ln[atan((1 - y) / g) - atan((-1 - y) / g)]."""
    share = torch.atan((1 - y) / scale) - torch.atan((-1 - y) / scale)
    return scale.log() + (((d - y) / scale) ** 2).log1p() + share.log()


def _wall(y: torch.Tensor, d: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """exp(exp(b y)) + A y^2 + B beyond the side b = +-1."""
    b = y.sign()
    angle = torch.atan(2 / scale)
    pull = b * (d - b) / ((d - b) ** 2 + scale**2)
    turn = 2 / ((4 * scale + scale**3) * angle)
    a = -math.exp(1 + math.e) / 2 - pull - turn
    constant = (math.e - 2) * math.exp(math.e) / 2 + pull + turn
    constant = constant + (((d - b) / scale) ** 2).log1p() + scale.log() + angle.log()
    return (b * y).exp().exp() + a * y**2 + constant


def priors(module: nn.Module) -> torch.Tensor:
    """Gaussian on convolutions, Laplace and group lasso on dense layers: -ln of the prior per unit of alpha.

    Sum of w^2, plus sum of |w|, plus the sum over input neurons of the norm of all weights that leave them (equation
    C4). Biases are free.
    """
    total = torch.zeros((), device=next(module.parameters()).device)
    for layer in module.modules():
        if isinstance(layer, nn.Conv3d):
            total = total + layer.weight.square().sum()
        elif isinstance(layer, nn.Linear):
            # the norm over outputs has no gradient where a neuron is silent: linalg's is zero there
            total = total + layer.weight.abs().sum() + torch.linalg.vector_norm(layer.weight, dim=0).sum()
    return total


def clip(scale: torch.Tensor) -> None:
    """Bring the scale back into its bounds; to be called after each step of the optimiser."""
    with torch.no_grad():
        scale.clamp_(SMALLEST_SCALE, LARGEST_SCALE)


def exact(device: torch.device) -> AbstractContextManager[object]:
    """Within it the last layer of a network is computed in float32: bf16 would round masses to steps of 0.01 dex."""
    # tensors without data know no autocast
    known = torch.amp.is_autocast_available(device.type)
    return torch.autocast(device.type, enabled=False) if known else nullcontext()
