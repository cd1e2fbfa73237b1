"""Halo catalogues that are text: Rockstar, consistent-trees (hlist), AHF and CSV with named columns.

Their columns and units are those of formats.columns; members stand in a file beside a catalogue of Rockstar or AHF.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from core.cosmos.box import Array
from core.cosmos.formats import columns as table
from core.cosmos.formats.given import Given
from core.cosmos.formats.header import Header, unreadable
from core.cosmos.formats.integers import integers
from core.cosmos.formats.reader import Facts, Members, RawHalos, Reader, header_facts
from core.errors import InputError

_ID = "U24"
"""Long enough for any number of 64 bits."""

_START = 1 << 16
"""Bytes that hold the header of any of these."""


@dataclass(frozen=True)
class Layout:
    """How a text catalogue is laid out; `names` are its columns in lower case, `units` those that a CSV states."""

    format: table.Style
    names: tuple[str, ...]
    skip: int
    """Lines before the first row."""
    comments: str = ""
    units: dict[str, str] = field(default_factory=dict)


def sniff(start: bytes) -> Layout | None:
    """The layout of a text catalogue that begins with these bytes; None for anything else."""
    try:
        lines = start.decode("ascii").splitlines()
    except UnicodeDecodeError:
        return None
    if len(lines) < 2:
        return None
    if not lines[0].startswith("#"):
        return _sniff_csv(lines)
    names = tuple(re.sub(r"\(\d+\)$", "", name).lower() for name in lines[0].lstrip("#").split())
    skip = next((index for index, line in enumerate(lines) if not line.startswith("#")), len(lines))
    style = table.style_of(names)
    return Layout(style, names, skip, "\n".join(lines[:skip])) if style else None


def _sniff_csv(lines: list[str]) -> Layout | None:
    """Comma-separated: four names or more, then as many numbers."""
    words, first = lines[0].split(","), lines[1].split(",")
    if len(words) < 4 or len(words) != len(first) or any(table.is_number(word) for word in words):
        return None
    if not all(table.is_number(word) for word in first):
        return None
    named = [table.name_and_unit(word) for word in words]
    return Layout("csv", tuple(name for name, _ in named), 1, units={name: unit for name, unit in named if unit})


def layout_of(path: Path) -> Layout | None:
    """`sniff` of a file."""
    try:
        with path.open("rb") as file:
            start = file.read(_START)
    except OSError as error:
        raise unreadable(path, error) from error
    # a character of several bytes may be cut at the end, a line too
    return sniff(start[: start.rfind(b"\n") + 1])


def read_table(path: Path, columns: Mapping[str, str] | None = None) -> RawHalos:
    """Read a text catalogue.

    `columns` says which column of a CSV is what: {"mass": "M_fof [Msun/h]", "x": "X [Mpc/h]", ...}; the unit may be
    left out where the file has it. Raises: InputError for what is damaged, lacks columns or units.
    """
    layout = layout_of(path)
    if layout is None:
        raise InputError(f"{path} is no halo catalogue in text", "Rockstar, hlist, AHF and CSV with a header are read")
    chosen = table.choose(path, layout.format, layout.names, layout.units, columns or {})
    places = {name: layout.names.index(label) for name, label in chosen.labels.items()}
    return table.halos_of(path, chosen, _load(path, layout, places), header_of(path, layout))


def _load(path: Path, layout: Layout, chosen: dict[str, int]) -> dict[str, Array]:
    """The chosen columns of all rows by name. Ids stay integers: they may be beyond 2^53."""
    order = sorted(chosen, key=lambda name: chosen[name])
    types = np.dtype([(name, _ID if name in table.WHOLE else np.float64) for name in order])
    delimiter = "," if layout.format == "csv" else None
    try:
        with path.open(encoding="ascii") as file:
            _check_last_row(path, delimiter, len(layout.names))
            rows = islice(file, layout.skip, None)
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "loadtxt: input contained no data")
                values = np.loadtxt(rows, types, usecols=[chosen[name] for name in order], delimiter=delimiter, ndmin=1)
        return {name: integers(values[name]) if name in table.WHOLE else values[name] for name in order}
    except OSError as error:
        raise unreadable(path, error) from error
    except ValueError as error:  # a row that is short, or a word that is no number; UnicodeDecodeError is one too
        told = str(error).split(";")[0]
        raise InputError(f"{path} is cut off or damaged ({told})", "copy or make it again") from error


def _check_last_row(path: Path, delimiter: str | None, columns: int) -> None:
    """Refuse a file whose last row is short: columns not chosen would hide it. Programs end it, people may not."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _START))
        tail = file.read().decode("ascii")
    last = tail.rstrip().rsplit("\n", 1)[-1]
    ended = tail.endswith("\n") or delimiter == ","
    if not ended or (not last.startswith("#") and len(last.split(delimiter)) < columns):
        raise InputError(f"{path} is cut off: its last row is not whole", "copy or make it again")


