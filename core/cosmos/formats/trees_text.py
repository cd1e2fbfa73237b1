"""Merger trees in text: consistent-trees' tree_*.dat and hlist files, Rockstar's out_*.list with parents.

Columns are found by their names in the first line. Units are those that the headers state: Mpc/h, Msun/h, km/s, radii
in kpc/h comoving.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from core.cosmos.box import Array
from core.cosmos.cosmology import Cosmology
from core.cosmos.formats.header import unreadable
from core.cosmos.trees import Block, RawTrees
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


_ROWS = 1 << 17
"""Halos that are read at once."""


@dataclass(frozen=True)
class _File:
    """One file: where its columns are by our names, and what its header says."""

    path: Path
    names: list[str]
    chosen: dict[str, int]
    header: dict[str, float]
    trees: str | None
    """How many trees tree_*.dat says that it holds; None for a snapshot."""
    time: float
    """Scale factor of its first halo, 0 without any."""

    @property
    def mass_name(self) -> str:
        return self.names[self.chosen["mass"]]

    @property
    def counted(self) -> bool:
        """Whether identifiers are those of one snapshot only, as Rockstar's."""
        return "scale_factor" not in self.chosen


def read_text(paths: Sequence[Path]) -> RawTrees:
    """One or more text files as one set of trees.

    Raises: InputError for what is no such file, is cut off, has no hosts, or belongs to different simulations.
    """
    files = [_open(path) for path in paths]
    trees, snapshots = [file for file in files if file.trees], [file for file in files if not file.trees]
    left_out = []
    if trees and snapshots:
        names = ", ".join(file.path.name for file in snapshots)
        files, left_out = trees, [f"{names} left out: the trees hold the same halos"]
    first = files[0]
    for other in files[1:]:
        if other.counted != first.counted or other.mass_name != first.mass_name:
            raise InputError(f"{other.path} is of another kind than {first.path}", "give files of one kind")
        for name in ("box_size", "omega_matter"):
            if other.header.get(name) != first.header.get(name):
                raise InputError(f"{other.path} has another {name} than {first.path}", "give files of one simulation")
    if missing := [name for name in ("omega_matter", "h", "box_size") if name not in first.header]:
        raise InputError(f"{first.path} does not say its {', '.join(missing)}", "restore its header")
    remark = f"masses are {first.mass_name}"
    if first.mass_name != "m200b":
        remark += ", radii those of 200 times the mean density at that mass"
    return RawTrees(
        paths[0],
        lambda: _trees(files) if trees else _snapshots(files),
        # consistent-trees does not know the spectrum; nothing here needs it
        Cosmology(first.header["omega_matter"], 0.0, first.header["h"], 0.0, 0.0),
        first.header["box_size"],
        first.header.get("particle_mass"),
        (remark, *left_out),
    )


def _trees(files: list[_File]) -> Iterator[Block]:
    """Halos of tree_*.dat, whose trees are told by their lines."""
    common = _common(files)
    before = 0
    for file in files:
        begun = 0
        for values, number in _rows(file):
            begun = int(number[-1])
            yield _block(values, common) | {"tree": before + number}
        before += begun + 1


def _snapshots(files: list[_File]) -> Iterator[Block]:
    """Halos of one file a snapshot, the last first: each is of its descendant's tree."""
    common = _common(files)
    moments = sorted({file.time for file in files})
    later, now = _Known(), _Known()
    begun, time = 0, 0.0
    for file in sorted(files, key=lambda file: -file.time):
        if file.time != time:
            later, now, time = now.sorted(), _Known(), file.time
        for values, _ in _rows(file):
            block = _block(values, common)
            if file.counted:
                block["scale_factor"] = np.full(len(values), file.time)
                _keep_apart(block, moments.index(file.time))
            tree = later.tree_of(block["descendant_id"])
            roots = np.flatnonzero(tree < 0)
            tree[roots] = begun + np.arange(len(roots))
            begun += len(roots)
            now.add(block["id"], tree)
            yield block | {"tree": tree}


class _Known:
    """The trees of the halos of one snapshot."""

    def __init__(self) -> None:
        self.ids, self.trees = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]

    def add(self, ids: Array, trees: Array) -> None:
        self.ids.append(ids)
        self.trees.append(trees)

    def sorted(self) -> _Known:
        ids, trees = np.concatenate(self.ids), np.concatenate(self.trees)
        order = np.argsort(ids)
        self.ids, self.trees = [ids[order]], [trees[order]]
        return self

    def tree_of(self, ids: Array) -> Array:
        """The tree (n,) of each halo, -1 for one that is not there."""
        [known], [trees] = self.ids, self.trees
        if not len(known):
            return np.full(len(ids), -1)
        place = np.minimum(np.searchsorted(known, ids), len(known) - 1)
        return np.where(known[place] == ids, trees[place], -1)


