"""Reading merger trees: consistent-trees (tree_*.dat, or the hlist files of every snapshot), Rockstar catalogues with
parents, Galacticus' merger-tree HDF5, SubLink, LHaloTree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from core.cosmos.forests import TOGETHER, Forests, gather
from core.cosmos.formats import hdf5
from core.cosmos.formats.header import unreadable
from core.cosmos.formats.trees_galacticus import has_trees, read_galacticus
from core.cosmos.formats.trees_given import Told
from core.cosmos.formats.trees_lhalo import binary_trees, is_lhalo, read_binary, read_lhalo
from core.cosmos.formats.trees_sublink import is_sublink, read_sublink
from core.cosmos.formats.trees_text import is_tree_text, read_text
from core.cosmos.trees import RawTrees
from core.errors import InputError

_READ: dict[str, Callable[[Sequence[Path], Told], RawTrees]] = {
    "sublink": read_sublink,
    "lhalotree": read_lhalo,
    "lhalotree-binary": read_binary,
    "galacticus": lambda paths, told: told.completed(read_galacticus(paths[0])),
    "": lambda paths, told: told.completed(read_text(paths)),
}


def read_trees(
    paths: Sequence[Path], told: Told | None = None, folder: Path = Path(), together: int = TOGETHER
) -> Forests:
    """Read merger trees, the kind told by the content; what memory does not hold is put aside in `folder`.

    `together` halos of small forests are taken at once. Raises: InputError for what is no merger tree, is cut off, has
    no hosts or whose links make no sense.
    """
    if not paths:
        raise InputError("no merger tree was given", "name the files")
    for path in paths:
        if not path.exists():
            raise InputError(f"{path} does not exist", "check the path")
        if path.is_dir() or path.stat().st_size == 0:
            raise InputError(f"{path} is {'a folder' if path.is_dir() else 'empty'}", "name the files of the trees")
    kinds = {path: kind_of(path) for path in paths}
    for path, kind in kinds.items():
        if kind != kinds[paths[0]]:
            raise InputError(f"{path} is of another kind than {paths[0]}", "give files of one kind")
    kind = kinds[paths[0]]
    if kind == "galacticus" and len(paths) > 1:
        raise InputError(f"{paths[0]} holds whole trees by itself", "give one such file at a time")
    return gather(_READ[kind](paths, told or Told()), folder, together)


def kind_of(path: Path) -> str:
    """sublink, lhalotree, lhalotree-binary, galacticus; "" for text, or for what is no merger tree.

    Raises: InputError for a file that is damaged or may not be read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise unreadable(path, error) from error
    if not start.startswith(hdf5.SIGNATURE):
        return "lhalotree-binary" if not is_tree_text(path) and binary_trees(path) is not None else ""
    with hdf5.opened(path) as file:
        signs = {"galacticus": has_trees, "sublink": is_sublink, "lhalotree": is_lhalo}
        return next((kind for kind, holds in signs.items() if holds(file)), "")
