"""Which predicted halos are true ones: matching by Lagrangian centre and radius."""

from __future__ import annotations

import numpy as np

from core.cosmos.box import Array, Catalogue, nearest_image


def match(truth: Catalogue, predicted: Catalogue, tolerance: float = 0.25) -> Array:
    """Index of the predicted halo that matches each true one, -1 for none.

    A match has its centre inside the true halo's Lagrangian sphere and a radius within `tolerance` of the true one
    (arXiv:1805.04537, section 5); true halos choose in order of mass, the closest in radius, each prediction once.
    """
    from scipy.spatial import cKDTree

    result = np.full(len(truth), -1, dtype=np.int64)
    if not len(truth) or not len(predicted):
        return result
    box_size = truth.box_size
    tree = cKDTree(predicted["lagrangian_position"].astype(np.float64) % box_size, boxsize=np.full(3, box_size))
    taken: set[int] = set()
    for index in np.argsort(-truth["mass"], kind="stable"):
        centre, radius = truth["lagrangian_position"][index].astype(np.float64), truth["lagrangian_radius"][index]
        near = tree.query_ball_point(centre % box_size, min(radius, box_size / 2))
        misfit = {p: abs(predicted["lagrangian_radius"][p] / radius - 1) for p in near if p not in taken}
        if misfit:
            best = min(misfit, key=lambda p: (misfit[p], p))
            if misfit[best] <= tolerance:
                result[index] = best
                taken.add(best)
    return result


def separations(truth: Catalogue, predicted: Catalogue, matched: Array) -> Array:
    """Distances [Mpc/h] between matched Lagrangian centres."""
    pairs = matched >= 0
    difference = truth["lagrangian_position"][pairs] - predicted["lagrangian_position"][matched[pairs]]
    return np.asarray(np.linalg.norm(nearest_image(difference, truth.box_size), axis=1))
