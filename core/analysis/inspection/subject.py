"""What there is to look into: a recipe's network with fresh weights, or that of a run or a file with trained ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from core.analysis.inspection.figures import Values, activations_figure, filters_figure, layers_table, rules_table
from core.analysis.inspection.layers import Layer, activations, first_input, input_shape, layers, networks, weights
from core.cosmos.universe import Universe, open_universe
from core.errors import HalodeckError, InputError, UsageError, did_you_mean
from core.learning.chain import Chain
from core.runs.fits import learnt
from core.runs.job import open_model
from core.runs.recipe import Recipe
from core.runs.registry import open_recipe
from core.runs.run import Run
from core.runs.trained import open_trained

if TYPE_CHECKING:
    from core.figures import Figure, Table
    from core.learning.learner import Learner

_OTHER_SIZES = (128, 64, 32, 75, 96, 48, 27, 17)
"""Sides of an input to try where neither the settings nor the user say one."""


@dataclass
class Subject:
    """A network to look into. Nothing is built, loaded or computed before it is asked for."""

    title: str
    build: Callable[[], nn.Module]
    """The network without numbers."""
    load: Callable[[], nn.Module]
    """The network with its weights."""
    take_input: Callable[[Universe | None], torch.Tensor]
    """The first batch that a prediction for a universe would feed it."""
    cells: tuple[int, ...]
    """Sides of its input, the likeliest first."""
    cell_size: float | None = None
    """Of the input [Mpc/h]."""
    shape: Callable[[nn.Module, int], tuple[int, ...]] = input_shape
    own_input: bool = False
    """Whether it brings an input, so that activations need no universe."""
    also: Callable[[], dict[str, Figure]] = dict
    """What else there is to see of it, besides its layers: for the command without options."""
    """The shape of its input where that of the samples has so many cells a side."""
    _seen: dict[tuple[str, str], Values] = field(default_factory=dict)

    @cached_property
    def _sized(self) -> tuple[int, list[Layer], int, float | None]:
        module = self.build()
        total = sum(parameter.numel() for parameter in module.parameters())
        for cells in self.cells:
            try:
                shape = self.shape(module, cells)
                # cuts and codes of what has so many cells have others
                cell_size = self.cell_size if shape[-1] == cells else None
                return shape[-1], layers(module, shape), total, cell_size
            except InputError as error:
                problem = error
        raise problem

    @property
    def layers(self) -> list[Layer]:
        """Every layer. Raises: InputError where no input fits."""
        return self._sized[1]

    @property
    def side(self) -> int:
        """Cells a side of the input that the layers are listed for."""
        return self._sized[0]

    @property
    def weights(self) -> int:
        """Numbers that training sets."""
        return self._sized[2]

    @cached_property
    def module(self) -> nn.Module:
        """The network with its weights. Raises: RunError when there are none."""
        return self.load()

    def layer(self, name: str) -> Layer:
        """A layer by name. Raises: UsageError with a suggestion."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise UsageError(
            f"the network has no layer {name!r}", did_you_mean(name, [layer.name for layer in self.layers])
        )

    def has_filters(self, name: str) -> bool:
        """Whether a layer has filters to show."""
        return self.layer(name).parameters > 0 and (
            self.layer(name).rule is not None or "Linear" in self.layer(name).kind
        )

    def layers_table(self) -> Table:
        """The table of layers."""
        return layers_table(self.title, self.layers, self.weights, self._sized[3])

    def rules_table(self) -> Table:
        """The size rule, layer by layer."""
        return rules_table(self.layers)

    def filters(self, name: str, channel: int = 0, source: int | None = None, first: int = 0, count: int = 8) -> Figure:
        """The filters of a layer."""
        self.layer(name)
        return filters_figure(weights(self.module, name).numpy(), name, channel, source, first, count)

    def activations(
        self, name: str, universe: Universe | None = None, first: int = 0, count: int = 8, depth: float = 0.5
    ) -> Figure:
        """The activations of a layer for the first input of a prediction; those of one input are kept."""
        layer = self.layer(name)
        source = str(universe.path) if universe else ""
        inputs = self._input(universe, source)
        if (source, name) not in self._seen:
            self._seen = {key: seen for key, seen in self._seen.items() if key == (source, "")}
            self._seen[source, name] = activations(self.module, name, torch.from_numpy(inputs)).numpy()
        size = universe.box_size / universe.cells if universe else None
        return activations_figure(
            self._seen[source, name], name, layer.step, inputs.shape[-1], size, first, count, depth
        )

    def input_figure(self, universe: Universe | None = None, depth: float = 0.5) -> Figure:
        """What the network sees."""
        inputs = self._input(universe, str(universe.path) if universe else "")
        size = universe.box_size / universe.cells if universe else None
        return activations_figure(inputs[0], "input", 1.0, inputs.shape[-1], size, 0, 8, depth, "value")

    def _input(self, universe: Universe | None, source: str) -> Values:
        if (source, "") not in self._seen:
            self._seen = {(source, ""): self.take_input(universe)[:1].float().cpu().numpy()}
        return self._seen[source, ""]


