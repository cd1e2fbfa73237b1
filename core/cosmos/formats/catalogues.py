"""Reading halo catalogues made by others, whatever their format.

A catalogue comes out in halodeck's units, most massive first, and proven: halos lie in the box, weigh no more than it
holds, and their masses and radii make a halo's density. What was repaired is told, everything else is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.cosmos.box import Array, Catalogue, wrap
from core.cosmos.cosmology import CRITICAL_DENSITY
from core.cosmos.formats.given import Given
from core.cosmos.formats.header import Header
from core.cosmos.formats.reader import RawHalos
from core.cosmos.formats.registry import named, reader_of
from core.cosmos.formats.units import factor
from core.errors import InputError

OVERDENSITIES = (30.0, 3e4)
"""Mean density of halos over that of matter: 80 for the outskirts, 2e4 for M2500c at z = 0. Wrong units miss by far."""

_OUTSIDE = 0.05
"""How far halos may lie beyond the box, in boxes: periodic images."""

_UNITS = {
    "mass": "Msun/h",
    "position": "Mpc/h",
    "velocity": "km/s",
    "radius": "Mpc/h",
    "count": "particles",
    "lagrangian_position": "Mpc/h",
    "lagrangian_radius": "Mpc/h",
}


@dataclass(frozen=True)
class HaloFile:
    """A catalogue in halodeck's units, what its file says besides, and what was done to it.

    Columns: mass, position; radius, velocity, count, id and parent (-1 for a distinct halo) where the file has them.
    `rows[h]` is the place of halo h in the file.
    """

    catalogue: Catalogue
    header: Header
    """With its box in Mpc/h."""
    rows: Array
    repairs: tuple[str, ...] = ()
    apart: bool = False
    """Groups that share no particle: none lies in another."""
    hosts: Array | None = None
    """Once subhalos were left out: of each place in the file that of the halo it is part of, its own or its host's; -1
    where the host is not known."""


def read_catalogue(path: Path, given: Given | None = None, columns: Mapping[str, str] | None = None) -> HaloFile:
    """Read a halo catalogue; `given` supplies what it lacks: box_size, h, redshift, omega_matter, length_unit.

    `columns` names those of a CSV. Raises: InputError for anything that cannot be used.
    """
    given = given or Given()
    known = reader_of(path, "halos")
    if known is None or known[0].halos is None:
        raise InputError(f"{path} is no halo catalogue", f"these are read: {named('halos')}")
    raw = known[0].halos(path, given, columns)
    if raw.header.count == 0:
        raise InputError(f"{path} holds no halos", "check how it was made")
    header = settle(raw.header, given)
    assert header.box_size is not None
    assert header.redshift is not None
    found, rows, repairs = _prove(path, raw, header)
    catalogue = Catalogue(
        found,
        header.box_size,
        header.redshift,
        f"{header.format} ({raw.definition})",
        {name: unit for name, unit in _UNITS.items() if name in found},
    )
    return HaloFile(catalogue, header, rows, repairs, raw.apart)


def settle(header: Header, given: Given) -> Header:
    """The header completed by options. Raises: InputError that names what is missing, or where the two disagree."""
    path = header.parts[0]
    missing = [
        f"--{name.replace('_', '-')}"
        for name in ("box_size", "redshift")
        if getattr(header, name) is None and getattr(given, name) is None
    ]
    if missing:
        raise InputError(f"{path} does not say all that is needed", f"add {', '.join(missing)}")
    for name, tolerance in (("box_size", 1e-3), ("redshift", 5e-3), ("h", 1e-3), ("omega_matter", 1e-3)):
        ours, theirs = getattr(given, name), getattr(header, name)
        scale = 1 + abs(theirs or 0) if name == "redshift" else (theirs or 1)
        if None not in (ours, theirs) and abs(ours - theirs) > tolerance * scale:
            raise InputError(
                f"{path} has {name} = {theirs:g}, not {ours:g}", "give the catalogue of that run and moment"
            )
    numbers = {name: getattr(given, name) for name in ("box_size", "redshift", "h", "omega_matter")}
    return replace(header, **{name: value for name, value in numbers.items() if value is not None})


def distinct(halos: HaloFile) -> HaloFile:
    """The halos that lie in no other.

    By `parent` where the catalogue has it; groups that are apart all are; otherwise a halo whose centre lies within the
    radius of a heavier one is taken for a part of that one.
    """
    catalogue = halos.catalogue
    if halos.apart:
        return halos
    if "parent" in catalogue:
        keep, host = catalogue["parent"] < 0, _by_parents(catalogue)
        told = "subhalos left out, by the catalogue's parents"
    else:
        host = _by_place(catalogue)
        keep = host == np.arange(len(host))
        told = "halos with their centre in a heavier one left out: the catalogue names no parents"
    if keep.all():
        return halos
    hosts = np.full(halos.header.count, -1)
    hosts[halos.rows] = np.where(host < 0, -1, halos.rows[host])
    columns = {name: values[keep] for name, values in catalogue.columns.items()}
    repairs = (*halos.repairs, f"{np.count_nonzero(~keep)} {told}")
    return replace(
        halos, catalogue=replace(catalogue, columns=columns), rows=halos.rows[keep], repairs=repairs, hosts=hosts
    )


def with_radii(catalogue: Catalogue, mean_density: float) -> Array:
    """Radii [Mpc/h]: the catalogue's, or where it has none those at 200 times the mean density."""
    by_mass = np.asarray((3 * catalogue["mass"] / (800 * np.pi * mean_density)) ** (1 / 3))
    return np.where(catalogue["radius"] > 0, catalogue["radius"], by_mass) if "radius" in catalogue else by_mass


