"""Halos that a report must tell from the true ones, and how.

Each of them is what a perfect network would have predicted, but of other halos: those of another seed, or as many of
the same masses at random places.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.cosmos.box import Catalogue, Field
from core.cosmos.universe import Universe, write_universe
from core.figures import Number, Report
from core.protohalos.finder import claim
from core.protohalos.halo_spectra import scattered
from core.protohalos.truth import TrueHalos


def random_halos(truth: TrueHalos) -> TrueHalos:
    """As many halos of the same masses as spheres about random places, the largest first."""
    cells = len(truth.label)
    [halos] = scattered([truth.halos], seed=1)
    label = np.zeros(truth.label.shape, dtype=np.int32)
    scale = cells / halos.box_size
    for row, (place, radius) in enumerate(zip(halos["lagrangian_position"], halos["lagrangian_radius"], strict=True)):
        claim(label, place.astype(np.float64) * scale, float(radius * scale), row + 1)
    return TrueHalos(halos, label)


def written(universe: Universe, fields: list[Field], halos: Mapping[str, Catalogue], path: Path) -> Universe:
    """A prediction for a universe as a run would write it."""
    return write_universe(
        path,
        name=universe.name,
        box_size=universe.box_size,
        cosmology=universe.cosmology,
        fields=fields,
        catalogues=dict(halos),
        provenance={},
        kind="prediction",
    )


def judged(report: Report) -> dict[str, Number]:
    """The numbers that stand beside a paper's or a baseline's."""
    return {n.key: n for n in report.numbers if n.paper is not None or n.baseline is not None}


def not_told(truth: Report, impostor: Report, errors: float = 3.0, share: float = 0.1, blunt: float = 0.5) -> set[str]:
    """Keys of judged numbers in which an impostor would be taken for the truth.

    That is one that differs from it by less than three of its standard errors (one in 400 by luck where both are the
    same) or a tenth of the true value, what is called a success (of 1 where the true value is 0, as of a rate, a
    distance or dex); unless its error is half of that or more, which tells the reader that the number says nothing.
    What an impostor has no number for is told.
    """
    near = set()
    for key, ours in judged(truth).items():
        [theirs] = [n for n in impostor.numbers if n.key == key]
        if ours.value is None or theirs.value is None or np.isnan(ours.value) or np.isnan(theirs.value):
            continue
        error, size = theirs.error or 0.0, abs(ours.value) or 1.0
        if error < blunt * size and abs(theirs.value - ours.value) <= max(errors * error, share * size):
            near.add(key)
    return near
