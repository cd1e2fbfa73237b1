"""Figures of the report on halos predicted in Lagrangian space."""

from __future__ import annotations

import numpy as np

from core.cosmos.box import Array, Catalogue
from core.cosmos.massfunction import mass_edges, mass_function
from core.cosmos.spectra import Spectra, particle_spectra
from core.cosmos.universe import Universe
from core.figures import ColourMap, Curves, Row, Series, Slice, Style
from core.metrics import Roc

STYLES: dict[str, Style] = {"truth": "line", "network": "line", "smoothed density": "dashed"}


SPECTRUM_MESH = 64
"""Mesh cells per side on which halos are counted; interlaced, so that P(k) is good to 0.9 of its Nyquist frequency."""


def halo_spectra(truth: list[Catalogue], other: list[Catalogue]) -> list[Spectra]:
    """Spectra of the most massive halos of both catalogues of each box, as many as the shorter has."""
    result = []
    for t, p in zip(truth, other, strict=True):
        count = min(len(t), len(p))
        if count >= 2:
            largest = [c["lagrangian_position"][np.argsort(-c["mass"], kind="stable")[:count]] for c in (p, t)]
            result.append(particle_spectra(largest[0], t.box_size, SPECTRUM_MESH, largest[1]))
    return result


def slices(universe: Universe, prediction: Universe, mask: Array) -> Row:
    # the plane that holds most of the largest halo tells most
    depth = int(np.argmax((np.asarray(universe.field("label").values) == 1).sum(axis=(0, 1))))
    extent = (0.0, universe.box_size, 0.0, universe.box_size)
    delta = universe.field("delta_linear").values[:, :, depth].T
    probability = prediction.field("probability").values[:, :, depth].T
    truth = mask[:, :, depth].T.astype(np.float32)
    where = f"z = {depth * universe.box_size / universe.cells:.1f} Mpc/h"

    def panel(
        title: str,
        values: Array,
        label: str,
        colours: ColourMap = "sequential",
        limits: tuple[float, float] | None = None,
    ) -> Slice:
        return Slice(title, values, extent, "x [Mpc/h]", "y [Mpc/h]", label, colours, limits=limits)

    return Row(
        f"Slice at {where} of {universe.name}",
        (
            panel("linear density", delta, "delta", "diverging"),
            panel("true protohalos", truth, "in a halo", limits=(0, 1)),
            panel("predicted probability", probability, "P(halo)", limits=(0, 1)),
            panel("prediction - truth", probability - truth, "difference", "diverging", (-1, 1)),
        ),
    )


def roc_curves(ours: list[Roc], baseline: list[Roc]) -> Curves:
    x = np.concatenate([np.linspace(0, 0.1, 41), np.linspace(0.12, 1, 45)])

    def series(name: str, curves: list[Roc], style: Style = "line") -> Series:
        y = np.array([np.interp(x, c.false_positive, c.true_positive) for c in curves])
        area = np.mean([c.area for c in curves])
        spread = y.std(axis=0)
        return Series(f"{name} (AUC {area:.3f})", x, y.mean(axis=0), y.mean(0) - spread, y.mean(0) + spread, style)

    return Curves(
        "ROC: is a cell in a halo?",
        (series("network", ours), series("smoothed density", baseline, "dashed")),
        "false positive rate",
        "true positive rate",
        y_limits=(0, 1),
    )


def mass_functions(truth: list[Catalogue], ours: list[Catalogue], baseline: list[Catalogue], minimum: float) -> Curves:
    highest = max((float(c["mass"].max()) for c in (*truth, *ours, *baseline) if len(c)), default=10 * minimum)
    edges = mass_edges(minimum, highest * 1.001, 4)

    def series(name: str, many: list[Catalogue], style: Style = "line") -> Series:
        function = mass_function(many, edges)
        density = np.where(function.count > 0, function.density, np.nan)
        return Series(name, function.mass, density, density - function.error, density + function.error, style)

    return Curves(
        "Halo mass function (Poisson bands)",
        (series("truth", truth), series("network", ours), series("smoothed density", baseline, "dashed")),
        "M [Msun/h]",
        "dn/dlog10M [(h/Mpc)^3]",
        x_log=True,
        y_log=True,
        ratio_to="truth",
        ratio_label="ratio to truth",
        ratio_limits=(0.0, 2.0),
        ratio_bands=(0.1,),
    )


def halo_power(truth: list[Catalogue], ours: list[Catalogue], baseline: list[Catalogue]) -> Curves:
    network, base = halo_spectra(truth, ours), halo_spectra(truth, baseline)
    series = []
    for name, many, attribute in (
        ("truth", network, "other"),
        ("network", network, "power"),
        ("smoothed density", base, "power"),
    ):
        if many:
            k, power, modes = _rebinned(many, attribute)
            error = power * np.sqrt(2 / modes)
            series.append(Series(name, k, power, power - error, power + error, STYLES[name]))
    return Curves(
        "Lagrangian halo power, shot noise included",
        tuple(series),
        "k [h/Mpc]",
        "P(k) [(Mpc/h)^3]",
        x_log=True,
        y_log=True,
        ratio_to="truth" if series else None,
        ratio_label="ratio to truth",
        ratio_limits=(0.5, 1.5),
        ratio_bands=(0.1,),
    )


def halo_correlation(truth: list[Catalogue], ours: list[Catalogue], baseline: list[Catalogue]) -> Curves:
    series = []
    for name, other in (("network", ours), ("smoothed density", baseline)):
        many = halo_spectra(truth, other)
        if many:
            k, cross, _ = _rebinned(many, "cross")
            power, reference = _rebinned(many, "power")[1], _rebinned(many, "other")[1]
            series.append(Series(name, k, cross / np.sqrt(power * reference), style=STYLES[name]))
    return Curves(
        "Cross-correlation with the true halos", tuple(series), "k [h/Mpc]", "r(k)", x_log=True, y_limits=(-0.1, 1.05)
    )


def _rebinned(many: list[Spectra], attribute: str) -> tuple[Array, Array, Array]:
    """Mode-weighted mean over boxes and over about ten shells a decade: (k, values, modes)."""
    k = many[0].k
    which = np.floor(np.log10(k / k[0]) * 10).astype(int)
    _, which = np.unique(which, return_inverse=True)
    modes = np.bincount(which, sum(s.modes for s in many))
    values = np.bincount(which, sum(getattr(s, attribute) * s.modes for s in many)) / modes
    return np.bincount(which, k * many[0].modes) / np.bincount(which, many[0].modes), values, modes
