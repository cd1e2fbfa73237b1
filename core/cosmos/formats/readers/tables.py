"""Halo catalogues that are text: Rockstar, consistent-trees (hlist), AHF and CSV with named columns.

Rockstar and consistent-trees: Mpc/h, Msun/h, km/s, radii in kpc/h (stated in their headers). AHF: kpc/h, Msun/h, km/s
(AHF user's guide, section 4). CSV states its units with its names: `mass [Msun/h], x [Mpc/h], ...`.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np

from core.cosmos.box import Array
from core.cosmos.formats.given import Given
from core.cosmos.formats.header import Header, positive, unreadable
from core.cosmos.formats.integers import integers
from core.cosmos.formats.reader import Facts, RawHalos, Reader, header_facts
from core.errors import InputError, UsageError, did_you_mean

TextFormat = Literal["rockstar", "hlist", "ahf", "csv"]

COLUMNS = ("mass", "x", "y", "z", "radius", "vx", "vy", "vz", "count", "id", "parent")
"""What a catalogue can tell; the first four it must."""

_SIGNS: dict[TextFormat, set[str]] = {
    "hlist": {"scale", "id", "desc_scale", "desc_id", "pid", "x"},
    "rockstar": {"id", "vmax", "vrms", "x", "y", "z", "vx"},
    "ahf": {"id", "hosthalo", "npart", "xc", "yc", "zc"},
}
"""Columns that only this format has."""

_NAMES: dict[TextFormat, dict[str, tuple[str, ...]]] = {
    "rockstar": {"count": ("num_p", "np"), "parent": ("pid",)},
    "hlist": {"parent": ("pid",)},
    "ahf": {
        **{axis: (f"{axis}c",) for axis in ("x", "y", "z", "vx", "vy", "vz")},
        "count": ("npart",),
        "parent": ("hosthalo",),
    },
    "csv": {"count": ("npart", "num_p", "particles"), "parent": ("pid",), "radius": ("r", "rvir", "r200m")},
}
"""Other names of columns, in lower case, by format."""

_UNITS: dict[TextFormat, dict[str, str]] = {
    "rockstar": {"mass": "Msun/h", "position": "Mpc/h", "radius": "kpc/h"},
    "hlist": {"mass": "Msun/h", "position": "Mpc/h", "radius": "kpc/h"},
    "ahf": {"mass": "Msun/h", "position": "kpc/h", "radius": "kpc/h"},
}

_HEADER = {
    "a": r"^#a\s*=\s*(\S+)",
    "omega_matter": r"\bOm(?:ega_M)?\s*=\s*([^\s;]+)",
    "omega_lambda": r"\bO(?:mega_L|l)\s*=\s*([^\s;]+)",
    "h": r"\bh0?\s*=\s*([^\s;]+)",
    "box_size": r"(?i)box size\s*[:=]\s*(\S+) Mpc/h",
}
"""Where Rockstar and consistent-trees write what they know."""

_ID = "U24"
"""Long enough for any number of 64 bits."""

_START = 1 << 16
"""Bytes that hold the header of any of these."""


@dataclass(frozen=True)
class Layout:
    """How a text catalogue is laid out; `names` are its columns in lower case, `units` those that a CSV states."""

    format: TextFormat
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
    for form, signs in _SIGNS.items():
        if signs <= set(names):
            return Layout(form, names, skip, "\n".join(lines[:skip]))
    return None


def _sniff_csv(lines: list[str]) -> Layout | None:
    """Comma-separated: four names or more, then as many numbers."""
    words, first = lines[0].split(","), lines[1].split(",")
    if len(words) < 4 or len(words) != len(first) or any(_is_number(word) for word in words):
        return None
    if not all(_is_number(word) for word in first):
        return None
    named = [_name_and_unit(word) for word in words]
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
    chosen, units = _choose(path, layout, columns or {})
    whole: list[str] = [name for name in ("count", "id", "parent") if name in chosen]
    values = _load(path, layout, chosen, whole)
    count = len(values["mass"])
    found: dict[str, Array] = {name: values[name] for name in ("mass", "radius", *whole) if name in chosen}
    found["position"] = np.stack([values[axis] for axis in "xyz"], axis=1)
    if {"vx", "vy", "vz"} <= chosen.keys():
        found["velocity"] = np.stack([values[f"v{axis}"] for axis in "xyz"], axis=1)
    header = replace(header_of(path, layout), count=count)
    if layout.format == "hlist" and count:
        if values["scale"].min() != values["scale"].max():
            raise InputError(f"{path} holds halos of several times", "give the hlist file of one snapshot")
        a = positive(values["scale"][0])
        header = replace(header, redshift=1 / a - 1 if a else None)
    definition = layout.names[chosen["mass"]].removeprefix("m") if layout.format != "csv" else "from a CSV file"
    return RawHalos(found, units, header, definition)


def _choose(path: Path, layout: Layout, columns: Mapping[str, str]) -> tuple[dict[str, int], dict[str, str]]:
    """Which column is what, and the units of mass, position and radius."""
    if unknown := next((name for name in columns if name not in COLUMNS), None):
        raise UsageError(f"unknown column {unknown!r}", did_you_mean(unknown, COLUMNS))
    names, units = layout.names, dict(layout.units)
    chosen: dict[str, int] = {}
    for name in COLUMNS:
        candidates = (name, *_NAMES[layout.format].get(name, ()))
        if name in columns:
            label, unit = _name_and_unit(columns[name])
            if label not in names:
                raise InputError(f"{path} has no column {label!r}", did_you_mean(label, names))
            candidates = (label,)
            units |= {label: unit} if unit else {}
        if label := next((candidate for candidate in candidates if candidate in names), ""):
            chosen[name] = names.index(label)
    if layout.format != "csv":
        # the mass by whose definition halos are listed is the one that has a radius
        mass = next((name for name in names if name.startswith("m") and f"r{name[1:]}" in names), None)
        if mass is not None:
            chosen |= {"mass": names.index(mass), "radius": names.index(f"r{mass[1:]}")}
    if layout.format == "hlist":
        chosen["scale"] = names.index("scale")
    if missing := [name for name in COLUMNS[:4] if name not in chosen]:
        raise InputError(
            f"{path} has no column for {', '.join(missing)} (its columns: {', '.join(names)})",
            "say which with --columns, e.g. mass=M_fof,x=X,y=Y,z=Z",
        )
    if layout.format != "csv":
        return chosen, _UNITS[layout.format]
    stated = {
        what: {units.get(names[chosen[name]], "") for name in those if name in chosen}
        for what, those in (("mass", ("mass",)), ("position", ("x", "y", "z")), ("radius", ("radius",)))
    }
    for what, found in stated.items():
        if len(found) > 1 or found == {""}:
            raise InputError(
                f"{path} does not state one unit for its {what} column{'s' if what == 'position' else ''}",
                "write it behind the name, e.g. `mass [Msun/h]`, in the file or with --columns",
            )
    return chosen, {what: found.pop() for what, found in stated.items() if found}


def _load(path: Path, layout: Layout, chosen: dict[str, int], whole: list[str]) -> dict[str, Array]:
    """The chosen columns of all rows by name. Ids stay integers: they may be beyond 2^53."""
    order = sorted(chosen, key=lambda name: chosen[name])
    types = np.dtype([(name, _ID if name in whole else np.float64) for name in order])
    delimiter = "," if layout.format == "csv" else None
    try:
        with path.open(encoding="ascii") as file:
            _check_last_row(path, delimiter, len(layout.names))
            rows = islice(file, layout.skip, None)
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "loadtxt: input contained no data")
                values = np.loadtxt(rows, types, usecols=[chosen[name] for name in order], delimiter=delimiter, ndmin=1)
        return {name: integers(values[name]) if name in whole else values[name] for name in order}
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
    numbers: dict[str, float | None] = {}
    for name, pattern in _HEADER.items():
        found = re.search(pattern, layout.comments, re.MULTILINE)
        numbers[name] = positive(float(found[1])) if found and _is_number(found[1]) else None
    a = numbers.pop("a")
    header = Header(layout.format, 0, redshift=1 / a - 1 if a else None, parts=(path,))
    return replace(header, **numbers)  # type: ignore[arg-type]


def _name_and_unit(text: str) -> tuple[str, str]:
    """`Mass [Msun/h]` as ("mass", "Msun/h")."""
    found = re.fullmatch(r"\s*(.*?)\s*(?:\[\s*(.*?)\s*\])?\s*", text)
    assert found is not None
    return found[1].lower(), found[2] or ""


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


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


READERS = (Reader(("rockstar", "hlist", "ahf", "csv"), "halos", _sniff, _describe, order=70, halos=_halos),)
