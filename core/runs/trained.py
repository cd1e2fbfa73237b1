"""Trained networks in one safetensors file: tensors and text, no code. Some come with halodeck, in models/trained.

The text beside the tensors names the recipe, its settings and its constants; tensors are `module.<name>`
for the weights, which may be of half precision, and `arrays.<name>` for what the recipe keeps beside them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.config import resolve
from core.errors import HalodeckError, InputError
from core.reading import open_regular
from core.runs.registry import load
from core.typed import Measured, typed

if TYPE_CHECKING:
    import torch

    from core.learning.learner import Learner
    from core.runs.recipe import Recipe

SUFFIX = ".safetensors"
FOLDER = Path(__file__).parents[2] / "models" / "trained"


@dataclass(frozen=True)
class _Told:
    settings: dict[str, str]
    constants: dict[str, Measured]


@dataclass(frozen=True)
class TrainedFile:
    """A recipe with its settings, and the file that holds its weights."""

    path: Path
    recipe: Recipe
    constants: dict[str, float]
    step: int

    def learner(self) -> Learner:
        """The learner with the weights of the file. Raises: InputError where they are not the recipe's."""
        import torch

        learner = self.recipe.learner(torch.device("cpu"))
        _, tensors = read_safetensors(self.path)
        parts: dict[str, dict[str, torch.Tensor]] = {"module": {}, "arrays": {}}
        for name, tensor in tensors.items():
            part, _, inner = name.partition(".")
            parts.setdefault(part, {})[inner] = tensor
        told = {"module": parts["module"], "tensors": parts["arrays"], "constants": self.constants, "step": self.step}
        try:
            learner.load_weights(told)
        except (HalodeckError, LookupError, TypeError, ValueError, RuntimeError, AttributeError) as error:
            words = error.problem if isinstance(error, HalodeckError) else f"{type(error).__name__}: {error}"
            raise InputError(
                f"{self.path} does not fit the recipe {self.recipe.name} ({words.splitlines()[0]})",
                "use a file that was written for it",
            ) from error
        return learner


def shipped() -> dict[str, Path]:
    """The trained networks of recipes that come with halodeck, by name: <recipe>-<table>."""
    return {path.stem: path for path in sorted(FOLDER.glob(f"*-*{SUFFIX}"))}


def open_trained(path: Path) -> TrainedFile:
    """What a file of a trained network says of itself; its tensors are read when they are asked for.

    Raises: InputError for what is no such file, ConfigError for settings that its recipe does not have.
    """
    told, _ = read_safetensors(path, tensors=False)
    try:
        recipe = load(told["recipe"])
        words = typed(_Told, {name: json.loads(told[name]) for name in ("settings", "constants")})
        step = int(told.get("step", "0"))
    except (KeyError, ValueError) as error:
        raise InputError(
            f"{path} does not say which network it holds ({error})", "its text must name recipe, settings and constants"
        ) from error
    settings = resolve(recipe, {}, [f"{name}={value}" for name, value in words.settings.items()])
    return TrainedFile(path, settings, dict(words.constants), step)


def read_safetensors(path: Path, tensors: bool = True) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    """The text of a safetensors file and, where wanted, its tensors. Raises: InputError, ResourceError."""
    from safetensors import SafetensorError, safe_open

    try:
        open_regular(path).close()
    except FileNotFoundError as error:
        raise InputError(f"there is no file {path}", "check the path") from error
    try:
        with safe_open(path, "pt") as file:
            text = dict(file.metadata() or {})
            return text, {name: file.get_tensor(name) for name in file.keys()} if tensors else {}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(f"{path} is no safetensors file ({error})", "give a file of a trained network") from error
