"""What a path is, told by its content: a universe, a run, or a format that a reader knows; no bulk data is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from core.cosmos.cosmology import BEYOND
from core.cosmos.formats import hdf5
from core.cosmos.formats.header import parts_of, unreadable
from core.cosmos.formats.made_of import made_of
from core.cosmos.formats.reader import Facts, Holds, shape_text
from core.cosmos.formats.registry import reader_of, start_of
from core.cosmos.formats.unread import unread
from core.cosmos.infall import table as infall
from core.cosmos.universe import open_universe
from core.errors import HalodeckError
from core.reading import read_toml

_ANYTHING = ("hdf5", "raw")
"""Formats that many files pass for."""

_MOST_ENTRIES = 12
"""Files named before the list ends in dots."""


@dataclass(frozen=True)
class Described:
    """What a path is, and its cheap facts in the order to be read."""

    path: Path
    kind: str
    """universe, prediction, run, directory, empty, unknown, or the name of a format."""
    facts: Facts = field(default_factory=dict)
    holds: Holds | None = None
    """What a file in one of the formats holds."""


def recognise(path: Path) -> Described:
    """Say what any path is.

    Raises: InputError for what does not exist, may not be read, or is a known format but damaged.
    """
    try:
        if path.is_file() and path.stat().st_size == 0:
            return Described(path, "empty")
        if start_of(path).startswith(hdf5.SIGNATURE) and _is_ours(path):
            return _universe(path)
        found = reader_of(path)
        if (found is None or found[1] in _ANYTHING) and (told := unread(path, start_of(path))):
            return Described(path, told[0], {"not read": told[1]})
        if found:
            reader, name = found
            return Described(path, name, reader.describe(path), reader.holds)
        return _folder(path) if path.is_dir() else Described(path, "unknown", {"size": _bytes(path.stat().st_size)})
    except OSError as error:
        raise unreadable(path, error) from error


def _is_ours(path: Path) -> bool:
    with hdf5.opened(parts_of(path)[0]) as file:
        return file.attrs.get("halodeck_format") is not None


def _universe(path: Path) -> Described:
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
            + [f"{name} {getattr(cosmology, name):g}" for name in BEYOND if not cosmology.is_plain]
            + ([f"({cosmology.name})"] if cosmology.name else [])
        ),
    }
    for name, info in universe.fields.items():
        facts[f"field {name}"] = ", ".join(
            [
                f"{shape_text(info.shape)} {info.dtype}",
                *([info.units] if info.units else []),
                f"z = {info.redshift:g}",
                info.frame,
                *([f"painted by {info.assignment}"] if info.assignment else []),
            ]
        )
    facts |= {f"halos {name}": str(count) for name, count in universe.halos.items()}
    if infall.is_table(universe):
        facts |= infall.described(universe)
    facts |= made_of(universe.provenance)
    return Described(path, universe.kind, facts)


def _folder(path: Path) -> Described:
    config = path / "config.toml"
    if config.is_file():
        try:
            settings = read_toml(config)
        except HalodeckError:
            settings = {}
        if "recipe" in settings:
            facts = {name: str(settings[name]) for name in ("recipe", "device") if name in settings}
            universes = settings.get("universes", [])
            many = len(universes) if isinstance(universes, list) else 0
            return Described(path, "run", facts | {"universes": str(many)})
    entries = sorted(entry.name for entry in path.iterdir())
    listed = ", ".join(entries[:_MOST_ENTRIES]) + (", ..." if len(entries) > _MOST_ENTRIES else "")
    return Described(path, "directory", {"entries": str(len(entries)), "names": listed})


def _bytes(size: int) -> str:
    """A size in the largest binary unit that leaves a number of at least 1."""
    units = ("bytes", "kiB", "MiB", "GiB", "TiB")
    power = min(max(size.bit_length() - 1, 0) // 10, len(units) - 1)
    return f"{size / 1024**power:.3g} {units[power]}"
