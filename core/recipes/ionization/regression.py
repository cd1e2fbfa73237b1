"""Numbers of a 21-cm cube told from its planes, each with its own error.

A network tells mean and variance of each; a scale of the deviation, from the validation cubes, makes the errors those
that are found (Levi et al. 2022, arXiv:1905.11659).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from core.cosmos.box import Array
from core.cosmos.universe import Universe
from core.errors import InputError
from core.recipes.ionization.cubes import label

if TYPE_CHECKING:
    import torch

    from core.learning.learner import Network
    from core.recipes.ionization.slices import Slices

Quantity = Literal["redshift", "neutral_fraction", "escape_fraction"]
INTERVALS = {"68": 0.994458, "95": 1.959964}
"""Half widths in deviations of the intervals that hold 68 and 95 % of a Gaussian."""


@dataclass(frozen=True)
class Told:
    """What is told of planes: (m, Q) values and their standard deviations."""

    value: Array
    deviation: Array


@dataclass(frozen=True)
class Regression:
    """What tells the quantities `names` of planes (m, n, n) as they are `seen`: the network, and trees (m, Q)."""

    names: Sequence[Quantity]
    by_network: Callable[[torch.Tensor], Told]
    by_trees: Callable[[torch.Tensor], Array]


def quantity(universe: Universe, name: Quantity) -> float | None:
    """A number of a cube; None where the cube does not hold it."""
    if name != "neutral_fraction":
        return label(universe, name)
    field = universe.fields.get(name)
    return None if field is None else float(np.mean(universe.field(name).values, dtype=np.float64))


def check(universes: Sequence[Universe], names: Sequence[Quantity]) -> None:
    """Refuse cubes that do not hold a quantity, or all the same label. Raises: InputError."""
    for name in names:
        values = set[float]()
        for universe in universes:
            # whether a map is there is known without reading it
            held = name in universe.fields if name == "neutral_fraction" else label(universe, name)
            if held is None or held is False:
                raise InputError(f"{universe.path} has no {name}", f"leave {name} out of regression.quantities")
            values.add(float(held))
        if name != "neutral_fraction" and len(values) < 2:
            raise InputError(
                f"all cubes have the {name.replace('_', ' ')} {values.pop():g}",
                f"leave {name} out of regression.quantities",
            )


def normalisation(training: Sequence[Universe], names: Sequence[Quantity]) -> dict[str, float]:
    """Mean and deviation of each quantity over training cubes."""
    constants = dict[str, float]()
    for name in names:
        values = [value for universe in training if (value := quantity(universe, name)) is not None]
        constants |= {f"mean.{name}": float(np.mean(values)), f"deviation.{name}": float(np.std(values))}
    return constants


def normalised(universe: Universe, names: Sequence[Quantity], constants: dict[str, float]) -> tuple[float, ...]:
    """The quantities of a cube in deviations about the mean of the training cubes; NaN where it holds none."""
    found = (quantity(universe, name) for name in names)
    return tuple(
        math.nan if value is None else (value - constants[f"mean.{name}"]) / constants[f"deviation.{name}"]
        for name, value in zip(names, found, strict=True)
    )


def physical(values: Array, names: Sequence[Quantity], constants: dict[str, float]) -> Array:
    """What `normalised` was of values (m, Q)."""
    mean, deviation = (np.array([constants[f"{what}.{name}"] for name in names]) for what in ("mean", "deviation"))
    return np.asarray(mean + deviation * values)


def tell(
    network: Network, constants: dict[str, float], names: Sequence[Quantity], planes: torch.Tensor, batch: int
) -> Told:
    """Values and calibrated deviations of planes (m, n, n) as they are `seen`, so many at once."""
    import torch

    from models.gaussian import moments

    outputs = torch.cat([network.predict(some[:, None]).cpu() for some in planes.split(batch)]).double()
    mean, variance = (part.numpy() for part in moments(outputs))
    unit = np.array([constants[f"deviation.{name}"] * constants[f"scale.{name}"] for name in names])
    return Told(physical(mean, names, constants), unit * np.sqrt(variance))


def calibrated(network: Network, names: Sequence[Quantity], samples: Slices) -> dict[str, float]:
    """The scale of each deviation at which the likelihood of the validation planes is greatest."""
    from models.gaussian import moments

    squares = []
    for planes in samples.validation():
        mean, variance = moments(network.predict(planes.inputs).double())
        truth = planes.targets[:, samples.classes :]
        squares.append(((mean - truth).square() / variance).mean(0).cpu().numpy())
    scales = np.sqrt(np.mean(squares, axis=0))
    return {f"scale.{name}": float(scale) for name, scale in zip(names, scales, strict=True)}
