"""Peak Patch: halos straight from the linear density field (Bond & Myers 1996; Stein, Alvarez & Bond 2019, 1810.07727).

A halo is the largest Lagrangian sphere around a density peak that collapses as a homogeneous ellipsoid of its mean
strain. Peaks come from a bank of top-hat filters, each one's sphere from the mean strain in shells around it
(`collapse` says when an ellipsoid collapses). Spheres whose centre lies in a larger one are dropped, overlaps are cut
along the plane through the cut, and what is left moves by second-order perturbation theory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from core.cosmos.box import Array, Catalogue, Field, wrap
from core.cosmos.cosmology import Cosmology
from core.cosmos.initial import squared_wavenumber
from core.cosmos.lpt import first_order, inverse_laplacian, second_order, wavenumbers
from core.cosmos.peakpatch.bank import PAIRS, grow_by_filters, mark_peaks_torch
from core.cosmos.peakpatch.collapse import collapse_table
from core.cosmos.peakpatch.kernels import (
    COMPONENTS,
    ELLIPTICITY,
    FORMATION,
    OVERDENSITY,
    PROLATENESS,
    RADIUS,
    Shells,
    average,
    grow,
    mark_peaks,
    paint_spheres,
    shells,
)
from core.cosmos.peakpatch.merge import Patches, centres, exclude, reduced_radii
from core.cosmos.power import top_hat
from core.cosmos.universe import check_field
from core.errors import ResourceError, UsageError
from core.limits import free_memory
from core.progress import Progress, part, silent

CRITICAL_OVERDENSITY = 1.686
"""Linear overdensity at which a sphere of matter alone has collapsed: below it nothing is worth a look."""
SEARCH = 1.75
"""How far the shells around a peak go at least, in units of the radius of its filter."""
_CHUNK = 1 << 14
"""Peaks between two reports of progress."""


@dataclass(frozen=True)
class PeakPatchSettings:
    """The filter bank and what to keep; the defaults are those of the code of Stein, Alvarez & Bond."""

    redshift: float = 0.0
    """Redshift at which halos have collapsed."""
    smallest_filter: float = 1.65
    """Radius of the smallest top-hat in cells."""
    filter_ratio: float = 1.15
    """Each filter's radius in units of the one before."""
    largest_filter: float = 25.0
    """Upper bound of the radii of filters [Mpc/h]; an eighth of the box is another."""
    minimum_cells: float = 27.0
    """Smallest halo in cells, 4/3 pi R^3."""


