"""Subhalos of HBT+ and HBT-HERONS: SubSnap_NNN.0.hdf5, .1.hdf5, ..., or one file of them in the order of their tracks.

Subhalos is a table of compounds, or a group of datasets in the ordered file; SubhaloParticles are the ids bound to
each, those of its own subhalos not among them. Units are 1e10 Msun/h, comoving Mpc/h and km/s, unless Units says
others; HubbleParam is H(z) and not h; the box stands in Parameters.log in the folder above. src/io/subhalo_io.cpp of
github.com/Kambrian/HBTplus (Han et al. 2018, arXiv:1708.03646) and of github.com/SWIFTSIM/HBT-HERONS.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.cosmos.box import Array
from core.cosmos.formats import hdf5
from core.cosmos.formats.given import Given
from core.cosmos.formats.halo_parts import Part, joined
from core.cosmos.formats.header import Header, parts_of, positive, unreadable
from core.cosmos.formats.reader import Facts, Members, RawHalos, Reader, header_facts
from core.errors import InputError

_MASSES = (
    ("M200Crit", "R200CritComoving", "200c"),
    ("BoundM200Crit", "BoundR200CritComoving", "200c of what is bound"),
    ("Mbound", "", "bound"),
)
"""Mass, radius and definition, the first that is there."""

_UNITS = {"MassInMsunh": 1e10, "LengthInMpch": 1.0, "VelInKmS": 1.0}
"""Those of the code, where neither the file nor its parameters say others."""

_DARK = slice(1, 4)
"""Particle types that are dark matter, as in formats.hdf5."""


def read_header(path: Path) -> Header:
    """The header of all files; its box is in Mpc/h, where the parameters of the run lie above. Raises: InputError."""
    parts = parts_of(path)
    return joined(parts, lambda file: _part(file, parts))


def _part(file: Any, parts: tuple[Path, ...]) -> Part:
    a, omega_matter, omega_lambda = (
        hdf5.scalar(file, f"Cosmology/{name}") for name in ("ScaleFactor", "OmegaM0", "OmegaLambda0")
    )
    box = _parameter(parts[0], "BoxSize")
    header = Header(
        "hbt",
        0,
        box_size=None if box is None else positive(box * _unit(file, parts[0], "LengthInMpch")),
        # written in single precision
        redshift=round(1 / a - 1, 5) if a and a > 0 else None,
        omega_matter=positive(round(omega_matter or 0, 6)),
        omega_lambda=None if omega_lambda is None else round(omega_lambda, 6),
        parts=parts,
    )
    held = hdf5.rows_of(file["Subhalos"], "TrackId")
    files, total = hdf5.scalar(file, "NumberOfFiles"), hdf5.scalar(file, "NumberOfSubhalosInAllFiles")
    return Part(header, held, held, None if total is None else int(total), int(files or 1))


def _parameter(part: Path, name: str) -> float | None:
    """A number in the parameters that the code leaves above its output, or beside it."""
    for folder in (part.absolute().parent.parent, part.absolute().parent):
        log = folder / "Parameters.log"
        if log.is_file():
            try:
                found = re.search(rf"^{name}\s+(\S+)", log.read_text(encoding="latin-1"), re.MULTILINE)
                return float(found[1]) if found else None
            except OSError as error:
                raise unreadable(log, error) from error
            except ValueError:
                raise InputError(f"{log}: {name} is no number", "correct or remove it") from None
    return None


def _unit(file: Any, part: Path, name: str) -> float:
    stated = hdf5.scalar(file, f"Units/{name}")
    stated = _parameter(part, name) if stated is None else stated
    return _UNITS[name] if stated is None else stated


def read_halos(path: Path, given: Given, columns: Mapping[str, str] | None) -> RawHalos:
    """All subhalos in order; those that are bound no more have no mass. Raises: InputError for lacking columns."""
    header = read_header(path)
    with hdf5.opened(header.parts[0]) as file:
        names = hdf5.names_of(file["Subhalos"])
        solar, length, speed = (_unit(file, header.parts[0], name) for name in _UNITS)
    mass, radius, definition = next((those for those in _MASSES if those[0] in names), ("", "", ""))
    wanted = {"mass": mass, "position": "ComovingMostBoundPosition", "velocity": "PhysicalMostBoundVelocity"}
    wanted |= {"count": "Nbound", "id": "TrackId", "group": "HostHaloId", "rank": "Rank"}
    wanted |= {"radius": radius} if radius else {}
    if missing := [name for name in wanted.values() if name not in names]:
        raise InputError(f"{path} has no {missing[0] or 'mass'}", "write its halos as CSV (docs/data.md)")
    found: dict[str, list[Array]] = {name: [] for name in wanted}
    for part in header.parts:
        with hdf5.opened(part) as file:
            for name, label in wanted.items():
                found[name].append(hdf5.column(file["Subhalos"], label, part))
    values = {name: np.concatenate(those) for name, those in found.items()}
    bound = values["count"] > 1  # else the one particle by which the code goes on tracing it
    halos = {
        "mass": np.where(bound, values["mass"], 0) * solar,
        "position": values["position"] * length,
        "velocity": values["velocity"] * speed,
        **{name: values[name].astype(np.int64) for name in ("count", "id")},
        "parent": _parents(values),
    }
    if radius:
        halos["radius"] = values["radius"].astype(np.float64) * length
    return RawHalos(halos, {"mass": "Msun/h", "position": "Mpc/h", "radius": "Mpc/h"}, header, definition)


def _parents(values: Mapping[str, Array]) -> Array:
    """The track of the central subhalo of a satellite's group, -1 for centrals and for those in no group."""
    tracks, groups = values["id"].astype(np.int64), values["group"].astype(np.int64)
    satellites = (values["rank"] > 0) & (groups >= 0)
    centrals = np.flatnonzero((values["rank"] == 0) & (groups >= 0))
    parents = np.where(satellites, tracks, -1)  # a part of itself where its central is not there
    if len(centrals):
        order = centrals[np.argsort(groups[centrals])]
        first = order[np.searchsorted(groups[order], groups).clip(max=len(order) - 1)]
        parents = np.where(satellites & (groups[first] == groups), tracks[first], parents)
    return parents


