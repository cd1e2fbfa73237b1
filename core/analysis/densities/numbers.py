"""Numbers of held-out densities beside baselines and ceilings: spectra by bands of k, triangles, voids."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from core.analysis.densities.measured import PREDICTION, TRUTH, JudgedBox, Measured, at, scatter_of_mean
from core.cosmos.box import Array
from core.cosmos.measures.bispectrum import Bispectrum
from core.figures import Number, Table

BANDS = (0.0, 0.2, 0.5, 1.0, 2.0, np.inf)
"""Edges [h/Mpc] between which |T - 1| is told."""

WAVENUMBERS = (0.1, 0.2, 0.33, 0.5, 0.7, 1.0, 1.4, 1.9, 2.6)
"""k [h/Mpc] at which T and r of all ways are told."""


def number(
    key: str,
    name: str,
    of: Callable[[JudgedBox, str], float],
    boxes: Sequence[JudgedBox],
    baseline: str,
    unit: str = "",
    paper: float | None = None,
    note: str = "",
) -> Number:
    """Mean over boxes of something told by way: the prediction's, its standard error, and the baseline's."""
    values = np.array([of(box, PREDICTION) for box in boxes])
    error = float(scatter_of_mean(values)) if len(values) > 1 else None
    return Number(
        key, name, float(values.mean()), unit, error, float(np.mean([of(b, baseline) for b in boxes])), paper, note
    )


def furthest(m: Measured, highest: float) -> tuple[float, float] | None:
    """The largest |T - 1| of the shells up to a k [h/Mpc], and the standard error of T there; None without a shell."""
    inside = np.flatnonzero(m.k <= highest)
    if not len(inside):
        return None
    worst = inside[np.argmax(np.abs(m.transfer[inside] - 1))]
    return float(abs(m.transfer[worst] - 1)), float(m.transfer_error[worst])


def of_transfer(measured: Mapping[str, Measured], baseline: str, ceiling: str | None) -> list[Number]:
    """How far T(k) is from 1 up to some k, and r at some, beside a baseline and what the truth itself is sure of."""
    net, base = measured[PREDICTION], measured[baseline]
    best = measured[ceiling] if ceiling else None
    numbers = []
    for k in (0.5, 1.0, 2.5):
        if k > net.k[-1] or (found := furthest(net, k)) is None:
            continue
        value, error = found
        numbers.append(
            Number(
                f"off_{k:g}",
                f"largest |T - 1| to k = {k:g} h/Mpc",
                value,
                "",
                error or None,
                (furthest(base, k) or (None,))[0],
                ceiling=(furthest(best, k) or (None,))[0] if best else None,
            )
        )
    for k in (1.0, 2.0):
        if (value_at := at(k, net, net.correlation)) is None:
            continue
        numbers.append(
            Number(
                f"correlation_{k:g}",
                f"r at k = {k:g} h/Mpc",
                value_at,
                "",
                at(k, net, net.correlation_error) or None,
                at(k, base, base.correlation),
                ceiling=at(k, best, best.correlation) if best else None,
            )
        )
    return numbers


def bands(measured: Mapping[str, Measured]) -> Table:
    """|T - 1|, the mean over the shells of each band of k, and the mean error of T there, by way."""
    names, rows = [way for way in measured if way != TRUTH], []
    k = measured[TRUTH].k
    for low, high in pairwise(BANDS):
        inside = (k > low) & (k <= high)
        if not inside.any():
            continue
        told = [float(np.abs(measured[way].transfer[inside] - 1).mean()) for way in names]
        error = float(measured[PREDICTION].transfer_error[inside].mean()) if PREDICTION in measured else None
        rows.append((f"{low:g} to {min(high, k[-1]):.3g}", *told, error))
    return Table(
        "|T - 1| by bands of k, mean over shells",
        ("k [h/Mpc]", *names, f"+- of {PREDICTION}"),
        tuple(rows),
        "+-: standard error over boxes of T in one shell, mean over the band",
    )


def by_wavenumber(measured: Mapping[str, Measured]) -> Table:
    """T and r of every way at some k."""
    names, rows = [way for way in measured if way != TRUTH], []
    for what, of in (("T", "transfer"), ("r", "correlation")):
        for k in WAVENUMBERS:
            told = [at(k, measured[way], getattr(measured[way], of)) for way in names]
            if all(value is not None for value in told):
                rows.append((f"{what} at {k:g}", *told))
    return Table("T(k) and r(k), between shells", ("k [h/Mpc]", *names), tuple(rows))


def families(one: Bispectrum) -> dict[str, Array]:
    """Which triangles are equilateral, squeezed (one side the longest wave) and isosceles (two sides in the middle)."""
    first, second, third = one.triangles.T
    middle = len(one.k) // 2
    return {
        "equilateral": first == third,
        "squeezed": (first == 0) & (second == third) & (third > 0),
        "isosceles": ((first == second) | (second == third)) & (second == middle),
    }


def of_bispectra(boxes: Sequence[JudgedBox], baseline: str) -> list[Number]:
    """The largest deviation of B from the true one among the triangles of a family, sums over boxes, to some k."""
    one = boxes[0].bispectra[TRUTH]
    longest = one.k[one.triangles].max(axis=1)
    numbers = []
    for family, members in families(one).items():
        for k in (1.0, 2.0):
            chosen = members & (longest <= k)
            if not chosen.any():
                continue
            value, error = _off(boxes, PREDICTION, chosen)
            name = f"{family} bispectrum over the true one, furthest from 1 to k = {k:g} h/Mpc"
            base, _ = _off(boxes, baseline, chosen)
            numbers.append(Number(f"bispectrum_{family}_{k:g}", name, value, "", error, base))
    return numbers


def _off(boxes: Sequence[JudgedBox], way: str, chosen: Array) -> tuple[float, float | None]:
    """B over the true B where it is furthest from 1, and its standard error over boxes."""
    ours = np.array([box.bispectra[way].value[chosen] for box in boxes])
    true = np.array([box.bispectra[TRUTH].value[chosen] for box in boxes])
    ratio = ours.sum(axis=0) / true.sum(axis=0)
    worst = int(np.argmax(np.abs(ratio - 1)))
    if len(boxes) == 1:
        return float(ratio[worst]), None
    # of a ratio of sums: the scatter of what each box adds to it
    residual = ours[:, worst] - ratio[worst] * true[:, worst]
    error = np.sqrt(len(boxes) / (len(boxes) - 1) * np.square(residual).sum()) / abs(true[:, worst].sum())
    return float(ratio[worst]), float(error)


def void_error(box: JudgedBox, way: str) -> float:
    """The largest error of the void probability."""
    return float(np.abs(box.voids[way].probability - box.voids[TRUTH].probability).max())


def mean_ratio(box: JudgedBox, way: str) -> float:
    """Mean density over the true one."""
    ours, true = (box.density[name].mean(dtype=np.float64) for name in (way, TRUTH))
    return float(ours / true)
