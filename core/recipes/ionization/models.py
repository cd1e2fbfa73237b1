"""How planes of 21-cm cubes are classified: by the networks of a chain, by nearest neighbours, by their mean alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch

from core.cosmos.box import Array
from core.learning.samples import Batch
from core.recipes.ionization.cubes import LARGEST_TEMPERATURE
from core.recipes.ionization.slices import spread

if TYPE_CHECKING:
    from core.learning.chain import Chain
    from core.recipes.ionization.slices import Slices

Classify: TypeAlias = Callable[[torch.Tensor], Array]
"""Planes (m, n, n) to the number of the class of each (m,), or of each cut of them (m, cuts)."""

MODELS = {
    "codes": "CNN on codes",
    "direct": "CNN on maps",
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


def cuts(batch: Batch, side: int) -> Batch:
    """All cuts (batch cuts, 1, side, side) that planes (batch, 1, n, n) hold, each with the target of its plane."""
    pieces = cut(batch.inputs[:, 0], side)
    return Batch(pieces.flatten(0, 1)[:, None], batch.targets.repeat_interleave(pieces.shape[1], 0))


def cut(planes: torch.Tensor, side: int) -> torch.Tensor:
    """The cuts (m, cuts, side, side) of planes (m, n, n); what does not fill a last cut is left away."""
    return planes.unfold(1, side, side).unfold(2, side, side).flatten(1, 2)


def fit_baselines(samples: Slices, side: int, components: int, count: int) -> dict[str, torch.Tensor]:
    """Principal components of cuts of training planes, the cuts in them, and the mean brightness of each class."""
    from sklearn.decomposition import PCA

    planes, kinds, cut_kinds = list[torch.Tensor](), list[torch.Tensor](), list[torch.Tensor]()
    found = list[torch.Tensor]()
    while sum(map(len, found)) < count:
        batch = samples.training(len(found) + 1)
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


def classifiers(learner: Chain, classes: int, batch: int, side: int, neighbours: int) -> dict[str, Classify]:
    """Every way to classify planes, by name; networks see `batch` planes at once, baselines cuts of a side in cells."""
    from sklearn.neighbors import KNeighborsClassifier

    links, tensors = learner.links, learner.tensors
    voters = KNeighborsClassifier(min(neighbours, len(tensors["pca.points"])))
    voters.fit(tensors["pca.points"].cpu().numpy(), tensors["pca.kinds"].cpu().numpy())

    def by_network(name: str, see: Callable[[Batch], Batch]) -> Classify:
        def classify(planes: torch.Tensor) -> Array:
            guesses = []
            for some in planes.split(batch):
                seen = see(Batch(some[:, None], some.new_zeros(len(some), classes)))
                guesses.append(links[name].network.predict(seen.inputs).argmax(1).reshape(len(some), -1))
            return torch.cat(guesses).cpu().numpy()

        return classify

    def by_neighbours(planes: torch.Tensor) -> Array:
        pieces = cut(planes.cpu(), side)
        points = (pieces.flatten(2).flatten(0, 1) - tensors["pca.mean"].cpu()) @ tensors["pca.axes"].cpu().T
        return np.asarray(voters.predict(points.numpy())).reshape(len(planes), -1)

    def by_mean(planes: torch.Tensor) -> Array:
        distance = (planes.mean((1, 2)).cpu()[:, None] - tensors["means"].cpu()).abs()
        return distance.argmin(1, keepdim=True).numpy()

    networks = {name: by_network(name, links[name].see) for name in ("codes", "direct", "dense")}
    return {**networks, "neighbours": by_neighbours, "mean": by_mean}


def leaky_accuracies(ways: dict[str, Classify], samples: Slices) -> dict[str, float]:
    """Accuracy of every way on planes that training left out of its own cubes, as leak.<name>."""
    right: dict[str, list[float]] = {name: [] for name in ways}
    for cube, kind in samples.training_cubes:
        planes = spread(cube)
        for name, classify in ways.items():
            right[name].append(float((classify(planes) == kind).mean()))
    return {f"leak.{name}": float(np.mean(shares)) for name, shares in right.items()}
