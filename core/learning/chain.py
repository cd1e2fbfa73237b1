"""A learner of several networks that are trained one after the other, each on what the samples become for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import RunError
from core.learning.learner import Network, Step
from core.learning.samples import Batch, Samples

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Link:
    """A network and what a batch of the samples becomes before the network sees it, e.g. the code of another one."""

    network: Network
    see: Callable[[Batch], Batch]


@dataclass(frozen=True)
class LinkSamples:
    """The samples as one link sees them."""

    samples: Samples
    see: Callable[[Batch], Batch]

    @property
    def constants(self) -> dict[str, float]:
        return self.samples.constants

    def training(self, step: int) -> Batch:
        return self.see(self.samples.training(step))

    def validation(self) -> Iterator[Batch]:
        yield from map(self.see, self.samples.validation())


class Chain:
    """Links in the order of their training. `tensors` are kept with the weights, for what is fitted without steps.

    Every link's module is also an attribute of its name, and its loss is told as loss_<name> beside loss.
    """

    def __init__(self, links: Mapping[str, Link]) -> None:
        self.links = links
        self.step, self.steps = 0, sum(link.network.steps for link in links.values())
        self.constants: dict[str, float] = {}
        self.tensors: dict[str, torch.Tensor] = {}
        vars(self).update({name: link.network.module for name, link in links.items()})

    def take_turns(self, turns: int) -> None:
        """Average the gradients of so many times more batches in a step."""
        for link in self.links.values():
            link.network.take_turns(turns)

    def fit(self, samples: Samples) -> Iterator[Step]:
        self.constants = dict(samples.constants)
        for name, link in self.links.items():
            for done in link.network.fit(LinkSamples(samples, link.see)):
                self.step += 1
                yield Step(self.step, {**done.values, f"loss_{name}": done.values["loss"]})

    def validate(self, samples: Samples) -> dict[str, float]:
        """Loss and metrics of the link that is being trained, which are kept in `tensors` as curve_<link>_<metric>."""
        import torch

        name, link = [(name, link) for name, link in self.links.items() if link.network.step][-1]
        found = link.network.validate(LinkSamples(samples, link.see))
        for key, value in found.items():
            point = torch.tensor([[link.network.step, value]], dtype=torch.float64)
            before = self.tensors.get(f"curve_{name}_{key}", point[:0])
            self.tensors[f"curve_{name}_{key}"] = torch.cat([before, point])
        return {"loss": found["loss"]} | {f"{key}_{name}": value for key, value in found.items()}

    def predict(self, inputs: torch.Tensor) -> dict[str, torch.Tensor]:
        """What every link tells of inputs (batch, ...) of the samples, by name."""
        return {name: link.network.predict(self.seen(name, inputs)) for name, link in self.links.items()}

    def seen(self, name: str, inputs: torch.Tensor) -> torch.Tensor:
        """What a link sees of inputs (batch, ...) of the samples."""
        return self.links[name].see(Batch(inputs, inputs.new_zeros(len(inputs), 1))).inputs

    def weights(self) -> dict[str, Any]:
        networks = {name: link.network.weights() for name, link in self.links.items()}
        return {"networks": networks, "constants": self.constants, "tensors": self.tensors, "step": self.step}

    def load_weights(self, weights: dict[str, Any]) -> None:
        self._each(weights, Network.load_weights)

    def state(self) -> dict[str, Any]:
        return {**self.weights(), "networks": {name: link.network.state() for name, link in self.links.items()}}

    def restore(self, state: dict[str, Any]) -> None:
        self._each(state, Network.restore)

    def _each(self, saved: dict[str, Any], load: Callable[[Network, dict[str, Any]], None]) -> None:
        if set(saved.get("networks", ())) != set(self.links):
            raise RunError(
                "the saved weights belong to other networks",
                "use the settings that they were trained with; where another version trained them, train again",
            )
        for name, link in self.links.items():
            load(link.network, saved["networks"][name])
        self.constants, self.tensors, self.step = dict(saved["constants"]), dict(saved["tensors"]), saved["step"]
