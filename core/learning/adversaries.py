"""Adversaries: a Learner of a generator and a discriminator that judges it (Goodfellow et al., arXiv:1406.2661)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from core.errors import RunError
from core.learning import parallel
from core.learning.bf16 import bf16
from core.learning.learner import Optimiser, Precision, Step, finite, inner, uses_bf16
from core.learning.samples import Samples, mix

if TYPE_CHECKING:
    import torch

    Loss: TypeAlias = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class Adversaries:
    """A generator that learns from a discriminator and from losses of its own, `terms`: (weight, loss) by name.

    The discriminator sees pairs (batch, channels, n, n, n) of input and truth or output, these two through `scale`.
    In a step it learns first, then the generator (Isola et al. 2017, arXiv:1611.07004, section 3.3). A step averages
    the gradients of `accumulate` batches on each rank of those that train together.
    """

    def __init__(
        self,
        generator: torch.nn.Module,
        discriminator: torch.nn.Module,
        terms: Mapping[str, tuple[float, Loss]],
        scale: Callable[[torch.Tensor], torch.Tensor],
        metrics: Callable[[torch.Tensor, torch.Tensor], dict[str, float]],
        optimiser: Optimiser,
        discriminator_optimiser: Optimiser,
        steps: int,
        seed: int,
        device: torch.device,
        precision: Precision = "auto",
        accumulate: int = 1,
    ) -> None:
        self.generator, self.discriminator = generator.to(device), discriminator.to(device)
        self.terms, self.scale, self.metrics = terms, scale, metrics
        self.settings = {"generator": optimiser, "discriminator": discriminator_optimiser}
        self.optimisers = {
            "generator": optimiser.build(self.generator.parameters()),
            "discriminator": discriminator_optimiser.build(self.discriminator.parameters()),
        }
        self.step, self.steps, self.seed, self.device = 0, steps, seed, device
        self.bf16 = uses_bf16(precision, device)
        self.accumulate = accumulate
        self.constants: dict[str, float] = {}
        self.tensors: dict[str, torch.Tensor] = {}
        """Small arrays that the report needs besides the constants."""

    def take_turns(self, turns: int) -> None:
        """Average the gradients of so many times more batches in a step."""
        self.accumulate *= turns

    def fit(self, samples: Samples) -> Iterator[Step]:
        import torch

        self.constants = samples.constants
        generator, judge = parallel.synchronised(self.generator), parallel.synchronised(self.discriminator)
        batches = self.accumulate * parallel.world()
        generated = parallel.RunningStatistics(self.generator, batches)
        judged = parallel.RunningStatistics(self.discriminator, batches)
        while self.step < self.steps:
            self.generator.train()
            self.discriminator.train()
            step, start = self.step + 1, time.perf_counter()
            values: dict[str, list[float]] = {}
            passes = []
            self._begin("discriminator", step)
            for turn in range(self.accumulate):
                number = parallel.batch_number(step, turn, self.accumulate)
                # dropout draws from the global generator: keyed by the batch, a resume and other ranks repeat it
                torch.manual_seed(mix(self.seed + 1, number))
                batch = samples.training(number)
                with generated.watched():
                    output = inner(self._forward(generator, batch.inputs), batch.targets)
                condition, truth = inner(batch.inputs, batch.targets), batch.targets.reshape(output.shape)
                passes.append((condition, truth, output))
                with judged.watched(), parallel.last_alone(judge, turn == self.accumulate - 1):
                    real, false = self._judge(judge, condition, truth, output.detach())
                    told = (self._cross_entropy(real, 1.0) + self._cross_entropy(false, 0.0)) / 2 / self.accumulate
                    told.backward()
                values.setdefault("loss_discriminator", []).append(float(told.detach()))
            generated.follow()
            judged.follow()
            self._learn("discriminator")

            # no gradients of the judge's weights while the generator learns
            self.discriminator.requires_grad_(False)
            rate = self._begin("generator", step)
            for turn, (condition, truth, output) in enumerate(passes):
                with judged.watched(), parallel.last_alone(generator, turn == self.accumulate - 1):
                    said = self._judge(self.discriminator, condition, truth, output)[1]
                    parts = {"adversarial": self._cross_entropy(said, 1.0)}
                    parts |= {name: loss(output, truth) for name, (_, loss) in self.terms.items()}
                    loss = parts["adversarial"] + sum(weight * parts[name] for name, (weight, _) in self.terms.items())
                    (loss / self.accumulate).backward()
                for name, part in {"loss": loss, **{f"loss_{name}": part for name, part in parts.items()}}.items():
                    values.setdefault(name, []).append(float(part.detach()) / self.accumulate)
            judged.follow()
            told_of = {name: parallel.total([v / parallel.world() for v in found]) for name, found in values.items()}
            finite(told_of["loss_discriminator"], "the discriminator's loss", step)
            finite(told_of["loss"], "the generator's loss", step)
            self._learn("generator")
            self.discriminator.requires_grad_(True)

            self.step = step
            told_of = {"loss": told_of.pop("loss"), **told_of}
            yield Step(step, {**told_of, "learning_rate": rate, "seconds": time.perf_counter() - start})

    def _begin(self, who: str, step: int) -> float:
        """Set out on one step of an optimiser; returns its learning rate."""
        settings, optimiser = self.settings[who], self.optimisers[who]
        rate = settings.rate(step, self.steps)
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.zero_grad(set_to_none=True)
        return rate

    def _learn(self, who: str) -> None:
        """The step itself, with the gradients that there are."""
        import torch

        settings, optimiser = self.settings[who], self.optimisers[who]
        if settings.clip:
            torch.nn.utils.clip_grad_norm_(
                [p for group in optimiser.param_groups for p in group["params"]], settings.clip
            )
        optimiser.step()

    def _judge(
        self, judge: torch.nn.Module, condition: torch.Tensor, truth: torch.Tensor, output: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The discriminator's logits for every patch of the truth and of the output.

        They go through it together: batch norm over each alone would take away what tells them apart.
        """
        import torch

        pairs = [torch.cat([condition, self.scale(density)], dim=1) for density in (truth, output)]
        real, false = self._forward(judge, torch.cat(pairs)).chunk(2)
        return real, false

    def _cross_entropy(self, logits: torch.Tensor, real: float) -> torch.Tensor:
        import torch

        return torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, real))

    def validate(self, samples: Samples) -> dict[str, float]:
        """The generator's own losses, weighted and one by one, and the metrics, over the validation set."""
        found = {}
        for number, batch in enumerate(samples.validation()):
            if number % parallel.world() != parallel.rank():
                continue
            output = inner(self.predict(batch.inputs), batch.targets)
            parts = {name: float(loss(output, batch.targets)) for name, (_, loss) in self.terms.items()}
            values = {"loss": sum(weight * parts[name] for name, (weight, _) in self.terms.items())}
            values |= {f"loss_{name}": part for name, part in parts.items()}
            found[number] = values | self.metrics(output, batch.targets)
        means = parallel.mean_over_batches(found)
        finite(means["loss"], "the validation loss", self.step)
        return means

    def _forward(self, module: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
        """A network's output as float32, computed in bf16 where that pays."""
        with bf16(module, self.device, self.bf16):
            output: torch.Tensor = module(x)
        return output.float()

    def predict(self, inputs: torch.Tensor) -> torch.Tensor:
        """The generator's output without dropout and gradients."""
        import torch

        self.generator.eval()
        with torch.inference_mode():
            return self._forward(self.generator, inputs.to(self.device))

    def weights(self) -> dict[str, Any]:
        return {
            "generator": self.generator.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "constants": self.constants,
            "tensors": self.tensors,
            "step": self.step,
        }

    def load_weights(self, weights: dict[str, Any]) -> None:
        try:
            self.generator.load_state_dict(weights["generator"])
            if "discriminator" in weights:  # predictions need none
                self.discriminator.load_state_dict(weights["discriminator"])
        except (RuntimeError, KeyError) as error:
            raise RunError(
                "the saved weights belong to other networks",
                "use the settings that they were trained with; where another version trained them, train again",
            ) from error
        self.constants, self.step = weights["constants"], weights["step"]
        self.tensors = weights.get("tensors", {})  # not in checkpoints of version 0.1.0

    def state(self) -> dict[str, Any]:
        return {**self.weights(), **{f"{who}_optimiser": o.state_dict() for who, o in self.optimisers.items()}}

    def restore(self, state: dict[str, Any]) -> None:
        if "discriminator" not in state:
            raise RunError("the saved state has no discriminator", "go on from a checkpoint of the run's own")
        self.load_weights(state)
        for who, optimiser in self.optimisers.items():
            optimiser.load_state_dict(state[f"{who}_optimiser"])
