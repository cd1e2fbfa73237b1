"""Which column of a table of halos is what, and in which unit: those of Rockstar, consistent-trees, AHF and anybody.

Rockstar and consistent-trees: Mpc/h, Msun/h, km/s, radii in kpc/h (stated in their headers). AHF: kpc/h, Msun/h, km/s
(AHF user's guide, section 4). Everybody else states units with names: `mass [Msun/h], x [Mpc/h], ...`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from core.cosmos.box import Array
from core.cosmos.formats.header import Header, positive
from core.cosmos.formats.reader import RawHalos
from core.errors import InputError, UsageError, did_you_mean

Style = Literal["rockstar", "hlist", "ahf", "csv"]
"""Whose names the columns have; csv is anybody's."""

COLUMNS = ("mass", "x", "y", "z", "radius", "vx", "vy", "vz", "count", "id", "parent")
"""What a catalogue can tell; the first four it must."""

WHOLE = ("count", "id", "parent")
"""Columns that are whole numbers; ids may be beyond 2^53."""

_SIGNS: dict[Style, set[str]] = {
    "hlist": {"scale", "id", "desc_scale", "desc_id", "pid", "x"},
    "rockstar": {"id", "vmax", "vrms", "x", "y", "z", "vx"},
    "ahf": {"id", "hosthalo", "npart", "xc", "yc", "zc"},
}
"""Columns that only this one has."""

_NAMES: dict[Style, dict[str, tuple[str, ...]]] = {
    "rockstar": {"count": ("num_p", "np"), "parent": ("pid",)},
    "hlist": {"parent": ("pid",)},
    "ahf": {
        **{axis: (f"{axis}c",) for axis in ("x", "y", "z", "vx", "vy", "vz")},
        "count": ("npart",),
        "parent": ("hosthalo",),
    },
    "csv": {"count": ("npart", "num_p", "particles"), "parent": ("pid",), "radius": ("r", "rvir", "r200m")},
}
"""Other names of columns, in lower case."""

_UNITS: dict[Style, dict[str, str]] = {
    "rockstar": {"mass": "Msun/h", "position": "Mpc/h", "radius": "kpc/h"},
    "hlist": {"mass": "Msun/h", "position": "Mpc/h", "radius": "kpc/h"},
    "ahf": {"mass": "Msun/h", "position": "kpc/h", "radius": "kpc/h"},
    "csv": {},
}

_OF = {"mass": ("mass",), "position": ("x", "y", "z"), "radius": ("radius",)}
"""Columns of one unit."""

_COMMENTS = {
    "a": r"^#a\s*=\s*(\S+)",
    "omega_matter": r"\bOm(?:ega_M)?\s*=\s*([^\s;]+)",
    "omega_lambda": r"\bO(?:mega_L|l)\s*=\s*([^\s;]+)",
    "h": r"\bh0?\s*=\s*([^\s;]+)",
    "box_size": r"(?i)box size\s*[:=]\s*(\S+) Mpc/h",
}
"""Where Rockstar and consistent-trees write what they know."""


@dataclass(frozen=True)
class Chosen:
    """The label of each column that is read, by what it is, and the units of mass, position and radius."""

    style: Style
    labels: dict[str, str]
    units: dict[str, str]


def style_of(names: Collection[str]) -> Style | None:
    """Whose columns these are, in lower case; None for anybody's."""
    return next((style for style, signs in _SIGNS.items() if signs <= set(names)), None)


