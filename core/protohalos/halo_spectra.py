"""Clustering of halo catalogues beside that of the true ones, at equal number and with the shot noise subtracted.

N random points have the power V/N at every k (Peebles 1980), and most of the power of a few hundred halos in a small
box is that: a ratio of whole powers at equal number is near 1 whatever the halos are. What is left after subtraction
is their clustering, with an error that may be larger than itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.cosmos.box import Array, Catalogue
from core.cosmos.measures.spectra import Spectra, particle_spectra

LARGE_SCALES = 0.5
"""Wavenumber [h/Mpc] of the smallest wave among the modes that are summed into one number."""

LAGRANGIAN, EULERIAN = "lagrangian_position", "position"


@dataclass(frozen=True)
class HaloSpectra:
    """Spectra of one box: in about ten shells a decade, and of all modes with |k| <= `LARGE_SCALES` as one shell."""

    shells: Spectra
    large: Spectra


@dataclass(frozen=True)
class Estimate:
    """A number for every shell with two standard errors: of the finite number of modes and of the scatter of boxes.

    The latter is NaN for one box.
    """

    value: Array
    modes: Array
    boxes: Array

    @property
    def error(self) -> Array:
        """The larger of the two: boxes also know what is not Gaussian, but a few of them may agree by luck."""
        return np.asarray(np.fmax(self.modes, self.boxes))


def halo_spectra(
    truth: Sequence[Catalogue],
    other: Sequence[Catalogue],
    cells: Sequence[int],
    part: float = 1.0,
    column: str = LAGRANGIAN,
) -> list[HaloSpectra]:
    """Spectra of the most massive halos of both catalogues of each box: `part` of as many as the shorter has.

    On meshes of so many cells per side, interlaced, so that P(k) and the shot noise in it are good to 0.9 of the
    Nyquist frequency. Boxes that leave fewer than two halos are passed over.
    """
    result = []
    for t, p, n in zip(truth, other, cells, strict=True):
        count = round(part * min(len(t), len(p)))
        if count >= 2:
            ours, true = (c[column][np.argsort(-c["mass"], kind="stable")[:count]] for c in (p, t))
            # a mesh of which the modes reach half of Nyquist
            coarse = 4 * int(LARGE_SCALES * t.box_size / (2 * np.pi)) + 4
            result.append(
                HaloSpectra(
                    wide_shells(particle_spectra(ours, t.box_size, n, true)),
                    particle_spectra(ours, t.box_size, coarse, true, below=LARGE_SCALES),
                )
            )
    return result


def scattered(catalogues: Sequence[Catalogue], seed: int = 0) -> list[Catalogue]:
    """The same halos at random places: what a measure of clustering must tell from any halos."""
    result = []
    for number, halos in enumerate(catalogues):
        places = np.random.default_rng((seed, number)).uniform(0, halos.box_size, (len(halos), 3)).astype(np.float32)
        result.append(replace(halos, columns=halos.columns | {LAGRANGIAN: places, EULERIAN: places}))
    return result


def power_ratio(many: Sequence[Spectra]) -> Estimate:
    """Sum over boxes of P - V/N over that of the true halos, shell by shell.

    With A, B and C the powers and the cross power of a box, shot noise in them, and R the ratio, the modes of a shell
    scatter A - R B by 2 / modes (A^2 + R^2 B^2 - 2 R C^2); for a catalogue that is the truth this is nothing.
    """
    ours, true, modes = _stacked(many, "power", 0), _stacked(many, "other", 1), _modes(many)
    whole, whole_true, cross = (_stacked(many, name) for name in ("power", "other", "cross"))
    total = (modes * true).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = (modes * ours).sum(axis=0) / total
    scatter = 2 * modes * np.maximum(whole**2 + (ratio * whole_true) ** 2 - 2 * ratio * cross**2, 0)
    return _estimate(ratio, scatter, modes * (ours - ratio * true), total)


def correlation(many: Sequence[Spectra]) -> Estimate:
    """r of the summed spectra, shot noise in them: 0 for random points, and below 1 for halos that lack some."""
    power, other, cross = (_modes(many) * _stacked(many, name) for name in ("power", "other", "cross"))
    total = np.sqrt(power.sum(axis=0) * other.sum(axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        r = cross.sum(axis=0) / total
        slope = np.sqrt(other.sum(axis=0) / power.sum(axis=0))
        deviation = cross - r / 2 * (slope * power + other / slope)
        scatter = np.maximum(1 - r**2, 0) ** 2 / _modes(many).sum(axis=0) * total**2
    return _estimate(r, scatter[None], deviation, total)


def noise_share(many: Sequence[Spectra]) -> float:
    """Shot noise over the whole power of the true halos on large scales."""
    modes = _modes(many)
    whole, clustered = ((modes * _stacked(many, "other", which)).sum() for which in (None, 1))
    return float(1 - clustered / whole) if whole else float("nan")


def wide_shells(narrow: Spectra) -> Spectra:
    """The same in about ten shells a decade."""
    which = np.unique(np.floor(np.log10(narrow.k / narrow.k[0]) * 10).astype(int), return_inverse=True)[1]
    modes = np.bincount(which, narrow.modes)
    k, power, other, cross = (
        np.bincount(which, getattr(narrow, name) * narrow.modes) / modes for name in ("k", "power", "other", "cross")
    )
    return Spectra(k, power, other, cross, modes.astype(np.int64), narrow.shot_noise)


def _stacked(many: Sequence[Spectra], name: str, subtract: int | None = None) -> Array:
    """A spectrum of every box (boxes, shells), less the shot noise of the first or second set of points."""
    rows = [getattr(one, name) - (one.shot_noise[subtract] if subtract is not None else 0) for one in many]
    return np.array(rows) if rows else np.zeros((0, 1))


def _modes(many: Sequence[Spectra]) -> Array:
    return np.array([one.modes for one in many], dtype=np.float64) if many else np.zeros((0, 1))


def _estimate(value: Array, variance: Array, deviation: Array, total: Array) -> Estimate:
    """Errors of a ratio of sums from the variance and the deviation of each box's part of its numerator."""
    boxes = len(deviation)
    with np.errstate(invalid="ignore", divide="ignore"):
        modes = np.sqrt(variance.sum(axis=0)) / abs(total)
        spread = np.sqrt((deviation**2).sum(axis=0) * boxes / (boxes - 1)) / abs(total) if boxes > 1 else modes * np.nan
    return Estimate(value, modes, spread)
