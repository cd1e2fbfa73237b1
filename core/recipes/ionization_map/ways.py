"""Ways from a density to a map without a network: means at a smoothed density, and excursion sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.cosmos.box import Array
from core.cosmos.universe import Universe
from core.learning.metrics import correlation
from core.protohalos.baseline import smoothed
from core.recipes.ionization_map.sources import (
    Excursion,
    density,
    efficiency,
    fitted_efficiency,
    others,
    reconstructed,
    sources,
)

if TYPE_CHECKING:
    import torch

SMOOTHINGS = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0)
"""Gaussian radii in cells among which the baseline chooses."""

KNOTS = 40
"""Densities, equally frequent, at which the baseline knows the mean of the target."""

FITTED = 2
"""Training cubes whose neutral fraction the excursion set at other parameters is given."""

WAYS = {
    "network": "network",
    "baseline": "mean at the smoothed density",
    "excursion": "excursion set at other parameters",
    "excursion_own": "excursion set at the truth's parameters",
    "excursion_linear": "excursion set at the truth's parameters in the reconstructed density",
}


def fit_baseline(universes: Sequence[Universe], target: str) -> dict[str, float]:
    """The baseline's numbers from training universes, to be saved with a learner."""
    truth = np.concatenate([np.asarray(u.field(target).values).reshape(-1) for u in universes])

    def mean_at(radius: float) -> tuple[Array, Array, float]:
        density = np.concatenate([smoothed(u.field("density").values, radius).reshape(-1) for u in universes])
        edges = np.quantile(density, np.linspace(0, 1, KNOTS + 1))
        bins = np.clip(np.searchsorted(edges, density, side="right") - 1, 0, KNOTS - 1)
        counts = np.maximum(np.bincount(bins, minlength=KNOTS), 1)
        means = np.bincount(bins, truth, minlength=KNOTS) / counts
        middles = (edges[1:] + edges[:-1]) / 2
        return middles, means, correlation(np.interp(density, middles, means), truth)

    found = {radius: mean_at(radius) for radius in SMOOTHINGS}
    # NaN, of a constant, is never the greatest
    best = max(SMOOTHINGS, key=lambda radius: np.nan_to_num(found[radius][2]))
    middles, means, _ = found[best]
    knots = {f"baseline.density.{i}": float(value) for i, value in enumerate(middles)}
    return {"baseline.smoothing": best, **knots, **{f"baseline.mean.{i}": float(v) for i, v in enumerate(means)}}


def baseline(universe: Universe, constants: dict[str, float]) -> Array:
    """The baseline's map of a universe."""
    density = smoothed(universe.field("density").values, constants["baseline.smoothing"])
    middles, means = (
        np.array([constants[f"baseline.{name}.{i}"] for i in range(KNOTS)]) for name in ("density", "mean")
    )
    return np.interp(density, middles, means).astype(np.float32)


def fit_excursion(universes: Sequence[Universe]) -> dict[str, float]:
    """The efficiency at which other sources leave the neutral fraction of training universes.

    To be saved with a learner; nothing where they have none.
    """
    known = [universe for universe in universes if "neutral_fraction" in universe.fields][:FITTED]
    if not known:
        return {}
    neutral = float(np.mean([universe.field("neutral_fraction").values.mean() for universe in known]))
    return {"excursion.efficiency": fitted_efficiency([Excursion(u, others(u)) for u in known], neutral)}


def excursions(universe: Universe, target: str, constants: dict[str, float]) -> dict[str, Array]:
    """Maps of the excursion set in the density of a cube, at other parameters, and at those of the truth; at these also
    in the linear density that is made of it."""
    found = {}
    if "excursion.efficiency" in constants:
        found["excursion"] = Excursion(universe, others(universe)).neutral(constants["excursion.efficiency"])
    own = efficiency(universe)
    if own is not None:
        found["excursion_own"] = Excursion(universe, sources(universe)).neutral(own)
        found["excursion_linear"] = Excursion(universe, sources(universe), reconstructed(universe)).neutral(own)
    return {name: _as_target(universe, target, neutral) for name, neutral in found.items()}


def _as_target(universe: Universe, target: str, neutral: torch.Tensor) -> Array:
    from core.cosmos.reionization.bubbles import brightness_temperature

    if target == "neutral_fraction":
        return neutral.numpy()
    redshift = universe.fields["density"].redshift
    return brightness_temperature(neutral, density(universe), redshift, universe.cosmology).numpy()
