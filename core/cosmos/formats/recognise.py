"""What a path is, told by its content: magic bytes, record markers, attributes; no bulk data is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from core.cosmos.formats import cubes, gadget, groups, hdf5, pksc, ramses, tables, tipsy
from core.cosmos.formats.header import CubeFormat, Format, HaloFormat, Header, parts_of, unreadable
from core.cosmos.formats.snapshots import read_header
from core.cosmos.formats.trees_hdf5 import is_galacticus
from core.cosmos.infall import table as infall
from core.cosmos.universe import open_universe

Kind = Literal["universe", "prediction", "run", "directory", "empty", "unknown"] | Format | HaloFormat | CubeFormat

_START = 32
"""Bytes that tell a binary format."""
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
            return _snapshot(path) if ramses.info_of(path) else _folder(path)
        if path.exists() and path.stat().st_size == 0:
            return Described(path, "empty")
        with parts_of(path)[0].open("rb") as file:
            start = file.read(_START)
    except OSError as error:
        raise unreadable(path, error) from error
    if start.startswith(hdf5.SIGNATURE):
        return _hdf5(path)
    if start.startswith(cubes.NPY):
        values = cubes.read_npy(path)
        return Described(path, "npy", {"shape": _shape(values.shape), "type": str(values.dtype)})
    if gadget.sniff(start) or tipsy.sniff(start):
        return _snapshot(path)
    size = path.stat().st_size
    if pksc.sniff(start, size):
        return Described(path, "pksc", {"halos": str(pksc.count(size)), "made by": "Peak Patch"})
    if layout := tables.layout_of(path):
        return Described(path, layout.format, _table_facts(path, layout))
    if shape := cubes.raw_shape(path):
        order = ", big-endian" if shape.dtype.byteorder == ">" else ""
        return Described(path, "raw", {"could be": f"{shape.cells}^3 float{8 * shape.dtype.itemsize}{order}"})
    return Described(path, "unknown", {"size": _bytes(size)})


def is_snapshot(described: Described) -> bool:
    """Whether it holds particles."""
    return described.kind in get_args(Format)


def is_catalogue(described: Described) -> bool:
    """Whether it holds halos."""
    return described.kind in get_args(HaloFormat)


def is_cube(described: Described) -> bool:
    """Whether it may hold a field on a grid."""
    return described.kind in get_args(CubeFormat)


def _snapshot(path: Path) -> Described:
    header = read_header(path)
    cells = round(header.count ** (1 / 3))
    cube = f" = {cells}^3" if cells**3 == header.count else ", no cube"
    facts = {"dark matter particles": f"{header.count}{cube}"}
    if header.others:
        facts["other particles"] = str(header.others)
    return Described(path, header.format, facts | _header_facts(header))


def _table_facts(path: Path, layout: tables.Layout) -> dict[str, str]:
    """Halos are lines that are not of the header; counted, not read."""
    with path.open("rb") as file:
        lines = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 22), b""))
        file.seek(-1, 2)
        lines += file.read() != b"\n"
    facts = {"halos": str(lines - layout.skip)} if layout.format != "csv" else {"rows": str(lines - layout.skip)}
    facts |= _header_facts(tables.header_of(path, layout))
    names = [f"{name} [{layout.units[name]}]" if name in layout.units else name for name in layout.names]
    dots = ", ..." if len(names) > _MOST_ENTRIES else ""
    return facts | {"columns": f"{len(names)}: {', '.join(names[:_MOST_ENTRIES])}{dots}"}


def _header_facts(header: Header) -> dict[str, str]:
    facts: dict[str, str] = {}
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
        known = header.format in ("rockstar", "hlist", "ramses")
        facts["box"] += " Mpc/h" if known else " (in the file's unit)"
    if len(header.parts) > 1:
        facts["files"] = str(len(header.parts))
    return facts


def _hdf5(path: Path) -> Described:
    part = parts_of(path)[0]
    with hdf5.opened(part) as file:
        if file.attrs.get("halodeck_format") is None:
            if hdf5.is_snapshot(file):
                return _snapshot(path)
            if groups.is_groups(file):
                header = groups.read_header(path)
                return Described(path, "subfind", {"halos": str(header.count)} | _header_facts(header))
            trees = {"merger trees": "read by `halodeck infall read`"} if is_galacticus(path) else {}
            return Described(path, cubes.form_of(part), trees | _dataset_facts(file))
    universe = open_universe(path)
    cosmology = universe.cosmology
    facts = {
        "name": universe.name,
        "box": f"{universe.box_size:g} Mpc/h",
        **(
            {"cells": f"{universe.cells}^3", "particle mass": f"{universe.particle_mass:.4g} Msun/h"}
            if universe.cells
            else {}
        ),
        "cosmology": ", ".join(
            [f"{name} {getattr(cosmology, name):g}" for name in ("omega_matter", "omega_baryon", "h", "sigma8")]
            + [f"spectral_index {cosmology.spectral_index:g}"]
            + ([f"({cosmology.name})"] if cosmology.name else [])
        ),
    }
    for name, info in universe.fields.items():
        facts[f"field {name}"] = ", ".join(
            [
                f"{_shape(info.shape)} {info.dtype}",
                *([info.units] if info.units else []),
                f"z = {info.redshift:g}",
                info.frame,
                *([f"painted by {info.assignment}"] if info.assignment else []),
            ]
        )
    facts |= {f"halos {name}": str(count) for name, count in universe.halos.items()}
    if infall.is_table(universe):
        facts |= infall.described(universe)
    return Described(path, universe.kind, facts)


def _dataset_facts(file: Any) -> dict[str, str]:
    import h5py

    found: dict[str, str] = {}

    def visit(name: str, item: Any) -> bool | None:
        if isinstance(item, h5py.Dataset):
            if len(found) == _MOST_ENTRIES:
                found["..."] = ""
                return True
            found[f"dataset {name}"] = f"{_shape(item.shape)} {item.dtype}"
        return None

    file.visititems(visit)
    return found


def _shape(sides: tuple[int, ...]) -> str:
    return " x ".join(map(str, sides)) or "scalar"


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