def of_recipe(recipe: Recipe, network: str = "", cells: int = 0, title: str = "") -> Subject:
    """The network of a recipe with fresh weights."""

    def take_input(universe: Universe | None) -> torch.Tensor:
        raise UsageError("an untrained network has nothing to say about a universe", "train it and give the run")

    return Subject(
        title or recipe.title,
        lambda: _pick(_without_numbers(recipe), network),
        lambda: _pick(recipe.learner(torch.device("cpu")), network),
        take_input,
        (cells,) if cells else _sides(recipe, 0),
        shape=input_shape if cells else _seen_shape(recipe, network),
    )


def of_run(run: Run, network: str = "", cells: int = 0) -> Subject:
    """The network of a run with the weights it has now."""
    config, recipe = run.config(), open_recipe(run)
    learner = _once(lambda: open_model(run, torch.device("cpu")).learner)
    return _trained(recipe, learner, f"{recipe.title}, run {run.name}", network, cells, *_trained_on(config))


def of_file(path: Path, network: str = "", cells: int = 0) -> Subject:
    """The network of a file of trained weights (core/runs/trained.py)."""
    found = open_trained(path)
    # the file does not name the universes of its training
    return _trained(found.recipe, _once(found.learner), f"{found.recipe.title}, {path.stem}", network, cells, 0, None)


def _trained(
    recipe: Recipe,
    learner: Callable[[], Learner],
    title: str,
    network: str,
    cells: int,
    box_cells: int,
    cell_size: float | None,
) -> Subject:
    """A network that has learnt; the universes of its training had so many cells a side, 0 where that is not known."""

    def take_input(universe: Universe | None) -> torch.Tensor:
        if universe is None:
            raise UsageError("activations need an input", "give a universe with --universe")
        made, asked = learner(), network
        if isinstance(made, Chain):  # a prediction may need its first network alone
            asked = next(iter(made.links))
        inputs = first_input(_pick(made, asked), lambda: recipe.predict(made, universe))
        return made.seen(network, inputs) if isinstance(made, Chain) and network else inputs

    return Subject(
        title,
        lambda: _pick(_without_numbers(recipe), network),
        lambda: _pick(learner(), network),
        take_input,
        (cells,) if cells else _sides(recipe, box_cells),
        cell_size,
        input_shape if cells else _seen_shape(recipe, network),
    )


def _once(make: Callable[[], Learner]) -> Callable[[], Learner]:
    """What is made when it is first asked for, and kept."""
    made: list[Learner] = []

    def learner() -> Learner:
        if not made:
            made.append(make())
        return made[0]

    return learner


def _without_numbers(recipe: Recipe) -> Learner:
    """A learner whose tensors have shapes and no memory."""
    with torch.device("meta"):
        return recipe.learner(torch.device("meta"))


def _pick(learner: Learner, network: str) -> nn.Module:
    found = networks(learner)
    if network and network not in found:
        raise UsageError(f"the learner has no network {network!r}", did_you_mean(network, found))
    return found[network] if network else next(iter(found.values()))


def _seen_shape(recipe: Recipe, network: str) -> Callable[[nn.Module, int], tuple[int, ...]]:
    """The shape of the input of a network, which in a chain is what the samples become for it."""

    def shape(module: nn.Module, cells: int) -> tuple[int, ...]:
        chain = _without_numbers(recipe)
        if not (network and isinstance(chain, Chain)):
            return input_shape(module, cells)
        first = next(iter(chain.links.values())).network.module
        samples = torch.empty((1, *input_shape(first, cells)), device="meta")
        return tuple(chain.seen(network, samples).shape[1:])

    return shape


def _sides(recipe: Recipe, box_cells: int) -> tuple[int, ...]:
    """Sides of an input: what the network sees at once, else what may fit."""
    side = recipe.side(box_cells)
    return (*((side,) if side else ()), *_OTHER_SIZES)


def _trained_on(config: dict[str, object]) -> tuple[int, float | None]:
    """Cells and cell size [Mpc/h] of the universes of a run, as far as it tells or one is still there."""
    if known := learnt(config):
        return known.cells, known.cell_size
    paths = config.get("universes")
    for path in paths if isinstance(paths, list) else []:
        try:
            universe = open_universe(Path(str(path)))
        except HalodeckError:
            continue
        if universe.cells:
            return universe.cells, universe.box_size / universe.cells
    return 0, None
