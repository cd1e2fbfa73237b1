"""A trained network in a file of its own (core/runs/weights_file.py), whose text names its recipe and settings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.config import resolve
from core.errors import HalodeckError, InputError
from core.reading import parse_json
from core.runs.registry import load
from core.runs.weights_file import read_safetensors, read_weights

if TYPE_CHECKING:
    from core.learning.learner import Learner
    from core.runs.recipe import Recipe


@dataclass(frozen=True)
class TrainedFile:
    """A recipe with its settings, and the file that holds its weights."""

    path: Path
    recipe: Recipe

    def learner(self) -> Learner:
        """The learner with the weights of the file. Raises: InputError where they are not the recipe's."""
        import torch

        learner, weights = self.recipe.learner(torch.device("cpu")), read_weights(self.path)
        try:
            learner.load_weights(weights)
        except (HalodeckError, LookupError, TypeError, ValueError, RuntimeError, AttributeError) as error:
            words = error.problem if isinstance(error, HalodeckError) else f"{type(error).__name__}: {error}"
            raise InputError(
                f"{self.path} does not fit the recipe {self.recipe.name} ({words.splitlines()[0]})",
                "use a file that was written for it",
            ) from error
        return learner


def text_of(recipe: Recipe) -> dict[str, str]:
    """The text that says which network a file holds."""
    return {"recipe": recipe.name, "settings": json.dumps(recipe.model_dump(mode="json"))}


def open_trained(path: Path) -> TrainedFile:
    """What a file of a trained network says of itself; its tensors are read when they are asked for.

    Raises: InputError for what is no such file, ConfigError for settings that its recipe does not have.
    """
    told, _ = read_safetensors(path, tensors=False)
    try:
        recipe, settings = load(told["recipe"]), parse_json(told["settings"])
        if not isinstance(settings, dict):
            raise ValueError("its settings are no table")
    except (KeyError, ValueError) as error:
        raise InputError(
            f"{path} does not say which network it holds ({error})", "its text must name recipe and settings"
        ) from error
    return TrainedFile(path, resolve(recipe, settings, []))