def _common(files: list[_File]) -> set[str]:
    return set.intersection(*(set(file.chosen) for file in files))


def _block(values: Array, common: set[str]) -> Block:
    """The columns of some rows in our units."""
    block = {name: values[name] for name in ("id", "descendant_id", "host_id", "mass")}
    block |= {name: values[name] for name in ("scale_factor", "spin", "progenitors") if name in common}
    block["position"] = np.stack([values[axis] for axis in "xyz"], axis=1)
    block["velocity"] = np.stack([values[f"v{axis}"] for axis in "xyz"], axis=1)
    if "scale_radius" in common:
        block["scale_radius"] = values["scale_radius"] / 1000
    if {"b_to_a", "c_to_a"} <= common:
        block["triaxiality"] = triaxiality(values["b_to_a"], values["c_to_a"])
    return block


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


def _open(path: Path) -> _File:
    if not is_tree_text(path):
        raise InputError(
            f"{path} is no merger tree",
            "tree_*.dat, hlist_*.list, out_*.list, SubLink, LHaloTree and Galacticus' HDF5 are read",
        )
    comments, trees, row = [], None, ""
    with path.open(encoding="ascii", errors="replace") as file:
        names = _names(file.readline())
        for line in file:
            if line.startswith("#"):
                comments += [line] if trees is None else []
            elif len(line.split()) == 1 and trees is None:  # tree_*.dat says how many trees follow
                trees = line.strip()
            elif line.strip():
                row = line
                break
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
    if "scale_factor" not in chosen and "a" not in header:
        raise InputError(f"{path} does not say its scale factor", "restore the line `#a = ...` of its header")
    try:
        time = header["a"] if "scale_factor" not in chosen else float(row.split()[chosen["scale_factor"]]) if row else 0
    except (ValueError, IndexError):
        time = 0.0  # the row is refused when it is read
    return _File(path, names, chosen, header, trees, time)


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


def _rows(file: _File) -> Iterator[tuple[Array, Array]]:
    """The chosen columns of some rows at a time, identifiers as integers, as they may be beyond 2^53; their trees."""
    path, chosen = file.path, file.chosen
    order = sorted(chosen, key=lambda name: chosen[name])
    whole = ("id", "descendant_id", "host_id")
    kinds = np.dtype([(name, np.int64 if name in whole else np.float64) for name in order])
    columns = [chosen[name] for name in order]
    begun = 0
    numbers: list[int] = []

    def lines() -> Iterator[str]:
        nonlocal begun
        waiting = file.trees is not None
        with path.open(encoding="ascii") as opened:
            for line in opened:
                if line.startswith("#"):
                    begun += line.startswith("#tree")
                elif waiting:
                    waiting = False
                elif line.strip():
                    numbers.append(begun)
                    yield line

    try:
        _check_end(path, len(file.names))
        source = lines()
        while True:
            numbers.clear()
            with warnings.catch_warnings():
                # the first snapshots of a simulation may hold no halos
                warnings.filterwarnings("ignore", "loadtxt: input contained no data")
                values = np.loadtxt(islice(source, _ROWS), kinds, usecols=columns, ndmin=1)
            if not len(values):
                break
            yield values, np.array(numbers)
    except OSError as error:
        raise unreadable(path, error) from error
    except ValueError as error:
        told = str(error).split(";")[0]
        raise InputError(f"{path} is cut off or damaged ({told})", "copy or make it again") from error
    if file.trees is not None and begun != _whole(file.trees):
        raise InputError(f"{path} is cut off: it holds {begun} of {file.trees} trees", "copy or make it again")


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() else -1


def _check_end(path: Path, columns: int) -> None:
    """Refuse a file whose last row is short: columns that are not read would hide it."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - (1 << 16)))
        tail = file.read().decode("ascii", "replace")
    last = tail.rstrip().rsplit("\n", 1)[-1]
    if not tail.endswith("\n") or (not last.startswith("#") and 1 < len(last.split()) < columns):
        raise InputError(f"{path} is cut off: its last row is not whole", "copy or make it again")


def _keep_apart(block: Block, number: int) -> None:
    """Identifiers of one snapshot, made those of all: descendants are in the next."""
    for name, at in (("id", number), ("host_id", number), ("descendant_id", number + 1)):
        block[name] = np.where(block[name] >= 0, block[name] + at * _SNAPSHOT, -1)
