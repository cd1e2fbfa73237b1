"""What a predicted density is judged by. Outputs are (batch, channels, ...), targets the same or without channels."""

from __future__ import annotations

import torch


def mean_square(output: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Mean squared error (Petulante 2023, equation 3.3)."""
    return (output - truth.reshape(output.shape)).square().mean()


def density_loss(
    output: torch.Tensor, truth: torch.Tensor, logarithm: bool = False, power: float = 0.0
) -> torch.Tensor:
    """Mean squared error, of ln(1 + rho) if asked for, and `power` times that of ln P(k)."""
    total = mean_square(output.log1p(), truth.log1p()) if logarithm else mean_square(output, truth)
    return total + power * power_loss(output, truth) if power else total


def mean_absolute(output: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Mean absolute error, the L1 term of pix2pix."""
    return (output - truth.reshape(output.shape)).abs().mean()


def mass_loss(output: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Squared relative error of the mass in each crop."""
    mass, true = output.flatten(1).mean(1), truth.flatten(1).mean(1)
    return (mass / true - 1).square().mean()


def power_loss(output: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Mean over shells of k of (ln of predicted over true power)^2 in each crop of density."""
    return (power(output).log() - power(truth.reshape(output.shape)).log()).square().mean()


def power(density: torch.Tensor) -> torch.Tensor:
    """Mean |rho(k)|^2 (batch, n/2 - 1) of densities (batch, 1, n, n, n) in shells one fundamental mode wide.

    Crops are not periodic: what leaks at their borders does so in truth and prediction alike.
    """
    cells = density.shape[-1]
    squared = torch.fft.rfftn(density[:, 0].float(), dim=(1, 2, 3), norm="ortho").abs().square()
    axis = torch.fft.fftfreq(cells, 1 / cells, device=density.device)
    last = torch.arange(cells // 2 + 1, device=density.device)
    k = (axis[:, None, None].square() + axis[:, None].square() + last.square()).sqrt().round().long().flatten()
    weight = torch.where((last == 0) | (2 * last == cells), 1.0, 2.0).expand_as(squared[0]).flatten()
    bins = max(int(k.max()) + 1, cells // 2)
    sums = squared.new_zeros((len(squared), bins)).index_add(1, k, squared.flatten(1) * weight)
    modes = squared.new_zeros(bins).index_add(0, k, weight)
    return (sums / modes)[:, 1 : cells // 2] + 1e-12
