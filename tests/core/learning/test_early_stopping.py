"""A network with patience ends at its lowest validation loss, and resumes as if it had never stopped."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from itertools import islice
from typing import Any

import pytest
import torch
from torch import nn

from core.learning.learner import Network, Optimiser
from core.learning.samples import Batch, mix

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Few:
    """Eight noisy points to learn by heart; others to judge by."""

    constants: dict[str, float] = field(default_factory=dict)

    def batch(self, seed: int) -> Batch:
        x = torch.randn((8, 12), generator=torch.Generator().manual_seed(mix(seed, 1)))
        noise = torch.randn(8, generator=torch.Generator().manual_seed(mix(seed, 2)))
        return Batch(x, x[:, 0] + noise)

    def training(self, step: int) -> Batch:
        return self.batch(1)

    def validation(self) -> Iterator[Batch]:
        yield self.batch(2)


class Line(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(12, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.linear(x)
        return y[:, 0]


def network(patience: int, name: str = "amsgrad") -> Network:
    torch.manual_seed(3)
    optimiser = Optimiser(name=name, learning_rate=0.05)
    mean_square = nn.MSELoss()
    return Network(Line(), mean_square, lambda y, d: {}, optimiser, 300, 1, CPU, "float32", patience)


def through_a_file(state: dict[str, Any]) -> dict[str, Any]:
    file = BytesIO()
    torch.save(state, file)
    file.seek(0)
    loaded: dict[str, Any] = torch.load(file, weights_only=True)
    return loaded


def train(learner: Network, count: int | None = None) -> list[float]:
    """Validation losses, one every 5 steps."""
    losses = []
    for step in islice(learner.fit(Few()), count):
        if step.step % 5 == 0:
            losses.append(learner.validate(Few())["loss"])
    return losses


def test_it_ends_with_the_best_weights() -> None:
    learner = network(patience=3)
    losses = train(learner)
    assert learner.step < learner.steps
    assert losses[-4] == min(losses) < losses[-1]
    assert learner.validate(Few())["loss"] == pytest.approx(min(losses))


def test_without_patience_it_takes_every_step() -> None:
    learner = network(patience=0)
    losses = train(learner)
    assert learner.step == learner.steps
    assert learner.validate(Few())["loss"] == pytest.approx(losses[-1])
    assert losses[-1] > min(losses)


@pytest.mark.parametrize("stop", [5, 37])
def test_resume_is_exact(stop: int) -> None:
    whole = network(patience=3)
    losses = train(whole)
    first = network(patience=3)
    before = train(first, stop)
    second = network(patience=3)
    second.restore(through_a_file(first.state()))
    assert before + train(second) == losses
    assert second.step == whole.step
    assert all(torch.equal(a, b) for a, b in zip(whole.module.parameters(), second.module.parameters(), strict=True))
    third = network(patience=3)
    third.restore(through_a_file(second.state()))
    assert train(third) == []


def test_weights_to_predict_with_are_the_best_at_any_time() -> None:
    learner = network(patience=1000)
    losses = train(learner, 60)
    other = network(patience=0)
    other.load_weights(through_a_file(learner.weights()))
    assert other.validate(Few())["loss"] == pytest.approx(min(losses))
    assert min(losses) < losses[-1]


def test_amsgrad_never_forgets_a_large_gradient() -> None:
    module = Line()
    optimiser = Optimiser(name="amsgrad", learning_rate=0.1).build(module.parameters())
    assert isinstance(optimiser, torch.optim.Adam)
    assert optimiser.defaults["amsgrad"] is True
