"""Peak Patch against the Fortran code's critical overdensities, Tinker's mass function, and HaloNet's own catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import numpy as np
import torch

from core.cosmos.box import Array, Catalogue
from core.cosmos.cosmology import PRESETS, Cosmology
from core.cosmos.initial import linear_field, squared_wavenumber
from core.cosmos.lpt import inverse_laplacian, wavenumbers
from core.cosmos.measures.massfunction import theory
from core.cosmos.peakpatch import bank, search
from core.cosmos.peakpatch.collapse import collapse_table
from core.cosmos.peakpatch.kernels import Shells
from core.cosmos.peakpatch.merge import Patches
from core.cosmos.peakpatch.search import PeakPatchSettings, halo_mask, peak_patch
from core.cosmos.power import linear_power, top_hat
from core.progress import Progress, silent
from tests.validation.check import Check, within

PLANCK = PRESETS["planck2015"]

FORTRAN = {
    0.0: (1.718, 1.766, 1.827, 1.900, 1.993, 2.112, 2.262, 2.470, 2.777),
    0.5: (1.718, 1.756, 1.807, 1.871, 1.945, 2.041, 2.156, 2.304, 2.502),
    -0.5: (1.718, 1.772, 1.846, 1.939, 2.054, 2.211, 2.432, 2.771, 3.402),
}
"""F that collapses today for e = 0, 0.05, ... 0.4, by p / e, read off the table of the Fortran Peak Patch."""

HALONET = {5: 11262, 6: 6555, 8: 2332, 10: 937}
"""Halos above a radius [Mpc] in the catalogue published with HaloNet (512 Mpc, 228^3 cells of 2.246 Mpc)."""


COARSE = "cells of 1 Mpc/h"
FINE = "cells of 1 Mpc"


def checks() -> Iterator[Check]:
    yield critical_overdensities()
    megaparsec = PLANCK.h  # in Mpc/h
    fine = [find(128, 128 * megaparsec, PLANCK, seed) for seed in (1, 2, 3)]
    yield fractions("1 Mpc cells, three boxes of 128^3", fine, 128, PLANCK, 0.293, 0.313, "0.303; HaloNet 0.27")
    coarse = [find(160, 320 * megaparsec, PLANCK, 1)]
    yield fractions("2 Mpc cells, 160^3", coarse, 160, PLANCK, 0.200, 0.220, "0.210")
    boxes = [find(128, 128.0, PLANCK, seed) for seed in (1, 2, 3)]
    yield against_tinker(boxes, 1e13, 0.85, 1.0, COARSE)
    yield against_tinker(fine, 1e13, 0.85, 1.0, FINE)
    yield from against_exact_spheres()
    yield from halonet()


def critical_overdensities() -> Check:
    """The largest error of F that collapses today, by bisection in our table."""
    table = collapse_table(PLANCK.omega_matter)
    worst = 0.0
    for ratio, expected in FORTRAN.items():
        e = 0.05 * np.arange(len(expected))
        low, high = np.full(len(e), 1.5), np.full(len(e), 5.0)
        for _ in range(20):
            middle = (low + high) / 2
            collapsed = table(middle, e, ratio * e) >= 1
            low, high = np.where(collapsed, low, middle), np.where(collapsed, middle, high)
        worst = max(worst, float(np.abs(high / np.array(expected) - 1).max()))
    return within("largest error of the critical overdensity", worst, 0, 0.005, "Fortran Peak Patch, e <= 0.4")


def find(cells: int, box_size: float, cosmology: Cosmology, seed: int) -> Catalogue:
    delta = linear_field(cells, box_size, linear_power(cosmology), seed)
    return peak_patch(delta, cosmology, PeakPatchSettings(minimum_cells=0))


def fractions(
    what: str, boxes: list[Catalogue], cells: int, cosmology: Cosmology, low: float, high: float, reference: str
) -> Check:
    """Fraction of cells inside halos of at least 27 cells."""
    least = 27 * cosmology.particle_mass(boxes[0].box_size, cells)
    masks = [float(halo_mask(halos.at_least(least), cells).mean()) for halos in boxes]
    note = f"boxes: {', '.join(f'{mask:.3f}' for mask in masks)}" if len(masks) > 1 else ""
    return within(f"cells in halos of 27 cells, {what}", float(np.mean(masks)), low, high, reference, note)


def against_tinker(boxes: list[Catalogue], mass: float, low: float, high: float, note: str) -> Check:
    masses: Array = np.geomspace(mass, 1e16, 600)
    expected = np.trapezoid(theory(masses, PLANCK), np.log10(masses)) * sum(h.box_size**3 for h in boxes)
    ratio = sum(int((halos["mass"] > mass).sum()) for halos in boxes) / expected
    return within(f"N(> {mass:.0e} Msun/h) / Tinker 2008", ratio, low, high, "other codes' runs", note)


def against_exact_spheres() -> Iterator[Check]:
    """Halos of the shells' means beside those of exact means in spheres: small ones are a few shells of cells."""
    cells, box_size = 96, 96 * PLANCK.h
    ours = find(cells, box_size, PLANCK, 4)
    with patch.object(bank, "mean_strains", exact_means), patch.object(search, "grow_patches", by_filters):
        exact = find(cells, box_size, PLANCK, 4)
    for mass in (1e13, 3e12, 1e12):
        count, expected = (int((halos["mass"] > mass).sum()) for halos in (ours, exact))
        size = mass / PLANCK.particle_mass(box_size, cells)
        radius = (3 * size / (4 * np.pi)) ** (1 / 3)
        note = f"{count} and {expected} halos, {FINE}: radii of {radius:.1f} cells and more"
        yield within(f"N(> {mass:.0e} Msun/h) / exact means", count / expected, 0.9, 1.1, "top hats in k", note)


def by_filters(tide: Array, *rest: Any) -> Patches:
    """What `grow_patches` finds, its means by Fourier transforms of the density, the tide's first component."""
    return bank.grow_by_filters(torch.fft.rfftn(torch.from_numpy(np.ascontiguousarray(tide[..., 0]))), *rest)


def exact_means(
    modes: torch.Tensor, peaks: Array, around: Shells, chosen: list[int], progress: Progress = silent
) -> Array:
    """Mean of the tidal components (N, len(chosen), 6) in spheres about each peak, without a lattice: top hats in k."""
    cells = len(modes)
    k = 2 * np.pi / cells * np.sqrt(squared_wavenumber(cells).numpy())
    wave, where = wavenumbers(cells, float(cells), modes.device), torch.as_tensor(peaks)
    potential = inverse_laplacian(modes, float(cells))
    means = torch.empty((len(peaks), len(chosen), 1 + len(bank.PAIRS)))
    for index, shell in enumerate(chosen):
        window = torch.from_numpy(top_hat(k * around.radius[shell])).float()
        components = [modes, *(wave[a] * wave[b] * potential for a, b in bank.PAIRS)]
        for component, field in enumerate(components):
            means[:, index, component] = torch.fft.irfftn(field * window, s=(cells,) * 3).view(-1)[where]
    return means.numpy()


def halonet() -> Iterator[Check]:
    """HaloNet's cosmology on the lattice its catalogue shows; one box each, its filter bank unknown."""
    cosmology = PRESETS["halonet"]
    radius = find(228, 512 * cosmology.h, cosmology, 1)["lagrangian_radius"] / cosmology.h
    for limit, published in HALONET.items():
        count = int((radius > limit).sum())
        note = f"{count} and {published} halos"
        yield within(
            f"N(R > {limit} Mpc) / HaloNet's catalogue", count / published, 0.88, 1.12, "arXiv:1805.04537", note
        )
