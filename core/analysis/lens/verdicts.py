"""What a prediction makes of each halo: matched, merged with another, missed; and of its own: matched, split, false."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.cosmos.box import Array, Catalogue, nearest_image
from core.protohalos.matching import match

Verdict = Literal["matched", "merged", "missed", "split", "false"]
ERRORS: tuple[Verdict, ...] = ("missed", "merged", "split", "false")


@dataclass(frozen=True)
class Verdicts:
    """For each true and each predicted halo a verdict and the halo on the other side it is about, -1 for none.

    A true halo is matched (centre inside its Lagrangian sphere, radius within 25 %), merged (its centre lies in a
    predicted halo that matches another one, or with that of another one in the same) or missed. A predicted one is
    matched, split (in the same way a part of a true one) or false.
    """

    true: tuple[Verdict, ...]
    true_with: Array
    predicted: tuple[Verdict, ...]
    predicted_with: Array

    def count(self, verdict: Verdict) -> int:
        """How many halos of either side have this verdict; a match counts once."""
        return self.true.count(verdict) + (self.predicted.count(verdict) if verdict != "matched" else 0)


def verdicts(truth: Catalogue, predicted: Catalogue) -> Verdicts:
    """The verdicts on two catalogues with Lagrangian positions and radii."""
    found = match(truth, predicted)
    back = np.full(len(predicted), -1, dtype=np.int64)
    back[found[found >= 0]] = np.flatnonzero(found >= 0)
    within = _shared(_inside(truth, np.flatnonzero(found < 0), predicted), back)
    around = _shared(_inside(predicted, np.flatnonzero(back < 0), truth), found)
    true_with, predicted_with = np.where(found >= 0, found, within), np.where(back >= 0, back, around)
    return Verdicts(
        tuple(
            _said(one, other, "merged", "missed") for one, other in zip(found.tolist(), within.tolist(), strict=True)
        ),
        true_with,
        tuple(_said(one, other, "split", "false") for one, other in zip(back.tolist(), around.tolist(), strict=True)),
        predicted_with,
    )


def _said(matched: int, inside: int, within: Verdict, without: Verdict) -> Verdict:
    return "matched" if matched >= 0 else within if inside >= 0 else without


def _shared(inside: Array, match_of: Array) -> Array:
    """Of the halos that others lie in those that match a further one or hold several; -1 for the rest."""
    holding = np.bincount(inside[inside >= 0], minlength=len(match_of)) + (match_of >= 0)
    return np.where((inside >= 0) & (holding[inside] > 1), inside, -1) if len(match_of) else inside


def _inside(of: Catalogue, which: Array, spheres: Catalogue) -> Array:
    """For some halos the largest sphere that holds their Lagrangian centre, -1 for none; the others get -1."""
    from scipy.spatial import cKDTree

    result = np.full(len(of), -1, dtype=np.int64)
    if not len(which) or not len(spheres):
        return result
    box = of.box_size
    centres = spheres["lagrangian_position"].astype(np.float64) % box
    radii = np.asarray(spheres["lagrangian_radius"], dtype=np.float64)
    tree = cKDTree(centres, boxsize=np.full(3, box))
    places = of["lagrangian_position"][which].astype(np.float64) % box
    near = tree.query_ball_point(places, min(float(radii.max()), box / 2))
    for row, place, candidates in zip(which, places, near, strict=True):
        some = np.asarray(candidates, dtype=np.int64)
        away = np.linalg.norm(nearest_image(centres[some] - place, box), axis=1)
        holding = some[away < radii[some]]
        if len(holding):
            result[row] = holding[np.argmax(radii[holding])]
    return result