def _by_parents(catalogue: Catalogue) -> Array:
    """The row (H,) of the distinct halo that each is part of, its own for one; -1 where no chain of parents ends."""
    count = len(catalogue)
    direct = np.append(np.where(catalogue["parent"] < 0, np.arange(count), count), count)
    if "id" in catalogue:
        order = np.argsort(catalogue["id"])
        places = order[np.searchsorted(catalogue["id"], catalogue["parent"], sorter=order).clip(max=count - 1)]
        known = (catalogue["parent"] >= 0) & (catalogue["id"][places] == catalogue["parent"])
        direct[:-1][known] = places[known]
    top = direct
    for _ in range(count.bit_length()):  # twice as far each time
        top = top[top]
    return np.where((top == count) | (direct[top] != top), -1, top)[:-1]


def _by_place(catalogue: Catalogue) -> Array:
    """The row (H,) of the heaviest halo within whose radius the centre of each lies, its own for one in no other's."""
    from scipy.spatial import KDTree

    host = np.arange(len(catalogue))
    if "radius" not in catalogue:
        return host
    tree = KDTree(catalogue["position"], boxsize=np.full(3, catalogue.box_size))
    for halo, near in enumerate(tree.query_ball_point(catalogue["position"], catalogue["radius"])):
        if host[halo] == halo:
            found = np.asarray(near)
            found = found[found > halo]
            host[found[host[found] == found]] = halo
    return host


def _prove(path: Path, raw: RawHalos, header: Header) -> tuple[dict[str, Array], Array, tuple[str, ...]]:
    """Columns in our units, most massive first; the rows they come from; what was repaired."""
    scale = {name: factor(path, unit, header.h) for name, unit in raw.units.items()}
    with np.errstate(over="ignore", invalid="ignore"):  # what is too large is told below
        columns = {name: values * scale.get(name, 1) for name, values in raw.columns.items()}
    for name, values in columns.items():
        if not np.isfinite(values).all():
            raise InputError(f"{path} holds a {name} that is not a number", "copy or make it again")
    if "id" in columns:
        double = len(columns["id"]) - len(np.unique(columns["id"]))
        if double:
            raise InputError(f"{path}: {double} halo ids occur more than once", "give the halos of one moment")
    rows = np.argsort(-columns["mass"], kind="stable")
    repairs = []
    massive = columns["mass"][rows] > 0
    if not massive.all():
        repairs.append(f"{np.count_nonzero(~massive)} halos without mass left out")
        rows = rows[massive]
    if len(rows) == 0:
        raise InputError(f"{path} holds no halo with a mass", "check how it was made")
    columns = {name: values[rows] for name, values in columns.items()}
    repairs += _check_positions(path, columns, header)
    _check_masses(path, columns, header, raw.apart)
    for name in ("position", "velocity", "radius"):
        if name in columns:
            if np.abs(columns[name]).max() > np.finfo(np.float32).max:
                raise InputError(f"{path} holds a {name} that is too large", "copy or make it again")
            columns[name] = columns[name].astype(np.float32)
    assert header.box_size is not None
    columns["position"] = wrap(columns["position"], header.box_size)
    return columns, rows, tuple(repairs)


def _check_positions(path: Path, columns: dict[str, Array], header: Header) -> list[str]:
    """Halos lie in the box, up to periodic images, and not all in a corner of it."""
    assert header.box_size is not None
    places = columns["position"] / header.box_size
    low, high = places.min(), places.max()
    remedy = "the unit of length or the box is wrong: correct --box-size or --length-unit"
    if low < -_OUTSIDE or high > 1 + _OUTSIDE:
        raise InputError(f"{path}: halos lie from {low:.3g} to {high:.3g} boxes of {header.box_size:g} Mpc/h", remedy)
    if len(places) >= 10 and (places.max(axis=0) - places.min(axis=0)).max() < 0.01:
        raise InputError(f"{path}: halos fill less than 0.01 of a box of {header.box_size:g} Mpc/h", remedy)
    outside = np.count_nonzero(((places < 0) | (places >= 1)).any(axis=1))
    return [f"{outside} halos beyond the box folded into it"] if outside else []


def _check_masses(path: Path, columns: dict[str, Array], header: Header, apart: bool) -> None:
    """Distinct halos weigh less than the box; mass and radius together make the density of a halo."""
    if header.omega_matter is None:
        return
    assert header.box_size is not None
    mean_density = header.omega_matter * CRITICAL_DENSITY
    if "parent" in columns:
        own = columns["mass"][columns["parent"] < 0]
    else:  # groups share no particle; of halos and subhalos unmarked only the heaviest is surely distinct
        own = columns["mass"] if apart else columns["mass"][:1]
    share = float(own.sum()) / (mean_density * header.box_size**3)
    if share > 1:
        raise InputError(
            f"{path}: its halos weigh {share:.3g} times the matter of the box", "the unit of mass is wrong"
        )
    if "radius" in columns:
        held = columns["radius"] > 0
        if not held.any():
            columns.pop("radius")
            return
        with np.errstate(all="ignore"):  # radii near 0 make an infinite density
            volumes = 4 / 3 * np.pi * columns["radius"][held].astype(np.float64) ** 3
            overdensity = float(np.median(columns["mass"][held] / volumes)) / mean_density
        if not OVERDENSITIES[0] < overdensity < OVERDENSITIES[1]:
            raise InputError(
                f"{path}: by their masses and radii its halos are {overdensity:.3g} times denser than the mean",
                "the unit of mass or length is wrong",
            )
