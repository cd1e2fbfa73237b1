"""Training in stages: a network learns under settings of its own for its first steps, then under the optimiser's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from pydantic import Field as Setting

from core.config import Settings
from core.learning.learner import Network, Optimiser, Step
from core.learning.samples import Crops, Samples


class Stage(Settings):
    """One stage before the main one."""

    steps: int = Setting(ge=1)
    """Steps of this stage."""
    learning_rate: float = Setting(gt=0, allow_inf_nan=False)
    """Learning rate, constant."""
    momentum: float = Setting(0.9, ge=0, lt=1)
    """Momentum of sgd."""
    dropout: float = Setting(0.0, ge=0, lt=1)
    """Dropout after the inner resampling layers."""
    universes: int = Setting(0, ge=0)
    """How many of the training universes are used, the first of the list; 0 is all."""


class StagedNetwork(Network):
    """A network that goes through `stages` before it is trained under its optimiser's settings and `dropout`.

    `set_dropout` changes the rate of the module. A stage is known from the step alone, so a resume is exact.
    """

    def __init__(
        self,
        *network: Any,
        stages: Sequence[Stage] = (),
        dropout: float = 0.0,
        set_dropout: Callable[[float], None],
        **options: Any,
    ) -> None:
        super().__init__(*network, **options)
        self.stages, self.dropout, self.set_dropout = stages, dropout, set_dropout

    def fit(self, samples: Samples) -> Iterator[Step]:
        main, end = self.settings, 0
        for stage in self.stages:
            end = min(end + stage.steps, self.steps)
            if self.step < end:
                self._use(
                    main.model_copy(
                        update={
                            "learning_rate": stage.learning_rate,
                            "momentum": stage.momentum,
                            "schedule": "constant",
                            "warmup": 0,
                        }
                    ),
                    stage.dropout,
                )
                yield from islice(super().fit(first_boxes(samples, stage.universes)), end - self.step)
        self._use(main, self.dropout)
        yield from super().fit(samples)

    def _use(self, settings: Optimiser, dropout: float) -> None:
        self.settings = settings
        for group in self.optimiser.param_groups:
            if "momentum" in group:
                group["momentum"] = settings.momentum
        self.set_dropout(dropout)


def first_boxes(samples: Samples, count: int) -> Samples:
    """The samples with the first training boxes alone; 0 is all."""
    if not count or not isinstance(samples, Crops):
        return samples
    return replace(samples, training_boxes=samples.training_boxes[:count])
