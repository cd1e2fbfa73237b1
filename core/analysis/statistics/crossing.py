"""First-crossing masses of a universe's cells beside the halos they end in: what analytic collapse knows of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.analysis.statistics.context import Context
from core.cosmos.box import Array, Field
from core.cosmos.measures.crossing import first_crossing, never
from core.cosmos.universe import Universe
from core.errors import InputError, UsageError
from core.figures import Contours, Curves, Figure, Number, Row, Series, Slice
from core.protohalos.truth import true_halos

CHOSEN = (1e11, 10**13.4)
"""Halo masses [Msun, without h] whose cells are counted (Lucie-Smith et al. 2024, arXiv:2011.10577)."""

PAPER = {"eps": 0.30, "sheth_tormen": 0.58}
"""Their fractions of such cells that never cross, at 256^3 in 50 Mpc/h."""

NAMES = {"eps": "EPS", "sheth_tormen": "Sheth-Tormen"}

RESOLVED = 2.0
"""Least radius of a top hat in cells: on smaller ones the lattice lacks waves that count."""


@dataclass(frozen=True)
class Crossings:
    """Of the cells (N,) of halos, log10 of the true mass and of both first-crossing masses [Msun/h], -inf for never.

    `edges` are those of bins in true mass, `scales` those of bins between the scales that were tried, both in log10.
    """

    true: Array
    found: dict[str, Array]
    fractions: dict[str, float]
    """Of the cells of halos of CHOSEN masses, those that never cross; NaN where there are none."""
    edges: Array
    scales: Array
    resolved: float
    """Smallest mass [Msun/h] whose top hat the lattice resolves."""


def crossings(universe: Universe) -> Crossings:
    """First crossings of a universe with a linear field and halos today.

    Raises: UsageError for one without a linear field, InputError for one without halos or with halos of another time.
    """
    delta, truth = universe.field("delta_linear"), true_halos(universe)
    if truth.halos.redshift > 1e-3:
        raise InputError(
            f"the halos of {universe.path} are of z = {truth.halos.redshift:g}", "first crossings need halos of z = 0"
        )
    if not truth.mask.any():
        raise UsageError(f"{universe.path} has no halos to compare first crossings with", "leave out --first-crossing")
    cosmology = universe.cosmology
    mass = truth.halos["mass"][truth.label[truth.mask] - 1]
    chosen = np.zeros(truth.label.shape, dtype=bool)
    chosen[truth.mask] = (mass >= CHOSEN[0] * cosmology.h) & (mass <= CHOSEN[1] * cosmology.h)
    result = first_crossing(delta, cosmology)
    fields: dict[str, Field] = {"eps": result.eps, "sheth_tormen": result.sheth_tormen}
    scales = np.log10(result.masses[::-1])
    step = scales[1] - scales[0]
    true = np.log10(mass)
    with np.errstate(divide="ignore"):  # -inf: never
        found = {name: np.log10(field.values[truth.mask]) for name, field in fields.items()}
    return Crossings(
        true,
        found,
        {name: never(field, chosen) if chosen.any() else np.nan for name, field in fields.items()},
        np.arange(true.min() - step / 2, true.max() + step, step),
        np.append(scales - step / 2, scales[-1] + step / 2),
        4 / 3 * np.pi * (RESOLVED * delta.cell_size) ** 3 * cosmology.mean_density,
    )


def crossing_numbers(measured: Crossings) -> list[Number]:
    """The fractions of halo cells that never cross, beside the paper's."""
    note = f"halos of {CHOSEN[0]:.0e} to {CHOSEN[1]:.1e} Msun; scales above {measured.resolved:.1e} Msun/h are resolved"
    return [
        Number(
            f"never.{name}",
            f"halo cells that never cross, {NAMES[name]}",
            value if np.isfinite(value) else None,
            paper=PAPER[name],
            note=note,
        )
        for name, value in measured.fractions.items()
    ]


def crossing_figure(measured: Crossings) -> Row:
    """Of the cells of each true mass, the share in each first-crossing mass; what never crosses is in no row."""
    extent = (measured.edges[0], measured.edges[-1], measured.scales[0], measured.scales[-1])
    count = np.histogram(measured.true, measured.edges)[0]
    middle = [(edges[1:] + edges[:-1]) / 2 for edges in (measured.scales, measured.edges)]
    equal = Contours("equal masses", middle[0][:, None] - middle[1], (0.0,))
    panels = []
    for name, values in measured.found.items():
        table = np.histogram2d(values, measured.true, (measured.scales, measured.edges))[0]
        share = table / np.maximum(count, 1)
        panels.append(
            Slice(
                f"First crossing, {NAMES[name]}",
                share,
                tuple(float(x) for x in extent),  # type: ignore[arg-type]
                "log10 true mass [Msun/h]",
                "log10 first-crossing mass [Msun/h]",
                "share of the cells of this true mass",
                limits=(0.0, float(share.max()) or 1.0),
                contours=(equal,),
            )
        )
    return Row("First-crossing against true mass of halo cells", tuple(panels))


def crossing_medians(measured: Crossings) -> Curves:
    """Median first-crossing mass of the cells that cross, by true mass, between the 16th and 84th percentiles."""
    bins = np.digitize(measured.true, measured.edges) - 1
    centres = 10 ** ((measured.edges[1:] + measured.edges[:-1]) / 2)
    series = []
    for name, values in measured.found.items():
        quantiles = np.full((3, len(centres)), np.nan)
        for index in range(len(centres)):
            crossed = values[(bins == index) & np.isfinite(values)]
            if len(crossed):
                quantiles[:, index] = 10 ** np.percentile(crossed, (16, 50, 84))
        low, middle, high = quantiles
        series.append(Series(NAMES[name], centres, middle, low, high))
    series.append(Series("true mass", centres, centres, style="dashed"))
    return Curves(
        "First-crossing mass of the cells that cross (median, 16 to 84 %)",
        tuple(series),
        "true mass [Msun/h]",
        "first-crossing mass [Msun/h]",
        x_log=True,
        y_log=True,
    )


def of_crossings(context: Context) -> tuple[dict[str, Figure], list[Number]]:
    """First-crossing masses of the first universe. Raises: InputError without halos of today."""
    crossed = crossings(next(iter(context.universes.values())))
    figures: dict[str, Figure] = {"crossing": crossing_figure(crossed), "crossing_medians": crossing_medians(crossed)}
    return figures, crossing_numbers(crossed)
