"""LHaloTree merger trees: HDF5 of Illustris and TNG (trees_sf1_NNN.M.hdf5), binary of the Millennium (trees_NNN.M).

Source: Springel et al. 2005, arXiv:astro-ph/0504097; SAGE (src/io/read_tree_lhalo_hdf5.c, read_tree_lhalo_binary.c,
core_simulation.h); the data specifications of Illustris and TNG. Links are indices within a tree. HDF5 has a group for
each tree, positions in comoving kpc/h and the redshifts of all snapshots; the binary has 32-bit counts of trees, halos
and halos of each tree, then 104 bytes a halo, positions in comoving Mpc/h and no redshifts. Velocities are peculiar in
km/s, masses in 1e10 Msun/h; Omega_m, h and the box are in neither. M200 are those of groups and not of subhalos, so the
mass is that of the bound particles, before and after an infall.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.cosmos.box import Array
from core.cosmos.formats import hdf5
from core.cosmos.formats.header import positive, unreadable
from core.cosmos.formats.trees_given import Told, check_box, read_times, times_of
from core.cosmos.trees import Block, RawTrees
from core.errors import InputError

_HALO = [
    *((name, "i4") for name in ("Descendant", "FirstProgenitor", "NextProgenitor")),
    *((name, "i4") for name in ("FirstHaloInFOFGroup", "NextHaloInFOFGroup", "SubhaloLen")),
    *((name, "f4") for name in ("Group_M_Mean200", "Group_M_Crit200", "Group_M_TopHat200")),
    *(("SubhaloPos", "f4", 3), ("SubhaloVel", "f4", 3), ("SubhaloVelDisp", "f4"), ("SubhaloVMax", "f4")),
    *(("SubhaloSpin", "f4", 3), ("SubhaloIDMostBound", "i8"), ("SnapNum", "i4"), ("FileNr", "i4")),
    *(("SubhaloIndex", "i4"), ("SubHalfMass", "f4")),
]
"""A halo of the binary files by the names of the HDF5 files; C aligns nothing else."""
_NEEDED = ("Descendant", "FirstHaloInFOFGroup", "SnapNum", "SubhaloPos", "SubhaloVel")
_ROWS = 1 << 17
"""Halos that are read at once, but that a tree stays whole."""
_REMARK = "masses are those of the bound particles, radii those of 200 times the mean density at that mass"


def is_lhalo(file: Any) -> bool:
    """Whether an open HDF5 file holds such trees."""
    return "Header" in file and "TreeNHalos" in file["Header"]


def read_lhalo(paths: Sequence[Path], told: Told) -> RawTrees:
    """The trees of one or more HDF5 files. Raises: InputError for what is damaged, lacks a column or is not told."""
    times: list[Array] = []
    masses: list[float] = []
    for path in paths:
        with hdf5.opened(path) as file:
            header = file["Header"]
            if "Redshifts" not in header:
                raise InputError(f"{path} has no Header/Redshifts", "copy it again")
            times.append(1 / (1 + hdf5.values(header["Redshifts"], path).astype(np.float64)))
            masses.append(float(header.attrs.get("ParticleMass", 0.0)) * 1e10)
            trees = len(header["TreeNHalos"])
            if trees and f"Tree{trees - 1}" not in file:
                raise InputError(f"{path} lacks Tree{trees - 1}", "copy it again")
    for path, other, mass in zip(paths[1:], times[1:], masses[1:], strict=True):
        if not np.array_equal(other, times[0]) or mass != masses[0]:
            raise InputError(f"{path} is of another simulation than {paths[0]}", "give files of one simulation")
    told.require(paths[0], "omega_matter", "h", "box_size")
    if told.times is not None:
        raise InputError(f"{paths[0]} has its own redshifts", "leave --times out")
    particle, box_size = positive(masses[0]) or told.particle_mass, told.box_size or 0.0
    return RawTrees(
        paths[0], lambda: _read(paths, times[0], particle, box_size), told.cosmology(), box_size, particle, (_REMARK,)
    )


def _read(paths: Sequence[Path], a: Array, particle: float | None, box_size: float) -> Iterator[Block]:
    ids = _Numbers()
    for path in paths:
        with hdf5.opened(path) as file:
            waiting: list[Block] = []
            for number, stated in enumerate(hdf5.values(file["Header/TreeNHalos"], path).tolist()):
                tree = file[f"Tree{number}"]
                waiting.append(ids.block(_tree_of(tree, path, stated), a, particle, path))
                if sum(len(block["id"]) for block in waiting) >= _ROWS:
                    yield _joined(waiting, 1e-3, box_size, path)
                    waiting = []
            if waiting:
                yield _joined(waiting, 1e-3, box_size, path)


def _tree_of(tree: Any, path: Path, stated: int) -> dict[str, Array]:
    """The columns of one group. Raises: InputError for what is missing, or of another length than the header says."""
    masses = [name for name in ("SubhaloMass", "SubhaloMassType", "SubhaloLen") if name in tree][:1]
    if missing := [*(name for name in _NEEDED if name not in tree), *([] if masses else ["SubhaloMassType"])]:
        raise InputError(f"{path}: {tree.name} has no {', '.join(missing)}", "give the file with all columns")
    values = {name: hdf5.values(tree[name], path) for name in (*_NEEDED, *masses)}
    for name, column in values.items():
        if len(column) != stated:
            raise InputError(
                f"{path}: {tree.name} has {len(column)} of {stated} halos in {name}", "copy it again: it is cut off"
            )
    return values


def binary_trees(path: Path) -> Array | None:
    """Halos of each tree of a binary file; None for another's. Raises: InputError for one that is cut off."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            for order in "<>":
                file.seek(0)
                head = np.frombuffer(file.read(8).ljust(8, b"\0"), f"{order}i4")
                if not 0 < head[0] <= head[1] or 4 * int(head[0]) > size:
                    continue
                counts = np.frombuffer(file.read(4 * int(head[0])), f"{order}i4")
                if len(counts) == head[0] and counts.min() > 0 and counts.sum(dtype=np.int64) == head[1]:
                    need = 8 + 4 * len(counts) + np.dtype(_HALO).itemsize * int(head[1])
                    if size != need:
                        raise InputError(f"{path} is cut off: {size:,} of {need:,} bytes are there", "copy it again")
                    return counts
    except OSError as error:
        raise unreadable(path, error) from error
    return None


