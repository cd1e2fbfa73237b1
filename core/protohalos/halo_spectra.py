"""Spectra of halo catalogues against the true ones, at equal number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.cosmos.box import Array, Catalogue
from core.cosmos.measures.spectra import Spectra, particle_spectra

LARGE_SCALES = 0.5
"""Wavenumber [h/Mpc] up to which the clustering of halos is summed into one number."""

LAGRANGIAN, EULERIAN = "lagrangian_position", "position"


def halo_spectra(
    truth: Sequence[Catalogue],
    other: Sequence[Catalogue],
    cells: Sequence[int],
    part: float = 1.0,
    column: str = LAGRANGIAN,
) -> list[Spectra]:
    """Spectra of the most massive halos of both catalogues of each box: `part` of as many as the shorter has.

    On meshes of so many cells per side, interlaced, so that P(k) is good to 0.9 of the Nyquist frequency. Boxes that
    leave fewer than two halos are passed over.
    """
    result = []
    for t, p, n in zip(truth, other, cells, strict=True):
        count = round(part * min(len(t), len(p)))
        if count >= 2:
            largest = [c[column][np.argsort(-c["mass"], kind="stable")[:count]] for c in (p, t)]
            result.append(particle_spectra(largest[0], t.box_size, n, largest[1]))
    return result


def large_scale_sums(many: Sequence[Spectra]) -> tuple[Array, Array, Array]:
    """Sums over the modes up to `LARGE_SCALES` of each box [(Mpc/h)^3]: of its power, that of the truth, the cross."""

    def sums(one: Spectra, name: str) -> float:
        low = one.k <= LARGE_SCALES
        return float((getattr(one, name) * one.modes)[low].sum())

    power, other, cross = (np.array([sums(s, name) for s in many]) for name in ("power", "other", "cross"))
    return power, other, cross


def wide_shells(k: Array) -> Array:
    """To which of about ten shells a decade each wavenumber belongs, counted without gaps from 0."""
    return np.unique(np.floor(np.log10(k / k[0]) * 10).astype(int), return_inverse=True)[1]
