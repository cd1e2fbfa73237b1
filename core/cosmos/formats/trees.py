"""Reading merger trees: consistent-trees (tree_*.dat, or the hlist files of every snapshot), Rockstar catalogues with
parents, Galacticus' merger-tree HDF5."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.cosmos.formats.trees_hdf5 import is_galacticus, read_galacticus
from core.cosmos.formats.trees_text import read_text
from core.cosmos.trees import Trees, link
from core.errors import InputError


def read_trees(paths: Sequence[Path]) -> Trees:
    """Read merger trees, the kind told by the content.

    Raises: InputError for what is no merger tree, is cut off, has no hosts, or whose links make no sense.
    """
    if not paths:
        raise InputError("no merger tree was given", "name the files")
    for path in paths:
        if not path.exists():
            raise InputError(f"{path} does not exist", "check the path")
        if path.is_dir() or path.stat().st_size == 0:
            raise InputError(f"{path} is {'a folder' if path.is_dir() else 'empty'}", "name the files of the trees")
    hdf5 = [path for path in paths if is_galacticus(path)]
    if not hdf5:
        return link(read_text(paths), paths[0])
    if len(paths) > 1:
        raise InputError(f"{hdf5[0]} holds whole trees by itself", "give one such file at a time")
    return link(read_galacticus(hdf5[0]), hdf5[0])
