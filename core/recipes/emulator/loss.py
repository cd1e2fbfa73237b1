"""What the emulator is judged by: where particles end, how they move, and the density that they make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.recipes.emulator.settings import EmulatorLossSettings

if TYPE_CHECKING:
    import torch


def loss(output: torch.Tensor, truth: torch.Tensor, weight: EmulatorLossSettings) -> torch.Tensor:
    """Weighted sum of ln of mean squared errors and of the spectrum's error.

    output: changes of displacement and dx/dD (batch, 6, n, n, n) [cells]; truth: the same and the displacement at the
    start (batch, 9, n, n, n). A crop is painted as if it were periodic, in prediction and truth alike.
    """
    from models.density_losses import power_loss

    total = weight.displacement * _ln_mean_square(output[:, :3] - truth[:, :3])
    if weight.velocity:
        total = total + weight.velocity * _ln_mean_square(output[:, 3:6] - truth[:, 3:6])
    if weight.density or weight.power:
        ours, true = densities(output, truth, weight.mesh_ratio)
        if weight.density:
            total = total + weight.density * _ln_mean_square(ours - true)
        if weight.power:
            total = total + weight.power * power_loss(ours, true)
    return total


def densities(output: torch.Tensor, truth: torch.Tensor, mesh_ratio: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    """Densities (batch, 1, m, m, m) in units of the mean, of the prediction and of the truth."""
    import torch

    from core.cosmos.differentiable import density

    mesh, start = mesh_ratio * truth.shape[-1], truth[:, 6:9]
    ours = torch.stack([density(moved, mesh) for moved in start + output[:, :3]])
    with torch.no_grad():
        true = torch.stack([density(moved, mesh) for moved in start + truth[:, :3]])
    return ours[:, None], true[:, None]


def metrics(output: torch.Tensor, truth: torch.Tensor) -> dict[str, float]:
    """Of the errors of the cheap run, what is left: of displacements and velocities; and of the density r and power."""
    from core.learning.metrics import correlation
    from models.density_losses import power

    truth = truth.to(output.device)
    left = {
        name: float(((output[:, part] - truth[:, part]).square().mean() / truth[:, part].square().mean()).sqrt())
        for name, part in (("displacement_left", slice(0, 3)), ("velocity_left", slice(3, 6)))
    }
    ours, true = densities(output, truth)
    high = slice(3 * output.shape[-1] // 8, None)
    ratio = float((power(ours)[:, high] / power(true)[:, high]).mean())
    return {**left, "correlation": correlation(ours.cpu().numpy(), true.cpu().numpy()), "power": ratio}


def _ln_mean_square(error: torch.Tensor) -> torch.Tensor:
    return (error.square().mean() + 1e-12).log()
