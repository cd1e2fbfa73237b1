"""SubLink merger trees of Illustris and TNG: tree_extended.N.hdf5, every column a dataset of the root.

Source: Rodriguez-Gomez et al. 2015, arXiv:1502.01339, appendix A; nelson-group/sublink (SubhaloTrees/TreesClasses.hpp,
Python/create_extended_trees.py, create_columns.py); the data specifications of Illustris and TNG. Positions are in
comoving kpc/h, velocities peculiar in km/s, masses in 1e10 Msun/h. Redshifts and cosmology are not in the files.
Columns that begin with Group are those of the friends-of-friends group, the same for all its subhalos, so the mass is
that of the bound particles, SubhaloMass, before and after an infall. A descendant may be two snapshots later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.cosmos.box import Array
from core.cosmos.formats import hdf5
from core.cosmos.formats.trees_given import Told, check_box, read_times, times_of
from core.cosmos.trees import Block, RawTrees
from core.errors import InputError

_COLUMNS = (
    *("SubhaloID", "DescendantID", "FirstSubhaloInFOFGroupID", "SnapNum"),
    *("SubhaloMass", "SubhaloPos", "SubhaloVel"),
)
ROWS = 1 << 17
"""Halos that are read at once."""


def is_sublink(file: Any) -> bool:
    """Whether an open HDF5 file holds such trees, or the table `Tree` from which they are made."""
    names = getattr(file["Tree"].dtype, "names", None) if "Tree" in file and hasattr(file["Tree"], "dtype") else None
    return ("DescendantID" in file and "SubhaloID" in file) or (names is not None and "DescendantID" in names)


def read_sublink(paths: Sequence[Path], told: Told) -> RawTrees:
    """The trees of one or more files. Raises: InputError for what is damaged, lacks columns or is not told."""
    for path in paths:
        with hdf5.opened(path) as file:
            if "Tree" in file:
                raise InputError(f"{path} has links alone, no positions", "give tree_extended.*.hdf5")
            if missing := [name for name in _COLUMNS if name not in file]:
                raise InputError(f"{path} has no {', '.join(missing)}", "give the file with all columns")
    told.require(paths[0], "omega_matter", "h", "box_size", "times")
    assert told.times is not None
    assert told.box_size is not None
    a, box_size = read_times(told.times), told.box_size
    return RawTrees(
        paths[0],
        lambda: _blocks(paths, a, box_size),
        told.cosmology(),
        box_size,
        remarks=("masses are those of the bound particles, radii those of 200 times the mean density at that mass",),
    )


def _blocks(paths: Sequence[Path], a: Array, box_size: float) -> Iterator[Block]:
    begun = 0
    for path in paths:
        with hdf5.opened(path) as file:
            for start in range(0, len(file["SubhaloID"]), ROWS):
                rows = slice(start, start + ROWS)
                values = {name: hdf5.values(file[name], path, rows) for name in _COLUMNS}
                # a tree is stored in one piece, its progenitors behind each halo without a descendant
                tree = begun + np.cumsum(values["DescendantID"] < 0)
                begun = int(tree[-1])
                yield {
                    "id": values["SubhaloID"],
                    "descendant_id": values["DescendantID"],
                    "host_id": values["FirstSubhaloInFOFGroupID"],
                    "tree": tree,
                    "scale_factor": times_of(values["SnapNum"], a, path),
                    "mass": values["SubhaloMass"].astype(np.float64) * 1e10,
                    "position": check_box(values["SubhaloPos"].astype(np.float64) / 1000, box_size, path),
                    "velocity": values["SubhaloVel"].astype(np.float64),
                }
