"""Smoothing of modes in the rfftn layout; radii in cells."""

from __future__ import annotations

import math

import torch

from core.cosmos.initial import squared_wavenumber
from core.cosmos.power import top_hat


def smoothed(modes: torch.Tensor, radius: float) -> torch.Tensor:
    """Modes times a Gaussian exp(-k^2 r^2 / 2)."""
    return modes * torch.exp(-0.5 * (radius * _wavenumber(modes)) ** 2) if radius else modes


def in_spheres(modes: torch.Tensor, radius: float) -> torch.Tensor:
    """Modes of the mean density in spheres."""
    weights = torch.from_numpy(top_hat(radius * _wavenumber(modes).double().cpu().numpy()))
    return modes * weights.float().to(modes.device)


def _wavenumber(modes: torch.Tensor) -> torch.Tensor:
    """|k| in radians a cell."""
    return squared_wavenumber(len(modes), modes.device).float().sqrt() * (2 * math.pi / len(modes))
