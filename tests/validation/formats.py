"""Files made by others against theory: 21cmFAST's density, genetIC's initial conditions, Rockstar's halos.

The files are looked for under $HALODECK_SHARED, else in shared/data beside the checkout; those that are not there are
reported as such.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from core.cosmos.box import Field
from core.cosmos.cosmology import CRITICAL_DENSITY, growth
from core.cosmos.formats.catalogues import read_catalogue
from core.cosmos.formats.cubes import read_cube
from core.cosmos.formats.given import Given, in_cosmology
from core.cosmos.formats.snapshots import read_snapshot
from core.cosmos.imports.linear import linear_field
from core.cosmos.measures.spectra import Spectra, spectra
from core.cosmos.power import linear_power, top_hat
from tests.validation.check import Check, within

DATA = Path(os.environ.get("HALODECK_SHARED", Path(__file__).parents[2].parent / "shared" / "data"))

CUBE_BOX = 300.0
"""Side of the 21cmFAST cubes [Mpc]."""
CELL = CUBE_BOX * 0.6774 / 200
"""Side of their cells [Mpc/h]: cloud in cell lowers P(k) by (k cell)^2 / 6."""


def checks() -> Iterator[Check]:
    for name, check in (
        ("21cmfast-z6.5/density_z6.5.npy", _density_cube),
        ("genetic-ics/tipsy_32_z99.tipsy", _tipsy),
        ("merger-trees/dummy_halocat_0.07812.list", _hlist),
    ):
        if (DATA / name).exists():
            yield from check(DATA / name)
        else:
            yield Check(name, "-", "-", "-", True, f"not at hand under {DATA}: not checked")


def _density_cube(path: Path) -> Iterator[Check]:
    """21cmFAST's default cosmology is Planck 2015; its density is of 2LPT, linear on large scales at z = 6.5."""
    given = in_cosmology(Given(redshift=6.5), "planck2015")
    assert given.h is not None
    cube = read_cube(path, Given(**{**vars(given), "box_size": CUBE_BOX * given.h}))
    field, cosmology = cube.field, cube.known.cosmology
    first = growth(cosmology.omega_matter).first(1 / (1 + field.redshift))
    power = linear_power(cosmology)
    measured = spectra(field)
    for lowest, highest, tolerance in ((0.0, 0.13, 0.15), (0.13, 0.3, 0.06), (0.3, 0.5, 0.06)):
        ratio, error = _ratio(measured, power(measured.k) * first**2, lowest, highest)
        yield within(
            f"21cmFAST z = 6.5: P / linear P, k = {max(lowest, measured.k[0]):.2f} to {highest:g} h/Mpc",
            ratio,
            1 - tolerance,
            1 + tolerance,
            "1, Eisenstein & Hu with Planck 2015 and our D(z)",
            f"mode counts leave {error:.3f}, its unknown mesh window lowers it by up to {highest**2 * CELL**2 / 6:.3f}",
        )
    for radius in (10.0, 20.0):
        ours = float(_smoothed(field, radius).std(dtype=np.float64))
        # the box has no waves longer than itself, and the mesh none shorter than its cells: of no weight here
        linear = _sigma_in_box(field, radius, lambda k: power(k) * first**2)
        spread = 0.10 if radius > 15 else 0.05
        yield within(
            f"21cmFAST z = 6.5: sigma of spheres of {radius:g} Mpc/h",
            ours / linear,
            1 - spread,
            1 + spread,
            f"1: linear theory on the modes of the box, {linear:.4f}",
            f"measured {ours:.4f}",
        )


def _tipsy(path: Path) -> Iterator[Check]:
    """h and spectral index are genetIC's defaults; its omega_baryon is in a table of CAMB's and not stated."""
    given = Given(box_size=50, h=0.701, omega_baryon=0.045, sigma8=0.817, spectral_index=0.96)
    snapshot = read_snapshot(path, given)
    delta = linear_field(snapshot).delta
    measured = spectra(delta)
    ratio, error = _ratio(measured, linear_power(snapshot.cosmology)(measured.k), 0, np.inf)
    yield within(
        "genetIC (tipsy, z = 99): P of the linear field / Eisenstein & Hu",
        ratio,
        0.85,
        1.15,
        "1.07: its table of CAMB's over this fit",
        f"mode counts leave {error:.3f}; against the table itself, which is not at hand, 1.021, chi^2 11 of 15 shells",
    )


def _hlist(path: Path) -> Iterator[Check]:
    """A piece of a catalogue: only its units can be proven."""
    found = read_catalogue(path)
    catalogue, omega_matter = found.catalogue, found.header.omega_matter
    assert omega_matter is not None
    volume = 4 / 3 * np.pi * catalogue["radius"].astype(np.float64) ** 3
    overdensity = float(np.median(catalogue["mass"] / volume)) / (omega_matter * CRITICAL_DENSITY)
    yield within(
        "Rockstar (hlist, z = 11.8): density of halos over the mean", overdensity, 170, 185,
        "178: virial overdensity when matter dominates (Bryan & Norman 1998)",
    )  # fmt: skip


def _ratio(measured: Spectra, expected: np.ndarray, lowest: float, highest: float) -> tuple[float, float]:
    """Mean ratio of a range of k, weighted by modes, and its standard deviation for a Gaussian field."""
    chosen = (measured.k >= lowest) & (measured.k < highest)
    modes = measured.modes[chosen]
    return float(np.average((measured.power / expected)[chosen], weights=modes)), float(np.sqrt(2 / modes.sum()))


def _wavenumbers(field: Field) -> np.ndarray:
    k = 2 * np.pi / field.box_size * np.fft.fftfreq(field.cells, 1 / field.cells)
    return np.sqrt(k[:, None, None] ** 2 + k[:, None] ** 2 + k[: field.cells // 2 + 1] ** 2)


def _smoothed(field: Field, radius: float) -> np.ndarray:
    """The field averaged in spheres."""
    import scipy.fft

    modes = scipy.fft.rfftn(field.values) * top_hat(_wavenumbers(field) * radius)
    return np.asarray(scipy.fft.irfftn(modes, s=field.values.shape))


def _sigma_in_box(field: Field, radius: float, power: Callable[[np.ndarray], np.ndarray]) -> float:
    """sigma(R) as the sum over the modes of the box."""
    k = _wavenumbers(field)
    twice = np.full(k.shape[-1], 2.0)
    twice[[0, -1]] = 1  # the half of the modes that is kept holds these planes whole
    return float(np.sqrt((twice * power(k) * top_hat(k * radius) ** 2).sum() / field.box_size**3))
