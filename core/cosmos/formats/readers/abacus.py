"""CompaSO halos of AbacusSummit: the folder halo_info of one redshift, or the one above it, with files of all slabs.

Positions are in boxes from -1/2 to 1/2, velocities in redshift-space boxes, masses counts of particles; those of the
largest L2 halo in each stand for its place and motion, as recommended. Source: abacusutils,
data/compaso_halo_catalog.py (halo_field_loaders) and its documentation; Hadzhiyska et al. 2021, arXiv:2110.11408.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.cosmos.formats.asdf import Asdf, open_asdf
from core.cosmos.formats.given import Given
from core.cosmos.formats.header import Header, positive, unreadable
from core.cosmos.formats.reader import Facts, RawHalos, Reader, header_facts
from core.errors import InputError

_COLUMNS = ("id", "N", "x_L2com", "v_L2com")
_NUMBERS = ("BoxSizeHMpc", "Redshift", "H0", "Omega_M", "ParticleMassHMsun", "VelZSpace_to_kms")


def folder_of(path: Path) -> Path | None:
    """The folder of the files, for itself or the redshift's; None for another."""
    return next((folder for folder in (path, path / "halo_info") if (folder / "halo_info_000.asdf").is_file()), None)


def read_header(path: Path) -> Header:
    """What the first file says, and the halos of all. Raises: InputError for files that are missing or damaged."""
    files = _files(path)
    first = files[0].numbers
    for file in files:
        if missing := [name for name in _NUMBERS if name not in file.numbers]:
            raise InputError(f"{file.path} does not say {', '.join(missing)}", "copy it again")
        if any(file.numbers[name] != first[name] for name in _NUMBERS):
            raise InputError(f"{file.path} is of another snapshot than {files[0].path}", "give those of one")
        if missing := [name for name in _COLUMNS if name not in file.arrays]:
            raise InputError(f"{file.path} has no {', '.join(missing)}", "give the files with all columns")
    return Header(
        "abacus",
        sum(file.arrays["N"].shape[0] for file in files),
        box_size=positive(first["BoxSizeHMpc"]),
        redshift=first["Redshift"],
        omega_matter=positive(first["Omega_M"]),
        omega_lambda=first.get("Omega_DE"),
        h=positive(first["H0"] / 100),
        w0=first.get("w0"),
        wa=first.get("wa"),
        parts=tuple(file.path for file in files),
    )


def read_halos(path: Path, given: Given, columns: Mapping[str, str] | None) -> RawHalos:
    """All halos of all files; they are distinct."""
    header = read_header(path)
    files = _files(path)
    read = [file.read(*_COLUMNS) for file in files]
    raw = {name: np.concatenate([values[name] for values in read]) for name in _COLUMNS}
    for name, sides in (("x_L2com", (3,)), ("v_L2com", (3,)), ("id", ())):
        if raw[name].shape != (header.count, *sides):
            raise InputError(f"{path} has {name} of another shape than its halos", "copy it again")
    numbers = files[0].numbers
    found = {
        "mass": raw["N"] * numbers["ParticleMassHMsun"],
        "position": (raw["x_L2com"].astype(np.float64) + 0.5) * numbers["BoxSizeHMpc"],
        "velocity": raw["v_L2com"].astype(np.float64) * numbers["VelZSpace_to_kms"],
        "count": raw["N"].astype(np.int64),
        "id": raw["id"].astype(np.int64),
        "parent": np.full(header.count, -1),
    }
    return RawHalos(found, {"mass": "Msun/h", "position": "Mpc/h"}, header, "CompaSO L1, not cleaned")


def _files(path: Path) -> list[Asdf]:
    """The files of all slabs in order. Raises: InputError for one that is missing."""
    folder = folder_of(path)
    if folder is None:
        raise InputError(f"{path} has no halo_info_000.asdf", "give the folder halo_info of one redshift")
    try:
        names = sorted(item.name for item in folder.glob("halo_info_*.asdf"))
        sums = folder / "checksums.crc32"
        listed = re.findall(r"\bhalo_info_\d+\.asdf$", sums.read_text("ascii"), re.MULTILINE) if sums.is_file() else []
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(folder, error if isinstance(error, OSError) else OSError(str(error))) from error
    needed = {*listed, *(f"halo_info_{number:03d}.asdf" for number in range(len(names)))}
    if missing := sorted(needed - set(names)):
        raise InputError(f"{folder / missing[0]} is missing", "copy the files of all slabs")
    return [open_asdf(folder / name) for name in names]


def _describe(path: Path) -> Facts:
    header = read_header(path)
    return {"halos": str(header.count)} | header_facts(header, box_known=True)


READERS = (
    Reader(
        ("abacus",),
        "halos",
        lambda path, start: "abacus" if not start and path.is_dir() and folder_of(path) else "",
        _describe,
        order=7,
        header=read_header,
        halos=read_halos,
    ),
)