def header_of(path: Path, layout: Layout) -> Header:
    """What the comments of a text catalogue say; the halos are not counted."""
    return table.from_comments(layout.format, layout.comments, (path,))


_MOST_COLUMNS = 12
"""Columns named before the list ends in dots."""


def _describe(path: Path) -> Facts:
    """Halos are lines that are not of the header; counted, not read."""
    layout = layout_of(path)
    assert layout is not None
    with path.open("rb") as file:
        lines = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 22), b""))
        file.seek(-1, 2)
        lines += file.read() != b"\n"
    facts = {"halos": str(lines - layout.skip)} if layout.format != "csv" else {"rows": str(lines - layout.skip)}
    facts |= header_facts(header_of(path, layout), box_known=layout.format in ("rockstar", "hlist"))
    names = [f"{name} [{layout.units[name]}]" if name in layout.units else name for name in layout.names]
    dots = ", ..." if len(names) > _MOST_COLUMNS else ""
    return facts | {"columns": f"{len(names)}: {', '.join(names[:_MOST_COLUMNS])}{dots}"}


def _sniff(path: Path, start: bytes) -> str:
    layout = layout_of(path) if start and path.is_file() else None
    return layout.format if layout else ""


def _halos(path: Path, given: Given, columns: Mapping[str, str] | None) -> RawHalos:
    raw = read_table(path, columns)
    if given.length_unit is not None and raw.header.format != "csv":
        raw = replace(raw, units=raw.units | {"position": given.length_unit})
    return raw


def _members(path: Path) -> Members | None:
    """What the file of members beside a catalogue lists: `x_halos` has `x_particles`, `x.ascii` has `x.particles`."""
    for style, own, its, read in (
        ("ahf", "_halos", "_particles", _of_ahf),
        ("rockstar", ".ascii", ".particles", _of_rockstar),
    ):
        beside = path.with_name(path.name.removesuffix(own) + its)
        if path.name.endswith(own) and _sniff(path, b"#") == style and beside.exists():
            try:
                particles, halos = read(beside)
            except ValueError as error:
                raise InputError(f"{beside} is cut off or damaged ({error})", "copy or make it again") from error
            return Members(halos, particles, f"the ids in {beside.name}", by_id=True)
    return None


def _of_ahf(path: Path) -> tuple[Array, Array]:
    """Ids of dark matter particles and of their halos: for each halo `members id`, then lines of `particle type`."""
    ids, halos = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    with path.open(encoding="ascii") as file:
        for line in file:
            words = line.split()
            if len(words) != 2:  # the number of halos, once for each file that was joined
                continue
            count, halo = int(words[0]), int(words[1])
            lines = list(islice(file, count))
            if len(lines) != count or not lines:
                raise InputError(f"{path} is cut off in halo {halo}", "copy or make it again")
            rows = _rows(lines, np.int64)
            ids.append(rows[rows[:, 1] == 1, 0] if rows.shape[1] > 1 else rows[:, 0])
            halos.append(np.full(len(ids[-1]), halo))
    return np.concatenate(ids), np.concatenate(halos)


def _of_rockstar(path: Path) -> tuple[Array, Array]:
    """Ids of particles and of the halos in whose lists they stand (FULL_PARTICLE_CHUNKS of Rockstar)."""
    rows = _rows(path, "U24", usecols=(6, 9))
    return integers(rows[:, 0]), integers(rows[:, 1])


def _rows(source: Any, kind: Any, **options: Any) -> Array:
    """Rows of numbers (N, columns). Raises: ValueError, where there are none as well."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "loadtxt: input contained no data")
        rows = np.loadtxt(source, kind, ndmin=2, **options)
    if not rows.size:
        raise ValueError("it lists no members")
    return rows


READERS = (
    Reader(("rockstar", "hlist", "ahf", "csv"), "halos", _sniff, _describe, order=70, halos=_halos, members=_members),
)
