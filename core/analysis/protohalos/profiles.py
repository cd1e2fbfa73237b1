"""Predicted probability in shells around true protohalos, and the threshold P_shell(R) that ends a halo there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np

from core.cosmos.box import Array, Catalogue
from core.cosmos.kernels import compiled
from core.figures import Contours, Curves, Number, Row, Series, Slice
from core.protohalos.calibration import edges
from core.protohalos.finder import LARGEST_RADIUS, ShellThreshold


@dataclass(frozen=True)
class Stack:
    """Mean and standard deviation of the cells in shells around halos, (radii, shells); NaN where there are none.

    Row i holds the halos with Lagrangian radii from lowest + i to lowest + i + 1 cells, shell s the cells at
    distances from s to s + 1 cells.
    """

    lowest: int
    mean: Array
    scatter: Array


def stack(probabilities: Sequence[Array], catalogues: Sequence[Catalogue]) -> Stack:
    """Stack boxes around their halos, out to 1.6 radii of the largest."""
    places = [
        (
            np.ascontiguousarray(probability, dtype=np.float32),
            halos["lagrangian_position"].astype(np.float64) * (probability.shape[0] / halos.box_size),
            halos["lagrangian_radius"] * (probability.shape[0] / halos.box_size),
        )
        for probability, halos in zip(probabilities, catalogues, strict=True)
    ]
    every = np.concatenate([radii for *_, radii in places])
    lowest, highest = (int(every.min()), int(every.max())) if len(every) else (0, 0)
    shells = min(int(np.ceil(1.6 * (highest + 1))), probabilities[0].shape[0] // 2, 2 * LARGEST_RADIUS)
    sums = np.zeros((3, highest - lowest + 1, shells))
    for probability, centres, radii in places:
        _add(probability, centres, radii.astype(np.int64) - lowest, sums)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = sums[1] / sums[0]
        scatter = np.sqrt(np.maximum(sums[2] / sums[0] - mean**2, 0))
    return Stack(lowest, mean, scatter)


@compiled
def _add(probability: Array, centres: Array, which: Array, sums: Array) -> None:
    """Add count, sum and sum of squares of the cells around each centre to its bin."""
    n, reach = probability.shape[0], sums.shape[2]
    for halo in range(len(centres)):
        x, y, z = centres[halo]
        ci, cj, ck = int(np.floor(x)), int(np.floor(y)), int(np.floor(z))
        for i in range(ci - reach, ci + reach + 2):
            for j in range(cj - reach, cj + reach + 2):
                for k in range(ck - reach, ck + reach + 2):
                    shell = int(np.sqrt((i - x) ** 2 + (j - y) ** 2 + (k - z) ** 2))
                    if shell < reach:
                        value = probability[i % n, j % n, k % n]
                        sums[0, which[halo], shell] += 1
                        sums[1, which[halo], shell] += value
                        sums[2, which[halo], shell] += value * value


def stack_figure(stacked: Stack, cell: float) -> Row:
    """Both images with the radius of the halos drawn in; cell in Mpc/h."""
    rows, shells = stacked.mean.shape
    extent = (0.0, shells * cell, stacked.lowest * cell, (stacked.lowest + rows) * cell)
    beyond = (np.arange(shells) + 0.5)[None] - (stacked.lowest + np.arange(rows) + 0.5)[:, None]
    radius = (Contours("r = R", beyond, (0.0,)),)

    def image(title: str, values: Array, label: str, limits: tuple[float, float]) -> Slice:
        axes = "distance r [Mpc/h]", "halo radius R [Mpc/h]"
        return Slice(title, values, extent, *axes, label, limits=limits, contours=radius)

    return Row(
        "Probability around true protohalos",
        (
            image("mean", stacked.mean, "P(halo)", (0, 1)),
            image("scatter of the cells", stacked.scatter, "standard deviation", (0, 0.5)),
        ),
    )


def shell_figure(probabilities: Sequence[Array], catalogues: Sequence[Catalogue], fitted: ShellThreshold) -> Curves:
    """Probability at the edge of true halos against their radius, with the fitted threshold and the paper's."""
    radii, edge = edges(probabilities, catalogues)
    lines = []
    if len(radii):
        bins = np.geomspace(0.999 * radii.min(), 1.001 * radii.max(), 10)
        groups = [edge[(radii >= a) & (radii < b)] for a, b in pairwise(bins)]
        mean, spread = (np.array([f(g) if len(g) else np.nan for g in groups]) for f in (np.mean, np.std))
        middle = np.sqrt(bins[:-1] * bins[1:])
        lines.append(Series("at the edge of true halos", middle, mean, mean - spread, mean + spread, "points"))
    x = np.linspace(1.0, max(12.0, float(radii.max(initial=0))), 100)
    lines += [Series("fitted", x, fitted(x)), Series("Berger & Stein 2019", x, ShellThreshold()(x), style="dashed")]
    title = "P_shell(R): where a halo ends (scatter between halos)"
    return Curves(title, tuple(lines), "R [cells]", "mean probability in the shell", y_limits=(0, 1))


def shell_numbers(fitted: ShellThreshold, papers: bool) -> list[Number]:
    """The five constants; beside the paper's in boxes with its cells of 1 Mpc and its kind of halos."""
    words = {
        "inner_slope": ("slope below the knee", "per cell"),
        "inner_value": ("value at R = 0", ""),
        "outer_slope": ("slope beyond the knee", "per cell"),
        "outer_value": ("value of the outer line at R = 0", ""),
        "knee": ("knee", "cells"),
    }
    paper = ShellThreshold()
    return [
        Number(
            f"shell_{item.name}",
            f"P_shell(R): {words[item.name][0]}",
            getattr(fitted, item.name),
            words[item.name][1],
            paper=getattr(paper, item.name) if papers else None,
        )
        for item in fields(ShellThreshold)
    ]
