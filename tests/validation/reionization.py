"""Reionization: neutral fractions of an independent prototype, identities, and 21cmFAST's own cubes.

The real pair of cubes is looked for under $HALODECK_SHARED, else in shared/data beside the checkout.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from core.cosmos.box import Field
from core.cosmos.cosmology import preset
from core.cosmos.measures.spectra import spectra
from core.cosmos.reionization.bubbles import (
    Sources,
    brightness_temperature,
    collapsed,
    neutral_fraction,
    temperature_scale,
)
from core.cosmos.reionization.ionize import Ionization, displacements, evolved, linear
from core.figures import Curves, Series
from core.learning.metrics import correlation
from tests.validation.check import Check, Drawn, within

SHARED = Path(os.environ.get("HALODECK_SHARED", Path(__file__).parents[2].parent / "shared" / "data"))
PLANCK = preset("planck2015")
START = Ionization(96, 144 * PLANCK.h, PLANCK, 8.0, 0.1)
PROTOTYPE = {
    6: (0.485, 0.0, 0.0), 7: (0.687, 0.289, 0.0), 8: (0.802, 0.634, 0.397),
    9: (0.875, 0.781, 0.683), 10: (0.923, 0.867, 0.814), 12: (0.974, 0.953, 0.935),
}  # fmt: skip
"""Neutral fractions at escape fractions 0.05, 0.10 and 0.15, of another seed and the linear density alone."""
FRACTIONS = (0.05, 0.10, 0.15)
SCALES = (0.1, 0.5)
"""In 1/Mpc."""


def checks() -> Iterator[Check | Drawn]:
    found, moved = dict[int, list[float]](), displacements(START, "cpu")
    for redshift, expected in PROTOTYPE.items():
        item = replace(START, redshift=float(redshift))
        delta = evolved(item, *moved)
        shares = collapsed(linear(item, "cpu"), item.box_size, PLANCK, item.redshift, item.sources, delta)
        maps = [neutral_fraction(shares, item.sources.efficiency(fraction)) for fraction in FRACTIONS]
        found[redshift] = [float(map_.mean()) for map_ in maps]
        worst = max(abs(a - b) for a, b in zip(found[redshift], expected, strict=True))
        words = ", ".join(f"{value:.3f}" for value in found[redshift])
        yield within(
            f"A8.1 neutral fractions at z = {redshift}, largest difference", worst, 0, 0.05, "prototype", words
        )
    rows = np.array(list(found.values()))
    monotonic = bool((np.diff(rows, axis=0) >= 0).all() and (np.diff(rows, axis=1) <= 0).all())
    yield Check("A8.1 monotonic in redshift and escape fraction", str(monotonic), "True", "exact", monotonic)
    yield Drawn("reionization", Curves(
        "Neutral fraction",
        tuple(
            series
            for number, fraction in enumerate(FRACTIONS)
            for series in (
                Series(f"escape fraction {fraction:g}", np.array(list(found)), rows[:, number]),
                Series("prototype", np.array(list(found)), np.array(list(PROTOTYPE.values()))[:, number],
                       style="points"),
            )
        ),
        "redshift", "neutral fraction",
    ))  # fmt: skip
    yield from identities()
    yield from real_cubes()


def identities() -> Iterator[Check]:
    item = replace(START, redshift=7.5)
    delta = linear(item, "cpu")
    shares = collapsed(delta, item.box_size, PLANCK, 7.5, item.sources)
    scale = temperature_scale(7.5, PLANCK)
    neutral = neutral_fraction(shares, item.sources.efficiency(0.1))
    temperature = brightness_temperature(neutral, delta, 7.5, PLANCK)
    mass = float((neutral.double() * (1 + delta.double())).mean())
    ratio = float(temperature.double().mean()) / (scale * mass)
    yield within("A8.2 mean temperature over that of the neutral mass", ratio, 1 - 1e-5, 1 + 1e-5, "1")

    def power(map_: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
        """k [1/Mpc] and k^3 P / (2 pi^2)."""
        s = spectra(Field("map", map_.numpy(), item.box_size))
        return s.k * PLANCK.h, s.k**3 * s.power / (2 * np.pi**2)

    faint = brightness_temperature(neutral_fraction(shares, 0.0), delta, 7.5, PLANCK)
    worst = float(np.abs(power(faint)[1] / (scale**2 * power(delta)[1]) - 1).max())
    yield within("A8.3 without sources: power over that of the density, largest error", worst, 0, 1e-4, "0")
    k, dimensionless = power(temperature)
    for scale_ in SCALES:
        value = float(np.exp(np.interp(np.log(scale_), np.log(k), np.log(dimensionless))))
        note = f"neutral fraction {float(neutral.mean()):.2f}"
        yield within(f"A8.5 power at k = {scale_:g}/Mpc [mK^2]", value, 10, 30, "mid-reionization", note)


def real_cubes() -> Iterator[Check]:
    """Our excursion set on 21cmFAST's density. Its sources are not known: ours are 21cmFAST's of today."""
    folder = SHARED / "21cmfast-z6.5"
    if not folder.exists():
        yield Check("ours and 21cmFAST's 21-cm cube", "-", "-", "-", True, f"not checked: nothing at {folder}")
        return
    delta = torch.from_numpy(np.load(folder / "density_z6.5.npy").astype(np.float32))
    true = np.load(folder / "delta_T_z6.5_esc0.070.npy")
    ionized = float((true == 0).mean())
    for largest, words in ((50.0, "bubbles up to 50 Mpc/h"), (15 * PLANCK.h, "bubbles up to 15 Mpc")):
        sources = Sources(largest_bubble=largest)
        shares = collapsed(delta, 300 * PLANCK.h, PLANCK, 6.5, sources)
        # the efficiency that ionizes as many cells: the largest share of the last of them
        matched = 1 / float(np.quantile(shares.largest.numpy(), 1 - ionized))
        for efficiency, how in ((sources.efficiency(0.07), "escape fraction 0.07"), (matched, "as much ionized")):
            neutral = neutral_fraction(shares, efficiency)
            ours = brightness_temperature(neutral, delta, 6.5, PLANCK).numpy()
            note = f"{float((ours == 0).mean()):.3f} of the cells ionized, theirs {ionized:.3f}; zeta {efficiency:.1f}"
            agreement = correlation(ours, true)
            yield within(f"correlation with 21cmFAST's cube, {words}, {how}", agreement, 0.7, 1, "1", note)
