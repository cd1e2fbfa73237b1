"""Halo properties of SOAP, for simulations with SWIFT: one HDF5 file, a group a kind of property.

Each dataset says by attributes how its numbers become physical cgs. Spheres (SO/200_crit, ...) are drawn around the
centres of InputHalos, for centrals alone; the others have no mass and are left out. SOAP/core/combine_chunks.py and
swift_units.py of github.com/SWIFTSIM/SOAP (McGibbon et al. 2025, doi:10.21105/joss.08252); names of 2023 are known too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.cosmos.box import Array
from core.cosmos.formats import hdf5
from core.cosmos.formats.given import Given
from core.cosmos.formats.halo_parts import check_lengths
from core.cosmos.formats.header import Header, parts_of, positive
from core.cosmos.formats.reader import Facts, RawHalos, Reader, header_facts
from core.errors import InputError

_MPC, _MSUN, _KM = 3.0856775814913673e24, 1.988409870698051e33, 1e5
"""In cgs."""

_MASSES = (
    ("SO/200_crit", "200c"),
    ("SO/200_mean", "200m"),
    ("SO/BN98", "vir"),
    ("SO/500_crit", "500c"),
    ("BoundSubhalo", "bound"),
    ("BoundSubhaloProperties", "bound"),
)
"""Groups with a TotalMass and the definition, the first that is there."""

_CENTRES = ("InputHalos/HaloCentre", "InputHalos/cofp", "VR/CentreOfPotential", "VR/CentreOfMass")
_IDS = ("InputHalos/HaloCatalogueIndex", "InputHalos/index", "VR/ID")
_CENTRAL = ("InputHalos/IsCentral", "InputHalos/is_central")
_COUNT = ("InputHalos/NumberOfBoundParticles", "InputHalos/nr_bound_part")
"""Datasets, the first that is there."""


def read_header(path: Path) -> Header:
    """The header; its box is in Mpc/h. Raises: InputError for damaged files."""
    part = parts_of(path)[0]
    with hdf5.opened(part) as file:
        header = replace(hdf5.header_of(file, (part,)), format="soap", count=len(_centres(file, part)))
        length = hdf5.number(file, ("Units", "Unit length in cgs (U_L)"))
        stated = hdf5.number(file, ("Header", "NumSubhalos_ThisFile"))
    if stated not in (None, header.count):
        raise InputError(
            f"{part}: the header says {stated:.0f} halos, the file holds {header.count}", "copy or make it again"
        )
    if header.box_size is None or length is None or header.h is None:
        return replace(header, box_size=None)
    return replace(header, box_size=positive(header.box_size * length / _MPC * header.h))


def read_halos(path: Path, given: Given, columns: Mapping[str, str] | None) -> RawHalos:
    """All halos in order, in comoving Mpc and Msun without h. Raises: InputError for files without masses or units."""
    header = read_header(path)
    [part] = header.parts
    if header.redshift is None:
        raise InputError(f"{part} does not say its redshift", "copy or make it again")
    a = 1 / (1 + header.redshift)
    with hdf5.opened(part) as file:
        group, definition = next((those for those in _MASSES if f"{those[0]}/TotalMass" in file), ("", ""))
        if not group:
            raise InputError(f"{part} holds no masses", f"one of {', '.join(name for name, _ in _MASSES)} is read")
        found = {
            "mass": _cgs(file[f"{group}/TotalMass"], part, a) / _MSUN,
            "position": _cgs(_centres(file, part), part, a) / _MPC / a,
        }
        if (radius := f"{group}/SORadius") in file:
            found["radius"] = _cgs(file[radius], part, a) / _MPC / a
        if (velocity := f"{group}/CentreOfMassVelocity") in file:
            found["velocity"] = _cgs(file[velocity], part, a) / _KM
        for name, places in (("id", _IDS), ("count", _COUNT)):
            if (dataset := _first(file, places)) is not None:
                found[name] = hdf5.values(dataset, part).astype(np.int64)
        if (parents := _parents(file, part, found)) is not None:
            found["parent"] = parents
    check_lengths(part, header, found)
    return RawHalos(found, {"mass": "Msun", "position": "Mpc", "radius": "Mpc"}, header, definition)


def _centres(file: Any, part: Path) -> Any:
    dataset = _first(file, _CENTRES)
    if dataset is None:
        raise InputError(f"{part} does not say where its halos are", f"{_CENTRES[0]} is read")
    return dataset


def _first(file: Any, places: tuple[str, ...]) -> Any:
    return next((file[place] for place in places if place in file), None)


def _cgs(dataset: Any, part: Path, a: float) -> Array:
    """A dataset in physical cgs, by what its attributes say."""
    told = {
        name: hdf5.number(dataset.parent, (dataset.name, name))
        for name in (
            "Conversion factor to CGS (not including cosmological corrections)",
            "a-scale exponent",
            "h-scale exponent",
            "Value stored as physical",
        )
    }
    to_cgs, power, h_power, physical = told.values()
    if to_cgs is None or power is None or h_power:
        raise InputError(f"{part}: {dataset.name} does not say its unit", "copy or make it again")
    return hdf5.values(dataset, part).astype(np.float64) * (to_cgs * (1.0 if physical else a**power))


def _parents(file: Any, part: Path, found: Mapping[str, Array]) -> Array | None:
    """Ids of the halos that others lie in, -1 for those in none; None where nothing tells."""
    ids = found.get("id")
    if "SOAP/HostHaloIndex" in file and ids is not None:
        host = hdf5.values(file["SOAP/HostHaloIndex"], part).astype(np.int64)
        if (host >= len(ids)).any() or len(host) != len(ids):
            raise InputError(f"{part}: SOAP/HostHaloIndex names halos that are not there", "make it again")
        return np.where(host < 0, -1, ids[host])
    if "VR/HostHaloID" in file:
        return hdf5.values(file["VR/HostHaloID"], part).astype(np.int64)
    central = _first(file, _CENTRAL)
    if central is None or ids is None:
        return None
    return np.where(hdf5.values(central, part) == 1, -1, ids)  # a part of itself where nothing names its host


def _sniff(path: Path, start: bytes) -> str:
    if not start.startswith(hdf5.SIGNATURE):
        return ""
    with hdf5.opened(parts_of(path)[0]) as file:
        return "soap" if "Header" in file and {"SO", "Cosmology"} <= set(file) and _first(file, _CENTRES) else ""


def _describe(path: Path) -> Facts:
    header = read_header(path)
    return {"halos": str(header.count)} | header_facts(header, box_known=True)


READERS = (Reader(("soap",), "halos", _sniff, _describe, order=9, header=read_header, halos=read_halos),)
