"""The Learner: `fit` is an iterator of steps. To stop is to stop iterating, to resume is to go on from `step`."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import Field as Setting

from core.config import Settings
from core.errors import RunError
from core.learning import parallel
from core.learning.bf16 import bf16
from core.learning.boxes import ahead
from core.learning.samples import Batch, Crops, Samples, mix

if TYPE_CHECKING:
    import torch

    from core.learning.plateau import Plateau

Precision = Literal["auto", "float32", "bf16"]


@dataclass(frozen=True)
class Step:
    """One finished step, counted from 1, and what was measured on the way."""

    step: int
    values: dict[str, float]


class Learner(Protocol):
    """Anything that learns in steps and can be saved between any two of them."""

    step: int
    steps: int
    constants: dict[str, float]

    def take_turns(self, turns: int) -> None:
        """Average the gradients of so many times more batches in a step."""
        ...

    def fit(self, samples: Samples) -> Iterator[Step]: ...

    def validate(self, samples: Samples) -> dict[str, float]: ...

    def predict(self, inputs: Any) -> Any:
        """What is told of inputs, as the samples hold them: a tensor of a network, arrays by name of forests."""
        ...

    def weights(self) -> dict[str, Any]:
        """All that prediction needs."""
        ...

    def load_weights(self, weights: dict[str, Any]) -> None: ...

    def state(self) -> dict[str, Any]:
        """All that `fit` needs to go on exactly."""
        ...

    def restore(self, state: dict[str, Any]) -> None: ...


class Optimiser(Settings):
    """How the weights are changed."""

    name: Literal["sgd", "adamw", "amsgrad"] = "sgd"
    """sgd; adamw, which needs far fewer steps; or amsgrad, Adam whose steps only shrink."""
    learning_rate: float = Setting(0.01, gt=0, allow_inf_nan=False)
    """Largest learning rate."""
    momentum: float = Setting(0.9, ge=0, lt=1)
    """Momentum of sgd."""
    weight_decay: float = Setting(0.0, ge=0, allow_inf_nan=False)
    """Decay of the weights, decoupled in adamw."""
    warmup: int = Setting(0, ge=0)
    """Steps over which the learning rate rises from zero."""
    schedule: Literal["constant", "cosine"] = "constant"
    """Whether the learning rate stays, or falls to zero as half a cosine."""
    clip: float = Setting(0.0, ge=0)
    """Largest norm of the gradient; 0 leaves it as it is."""

    def build(self, parameters: Any) -> torch.optim.Optimizer:
        import torch

        if self.name == "sgd":
            return torch.optim.SGD(
                parameters, self.learning_rate, momentum=self.momentum, weight_decay=self.weight_decay
            )
        if self.name == "amsgrad":
            return torch.optim.Adam(parameters, self.learning_rate, weight_decay=self.weight_decay, amsgrad=True)
        return torch.optim.AdamW(parameters, self.learning_rate, weight_decay=self.weight_decay)

    def rate(self, step: int, steps: int) -> float:
        """Learning rate of a step counted from 1."""
        rise = min(1.0, step / self.warmup) if self.warmup else 1.0
        fall = 0.5 * (1 + math.cos(math.pi * (step - 1) / steps)) if self.schedule == "cosine" else 1.0
        return self.learning_rate * rise * fall


class Network:
    """A network trained by gradient descent on one loss.

    With `patience` it ends early, with the weights of its lowest validation loss, once that many validations in a row
    were no better. A step averages the gradients of `accumulate` batches on each rank of those that train together;
    a `plateau` lowers the learning rate.
    """

    def __init__(
        self,
        module: torch.nn.Module,
        loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
        metrics: Callable[[torch.Tensor, torch.Tensor], dict[str, float]],
        optimiser: Optimiser,
        steps: int,
        seed: int,
        device: torch.device,
        precision: Precision = "auto",
        patience: int = 0,
        accumulate: int = 1,
        plateau: Plateau | None = None,
    ) -> None:
        self.module = module.to(device)
        self.loss, self.metrics = loss, metrics
        self.settings = optimiser
        self.optimiser = optimiser.build(self.module.parameters())
        self.step, self.steps, self.seed, self.device = 0, steps, seed, device
        self.bf16 = uses_bf16(precision, device)
        self.constants: dict[str, float] = {}
        self.tensors: dict[str, torch.Tensor] = {}
        """Small arrays that prediction or report need besides the constants, e.g. the trees of a baseline."""
        self.patience, self.stale, self.lowest = patience, 0, math.inf
        self.best: dict[str, torch.Tensor] | None = None
        self.accumulate, self.plateau = accumulate, plateau

    def take_turns(self, turns: int) -> None:
        """Average the gradients of so many times more batches in a step."""
        self.accumulate *= turns

    def fit(self, samples: Samples) -> Iterator[Step]:
        import torch

        self.constants = samples.constants
        module, batches = parallel.synchronised(self.module), self.accumulate * parallel.world()
        statistics = parallel.RunningStatistics(self.module, batches)
        coming = self._batches(samples)
        while self.step < self.steps and not self._ended:
            self.module.train()
            step, start = self.step + 1, time.perf_counter()
            rate = self.settings.rate(step, self.steps) * (self.plateau.scale if self.plateau else 1.0)
            for group in self.optimiser.param_groups:
                group["lr"] = rate
            losses = []
            self.optimiser.zero_grad(set_to_none=True)
            for turn in range(self.accumulate):
                number = parallel.batch_number(step, turn, self.accumulate)
                # dropout draws from the global generator: keyed by the batch, a resume and other ranks repeat it
                torch.manual_seed(mix(self.seed + 1, number))
                batch = next(coming)
                with statistics.watched(), parallel.last_alone(module, turn == self.accumulate - 1):
                    output = self.forward(batch.inputs, module)
                    loss = self.loss(inner(output, batch.targets), batch.targets) / self.accumulate
                    loss.backward()
                losses.append(float(loss.detach()) / parallel.world())
            value = finite(parallel.total(losses), "the loss", step)
            statistics.follow()
            if self.settings.clip:
                torch.nn.utils.clip_grad_norm_(self.module.parameters(), self.settings.clip)
            self.optimiser.step()
            self.step = step
            yield Step(step, {"loss": value, "learning_rate": rate, "seconds": time.perf_counter() - start})
        if self.best:
            self.module.load_state_dict(self.best)

    def _batches(self, samples: Samples) -> Iterator[Batch]:
        """The batches of this rank from the next step on; those that go to another device are made ahead, in a thread.

        On the CPU a thread would take the cores of those that compute.
        """
        numbers = (
            parallel.batch_number(step, turn, self.accumulate)
            for step in range(self.step + 1, self.steps + 1)
            for turn in range(self.accumulate)
        )
        far = isinstance(samples, Crops) and samples.device is not None and samples.device.type != "cpu"
        return ahead(samples.training, numbers) if far else map(samples.training, numbers)

    def validate(self, samples: Samples) -> dict[str, float]:
        """Mean loss and metrics over the validation set, of which every rank judges its share."""
        found = {}
        for number, batch in enumerate(samples.validation()):
            if number % parallel.world() == parallel.rank():
                output = inner(self.predict(batch.inputs), batch.targets)
                loss = float(self.loss(output, batch.targets).detach())
                found[number] = {"loss": loss, **self.metrics(output, batch.targets)}
        means = parallel.mean_over_batches(found)
        finite(means["loss"], "the validation loss", self.step)
        if self.patience:
            self._remember(means["loss"])
        if self.plateau:
            self.plateau.see(means["loss"], self.step)
        return means

    @property
    def _ended(self) -> bool:
        """Whether training goes no further before its last step."""
        return bool(self.patience and self.stale >= self.patience) or bool(self.plateau and self.plateau.ended)

    def _remember(self, loss: float) -> None:
        """Keep the weights of the lowest validation loss, and count the validations since."""
        self.stale += 1
        if loss < self.lowest:
            self.lowest, self.stale = loss, 0
            self.best = {name: value.clone() for name, value in self.module.state_dict().items()}

    def forward(self, inputs: torch.Tensor, module: torch.nn.Module | None = None) -> torch.Tensor:
        """The network's output as float32, computed in bf16 where that pays."""
        module = module or self.module
        with bf16(module, self.device, self.bf16):
            output: torch.Tensor = module(inputs)
        return output.float()

    def predict(self, inputs: torch.Tensor) -> torch.Tensor:
        """`forward` without dropout and gradients."""
        import torch

        self.module.eval()
        with torch.inference_mode():
            return self.forward(inputs.to(self.device))

    def weights(self) -> dict[str, Any]:
        told = {"constants": self.constants, "tensors": self.tensors, "step": self.step}
        return {"module": self.best or self.module.state_dict(), **told}

    def load_weights(self, weights: dict[str, Any]) -> None:
        try:
            self.module.load_state_dict(weights["module"])
        except (RuntimeError, KeyError) as error:
            raise RunError(
                "the saved weights belong to another network",
                "use the settings that they were trained with; where another version trained them, train again",
            ) from error
        self.constants, self.step = weights["constants"], weights["step"]
        self.tensors = weights.get("tensors", {})  # not in checkpoints of version 0.1.0

    def state(self) -> dict[str, Any]:
        kept = {"stale": self.stale, "lowest": self.lowest, "best": self.best}
        return {
            **self.weights(),
            "module": self.module.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "kept": kept,
            **({"plateau": self.plateau.state()} if self.plateau else {}),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.load_weights(state)
        self.optimiser.load_state_dict(state["optimiser"])
        if "kept" in state:  # not in checkpoints of version 0.1.0
            self.stale, self.lowest, self.best = (state["kept"][name] for name in ("stale", "lowest", "best"))
        if self.plateau:
            self.plateau.restore(state["plateau"])


def finite(value: float, what: str, step: int) -> float:
    """The value, refused where training has blown up."""
    if not math.isfinite(value):
        raise RunError(f"{what} became {value} at step {step}", "lower optimiser.learning_rate")
    return value


def inner(output: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The part of an output (batch, channels, m, m, m) that has targets (batch, n, n, n): the context cut off.

    Other outputs have none.
    """
    if output.ndim < 4:
        return output
    margin = (output.shape[-1] - targets.shape[-1]) // 2
    return output[..., margin:-margin, margin:-margin, margin:-margin] if margin else output


def uses_bf16(precision: Precision, device: torch.device) -> bool:
    """Whether convolutions are computed in bf16 on this device."""
    return precision == "bf16" or (precision == "auto" and has_bf16(device))


def has_bf16(device: torch.device) -> bool:
    """Whether the device computes in bf16 faster than in float32."""
    import torch

    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu.get_capabilities().get("avx512_bf16") or torch.cpu.get_capabilities().get("amx_bf16"))
