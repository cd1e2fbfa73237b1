"""Halo lists of Rockstar and consistent-trees in HDF5, as uchuutools writes them: halolist_z0p00_0.h5, _1.h5, ...

A dataset a column of the text, or one of compounds, in HaloCatalogue, or at the root in the first release of Uchuu; the
comments of the text as an attribute, so that units are those of the text (kpc/h for radii). Every file counts its own
halos. uchuutools/converters/convert_ascii_halocat_to_h5.py of github.com/uchuuproject/uchuutools (Ishiyama et al. 2021,
arXiv:2007.14720).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.cosmos.box import Array
from core.cosmos.formats import columns as table
from core.cosmos.formats import hdf5
from core.cosmos.formats.given import Given
from core.cosmos.formats.halo_parts import Part, joined
from core.cosmos.formats.header import Header, blocks_of, parts_of
from core.cosmos.formats.reader import Facts, RawHalos, Reader, header_facts

_NAME = r"(.+_)(\d+)(\.h5|\.hdf5)"
_STYLES: dict[str, table.Style] = {"Rockstar": "rockstar", "Consistent Trees": "hlist"}
"""Whose columns they are, by the name of the attribute with the comments."""


def _style(file: Any) -> tuple[table.Style, str] | None:
    """Whose text it was, and its comments; None for any other file."""
    for name, comments in file.attrs.items():
        style = next((style for words, style in _STYLES.items() if name.startswith(words)), None)
        if style and name.endswith("_metadata"):
            lines = [line.decode("latin-1") if isinstance(line, bytes) else str(line) for line in np.ravel(comments)]
            return style, "\n".join(lines)
    return None


def _table(file: Any) -> Any:
    """Where the columns stand."""
    catalogue = file.get("HaloCatalogue", file)
    return catalogue.get("halos", catalogue)


def _labels(file: Any) -> dict[str, str]:
    """The columns by their names in lower case."""
    return {name.lower(): name for name in hdf5.names_of(_table(file))}


def read_header(path: Path) -> Header:
    """What the comments say, and the halos of all files. Raises: InputError for damaged or missing files."""
    parts = blocks_of(parts_of(path)[0], _NAME)
    return joined(parts, lambda file: _part(file, parts))


def _part(file: Any, parts: tuple[Path, ...]) -> Part:
    found = _style(file)
    header = table.from_comments("uchuu", found[1] if found else "", parts)
    redshift = hdf5.number(file, ("/", "redshift"))
    if redshift is not None:
        header = replace(header, redshift=redshift)
    held = hdf5.rows_of(_table(file), _labels(file)["x"])
    stated = hdf5.number(file, ("/", "TotNhalos"))
    return Part(header, held, held if stated is None else int(stated), None, len(parts))


def read_halos(path: Path, given: Given, columns: Mapping[str, str] | None) -> RawHalos:
    """All halos of all files in order. Raises: InputError for files that are damaged or lack columns."""
    header = read_header(path)
    with hdf5.opened(header.parts[0]) as file:
        found = _style(file)
        chosen = table.choose(path, found[0] if found else "hlist", tuple(_labels(file)), {}, columns or {})
    read: dict[str, list[Array]] = {name: [] for name in chosen.labels}
    for part in header.parts:
        with hdf5.opened(part) as file:
            labels = _labels(file)
            for name, label in chosen.labels.items():
                read[name].append(hdf5.column(_table(file), labels[label], part))
    values = {
        name: np.concatenate(those).astype(np.int64 if name in table.WHOLE else np.float64)
        for name, those in read.items()
    }
    return table.halos_of(path, chosen, values, header)


def _sniff(path: Path, start: bytes) -> str:
    if not start.startswith(hdf5.SIGNATURE):
        return ""
    with hdf5.opened(parts_of(path)[0]) as file:
        return "uchuu" if _style(file) and {"x", "y", "z"} <= _labels(file).keys() else ""


def _describe(path: Path) -> Facts:
    header = read_header(path)
    return {"halos": str(header.count)} | header_facts(header, box_known=True)


READERS = (Reader(("uchuu",), "halos", _sniff, _describe, order=23, header=read_header, halos=read_halos),)
