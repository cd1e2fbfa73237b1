"""Statistics of fields and halos that take longer: the bispectrum, and voids."""

from __future__ import annotations

import numpy as np

from core.analysis.statistics.context import Context
from core.analysis.statistics.figures import bispectrum_edges, bispectrum_figure, voids_figure
from core.cosmos.measures.bispectrum import bispectrum
from core.cosmos.measures.voids import void_probability
from core.errors import UsageError
from core.figures import Figure, Number


def of_triangles(context: Context) -> tuple[dict[str, Figure], list[Number]]:
    """The reduced bispectrum of every field; nothing without one."""
    if not context.fields:
        return {}, []
    first = next(iter(context.fields.values()))
    shells = bispectrum_edges(first.box_size, first.cells)
    found = {name: bispectrum(field, shells) for name, field in context.fields.items()}
    return {"bispectrum": bispectrum_figure(first, found)}, []


def of_voids(context: Context) -> tuple[dict[str, Figure], list[Number]]:
    """Void probabilities of the most massive halos of every catalogue, as many as the shortest has."""
    catalogues = context.catalogues
    count = min((len(c) for c in catalogues.values()), default=0)
    if count == 0:
        raise UsageError("voids lie between halos, and there are none", "leave the voids out")
    box_size = next(iter(catalogues.values())).box_size
    radii = np.linspace(0.1, 1.5, 29) * box_size / count ** (1 / 3)  # of the mean separation
    found = {n: void_probability(c["position"][:count], box_size, radii) for n, c in catalogues.items()}
    return {"voids": voids_figure(found)}, []
