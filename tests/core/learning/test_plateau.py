from collections.abc import Iterator
from typing import ClassVar

import torch

from core.learning.learner import Network, Optimiser
from core.learning.plateau import Plateau, PlateauSettings
from core.learning.samples import Batch


class Constant:
    """A line through the origin, the same at every step."""

    constants: ClassVar[dict[str, float]] = {}

    def training(self, step: int) -> Batch:
        x = torch.full((1, 1, 2, 2, 2), 1.0 + step % 3)
        return Batch(x, 2 * x[:, 0])

    def validation(self) -> Iterator[Batch]:
        yield self.training(1)


def mean_square(output: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    return (output[:, 0] - truth).square().mean()


def network(steps: int = 6, accumulate: int = 1, plateau: Plateau | None = None, rate: float = 0.01) -> Network:
    torch.manual_seed(1)
    module = torch.nn.Conv3d(1, 1, 1, bias=False)
    settings = Optimiser(learning_rate=rate, momentum=0.0)
    return Network(
        module,
        mean_square,
        lambda output, truth: {},
        settings,
        steps,
        1,
        torch.device("cpu"),
        "float32",
        accumulate=accumulate,
        plateau=plateau,
    )


def test_the_rate_falls_once_and_then_training_ends() -> None:
    plateau = Plateau(PlateauSettings(patience=10, average=2))
    scales = []
    for step in range(5, 45, 5):
        plateau.see(1.0 if step < 45 else 0.5, step)
        scales.append((plateau.scale, plateau.ended))
    # the first full average is at 10: ten steps later the rate falls, ten more and it is over
    assert scales == [(1, False)] * 3 + [(0.5, False)] * 2 + [(0.5, True)] * 3


def test_what_helps_starts_the_count_again() -> None:
    plateau = Plateau(PlateauSettings(patience=10, average=1))
    for step, loss in ((10, 1.0), (20, 1.0), (30, 0.5), (40, 0.6), (50, 0.6)):
        plateau.see(loss, step)
    assert (plateau.scale, plateau.ended) == (0.25, True)
    assert plateau.lowest == 0.5


def test_one_lucky_validation_is_averaged_away() -> None:
    plateau = Plateau(PlateauSettings(patience=100, average=4))
    for step, loss in enumerate((2.0, 2.0, 2.0, 0.1, 2.0, 2.0), 1):
        plateau.see(loss, step)
    assert plateau.lowest == (3 * 2.0 + 0.1) / 4


def test_the_rate_of_the_network_follows() -> None:
    plateau = Plateau(PlateauSettings(patience=2, average=1))
    learner, samples = network(20, plateau=plateau, rate=1e-30), Constant()
    rates = []
    for step in learner.fit(samples):
        rates.append(step.values["learning_rate"])
        learner.validate(samples)
    assert rates == [1e-30] * 3 + [0.5e-30] * 2
    assert learner.step == 5


def test_accumulated_batches_are_averaged() -> None:
    samples = Constant()
    apart, together = network(1, accumulate=3), network(1)
    start = float(apart.module.weight.detach())  # type: ignore[operator]
    next(apart.fit(samples))
    next(together.fit(samples))
    # of (w x - 2 x)^2 the gradient is 2 (w - 2) x^2
    gradients = [2 * (start - 2) * (1.0 + step % 3) ** 2 for step in (1, 2, 3)]
    assert torch.isclose(apart.module.weight.flatten(), torch.tensor([start - 0.01 * sum(gradients) / 3])).all()  # type: ignore[operator]
    assert torch.isclose(together.module.weight.flatten(), torch.tensor([start - 0.01 * gradients[0]])).all()  # type: ignore[operator]


def test_resuming_remembers() -> None:
    samples = Constant()
    whole = network(12, plateau=Plateau(PlateauSettings(patience=3, average=2)), rate=1e-30)
    rates = []
    state = None
    for step in whole.fit(samples):
        rates.append(step.values["learning_rate"])
        whole.validate(samples)
        if step.step == 4:
            state = whole.state()
    again = network(12, plateau=Plateau(PlateauSettings(patience=3, average=2)), rate=1e-30)
    assert state is not None
    again.restore(state)
    resumed = []
    for step in again.fit(samples):
        resumed.append(step.values["learning_rate"])
        again.validate(samples)
    assert resumed == rates[4:]
