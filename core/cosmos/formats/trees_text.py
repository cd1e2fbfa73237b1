"""Merger trees in text: consistent-trees' tree_*.dat and hlist files, Rockstar's out_*.list with parents.

Columns are found by their names in the first line. Units are those that the headers state: Mpc/h, Msun/h, km/s, radii
in kpc/h comoving.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.cosmos.box import Array
from core.cosmos.cosmology import Cosmology
from core.cosmos.formats.header import unreadable
from core.cosmos.trees import RawTrees
from core.errors import InputError

_PATTERNS = {
    "omega_matter": r"\bOm(?:ega_M)?\s*=\s*([^\s;]+)",
    "h": r"\bh0?\s*=\s*([^\s;]+)",
    "box_size": r"(?i)box size\s*[:=]\s*(\S+) Mpc/h",
    "particle_mass": r"(?i)particle mass\s*[:=]\s*(\S+) Msun/h",
    "a": r"(?m)^#a\s*=\s*(\S+)",
}
_NAMES: dict[str, tuple[str, ...]] = {
    "id": ("id",),
    "descendant_id": ("desc_id", "descid"),
    "host_id": ("pid",),
    "progenitors": ("num_prog",),
    "mass": ("m200b", "mvir"),
    "scale_radius": ("rs",),
    "spin": ("spin_bullock", "spin"),
    "b_to_a": ("b_to_a",),
    "c_to_a": ("c_to_a",),
    "scale_factor": ("scale",),
    **{name: (name,) for name in ("x", "y", "z", "vx", "vy", "vz")},
}
"""Names of the columns in lower case, the first that is there counts. M200b is the thesis's mass."""
_NEEDED = ("id", "descendant_id", "mass", "x", "y", "z", "vx", "vy", "vz")
_SNAPSHOT = 10**12
"""Rockstar's identifiers begin anew in every snapshot: this keeps them apart."""


@dataclass(frozen=True)
class _File:
    """One file: its columns by our names, and what its header says."""

    path: Path
    values: dict[str, Array]
    header: dict[str, float]
    mass_name: str
    counted: bool
    """Whether identifiers are those of one snapshot only, as Rockstar's."""


def read_text(paths: Sequence[Path]) -> RawTrees:
    """Read one or more text files as one set of trees.

    Raises: InputError for what is no such file, is cut off, has no hosts, or belongs to different simulations.
    """
    files, left_out = _whole_trees([_read(path) for path in paths])
    first = files[0]
    for other in files[1:]:
        if other.counted != first.counted or other.mass_name != first.mass_name:
            raise InputError(f"{other.path} is of another kind than {first.path}", "give files of one kind")
        for name in ("box_size", "omega_matter"):
            if other.header.get(name) != first.header.get(name):
                raise InputError(f"{other.path} has another {name} than {first.path}", "give files of one simulation")
    if missing := [name for name in ("omega_matter", "h", "box_size") if name not in first.header]:
        raise InputError(f"{first.path} does not say its {', '.join(missing)}", "restore its header")
    if first.counted:
        files = _keep_apart(files)
    common = set.intersection(*(set(file.values) for file in files))
    all_values = {name: np.concatenate([file.values[name] for file in files]) for name in common}
    # consistent-trees does not know the spectrum; nothing here needs it
    cosmology = Cosmology(first.header["omega_matter"], 0.0, first.header["h"], 0.0, 0.0)
    columns = {
        "scale_factor": all_values["scale_factor"],
        "mass": all_values["mass"],
        "position": np.stack([all_values[axis] for axis in "xyz"], axis=1),
        "velocity": np.stack([all_values[f"v{axis}"] for axis in "xyz"], axis=1),
    }
    if "scale_radius" in common:
        columns["scale_radius"] = all_values["scale_radius"] / 1000
    if "spin" in common:
        columns["spin"] = all_values["spin"]
    if {"b_to_a", "c_to_a"} <= common:
        columns["triaxiality"] = triaxiality(all_values["b_to_a"], all_values["c_to_a"])
    remark = f"masses are {first.mass_name}"
    if first.mass_name != "m200b":
        remark += ", radii those of 200 times the mean density at that mass"
    return RawTrees(
        all_values["id"].astype(np.int64),
        all_values["descendant_id"].astype(np.int64),
        all_values["host_id"].astype(np.int64),
        columns,
        cosmology,
        first.header["box_size"],
        first.header.get("particle_mass"),
        (remark, *left_out),
        _whole(first.path, all_values["progenitors"]) if "progenitors" in common else None,
    )


def _whole(path: Path, numbers: Array) -> Array:
    """Counts as integers. Raises: InputError for what is none."""
    if not np.all(np.abs(numbers) < 2.0**53):
        raise InputError(f"{path} has numbers of progenitors that are none", "copy or make it again")
    return numbers.astype(np.int64)


def _whole_trees(files: list[_File]) -> tuple[list[_File], list[str]]:
    """The files to read, and a remark for those that hold again what whole trees hold.

    Raises: InputError for one snapshot by itself.
    """
    moments = [set(np.unique(file.values["scale_factor"])) for file in files]
    if len(set.union(*moments)) < 2:
        raise InputError(
            f"{files[0].path} holds one snapshot, which is not enough for a tree",
            "give the files of all snapshots, or tree_*.dat",
        )
    trees = [file for file, found in zip(files, moments, strict=True) if len(found) > 1]
    again = [file for file, found in zip(files, moments, strict=True) if len(found) == 1]
    if not trees or not again:
        return files, []
    return trees, [f"{', '.join(file.path.name for file in again)} left out: the trees hold the same halos"]


