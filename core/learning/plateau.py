"""When to lower the learning rate: a rule on the moving average of the validation loss (Petulante 2023, 3.3.2)."""

from __future__ import annotations

import math
from typing import Any

from pydantic import Field as Setting

from core.config import Settings


class PlateauSettings(Settings):
    """Lower the learning rate where the validation loss stays, end the training where that does not help."""

    patience: int = Setting(100, ge=0)
    """Steps without a lower moving average of the validation loss after which the learning rate falls; 0 never does
    so. After as many more the training ends."""
    average: int = Setting(10, ge=1)
    """Validations in the moving average; the thesis does not say how many."""
    factor: float = Setting(0.5, gt=0, lt=1)
    """What the learning rate is multiplied by."""


class Plateau:
    """Follows the validation loss. `scale` is what the learning rate is to be multiplied by."""

    def __init__(self, settings: PlateauSettings) -> None:
        self.settings = settings
        self.scale, self.ended = 1.0, False
        self.recent: list[float] = []
        self.lowest, self.since, self.fallen = math.inf, 0, False

    def see(self, loss: float, step: int) -> None:
        """Take note of a validation loss after a step."""
        self.recent = [*self.recent, loss][-self.settings.average :]
        mean = sum(self.recent) / len(self.recent)
        if len(self.recent) < self.settings.average:
            self.since = step
        elif mean < self.lowest:
            self.lowest, self.since, self.fallen = mean, step, False
        elif self.settings.patience and step - self.since >= self.settings.patience:
            self.ended = self.fallen
            self.scale *= 1.0 if self.fallen else self.settings.factor
            self.since, self.fallen = step, True

    def state(self) -> dict[str, Any]:
        """All that it remembers."""
        names = ("scale", "ended", "recent", "lowest", "since", "fallen")
        return {name: getattr(self, name) for name in names}

    def restore(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)
