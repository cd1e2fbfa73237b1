"""Halos of VELOCIraptor in HDF5: x.properties.0, .1, ..., and the members in x.catalog_groups and x.catalog_particles.

A dataset a property, files and counts as datasets, units as attributes of the root: lengths and masses are comoving and
per h, or physical and without it, by Comoving_or_Physical; velocities are peculiar. Cosmology stands in SimulationInfo.
Subhalos lie in other halos by hostHaloID, and their particles are listed with them alone. src/io.cxx, WriteProperties
and WriteGroupCatalog, and src/allvars.h of github.com/pelahi/VELOCIraptor-STF (Elahi et al. 2019, arXiv:1902.01010).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.cosmos.box import Array
from core.cosmos.formats import hdf5
from core.cosmos.formats.given import Given
from core.cosmos.formats.halo_parts import Part, check_lengths, gathered, joined
from core.cosmos.formats.header import Header, parts_of, positive
from core.cosmos.formats.reader import Facts, Members, RawHalos, Reader, header_facts
from core.errors import InputError

_MASSES = (
    ("Mass_200crit", "R_200crit", "200c"),
    ("Mass_200mean", "R_200mean", "200m"),
    ("Mass_BN98", "R_BN98", "vir"),
    ("Mvir", "Rvir", "vir"),
    ("Mass_FOF", "", "fof"),
    ("Mass_tot", "", "bound"),
)
"""Mass, radius and definition, the first that is there."""

_CENTRES = {0: "c", 1: "cmbp", 2: "cminpot"}
"""Around what spheres are drawn, by Reference_frame_for_properties: the centre of mass is the usual."""

_FIELD_HALO, _FOF_GROUP = 10, 7
"""Structuretype of a halo in no other, and of the group around halos, where groups are kept."""

_DARK = 1
"""Particle type."""


def read_header(path: Path) -> Header:
    """The header of all files; its box is in Mpc/h. Raises: InputError for damaged files and runs in no cosmology."""
    parts = parts_of(path)
    return joined(parts, lambda file: _part(file, parts))


def _part(file: Any, parts: tuple[Path, ...]) -> Part:
    if hdf5.number(file, ("/", "Cosmological_Sim"), ("SimulationInfo", "Cosmological_Sim")) == 0:
        raise InputError(f"{parts[0]} is of no cosmological run", "halodeck works on cosmological boxes")
    h, a = _cosmology(file, "h_val"), _root(file, "Time")
    box, length = _root(file, "Period"), _root(file, "Length_unit_to_kpc")
    if box is not None and length is not None:
        per_h = 1.0 if _root(file, "Comoving_or_Physical") else None if not (h and a) else h / a
        box = None if per_h is None else box * length * 1e-3 * per_h
    header = Header(
        "velociraptor",
        0,
        box_size=positive(box or 0),
        redshift=1 / a - 1 if a and a > 0 else None,
        omega_matter=positive(_cosmology(file, "Omega_m") or 0),
        omega_lambda=_cosmology(file, "Omega_Lambda"),
        omega_baryon=positive(_cosmology(file, "Omega_b") or 0),
        h=positive(h or 0),
        w0=_cosmology(file, "w_of_DE"),
        parts=parts,
    )
    files, stated, total = (
        hdf5.scalar(file, name) for name in ("Num_of_files", "Num_of_groups", "Total_num_of_groups")
    )
    return Part(header, len(file["ID"]), int(stated or 0), int(total or 0), int(files or 1))


def _root(file: Any, name: str) -> float | None:
    return hdf5.number(file, ("/", name), ("UnitInfo", name))


def _cosmology(file: Any, name: str) -> float | None:
    return hdf5.number(file, ("SimulationInfo", name), ("Configuration", name))


def read_halos(path: Path, given: Given, columns: Mapping[str, str] | None) -> RawHalos:
    """All halos in order, in kpc and Msun, both comoving and per h or neither per h. Raises: InputError."""
    header = read_header(path)
    with hdf5.opened(header.parts[0]) as file:
        mass, radius, definition = next((names for names in _MASSES if names[0] in file), ("", "", ""))
        comoving, a = _root(file, "Comoving_or_Physical"), _root(file, "Time")
        length, solar = (_root(file, name) for name in ("Length_unit_to_kpc", "Mass_unit_to_solarmass"))
        velocity = hdf5.number(file, ("/", "Velocity_to_kms"), ("UnitInfo", "Velocity_unit_to_kms"))
        centre = _CENTRES.get(int(hdf5.number(file, ("Configuration", "Reference_frame_for_properties")) or 0), "c")
    if not mass or comoving is None or not length or not solar or not a:
        raise InputError(f"{path} does not say its masses, or their units", "write its halos as CSV (docs/data.md)")
    if not comoving:
        length /= a
    names = {"mass": mass, "count": "npart", "id": "ID", "type": "Structuretype"}
    names |= {"host": "hostHaloID", "within": "hostDirectHaloID"} | ({"radius": radius} if radius else {})
    names |= {axis: f"{axis.upper()}{centre}" for axis in "xyz"} | {
        f"v{axis}": f"V{axis.upper()}{centre}" for axis in "xyz"
    }
    values = gathered(header.parts, names)
    check_lengths(path, header, values)
    if missing := [names[axis] for axis in "xyz" if axis not in values]:
        raise InputError(f"{path} does not say where its halos are", f"{', '.join(missing)} are read")
    found = {
        "mass": values["mass"].astype(np.float64) * solar,
        "position": np.stack([values[axis] for axis in "xyz"], axis=1).astype(np.float64) * length,
        "id": values["id"].astype(np.int64),
    }
    if "radius" in values:
        found["radius"] = values["radius"].astype(np.float64) * length
    if velocity is not None and {"vx", "vy", "vz"} <= values.keys():
        found["velocity"] = np.stack([values[f"v{axis}"] for axis in "xyz"], axis=1) * velocity
    if "count" in values:
        found["count"] = values["count"].astype(np.int64)
    if "host" in values:
        found["parent"] = _parents(values)
    per_h = "/h" if comoving else ""
    units = {"mass": f"Msun{per_h}", "position": f"kpc{per_h}", "radius": f"kpc{per_h}"}
    return RawHalos(found, units, header, definition)


def _parents(values: Mapping[str, Array]) -> Array:
    """Ids of the halos that others lie in, -1 for those in none; a group around halos counts as a part of itself."""
    parents = values.get("within", values["host"]).astype(np.int64)
    if "type" in values:
        parents = np.where(values["type"] == _FIELD_HALO, -1, parents)
        parents = np.where(values["type"] == _FOF_GROUP, values["id"].astype(np.int64), parents)
    return parents


def read_members(path: Path) -> Members | None:
    """The bound particles of each halo in the catalogues beside it; None without them. Raises: InputError."""
    header = read_header(path)
    lengths, ids = [], []
    for part in header.parts:
        groups, particles, types = (
            part.with_name(part.name.replace(".properties", f".catalog_{what}"))
            for what in ("groups", "particles", "parttypes")
        )
        if part.name == groups.name or not (groups.exists() and particles.exists()):
            return None
        with hdf5.opened(groups) as file:
            starts = hdf5.values(file["Offset"], groups).astype(np.int64)
        with hdf5.opened(particles) as file:
            listed = hdf5.values(file["Particle_IDs"], particles).astype(np.int64)
        length = np.diff(np.append(starts, len(listed)))
        if (length < 0).any() or (len(starts) and starts[0] != 0):
            raise InputError(f"{groups} and {particles.name} do not belong together", "copy both again")
        if types.exists():
            with hdf5.opened(types) as file:
                dark = hdf5.values(file["Particle_types"], types) == _DARK
            if len(dark) != len(listed):
                raise InputError(f"{types} and {particles.name} do not belong together", "copy both again")
            rows = np.repeat(np.arange(len(length)), length)[dark]
            length, listed = np.bincount(rows, minlength=len(length)), listed[dark]
        lengths.append(length)
        ids.append(listed)
    count = np.concatenate(lengths)
    if len(count) != header.count:
        raise InputError(f"{path} has {header.count} halos, its members are those of {len(count)}", "copy all files")
    source = f"the ids in {header.parts[0].name.replace('.properties', '.catalog_particles')}"
    return Members(np.repeat(np.arange(len(count)), count), np.concatenate(ids), source, nested=False)


def _sniff(path: Path, start: bytes) -> str:
    if not start.startswith(hdf5.SIGNATURE):
        return ""
    with hdf5.opened(parts_of(path)[0]) as file:
        return "velociraptor" if {"ID", "Num_of_groups", "hostHaloID"} <= set(file) else ""


def _describe(path: Path) -> Facts:
    header = read_header(path)
    return {"halos": str(header.count)} | header_facts(header, box_known=True)


READERS = (
    Reader(
        ("velociraptor",),
        "halos",
        _sniff,
        _describe,
        order=21,
        header=read_header,
        halos=read_halos,
        members=read_members,
    ),
)
