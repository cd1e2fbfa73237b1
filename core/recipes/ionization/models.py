"""How planes of 21-cm cubes are classified: by the networks of a chain, and by what needs none.

What is fitted without steps is kept as the numbers it is fitted to: trees and neighbours are made of them when asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch

from core.cosmos.box import Array
from core.learning.samples import Batch
from core.recipes.ionization.cubes import LARGEST_TEMPERATURE
from core.recipes.ionization.regression import Quantity, physical
from core.recipes.ionization.slices import seen, spread
from core.recipes.ionization.summaries import summaries
from models.gaussian import moments

if TYPE_CHECKING:
    from core.learning.chain import Link
    from core.recipes.ionization.slices import Slices

Classify: TypeAlias = Callable[[torch.Tensor], Array]
"""Planes (m, n, n), as they are `seen`, to the number of the class of each (m,), or of each cut of them (m, cuts)."""

Tensors: TypeAlias = "dict[str, torch.Tensor]"

MODELS = {
    "codes": "CNN on codes",
    "direct": "CNN on maps",
    "trees": "extra trees on P(k) and moments",
    "dense": "dense network on cuts",
    "neighbours": "PCA + nearest neighbours on cuts",
    "mean": "mean brightness of a plane",
}


def accuracy(scores: torch.Tensor, targets: torch.Tensor) -> dict[str, float]:
    """Share of the largest scores (batch, classes) that are those of the targets."""
    return {"accuracy": float((scores.argmax(1) == targets.argmax(1)).float().mean())}


def reconstruction_error(output: torch.Tensor, maps: torch.Tensor) -> dict[str, float]:
    """Root mean square [mK] of what a reconstruction (batch, 1, n, n) misses of the maps (batch, n, n)."""
    return {"rms": LARGEST_TEMPERATURE * float((output[:, 0] - maps).square().mean().sqrt())}


def regression_error(output: torch.Tensor, targets: torch.Tensor) -> dict[str, float]:
    """Root mean square of what the means (batch, Q) miss, in deviations of the training cubes."""
    return {"error": float((moments(output)[0] - targets).square().mean().sqrt())}


def cuts(batch: Batch, side: int) -> Batch:
    """All cuts (batch cuts, 1, side, side) that planes (batch, 1, n, n) hold, each with the target of its plane."""
    pieces = cut(batch.inputs[:, 0], side)
    return Batch(pieces.flatten(0, 1)[:, None], batch.targets.repeat_interleave(pieces.shape[1], 0))


def cut(planes: torch.Tensor, side: int) -> torch.Tensor:
    """The cuts (m, cuts, side, side) of planes (m, n, n); what does not fill a last cut is left away."""
    return planes.unfold(1, side, side).unfold(2, side, side).flatten(1, 2)


def fit_baselines(samples: Slices, side: int, components: int, count: int) -> Tensors:
    """Principal components of cuts of training planes, the cuts in them, and the mean brightness of each class."""
    from sklearn.decomposition import PCA

    planes, kinds, cut_kinds = list[torch.Tensor](), list[torch.Tensor](), list[torch.Tensor]()
    found = list[torch.Tensor]()
    while sum(map(len, found)) < count:
        batch = _drawn(samples, len(found) + 1)
        pieces = cuts(batch, side)
        planes.append(batch.inputs.mean((1, 2, 3)).cpu())
        kinds.append(batch.targets.argmax(1).cpu())
        found.append(pieces.inputs.flatten(1).cpu())
        cut_kinds.append(pieces.targets.argmax(1).cpu())
    points = torch.cat(found)[:count].numpy()
    fitted = PCA(min(components, *points.shape), svd_solver="randomized", random_state=samples.seed % 2**32).fit(points)
    means, of = torch.cat(planes), torch.cat(kinds)
    return {
        "pca.mean": torch.from_numpy(fitted.mean_.astype(np.float32)),
        "pca.axes": torch.from_numpy(fitted.components_.astype(np.float32)),
        "pca.points": torch.from_numpy(fitted.transform(points).astype(np.float32)),
        "pca.kinds": torch.cat(cut_kinds)[:count],
        # a class that was not drawn is nearest to nothing
        "means": torch.stack([means[of == kind].mean() for kind in range(samples.classes)]).nan_to_num(torch.inf),
    }


def fit_trees(samples: Slices, count: int) -> Tensors:
    """Summaries of training planes, their classes and their numbers: what trees grow on."""
    points, targets = list[torch.Tensor](), list[torch.Tensor]()
    while sum(map(len, points)) < count:
        batch = samples.training(len(points) + 1)
        points.append(torch.from_numpy(summaries(batch.inputs[:, 0], not samples.remove_mean).astype(np.float32)))
        targets.append(batch.targets.cpu())
    told = torch.cat(targets)[:count]
    return {
        "trees.points": torch.cat(points)[:count],
        "trees.kinds": told[:, : samples.classes].argmax(1),
        "trees.numbers": told[:, samples.classes :],
    }


def _drawn(samples: Slices, step: int) -> Batch:
    """The planes of a step with their classes alone."""
    batch = samples.training(step)
    return Batch(batch.inputs, batch.targets[:, : samples.classes])


def by_network(link: Link, batch: int) -> Classify:
    """A network of a chain, which sees so many planes at once."""

    def classify(planes: torch.Tensor) -> Array:
        guesses = []
        for some in planes.split(batch):
            inputs = link.see(Batch(some[:, None], some.new_zeros(len(some), 1))).inputs
            guesses.append(link.network.predict(inputs).argmax(1).reshape(len(some), -1))
        return torch.cat(guesses).cpu().numpy()

    return classify


def by_neighbours(fitted: Tensors, side: int, neighbours: int) -> Classify:
    """The vote of the nearest cuts in their principal components."""
    from sklearn.neighbors import KNeighborsClassifier

    voters = KNeighborsClassifier(min(neighbours, len(fitted["pca.points"])))
    voters.fit(fitted["pca.points"].cpu().numpy(), fitted["pca.kinds"].cpu().numpy())

    def classify(planes: torch.Tensor) -> Array:
        pieces = cut(planes.cpu(), side)
        points = (pieces.flatten(2).flatten(0, 1) - fitted["pca.mean"].cpu()) @ fitted["pca.axes"].cpu().T
        return np.asarray(voters.predict(points.numpy())).reshape(len(planes), -1)

    return classify


def by_mean(fitted: Tensors) -> Classify:
    """The class whose planes are as bright on average."""

    def classify(planes: torch.Tensor) -> Array:
        distance = (planes.mean((1, 2)).cpu()[:, None] - fitted["means"].cpu()).abs()
        return distance.argmin(1, keepdim=True).numpy()

    return classify


def by_trees(fitted: Tensors, count: int, seed: int, with_mean: bool) -> Classify:
    """So many extra trees (Geurts et al. 2006, doi:10.1007/s10994-006-6226-1) on summaries of a plane."""
    from sklearn.ensemble import ExtraTreesClassifier

    trees = ExtraTreesClassifier(count, random_state=seed % 2**32)
    trees.fit(fitted["trees.points"].cpu().numpy(), fitted["trees.kinds"].cpu().numpy())
    return lambda planes: np.asarray(trees.predict(summaries(planes, with_mean)))[:, None]


def numbers_by_trees(
    fitted: Tensors,
    count: int,
    seed: int,
    with_mean: bool,
    constants: dict[str, float],
    names: Sequence[Quantity],
) -> Callable[[torch.Tensor], Array]:
    """The same for numbers of the cube: planes (m, n, n) to (m, Q)."""
    from sklearn.ensemble import ExtraTreesRegressor

    trees = ExtraTreesRegressor(count, random_state=seed % 2**32)
    # scikit-learn takes a single column as a row
    trees.fit(fitted["trees.points"].cpu().numpy(), fitted["trees.numbers"].cpu().numpy().squeeze())

    def tell(planes: torch.Tensor) -> Array:
        told = np.asarray(trees.predict(summaries(planes, with_mean))).reshape(len(planes), -1)
        return physical(told, names, constants)

    return tell


def leaky_accuracies(ways: dict[str, Classify], samples: Slices) -> dict[str, float]:
    """Accuracy of every way on planes that training left out of its own cubes, as leak.<name>."""
    right: dict[str, list[float]] = {name: [] for name in ways}
    for cube in samples.training_cubes:
        planes = seen(spread(cube.values), samples.remove_mean)
        for name, classify in ways.items():
            right[name].append(float((classify(planes) == cube.kind).mean()))
    return {f"leak.{name}": float(np.mean(shares)) for name, shares in right.items()}