def choose(
    path: Path, style: Style, names: Sequence[str], stated: Mapping[str, str], columns: Mapping[str, str]
) -> Chosen:
    """Which column is what. `names` are in lower case, `stated` their units; `columns` says what the user does.

    Raises: UsageError for what no column is; InputError for columns that are not there, or whose unit nothing tells.
    """
    if unknown := next((name for name in columns if name not in COLUMNS), None):
        raise UsageError(f"unknown column {unknown!r}", did_you_mean(unknown, COLUMNS))
    labels: dict[str, str] = {}
    units = dict(stated)
    for name in COLUMNS:
        candidates = (name, *_NAMES[style].get(name, ()))
        if name in columns:
            label, unit = name_and_unit(columns[name])
            if label not in names:
                raise InputError(f"{path} has no column {label!r}", did_you_mean(label, names))
            candidates = (label,)
            units |= {label: unit} if unit else {}
        if label := next((candidate for candidate in candidates if candidate in names), ""):
            labels[name] = label
    if style != "csv":
        # the mass by whose definition halos are listed is the one that has a radius
        masses = [labels["mass"]] if "mass" in columns else [name for name in names if name.startswith("m")]
        mass = next((name for name in masses if f"r{name[1:]}" in names), None)
        if mass is not None:
            labels |= {"mass": mass, "radius": f"r{mass[1:]}"}
    if style == "hlist" and "scale" in names:
        labels["scale"] = "scale"
    if missing := [name for name in COLUMNS[:4] if name not in labels]:
        raise InputError(
            f"{path} has no column for {', '.join(missing)} (its columns: {', '.join(names)})",
            "say which with --columns, e.g. mass=M_fof,x=X,y=Y,z=Z",
        )
    return Chosen(style, labels, _one_unit_each(path, labels, _usual(style, labels) | units))


def _usual(style: Style, labels: Mapping[str, str]) -> dict[str, str]:
    """The units of labels, as those who name them so have them."""
    return {labels[name]: unit for what, unit in _UNITS[style].items() for name in _OF[what] if name in labels}


def _one_unit_each(path: Path, labels: Mapping[str, str], units: Mapping[str, str]) -> dict[str, str]:
    """The stated units of mass, position and radius. Raises: InputError where there is none, or more than one."""
    stated = {what: {units.get(labels[name], "") for name in those if name in labels} for what, those in _OF.items()}
    for what, found in stated.items():
        if len(found) > 1 or found == {""}:
            raise InputError(
                f"{path} does not state one unit for its {what} column{'s' if what == 'position' else ''}",
                "write it behind the name, e.g. `mass [Msun/h]`, in the file or with --columns",
            )
    return {what: found.pop() for what, found in stated.items() if found}


def halos_of(path: Path, chosen: Chosen, values: Mapping[str, Array], header: Header) -> RawHalos:
    """The columns that were read, by what they are, as halos. Raises: InputError for halos of several times."""
    found = {name: values[name] for name in ("mass", "radius", *WHOLE) if name in values}
    found["position"] = np.stack([values[axis] for axis in "xyz"], axis=1)
    if {"vx", "vy", "vz"} <= values.keys():
        found["velocity"] = np.stack([values[f"v{axis}"] for axis in "xyz"], axis=1)
    header = replace(header, count=len(found["mass"]))
    if "scale" in values and header.count:
        if values["scale"].min() != values["scale"].max():
            raise InputError(f"{path} holds halos of several times", "give the hlist file of one snapshot")
        a = positive(values["scale"][0])
        header = replace(header, redshift=1 / a - 1 if a else None)
    if chosen.style == "ahf" and {"id", "parent"} <= found.keys():
        # AHF writes 0, -1 or an id that is not there for a halo without host
        found["parent"] = np.where(np.isin(found["parent"], found["id"]), found["parent"], -1)
    definition = chosen.labels["mass"].removeprefix("m") if chosen.style != "csv" else "from a table"
    return RawHalos(found, chosen.units, header, definition)


def from_comments(form: str, comments: str, parts: tuple[Path, ...]) -> Header:
    """What the comments of Rockstar and consistent-trees say; the halos are not counted."""
    numbers: dict[str, float | None] = {}
    for name, pattern in _COMMENTS.items():
        found = re.search(pattern, comments, re.MULTILINE)
        numbers[name] = positive(float(found[1])) if found and is_number(found[1]) else None
    a = numbers.pop("a")
    header = Header(form, 0, redshift=1 / a - 1 if a else None, parts=parts)
    return replace(header, **numbers)  # type: ignore[arg-type]


def name_and_unit(text: str) -> tuple[str, str]:
    """`Mass [Msun/h]` as ("mass", "Msun/h")."""
    found = re.fullmatch(r"\s*(.*?)\s*(?:\[\s*(.*?)\s*\])?\s*", text)
    assert found is not None
    return found[1].lower(), found[2] or ""


def is_number(word: str) -> bool:
    """Whether a word is one."""
    try:
        float(word)
    except ValueError:
        return False
    return True
