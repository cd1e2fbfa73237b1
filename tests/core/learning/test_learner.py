import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from itertools import islice
from typing import Any

import pytest
import torch
from torch import nn

from core.errors import RunError
from core.learning.learner import Network, Optimiser, has_bf16, inner
from core.learning.samples import Batch, mix
from models.losses import dice_loss

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Noise:
    """Samples that are a pure function of the step: is the value positive?"""

    constants: dict[str, float] = field(default_factory=lambda: {"sigma": 2.0})
    scale: float = 1.0

    def training(self, step: int) -> Batch:
        values = torch.randn((2, 1, 4, 4, 4), generator=torch.Generator().manual_seed(mix(5, step)))
        return Batch(values * self.scale, (values[:, 0] > 0).to(torch.uint8))

    def validation(self) -> Iterator[Batch]:
        yield self.training(1001)
        yield self.training(1002)


class Tiny(nn.Sequential):
    def __init__(self, width: int = 4, dropout: float = 0.3) -> None:
        super().__init__(
            nn.Conv3d(1, width, 3, padding=1),
            nn.BatchNorm3d(width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Conv3d(width, 2, 1),
        )


def accuracy(logits: torch.Tensor, truth: torch.Tensor) -> dict[str, float]:
    return {"accuracy": float((logits.argmax(dim=1) == truth).float().mean())}


def network(optimiser: Optimiser | None = None, steps: int = 20, width: int = 4, dropout: float = 0.3) -> Network:
    torch.manual_seed(1)
    settings = optimiser or Optimiser(name="adamw", learning_rate=0.02)
    return Network(Tiny(width, dropout), dice_loss, accuracy, settings, steps, seed=1, device=CPU)


def losses(learner: Network, count: int | None = None, samples: Noise | None = None) -> list[float]:
    return [step.values["loss"] for step in islice(learner.fit(samples or Noise()), count)]


def through_a_file(state: dict[str, Any]) -> dict[str, Any]:
    """As a checkpoint does it: no pickled classes."""
    file = BytesIO()
    torch.save(state, file)
    file.seek(0)
    loaded: dict[str, Any] = torch.load(file, weights_only=True)
    return loaded


@pytest.mark.parametrize(
    "optimiser",
    [
        Optimiser(name="sgd", learning_rate=0.5, momentum=0.9),
        Optimiser(name="adamw", learning_rate=0.02, weight_decay=0.1, warmup=5, schedule="cosine", clip=0.1),
    ],
)
@pytest.mark.parametrize("stop", [1, 7, 19])
def test_resume_is_exact(optimiser: Optimiser, stop: int) -> None:
    whole = network(optimiser)
    uninterrupted = losses(whole)
    first = network(optimiser)
    before = losses(first, stop)
    torch.manual_seed(12345)  # whatever else was drawn in between
    second = network(optimiser)
    second.restore(through_a_file(first.state()))
    assert second.step == stop
    assert before + losses(second) == uninterrupted
    for one, other in zip(whole.module.parameters(), second.module.parameters(), strict=True):
        assert torch.equal(one, other)
    for name, value in whole.module.state_dict().items():
        assert torch.equal(value, second.module.state_dict()[name])


def test_without_the_optimiser_state_it_is_not() -> None:
    uninterrupted = losses(network())
    first = network()
    losses(first, 7)
    second = network()
    second.load_weights(through_a_file(first.weights()))
    assert losses(second) != uninterrupted[7:]


def test_steps_count_from_one_to_the_end() -> None:
    learner = network(steps=5)
    steps = list(learner.fit(Noise()))
    assert [step.step for step in steps] == [1, 2, 3, 4, 5]
    assert learner.step == learner.steps == 5
    assert learner.constants == {"sigma": 2.0}
    assert list(learner.fit(Noise())) == []


def test_validation_does_not_disturb_training() -> None:
    calm, watched = network(), network()
    values = []
    for step in watched.fit(Noise()):
        watched.validate(Noise())
        values.append(step.values["loss"])
    assert values == losses(calm)


def test_it_learns() -> None:
    learner = network(Optimiser(name="adamw", learning_rate=0.05), steps=60, dropout=0.0)
    before = learner.validate(Noise())
    values = losses(learner)
    after = learner.validate(Noise())
    assert values[-1] < 0.5 * values[0]
    assert after["accuracy"] > max(0.9, before["accuracy"])


def test_validation_is_the_mean_over_batches() -> None:
    learner = network()
    expected: dict[str, list[float]] = {"loss": [], "accuracy": []}
    for batch in Noise().validation():
        output = learner.predict(batch.inputs)
        expected["loss"].append(float(dice_loss(output, batch.targets)))
        expected["accuracy"].append(accuracy(output, batch.targets)["accuracy"])
    assert learner.validate(Noise()) == pytest.approx({name: sum(values) / 2 for name, values in expected.items()})


def test_prediction_has_no_dropout_and_no_gradient() -> None:
    learner = network()
    inputs = Noise().training(1).inputs
    assert torch.equal(learner.predict(inputs), learner.predict(inputs))
    assert not learner.predict(inputs).requires_grad
    assert learner.predict(inputs).dtype == torch.float32


def test_a_loss_that_is_not_finite_ends_training() -> None:
    learner = network()
    values = [step.values["loss"] for step in islice(learner.fit(Noise()), 2)]
    assert all(math.isfinite(value) for value in values)
    before = {name: value.clone() for name, value in learner.module.named_parameters()}
    with pytest.raises(RunError, match=r"the loss became nan at step 3: lower optimiser\.learning_rate"):
        losses(learner, samples=Noise(scale=float("nan")))
    assert learner.step == 2
    assert all(torch.equal(value, before[name]) for name, value in learner.module.named_parameters())


def test_a_validation_loss_that_is_not_finite_ends_training() -> None:
    with pytest.raises(RunError, match=r"the validation loss became nan at step 0: lower optimiser\.learning_rate"):
        network().validate(Noise(scale=float("nan")))


def test_weights_of_another_network() -> None:
    with pytest.raises(RunError, match="belong to another network: use the settings"):
        network(width=4).load_weights(network(width=5).weights())
    with pytest.raises(RunError, match="belong to another network"):
        network().restore({"step": 3})


def test_learning_rates() -> None:
    flat = Optimiser(learning_rate=0.1)
    assert [flat.rate(step, 10) for step in (1, 5, 10)] == [0.1, 0.1, 0.1]
    cosine = Optimiser(learning_rate=0.1, schedule="cosine")
    assert cosine.rate(1, 10) == pytest.approx(0.1)
    assert cosine.rate(6, 10) == pytest.approx(0.05)
    assert cosine.rate(10, 10) == pytest.approx(0.1 * (1 + math.cos(0.9 * math.pi)) / 2)
    warm = Optimiser(learning_rate=0.1, warmup=4)
    assert [warm.rate(step, 10) for step in (1, 2, 4, 5)] == pytest.approx([0.025, 0.05, 0.1, 0.1])


def test_the_rate_is_used() -> None:
    learner = network(Optimiser(name="sgd", learning_rate=0.1, warmup=4), steps=6)
    told = [step.values["learning_rate"] for step in learner.fit(Noise())]
    assert told == pytest.approx([0.025, 0.05, 0.075, 0.1, 0.1, 0.1])
    assert learner.optimiser.param_groups[0]["lr"] == pytest.approx(0.1)


def test_sgd_by_hand() -> None:
    learner = network(Optimiser(name="sgd", learning_rate=0.5, momentum=0.0), steps=1, dropout=0.0)
    learner.bf16 = False
    other = network(dropout=0.0)
    batch = Noise().training(1)
    loss = dice_loss(other.module.train()(batch.inputs), batch.targets)
    gradients = torch.autograd.grad(loss, list(other.module.parameters()))
    assert losses(learner) == [pytest.approx(float(loss.detach()))]
    for after, before, gradient in zip(learner.module.parameters(), other.module.parameters(), gradients, strict=True):
        torch.testing.assert_close(after.detach(), before.detach() - 0.5 * gradient)


def test_clipping_bounds_the_step() -> None:
    learner = network(Optimiser(name="sgd", learning_rate=1.0, momentum=0.0, clip=1e-3), steps=1)
    before = [parameter.detach().clone() for parameter in learner.module.parameters()]
    losses(learner)
    moved = math.sqrt(
        sum(float((a.detach() - b).square().sum()) for a, b in zip(learner.module.parameters(), before, strict=True))
    )
    assert moved == pytest.approx(1e-3, rel=1e-2)


@pytest.mark.parametrize(
    "setting",
    [
        {"learning_rate": 0},
        {"learning_rate": float("nan")},
        {"learning_rate": float("inf")},
        {"momentum": 1.0},
        {"momentum": -0.1},
        {"weight_decay": -1},
        {"warmup": -1},
        {"clip": -1},
        {"name": "adam"},
    ],
)
def test_impossible_optimisers(setting: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(setting))):
        Optimiser(**setting)


def test_the_context_is_cut_off() -> None:
    output = torch.arange(2 * 6**3).reshape(1, 2, 6, 6, 6)
    assert torch.equal(inner(output, torch.zeros(1, 2, 2, 2)), output[..., 2:4, 2:4, 2:4])
    assert inner(output, torch.zeros(1, 6, 6, 6)) is output


def test_number_formats() -> None:
    def make(precision: Any) -> Network:
        torch.manual_seed(1)
        return Network(Tiny(), dice_loss, accuracy, Optimiser(), 1, 1, CPU, precision)

    assert make("auto").bf16 == has_bf16(CPU)
    inputs = Noise().training(1).inputs
    full, half = make("float32").predict(inputs), make("bf16").predict(inputs)
    # bf16 keeps 8 bits
    assert 0 < float((full - half).abs().max()) < 0.05
