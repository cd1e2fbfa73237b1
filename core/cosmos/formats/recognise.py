"""What a path is, told by its content: magic bytes, record markers, attributes; no bulk data is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from core.cosmos.formats import gadget, hdf5, tipsy
from core.cosmos.formats.header import Format, Header, parts_of, unreadable
from core.cosmos.formats.snapshots import read_header
from core.cosmos.universe import open_universe
from core.errors import InputError

Kind = Literal[
    "universe",
    "prediction",
    "run",
    "gadget1",
    "gadget2",
    "hdf5-snapshot",
    "tipsy",
    "npy",
    "hdf5",
    "directory",
    "empty",
    "unknown",
]

_START = 32
"""Bytes that tell a format."""
_NPY = b"\x93NUMPY"
_MOST_ENTRIES = 12
"""Datasets or files named before the list ends in dots."""


@dataclass(frozen=True)
class Described:
    """What a path is, and its cheap facts in the order to be read."""

    path: Path
    kind: Kind
    facts: dict[str, str] = field(default_factory=dict)


def recognise(path: Path) -> Described:
    """Say what any path is.

    Raises: InputError for what does not exist, may not be read, or is a known format but damaged.
    """
    try:
        if path.is_dir():
            return _folder(path)
        if path.exists() and path.stat().st_size == 0:
            return Described(path, "empty")
        with parts_of(path)[0].open("rb") as file:
            start = file.read(_START)
    except OSError as error:
        raise unreadable(path, error) from error
    if start.startswith(hdf5.SIGNATURE):
        return _hdf5(path)
    if start.startswith(_NPY):
        return Described(path, "npy", _npy_facts(path))
    if gadget.sniff(start) or tipsy.sniff(start):
        return _snapshot(path)
    return Described(path, "unknown", {"size": _bytes(path.stat().st_size)})


def is_snapshot(described: Described) -> bool:
    """Whether `halodeck import` reads it."""
    return described.kind in get_args(Format)


def _snapshot(path: Path) -> Described:
    header = read_header(path)
    return Described(path, header.format, _header_facts(header))


def _header_facts(header: Header) -> dict[str, str]:
    cells = round(header.count ** (1 / 3))
    cube = f" = {cells}^3" if cells**3 == header.count else ", no cube"
    facts = {"dark matter particles": f"{header.count}{cube}"}
    if header.others:
        facts["other particles"] = str(header.others)
    numbers = {
        "box": header.box_size,
        "redshift": header.redshift,
        "omega_matter": header.omega_matter,
        "omega_lambda": header.omega_lambda,
        "omega_baryon": header.omega_baryon,
        "h": header.h,
    }
    facts |= {name: f"{value:g}" for name, value in numbers.items() if value is not None}
    if "box" in facts:
        facts["box"] += " (in the file's unit)"
    if len(header.parts) > 1:
        facts["files"] = str(len(header.parts))
    return facts


def _hdf5(path: Path) -> Described:
    import h5py

    part = parts_of(path)[0]
    try:
        with h5py.File(part, "r") as file:
            if file.attrs.get("halodeck_format") is None:
                if hdf5.is_snapshot(file):
                    return _snapshot(path)
                return Described(path, "hdf5", _dataset_facts(file))
    except (OSError, RuntimeError) as error:
        raise InputError(f"{part} is cut off or damaged ({error})", "copy or make it again") from error
    universe = open_universe(path)
    cosmology = universe.cosmology
    facts = {
        "name": universe.name,
        "box": f"{universe.box_size:g} Mpc/h",
        "cells": f"{universe.cells}^3",
        "particle mass": f"{universe.particle_mass:.4g} Msun/h",
        "cosmology": ", ".join(
            [f"{name} {getattr(cosmology, name):g}" for name in ("omega_matter", "omega_baryon", "h", "sigma8")]
            + [f"spectral_index {cosmology.spectral_index:g}"]
            + ([f"({cosmology.name})"] if cosmology.name else [])
        ),
    }
    for name, info in universe.fields.items():
        shape = " x ".join(map(str, info.shape))
        facts[f"field {name}"] = ", ".join(
            [f"{shape} {info.dtype}", *([info.units] if info.units else []), f"z = {info.redshift:g}", info.frame]
        )
    facts |= {f"halos {name}": str(count) for name, count in universe.halos.items()}
    return Described(path, universe.kind, facts)


def _dataset_facts(file: Any) -> dict[str, str]:
    import h5py

    found: dict[str, str] = {}

    def visit(name: str, item: Any) -> bool | None:
        if isinstance(item, h5py.Dataset):
            if len(found) == _MOST_ENTRIES:
                found["..."] = ""
                return True
            found[f"dataset {name}"] = f"{' x '.join(map(str, item.shape)) or 'scalar'} {item.dtype}"
        return None

    file.visititems(visit)
    return found


def _npy_facts(path: Path) -> dict[str, str]:
    import numpy as np

    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise InputError(f"{path} is cut off, damaged or holds objects ({error})", "copy or make it again") from error
    return {"shape": " x ".join(map(str, values.shape)), "type": str(values.dtype)}


def _folder(path: Path) -> Described:
    import tomllib

    config = path / "config.toml"
    if config.is_file():
        try:
            settings = tomllib.loads(config.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            settings = {}
        if "recipe" in settings:
            facts = {name: str(settings[name]) for name in ("recipe", "device") if name in settings}
            universes = settings.get("universes", [])
            return Described(path, "run", facts | {"universes": str(len(universes))})
    entries = sorted(entry.name for entry in path.iterdir())
    listed = ", ".join(entries[:_MOST_ENTRIES]) + (", ..." if len(entries) > _MOST_ENTRIES else "")
    return Described(path, "directory", {"entries": str(len(entries)), "names": listed})


def _bytes(size: int) -> str:
    """A size in the largest binary unit that leaves a number of at least 1."""
    units = ("bytes", "kiB", "MiB", "GiB", "TiB")
    power = min(max(size.bit_length() - 1, 0) // 10, len(units) - 1)
    return f"{size / 1024**power:.3g} {units[power]}"
