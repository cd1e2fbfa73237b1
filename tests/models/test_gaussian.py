import math

import pytest
import torch

from models.gaussian import gaussian_loss, moments


def test_the_loss_is_the_likelihood() -> None:
    output = torch.tensor([[0.5, -1.0, math.log(0.25), math.log(4.0)]])
    targets = torch.tensor([[1.0, 1.0]])
    normal = torch.distributions.Normal(torch.tensor([[0.5, -1.0]]), torch.tensor([[0.5, 2.0]]))
    expected = -normal.log_prob(targets).mean() - math.log(2 * math.pi) / 2
    assert float(gaussian_loss(output, targets)) == pytest.approx(float(expected), rel=1e-3)


def test_noise_is_told_by_its_width() -> None:
    """Nothing tells the targets: the mean is theirs, the deviation too."""
    targets = 2 + 3 * torch.randn(4000, 1, generator=torch.Generator().manual_seed(1))
    output = torch.zeros(1, 2, requires_grad=True)
    optimiser = torch.optim.Adam([output], 0.1)
    for _ in range(200):
        optimiser.zero_grad()
        gaussian_loss(output.expand(len(targets), 2), targets).backward()
        optimiser.step()
    mean, variance = moments(output.detach())
    assert float(mean) == pytest.approx(float(targets.mean()), abs=0.05)
    assert float(variance.sqrt()) == pytest.approx(float(targets.std()), rel=0.02)
