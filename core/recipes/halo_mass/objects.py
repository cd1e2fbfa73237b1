"""How well the masses of whole halos are told, by the network and by EPS on the same halos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.cosmos.box import Array
from core.cosmos.universe import Universe
from core.figures import Number
from core.recipes.halo_mass.scores import correlation, half_range, median


@dataclass(frozen=True)
class WholeHalos:
    """log10 of the masses of halos [Msun/h]: the true one, the network's, and EPS' (nan where no particle crosses)."""

    true: Array
    network: Array
    eps: Array

    @property
    def crossed(self) -> Array:
        return np.isfinite(self.eps)

    def by_eps(self) -> tuple[Array, Array]:
        """True mass and EPS' of the halos that have one."""
        return self.true[self.crossed], self.eps[self.crossed]


def whole_halos(prediction: Universe) -> WholeHalos | None:
    """The halos of a prediction, None where none were predicted."""
    if not {"halo_mass", "halo_mass_eps"} <= set(prediction.halos):
        return None
    ours, theirs = prediction.catalogue("halo_mass"), prediction.catalogue("halo_mass_eps")
    eps = np.full(max(ours["halo"].max(initial=0), theirs["halo"].max(initial=0)) + 1, np.nan)
    eps[theirs["halo"]] = np.log10(theirs["mass"])
    return WholeHalos(np.log10(ours["true_mass"]), np.log10(ours["mass"]), eps[ours["halo"]])


def together(boxes: Sequence[WholeHalos]) -> WholeHalos | None:
    """The halos of several boxes, None of none."""
    if not boxes:
        return None
    return WholeHalos(*(np.concatenate([getattr(box, name) for box in boxes]) for name in ("true", "network", "eps")))


def numbers(halos: WholeHalos) -> list[Number]:
    """Residual and correlation of the network beside EPS where EPS has a mass, and of the network for all halos."""
    where = halos.crossed
    shared = f"{where.sum():,} of {len(where):,} halos, which EPS gives a mass too"
    everywhere = f"{len(where):,} halos; EPS gives {1 - where.mean():.0%} of them no mass" if len(where) else ""
    ours, eps, by_eps = halos.network - halos.true, halos.eps - halos.true, "baseline: EPS"

    def beside(key: str, name: str, unit: str, value: float | None, base: float | None, note: str = "") -> Number:
        return Number(f"halo_{key}", f"whole halos: {name}", value, unit, None, base, None, note)

    corr = correlation(halos.true[where], halos.network[where]), correlation(*halos.by_eps())
    return [
        beside("bias", "median residual", "dex", median(ours[where]), median(eps[where]), f"{by_eps}; {shared}"),
        beside("scatter", "half the 68 % range", "dex", half_range(ours[where]), half_range(eps[where]), by_eps),
        beside("correlation", "correlation with the true mass", "", *corr, by_eps),
        beside("all_scatter", "half the 68 % range, all", "dex", half_range(ours), None, everywhere),
        beside("all_correlation", "correlation, all", "", correlation(halos.true, halos.network), None),
    ]