def read_binary(paths: Sequence[Path], told: Told) -> RawTrees:
    """The trees of one or more binary files. Raises: InputError for what is damaged or not told."""
    told.require(paths[0], "omega_matter", "h", "box_size", "particle_mass", "times")
    assert told.times is not None
    a, box_size, particle = read_times(told.times), told.box_size or 0.0, told.particle_mass
    return RawTrees(
        paths[0], lambda: _read_binary(paths, a, particle, box_size), told.cosmology(), box_size, particle, (_REMARK,)
    )


def _read_binary(paths: Sequence[Path], a: Array, particle: float | None, box_size: float) -> Iterator[Block]:
    ids = _Numbers()
    for path in paths:
        counts = binary_trees(path)
        assert counts is not None
        kind = np.dtype(_HALO).newbyteorder(counts.dtype.byteorder)
        ends = np.cumsum(counts, dtype=np.int64)
        with path.open("rb") as file:
            file.seek(8 + counts.nbytes)
            for trees in np.split(counts, np.flatnonzero(np.diff(ends // _ROWS)) + 1):
                halos = np.frombuffer(file.read(kind.itemsize * int(trees.sum())), kind)
                pieces = np.split(halos, np.cumsum(trees)[:-1])
                blocks = [ids.block({n: p[n] for n in kind.names or ()}, a, particle, path) for p in pieces]
                yield _joined(blocks, 1.0, box_size, path)


class _Numbers:
    """Numbers for the halos and trees of all files, in order."""

    def __init__(self) -> None:
        self.halos = self.trees = 0

    def block(self, tree: dict[str, Array], a: Array, particle: float | None, path: Path) -> Block:
        """One tree with links as numbers of halos; positions in the unit of the file."""
        count = len(tree["SnapNum"])
        ids = self.halos + np.arange(count)
        links = {}
        for name in ("Descendant", "FirstHaloInFOFGroup"):
            link = tree[name].astype(np.int64)
            if count and not -1 <= link.min() <= link.max() < count:
                raise InputError(f"{path}: tree {self.trees} has links out of itself ({name})", "copy it again")
            links[name] = np.where(link >= 0, self.halos + link, -1)
        block = {
            "id": ids,
            "descendant_id": links["Descendant"],
            "host_id": links["FirstHaloInFOFGroup"],
            "tree": np.full(count, self.trees),
            "scale_factor": times_of(tree["SnapNum"], a, path),
            "mass": _mass_of(tree, particle, path),
            "position": tree["SubhaloPos"].astype(np.float64),
            "velocity": tree["SubhaloVel"].astype(np.float64),
        }
        self.halos, self.trees = self.halos + count, self.trees + 1
        return block


def _mass_of(tree: dict[str, Array], particle: float | None, path: Path) -> Array:
    """Bound mass [Msun/h]. Raises: InputError."""
    if "SubhaloMass" in tree:
        return tree["SubhaloMass"].astype(np.float64) * 1e10
    if "SubhaloMassType" in tree:
        return tree["SubhaloMassType"].astype(np.float64).sum(axis=1) * 1e10
    if particle is None:
        raise InputError(f"{path} has no SubhaloMassType and no ParticleMass", "give the file with all columns")
    return tree["SubhaloLen"].astype(np.float64) * particle


def _joined(blocks: list[Block], unit: float, box_size: float, path: Path) -> Block:
    """Trees as one block, positions in Mpc/h."""
    joined = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    return joined | {"position": check_box(joined["position"] * unit, box_size, path)}
