"""Peak Patch catalogues (.pksc): int32 N, float32 largest radius, float32 redshift, then N rows of 11 float32.

A row holds x, y, z today, vx, vy, vz [km/s], the Lagrangian radius, x, y, z in the initial lattice and the formation
redshift (-1 for unknown). Positions count from the centre of the box. The file names no unit; the codes that write it
use comoving Mpc, without h.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.cosmos.box import Array, Catalogue, wrap
from core.cosmos.cosmology import Cosmology
from core.cosmos.formats.header import unreadable
from core.cosmos.formats.reader import Reader
from core.errors import InputError, UsageError, did_you_mean
from core.files import appearing

_HEADER = 12
_COLUMNS = 11
_ROUNDING = 1e-5
"""Relative error of single precision that adds up in a position or a header."""

UNITS = {
    "mass": "Msun/h",
    "position": "Mpc/h",
    "velocity": "km/s",
    "lagrangian_position": "Mpc/h",
    "lagrangian_radius": "Mpc/h",
    "formation_redshift": "",
}


def sniff(start: bytes, size: int) -> bool:
    """Whether a file of this size that begins with these bytes is a Peak Patch catalogue of at least one halo."""
    return _byte_order(start, size) is not None


def count(size: int) -> int:
    """Halos in a catalogue of this many bytes."""
    return (size - _HEADER) // (4 * _COLUMNS)


def read_pksc(path: Path, box_size: float, cosmology: Cosmology, length_unit: str = "Mpc") -> Catalogue:
    """A merged Peak Patch catalogue, most massive first; box_size in Mpc/h, the file's lengths in Mpc or Mpc/h.

    Raises: InputError for a file that is cut off, empty, not finite, has impossible radii, or halos outside the box;
    UsageError for an unknown unit.
    """
    scale = _mpc_per_h(length_unit, cosmology)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    order = _byte_order(raw[:_HEADER], len(raw))
    if order is None:
        raise InputError(f"{path} {_what_is_wrong(raw)}", "copy or make it again")
    largest, redshift = (float(x) for x in np.frombuffer(raw, f"{order}f4", 2, 4))
    with np.errstate(invalid="ignore"):  # a signalling NaN, found below
        rows = np.frombuffer(raw, f"{order}f4", offset=_HEADER).reshape(-1, _COLUMNS).astype(np.float64)
    _check_values(path, rows, largest, redshift)

    radius = rows[:, 6] * scale
    order_of_mass = np.argsort(-radius, kind="stable")
    rows, radius = rows[order_of_mass], radius[order_of_mass]
    lagrangian = rows[:, 7:10] * scale
    if np.abs(lagrangian).max() > box_size / 2 * (1 + _ROUNDING):
        farthest = 2 * np.abs(lagrangian).max()
        raise InputError(
            f"{path} has halos up to {farthest:.6g} Mpc/h apart along an axis, the box has {box_size:g}",
            "give its box, and its unit of length (Mpc or Mpc/h)",
        )
    columns = {
        "mass": 4 / 3 * np.pi * radius**3 * cosmology.mean_density,
        "position": wrap((rows[:, :3] * scale + box_size / 2).astype(np.float32), box_size),
        "velocity": rows[:, 3:6].astype(np.float32),
        "lagrangian_position": wrap((lagrangian + box_size / 2).astype(np.float32), box_size),
        "lagrangian_radius": radius,
        "formation_redshift": rows[:, 10],
    }
    return Catalogue(columns, box_size, redshift, "peak patch", UNITS)


def write_pksc(path: Path, halos: Catalogue, cosmology: Cosmology, length_unit: str = "Mpc") -> None:
    """Write a catalogue with Lagrangian positions and radii; velocity 0 and formation -1 when it lacks them.

    Raises: InputError for a catalogue without Lagrangian spheres; UsageError for an unknown unit.
    """
    scale = _mpc_per_h(length_unit, cosmology)
    for name in ("lagrangian_position", "lagrangian_radius"):
        if name not in halos:
            raise InputError(f"the catalogue has no {name}", "a .pksc file holds Lagrangian spheres")
    rows = np.zeros((len(halos), _COLUMNS), dtype="<f4")
    rows[:, 0:3] = (halos["position"] - halos.box_size / 2) / scale
    if "velocity" in halos:
        rows[:, 3:6] = halos["velocity"]
    rows[:, 6] = halos["lagrangian_radius"] / scale
    rows[:, 7:10] = (halos["lagrangian_position"] - halos.box_size / 2) / scale
    rows[:, 10] = halos.columns.get("formation_redshift", -1)
    with appearing(path) as temporary, temporary.open("wb") as file:
        file.write(np.array(len(halos), dtype="<i4").tobytes())
        file.write(np.array([rows[:, 6].max(initial=0), halos.redshift], dtype="<f4").tobytes())
        file.write(rows.tobytes())


def _mpc_per_h(length_unit: str, cosmology: Cosmology) -> float:
    """The unit of length in Mpc/h."""
    units = {"Mpc": cosmology.h, "Mpc/h": 1.0}
    if length_unit not in units:
        raise UsageError(f"unknown unit of length {length_unit!r}", did_you_mean(length_unit, units))
    return units[length_unit]


def _byte_order(start: bytes, size: int) -> str | None:
    """The byte order in which the header's count fits the size; None when neither does."""
    if len(start) >= _HEADER:
        for order in "<>":
            count = int(np.frombuffer(start, f"{order}i4", 1)[0])
            if count > 0 and size == _HEADER + 4 * _COLUMNS * count:
                return order
    return None


def _what_is_wrong(raw: bytes) -> str:
    if len(raw) < _HEADER:
        return f"has {len(raw)} bytes, less than the header of a .pksc catalogue"
    count = int(np.frombuffer(raw, "<i4", 1)[0])
    if count == 0:
        return "holds no halos"
    expected = _HEADER + 4 * _COLUMNS * count
    if count > 0 and len(raw) < expected:
        return f"is cut off: {len(raw)} bytes, the header says {count} halos, {expected} bytes"
    return f"is no .pksc catalogue of 11 columns: {len(raw)} bytes, the header says {count} halos"


def _check_values(path: Path, rows: Array, largest: float, redshift: float) -> None:
    bad = int(np.count_nonzero(~np.isfinite(rows).all(axis=1)))
    if bad:
        raise InputError(f"{path} has {bad} halos with values that are not finite", "make it again")
    radius = rows[:, 6]
    if not (radius > 0).all():
        raise InputError(f"{path} has {np.count_nonzero(radius <= 0)} halos without a radius", "make it again")
    if not abs(largest / radius.max() - 1) < _ROUNDING:
        raise InputError(
            f"{path}: the header says the largest radius is {largest:g}, the halos say {radius.max():g}",
            "copy or make it again",
        )
    if not -1 < redshift < 1e4:
        raise InputError(f"{path} has the redshift {redshift:g}", "make it again")
    if len(rows) > 1 and not rows[:, 7:10].any():
        raise InputError(
            f"{path} has no Lagrangian positions: it is a raw catalogue, before the merging of peaks",
            "give the merged one",
        )


READERS = (
    Reader(
        ("pksc",),
        "halos",
        lambda path, start: "pksc" if start and sniff(start, path.stat().st_size) else "",
        lambda path: {"halos": str(count(path.stat().st_size)), "made by": "Peak Patch"},
        order=60,
    ),
)
