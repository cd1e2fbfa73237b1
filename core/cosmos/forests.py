"""Merger trees beyond memory: forests, which are trees whose halos ever lie in each other, a few at a time.

Trees that share a halo's descendant or host are of one forest. The identifiers of all halos are put aside in buckets,
so that each bucket can be searched by itself; then the halos are, by forest, and those that lie in no other by
snapshot. What is in memory is the largest forest, or as many as make TOGETHER halos, or one snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.cosmos.box import Array
from core.cosmos.cosmology import Cosmology
from core.cosmos.trees import Block, RawTrees, Trees, link
from core.errors import InputError, ResourceError
from core.limits import free_memory
from core.scratch import Scratch

TOGETHER = 200_000
"""Halos of small forests that are taken together."""
_MOST_PARTS = 500
"""More would be too many small pieces on the disk: then more forests are taken together."""
_BYTES = 350
"""Memory that a halo of linked trees takes while its events are found."""
_BUCKETS = 64
_WHOLE = {"id", "descendant_id", "host_id", "tree", "progenitors"}
"""Columns of whole numbers."""
_WANTED = np.dtype([("id", np.int64), ("tree", np.int64)])
_FREE = np.dtype([("row", np.int64), ("mass", np.float64), ("position", np.float64, 3)])


@dataclass(frozen=True)
class Forests:
    """Forests in turn, each whole; and the halos of any snapshot that lie in no other."""

    raw: RawTrees
    first: float
    today: float
    """Scale factors of the first and the last snapshot."""
    counts: Array
    """Halos of each part that is taken at once."""
    _parts: Scratch
    _free: Scratch

    def __len__(self) -> int:
        return int(self.counts.sum())

    def __iter__(self) -> Iterator[Trees]:
        """Raises: ResourceError for a forest beyond memory; InputError for links that make no sense."""
        for part in np.flatnonzero(self.counts).tolist():
            self._check_memory(int(self.counts[part]))
            yield link(self._parts.read(part), self.raw, self.first, self.today)

    def free(self, a: float) -> np.ndarray[Any, Any]:
        """Row, mass [Msun/h] and position [Mpc/h] of the halos at a scale factor that lie in no other."""
        return self._free.read(a)

    @property
    def cosmology(self) -> Cosmology:
        return self.raw.cosmology

    def _check_memory(self, count: int) -> None:
        need, free = count * _BYTES, free_memory()
        if need > free:
            raise ResourceError(
                f"a forest of {self.raw.path} has {count:,} halos, which need {need / 2**30:.1f} GiB of memory, "
                f"{free / 2**30:.1f} are free",
                "use a machine with more memory",
            )


def gather(raw: RawTrees, folder: Path, together: int = TOGETHER) -> Forests:
    """Read merger trees once and put their halos aside by forest; what memory does not hold goes to `folder`.

    Raises: InputError for files without halos or with one snapshot, identifiers that appear twice, numbers that cannot
    be; ResourceError for a full disk.
    """
    _check_cosmology(raw)
    ids, wanted, free = Scratch(_WANTED, folder), Scratch(_WANTED, folder), Scratch(_FREE, folder)
    halos: Scratch | None = None
    count, sizes, times = 0, np.zeros(0, np.int64), np.zeros(0)
    for block in raw.blocks():
        _check(block, raw.path)
        rows = _as_rows(block, count)
        halos = halos or Scratch(rows.dtype, folder)
        halos.add(0, rows)
        _add_by(ids, rows["id"] % _BUCKETS, _pairs(rows["id"], rows["tree"]))
        elsewhere = _elsewhere(rows)
        _add_by(wanted, elsewhere["id"] % _BUCKETS, elsewhere)
        outside = rows[(rows["host_id"] < 0) | (rows["host_id"] == rows["id"])]
        _add_by(free, outside["scale_factor"], _free_of(outside))
        sizes = _counted(sizes, rows["tree"])
        times = np.union1d(times, rows["scale_factor"])
        count += len(rows)
    if halos is None:
        raise InputError(f"{raw.path} holds no halos", "give the merger trees themselves")
    if len(times) < 2:
        raise InputError(
            f"{raw.path} holds one snapshot, which is not enough for a tree",
            "give the files of all snapshots, or tree_*.dat",
        )
    forest = _forests(ids, wanted, len(sizes), raw.path)
    counts = np.bincount(forest, sizes).astype(np.int64)
    together = max(together, count // _MOST_PARTS)
    # a part begins with the first forest beyond a multiple of `together`
    _, part = np.unique((np.cumsum(counts) - counts) // together, return_inverse=True)
    return Forests(
        raw,
        float(times[0]),
        float(times[-1]),
        np.bincount(part, counts).astype(np.int64),
        _by_part(halos, part[forest], folder) if part[-1] else halos,
        free,
    )


def _check_cosmology(raw: RawTrees) -> None:
    if not (0 < raw.cosmology.omega_matter < 1 and 0.1 < raw.cosmology.h < 10):
        raise InputError(
            f"{raw.path} has omega_matter {raw.cosmology.omega_matter:g} and h {raw.cosmology.h:g}",
            "only flat universes with a cosmological constant are known",
        )


def _check(block: Block, path: Path) -> None:
    for name, values in block.items():
        sides = (3,) if name in ("position", "velocity") else ()
        if values.shape != (len(block["id"]), *sides):
            raise InputError(f"{path}: {name} has another number of halos or of axes", "it is damaged: copy it again")
    a = block["scale_factor"]
    if not ((a > 1e-3) & (a < 1.01)).all():
        raise InputError(f"{path} has scale factors that are not in (0.001, 1]", "it is damaged: copy it again")
    for name in ("mass", "position", "velocity"):
        if not np.isfinite(block[name]).all():
            raise InputError(f"{path} holds a {name} that is not finite", "it is damaged: copy it again")
    for name in _WHOLE & block.keys():
        numbers = block[name]
        if numbers.dtype.kind == "f" and not ((np.abs(numbers) < 2.0**53) & (numbers == np.round(numbers))).all():
            raise InputError(f"{path} holds a {name} that is no whole number", "it is damaged: copy it again")


def _as_rows(block: Block, first: int) -> np.ndarray[Any, Any]:
    """The columns side by side, with the number of each halo; identifiers and counts as integers."""
    kinds = [(name, np.int64 if name in _WHOLE else np.float64, values.shape[1:]) for name, values in block.items()]
    rows = np.empty(len(block["id"]), np.dtype([("row", np.int64), *kinds]))
    rows["row"] = np.arange(first, first + len(rows))
    for name, values in block.items():
        rows[name] = values
    return rows


def _pairs(ids: Array, trees: Array) -> np.ndarray[Any, Any]:
    pairs = np.empty(len(ids), _WANTED)
    pairs["id"], pairs["tree"] = ids, trees
    return pairs


def _add_by(scratch: Scratch, keys: Array, rows: np.ndarray[Any, Any]) -> None:
    """Put rows aside, each by its own key."""
    order = np.argsort(keys, kind="stable")
    found, start = np.unique(keys[order], return_index=True)
    for key, piece in zip(found, np.split(rows[order], start[1:]), strict=False):
        scratch.add(key.item(), piece)


def _elsewhere(rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Descendants and hosts that are not among these rows of the same tree."""
    order = np.argsort(rows["id"])
    ids, trees = rows["id"][order], rows["tree"][order]
    links = np.concatenate([_pairs(rows[name], rows["tree"]) for name in ("descendant_id", "host_id")])
    links = links[links["id"] >= 0]
    place = np.minimum(np.searchsorted(ids, links["id"]), len(ids) - 1)
    return links[(ids[place] != links["id"]) | (trees[place] != links["tree"])]