def peak_patch(
    delta: Field,
    cosmology: Cosmology,
    settings: PeakPatchSettings | None = None,
    progress: Progress = silent,
    device: str = "cpu",
) -> Catalogue:
    """The Peak Patch catalogue of a linear density field at z = 0, most massive first.

    On a GPU spheres grow by Fourier transforms instead of shell by shell (`peakpatch_bank`): radii agree to 1 %.

    Columns: mass, position and velocity (second order), lagrangian_position, lagrangian_radius, and at the edge of the
    sphere before overlaps are cut: overdensity (linear, today's), ellipticity, prolateness; formation_redshift, at
    which the half of that radius collapsed (-1: never does).
    Raises: InputError for an unusable field, UsageError for impossible settings, ResourceError for too large a field.
    """
    settings = settings or PeakPatchSettings()
    check_field(delta)
    check_peak_patch(settings, delta.cells)
    modes = torch.fft.rfftn(torch.from_numpy(np.array(delta.values, dtype=np.float32)).to(device))
    modes[0, 0, 0] = 0  # a mean would pull along x only: the tide has none
    cosmology.require_constant("Peak Patch")
    table = collapse_table(cosmology.omega_matter).values
    first = cosmology.growth.first(1 / (1 + settings.redshift))
    bank = filter_bank(delta.cells, delta.box_size, settings)
    around = shells(min((delta.cells - 1) // 2, int(np.ceil(SEARCH * bank[0])) + 2))

    threshold = CRITICAL_OVERDENSITY / first
    peaks, filters = find_peaks(modes, bank, threshold, part(progress, 0.0, 0.3))
    reach, collapsed = SEARCH * filters, 1 + settings.redshift
    if modes.device.type == "cpu":
        progress(0.3, "tidal field")
        tide = tidal_field(modes, delta.box_size)
        patches = grow_patches(tide, peaks, reach, threshold, collapsed, table, around, part(progress, 0.4, 0.8))
        del tide
    else:
        patches = grow_by_filters(modes, peaks, reach, threshold, collapsed, table, around, part(progress, 0.3, 0.8))
    progress(0.8, "exclusion")
    patches = exclude(patches, delta.cells, around)
    radii = reduced_radii(patches, delta.cells)
    kept = np.flatnonzero(4 / 3 * np.pi * radii**3 >= max(settings.minimum_cells, 1e-6))
    kept = kept[np.lexsort((patches.cells[kept], -radii[kept]))]
    progress(0.85, "displacements")
    psi = [mean_inside(psi, patches[kept], around) for psi in _displacements(modes, delta.box_size)]
    progress(1.0, "done")
    return _catalogue(patches[kept], radii[kept], psi, delta, cosmology, settings.redshift)


def peak_patch_output(
    delta: Field,
    cosmology: Cosmology,
    settings: PeakPatchSettings | None = None,
    progress: Progress = silent,
    device: str = "cpu",
) -> tuple[list[Field], dict[str, Catalogue]]:
    """What a universe keeps of Peak Patch: the field label_peakpatch and the catalogue peakpatch."""
    halos = peak_patch(delta, cosmology, settings, part(progress, 0.0, 0.98), device)
    label = label_field(halos, delta.cells)
    return [Field("label_peakpatch", label, delta.box_size, "halo", halos.redshift)], {"peakpatch": halos}


def halo_mask(halos: Catalogue, cells: int) -> Array:
    """Bool (n, n, n): lattice points inside the Lagrangian sphere of any halo, across the periodic boundary."""
    return np.asarray(label_field(halos, cells) > 0)


def label_field(halos: Catalogue, cells: int) -> Array:
    """int32 (n, n, n): h at lattice points in the sphere of row h - 1, 0 in none; the plane of a cut parts overlaps."""
    label = np.zeros((cells,) * 3, dtype=np.int32)
    scale = cells / halos.box_size
    centres = np.asarray(halos["lagrangian_position"], dtype=np.float64) * scale
    paint_spheres(
        centres,
        np.asarray(halos["lagrangian_radius"], dtype=np.float64) * scale,
        label,
        np.zeros_like(label, np.float32),
    )
    return label


def check_peak_patch(settings: PeakPatchSettings, cells: int) -> None:
    """Refuse settings that cannot work, before any work. Raises: UsageError, ResourceError."""

    if not settings.redshift >= 0:
        raise UsageError(f"Peak Patch at z = {settings.redshift:g}", "give a redshift of at least 0")
    if not settings.filter_ratio > 1:
        raise UsageError(f"a filter ratio of {settings.filter_ratio:g}", "give more than 1")
    if not settings.smallest_filter >= 1:
        raise UsageError(f"a smallest filter of {settings.smallest_filter:g} cells", "give at least 1")
    if not settings.largest_filter > 0:
        raise UsageError(f"a largest filter of {settings.largest_filter:g} Mpc/h", "give more than 0")
    need, free = memory_needed(cells), free_memory()
    if need > free:
        fits = int(cells * (free / need) ** (1 / 3)) // 2 * 2
        raise ResourceError(
            f"Peak Patch on {cells}^3 cells needs about {need / 2**30:.1f} GiB, {free / 2**30:.1f} GiB are free",
            f"{fits}^3 would fit",
        )


def memory_needed(cells: int) -> float:
    """Peak memory of `peak_patch` in bytes, from measured peaks: the padded mesh of the second order decides."""
    return 4.0 * cells**3 * 34


def filter_bank(cells: int, box_size: float, settings: PeakPatchSettings) -> Array:
    """Radii of the filters in cells, largest first; at least the smallest one."""
    most = min(settings.largest_filter * cells / box_size, cells / 8)
    steps = max(0, int(np.log(most / settings.smallest_filter) / np.log(settings.filter_ratio) + 1e-9))
    return np.asarray(settings.smallest_filter * settings.filter_ratio ** np.arange(steps, -1, -1))


def find_peaks(modes: torch.Tensor, bank: Array, threshold: float, progress: Progress = silent) -> tuple[Array, Array]:
    """Flat indices (N,) of the peaks of delta(k) above the threshold and the radius in cells of the largest filter of
    the bank that shows each."""
    cells, device = modes.shape[0], modes.device
    squared = squared_wavenumber(cells, device).to(torch.int32)
    k = 2 * np.pi / cells * np.sqrt(np.arange(int(squared.max()) + 1))
    marks = torch.zeros((cells,) * 3, dtype=torch.int8, device=device)
    for mark, radius in enumerate(bank, start=1):
        progress((mark - 1) / len(bank), f"peaks of filter {mark} of {len(bank)}")
        window = torch.from_numpy(top_hat(k * radius).astype(np.float32)).to(device)
        smoothed = torch.fft.irfftn(modes * window[squared], s=(cells,) * 3)
        if device.type == "cpu":
            mark_peaks(smoothed.numpy(), threshold, mark, marks.numpy())
        else:
            mark_peaks_torch(smoothed, threshold, mark, marks)
    found = marks.cpu().numpy()
    peaks = np.flatnonzero(found)
    return peaks, np.asarray(bank[found.reshape(-1)[peaks] - 1], dtype=np.float64)


def tidal_field(modes: torch.Tensor, box_size: float) -> Array:
    """The linear strain (n, n, n, 6) float32: delta, and k_a k_b / k^2 delta for ab = yy, zz, xy, xz, yz."""
    cells = modes.shape[0]
    tide = np.empty((cells, cells, cells, COMPONENTS), dtype=np.float32)
    tide[..., 0] = torch.fft.irfftn(modes, s=(cells,) * 3).numpy()
    potential = inverse_laplacian(modes, box_size)
    k = wavenumbers(cells, box_size, modes.device)
    for component, (a, b) in enumerate(PAIRS, start=1):
        tide[..., component] = torch.fft.irfftn((k[a] * k[b]) * potential, s=(cells,) * 3).numpy()
    return tide


def grow_patches(
    tide: Array,
    peaks: Array,
    reach: Array,
    threshold: float,
    collapsed: float,
    table: Array,
    around: Shells,
    progress: Progress = silent,
) -> Patches:
    """The largest collapsed sphere around each peak, of those that have one; see `grow` for the arguments."""
    measured = np.empty((len(peaks), 5))
    for start in range(0, len(peaks), _CHUNK):
        progress(start / len(peaks), f"spheres around {len(peaks)} peaks")
        rows = slice(start, start + _CHUNK)
        grow(
            tide,
            peaks[rows],
            reach[rows],
            threshold,
            collapsed,
            table,
            around.offsets,
            around.first,
            around.radius,
            measured[rows],
        )
    return Patches(peaks, measured)[np.flatnonzero(measured[:, RADIUS] > 0)]


def mean_inside(psi: torch.Tensor, patches: Patches, around: Shells) -> Array:
    """Mean (N, 3) over each patch of a displacement field (3, n, n, n)."""
    out = np.empty((3, len(patches.cells)))
    for axis in range(3):
        average(
            psi[axis].cpu().numpy(),
            patches.cells,
            patches.radii,
            around.offsets,
            around.first,
            around.radius,
            out[axis],
        )
    return out.T


def _displacements(modes: torch.Tensor, box_size: float) -> Iterator[torch.Tensor]:
    """psi1, then psi2: never both in memory."""
    yield first_order(modes, box_size)
    yield second_order(modes, box_size)


def _catalogue(
    patches: Patches, radii: Array, psi: list[Array], delta: Field, cosmology: Cosmology, z: float
) -> Catalogue:
    functions, a = cosmology.growth, 1 / (1 + z)
    first, second = functions.first(a), functions.second(a)
    to_kms = a * cosmology.hubble(a) * functions.rate(a) * first
    q = centres(patches, delta.cells) * delta.cell_size
    columns = {
        "mass": 4 / 3 * np.pi * (radii * delta.cell_size) ** 3 * cosmology.mean_density,
        "position": wrap((q + first * psi[0] + second * psi[1]).astype(np.float32), delta.box_size),
        "velocity": (to_kms * (psi[0] + functions.second_slope(a) * psi[1])).astype(np.float32),
        "lagrangian_position": q.astype(np.float32),
        "lagrangian_radius": radii * delta.cell_size,
        "overdensity": patches.measured[:, OVERDENSITY],
        "ellipticity": patches.measured[:, ELLIPTICITY],
        "prolateness": patches.measured[:, PROLATENESS],
        "formation_redshift": patches.measured[:, FORMATION] - 1,
    }
    units = dict.fromkeys(columns, "") | {
        "mass": "Msun/h",
        "position": "Mpc/h",
        "velocity": "km/s",
        "lagrangian_position": "Mpc/h",
        "lagrangian_radius": "Mpc/h",
    }
    return Catalogue(columns, delta.box_size, z, "peak patch", units)