def triaxiality(b_to_a: Array, c_to_a: Array) -> Array:
    """T = (1 - (b/a)^2) / (1 - (c/a)^2), eq. 2.1; NaN for a sphere, or where there are no axes."""
    flat = 1 - c_to_a**2
    return np.divide(1 - b_to_a**2, flat, out=np.full(len(flat), np.nan), where=(flat > 0) & (c_to_a > 0))


def is_tree_text(path: Path) -> bool:
    """Whether the first line names halos and their descendants."""
    try:
        with path.open("rb") as file:
            start = file.readline(1 << 16)
    except OSError as error:
        raise unreadable(path, error) from error
    return start.startswith(b"#") and bool({"desc_id", "descid"} & set(_names(start.decode("ascii", "replace"))))


def _names(line: str) -> list[str]:
    return [re.sub(r"\(\d+\)$", "", name).lower() for name in line.lstrip("#").split()]


def _read(path: Path) -> _File:
    if not is_tree_text(path):
        raise InputError(
            f"{path} is no merger tree", "tree_*.dat, hlist_*.list, out_*.list and Galacticus' HDF5 are read"
        )
    with path.open(encoding="ascii", errors="replace") as file:
        names = _names(file.readline())
        comments, trees = [], None
        for line in file:
            if not line.startswith("#"):
                break
            comments.append(line)
        else:
            line = ""
        if line and len(line.split()) == 1:  # tree_*.dat says how many trees follow
            trees = line.strip()
    header = _header("".join(comments))
    chosen = {
        what: names.index(name)
        for what, options in _NAMES.items()
        if (name := next((option for option in options if option in names), None))
    }
    if missing := [what for what in _NEEDED if what not in chosen]:
        raise InputError(f"{path} has no column for {', '.join(missing)}", "give the files with all columns")
    if "host_id" not in chosen:
        raise InputError(
            f"{path} has no host ids (column PID)", "add them with Rockstar's find_parents, or use consistent-trees"
        )
    values = _rows(path, names, chosen, trees)
    counted = "scale_factor" not in chosen
    if counted:
        if "a" not in header:
            raise InputError(f"{path} does not say its scale factor", "restore the line `#a = ...` of its header")
        values["scale_factor"] = np.full(len(values["id"]), header["a"])
    return _File(path, values, header, names[chosen["mass"]], counted)


def _header(comments: str) -> dict[str, float]:
    found = {}
    for name, pattern in _PATTERNS.items():
        match = re.search(pattern, comments)
        try:
            if match:
                found[name] = float(match[1])
        except ValueError:
            continue
    return found


def _rows(path: Path, names: list[str], chosen: dict[str, int], trees: str | None) -> dict[str, Array]:
    """The chosen columns; identifiers as integers, as they may be beyond 2^53."""
    order = sorted(chosen, key=lambda name: chosen[name])
    kinds = np.dtype([(name, np.int64 if name.endswith("id") else np.float64) for name in order])
    begun = 0

    def lines() -> Iterator[str]:
        nonlocal begun
        waiting = trees is not None
        with path.open(encoding="ascii") as file:
            for line in file:
                if line.startswith("#"):
                    begun += line.startswith("#tree")
                elif waiting:
                    waiting = False
                elif line.strip():
                    yield line

    try:
        _check_end(path, len(names))
        with warnings.catch_warnings():
            # the first snapshots of a simulation may hold no halos
            warnings.filterwarnings("ignore", "loadtxt: input contained no data")
            values = np.loadtxt(lines(), kinds, usecols=[chosen[name] for name in order], ndmin=1)
    except OSError as error:
        raise unreadable(path, error) from error
    except ValueError as error:
        told = str(error).split(";")[0]
        raise InputError(f"{path} is cut off or damaged ({told})", "copy or make it again") from error
    if trees is not None and begun != int(trees):
        raise InputError(f"{path} is cut off: it holds {begun} of {trees} trees", "copy or make it again")
    return {name: values[name] for name in order}


def _check_end(path: Path, columns: int) -> None:
    """Refuse a file whose last row is short: columns that are not read would hide it."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - (1 << 16)))
        tail = file.read().decode("ascii", "replace")
    last = tail.rstrip().rsplit("\n", 1)[-1]
    if not tail.endswith("\n") or (not last.startswith("#") and 1 < len(last.split()) < columns):
        raise InputError(f"{path} is cut off: its last row is not whole", "copy or make it again")


def _keep_apart(files: list[_File]) -> list[_File]:
    """Identifiers of one snapshot each, made those of all: descendants are in the next."""
    files = sorted(files, key=lambda file: file.header["a"])
    kept = []
    for number, file in enumerate(files):
        values = dict(file.values)
        for name, at in (("id", number), ("host_id", number), ("descendant_id", number + 1)):
            values[name] = np.where(values[name] >= 0, values[name] + at * _SNAPSHOT, -1)
        kept.append(_File(file.path, values, file.header, file.mass_name, True))
    return kept