def _free_of(rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The halos that lie in no other."""
    free = np.empty(len(rows), _FREE)
    for name in _FREE.names or ():
        free[name] = rows[name]
    return free


def _counted(sizes: Array, trees: Array) -> Array:
    """Halos of each tree, with those of some more rows."""
    least = int(trees.min())
    more = np.bincount(trees - least)
    if (missing := least + len(more) - len(sizes)) > 0:
        sizes = np.pad(sizes, (0, max(missing, len(sizes) // 4)))
    sizes[least : least + len(more)] += more
    return sizes


def _forests(ids: Scratch, wanted: Scratch, trees: int, path: Path) -> Array:
    """The forest (T,) of each tree. Raises: InputError for identifiers that appear twice."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pairs = np.empty((0, 2), np.int64)
    for bucket in range(_BUCKETS):
        here = ids.read(bucket)
        here = here[np.argsort(here["id"])]
        twice = np.flatnonzero(here["id"][1:] == here["id"][:-1])
        if len(twice):
            raise InputError(f"{path}: halo {here['id'][twice[0]]} appears twice", "give each file once")
        links = wanted.read(bucket)
        if len(here) and len(links):
            at = here[np.minimum(np.searchsorted(here["id"], links["id"]), len(here) - 1)]
            found = (at["id"] == links["id"]) & (at["tree"] != links["tree"])
            both = np.stack([links["tree"][found], at["tree"][found]], axis=1)
            pairs = np.unique(np.concatenate([pairs, both]), axis=0)
    graph = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(trees, trees))
    return np.asarray(connected_components(graph, directed=False)[1])


def _by_part(halos: Scratch, part: Array, folder: Path) -> Scratch:
    parts = Scratch(halos.kind, folder)
    for rows in halos.blocks(0):
        _add_by(parts, part[rows["tree"]], rows)
    return parts
