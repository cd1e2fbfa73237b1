"""Merger trees that only `halodeck infall read` takes: SubLink and LHaloTree."""

from __future__ import annotations

from pathlib import Path

from core.cosmos.formats import hdf5
from core.cosmos.formats.reader import Facts, Reader
from core.cosmos.formats.trees import kind_of
from core.cosmos.formats.trees_lhalo import binary_trees

_NAMES = {"sublink": "sublink", "lhalotree": "lhalotree", "lhalotree-binary": "lhalotree"}


def _sniff(path: Path, start: bytes) -> str:
    return _NAMES.get(kind_of(path), "") if start and path.is_file() else ""


def _describe(path: Path) -> Facts:
    facts = {"merger trees": "read by `halodeck infall read`"}
    kind = kind_of(path)
    if kind == "lhalotree-binary":
        counts = binary_trees(path)
    else:
        with hdf5.opened(path) as file:
            if kind == "sublink":
                return facts | {"halos": str(len(file["Tree" if "Tree" in file else "SubhaloID"]))}
            counts = hdf5.values(file["Header/TreeNHalos"], path)
    assert counts is not None
    return facts | {"trees": str(len(counts)), "halos": str(int(counts.sum()))}


READERS = (Reader(("sublink", "lhalotree"), "trees", _sniff, _describe, order=30),)