def read_members(path: Path) -> Members | None:
    """The particles bound to each subhalo; None where they are not listed, or gas and stars are among them.

    Raises: InputError for lists that are not those of the subhalos.
    """
    header = read_header(path)
    lengths, ids = [], []
    for part in header.parts:
        with hdf5.opened(part) as file:
            table = file["Subhalos"]
            if "NboundType" in hdf5.names_of(table):
                by_type = hdf5.column(table, "NboundType", part)
                if np.delete(by_type, _DARK, axis=1).any():
                    return None
            if "SubhaloParticles" in file:
                listed = hdf5.values(file["SubhaloParticles"], part)
                lengths.append(np.array([len(those) for those in listed], np.int64))
                ids += list(listed)
            elif "Particles" in file and "ParticleIDs" in file["Particles"]:
                lengths.append(hdf5.column(table, "Nbound", part).astype(np.int64))
                ids.append(hdf5.values(file["Particles/ParticleIDs"], part))
            else:
                return None
    count, particles = np.concatenate(lengths), np.concatenate(ids) if ids else np.zeros(0)
    if len(count) != header.count or (count < 0).any() or count.sum() != len(particles):
        raise InputError(f"{path}: its subhalos and the particles in them do not belong together", "copy it again")
    rows = np.repeat(np.arange(len(count)), count)
    return Members(rows, particles.astype(np.int64), "the ids bound to the subhalos of the catalogue", nested=False)


def _sniff(path: Path, start: bytes) -> str:
    if not start.startswith(hdf5.SIGNATURE):
        return ""
    with hdf5.opened(parts_of(path)[0]) as file:
        names = hdf5.names_of(file["Subhalos"]) if "Subhalos" in file else ()
        return "hbt" if {"TrackId", "HostHaloId"} <= set(names) else ""


def _describe(path: Path) -> Facts:
    header = read_header(path)
    return {"halos": str(header.count)} | header_facts(header, box_known=True)


READERS = (
    Reader(
        ("hbt",),
        "halos",
        _sniff,
        _describe,
        order=22,
        header=read_header,
        halos=read_halos,
        members=read_members,
    ),
)
