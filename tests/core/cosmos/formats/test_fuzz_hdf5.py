"""HDF5 of every format with one thing in it of another shape or kind: a reading, or a refusal in one line."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import forest_files
import h5py
import numpy as np
import pytest
from snapshot_writers import BOX, GIVEN, Run, write_groups, write_hdf5
from test_cubes import overdensity, write_21cmfast
from test_own import as_hdf5
from three_halos import BESIDE, halos, particles, run_with

from core.cosmos.box import Catalogue, Field
from core.cosmos.cosmology import preset
from core.cosmos.formats.catalogues import read_catalogue
from core.cosmos.formats.cubes import read_cube
from core.cosmos.formats.membership import assign
from core.cosmos.formats.recognise import recognise
from core.cosmos.formats.snapshots import read_snapshot
from core.cosmos.formats.trees import read_trees
from core.cosmos.universe import open_universe, write_universe
from core.errors import HalodeckError


def others(values: np.ndarray) -> Iterator[Any]:
    """What may stand in the place of an array; None is a group."""
    yield from (3.0, np.zeros(0), h5py.Empty("f4"), values[:1], np.stack([values, values]), None)
    for value in (b"word", np.complex64(1), -1, np.nan, 1e300, np.uint64(2**63)):
        yield np.full(values.shape, value)
    yield np.zeros(values.shape, [("x", "f4")])


OTHER_ATTRIBUTES = ("word", np.zeros(0), np.nan, 1e300, 0, h5py.Empty("f4"), np.zeros((2, 2)))
"""What may stand in the place of an attribute."""


def written(path: Path, form: str) -> Callable[[], object]:
    """Write a file of a format; what reads it."""
    if form in ("gadget", "swift"):
        write_hdf5(path, Run(), style=form)
        return lambda: read_snapshot(path, GIVEN)
    if form == "groups":
        found, run = halos(), run_with(halos())
        write_groups(path, found, ids=run.ids[: sum(map(len, found.members))])
        return lambda: assign(path, read_catalogue(path, BESIDE), particles(run))
    if form == "own":
        as_hdf5(path, Run())
        return lambda: read_snapshot(path, GIVEN)
    if form == "21cmfast":
        write_21cmfast(path, overdensity())
        return lambda: read_cube(path, GIVEN)
    if form == "trees":
        forest_files.write_galacticus(path, forest_files.small_forest())
        return lambda: read_trees([path])
    catalogue = Catalogue({"mass": np.array([2.0, 1.0]), "position": np.ones((2, 3))}, BOX, 0.0, "fof", {})
    field = Field("density", np.random.default_rng(1).normal(size=(4, 4, 4)), BOX, "overdensity", 0.0, "eulerian")
    known = preset("planck2018")
    parts: dict[str, Any] = {"fields": [field], "catalogues": {"fof": catalogue}, "provenance": {}}
    write_universe(path, name="u", box_size=BOX, cosmology=known, **parts)
    return lambda: [recognise(path), open_universe(path).catalogue(), open_universe(path).field("density")]


@pytest.mark.parametrize("form", ["gadget", "swift", "groups", "own", "21cmfast", "trees", "universe"])
def test_another_thing_in_the_place_of_each(tmp_path: Path, form: str) -> None:
    path = tmp_path / "file.hdf5"
    read = written(path, form)
    whole, names = path.read_bytes(), ["/"]

    def survives(what: str, change: Callable[[Any], None]) -> None:
        path.write_bytes(whole)
        with h5py.File(path, "a") as file:
            change(file)
        try:
            with suppress(HalodeckError):
                read()
        except Exception as error:
            raise AssertionError(f"{what}: {error!r}") from error

    def put(name: str, other: Any) -> Callable[[Any], None]:
        def change(file: Any) -> None:
            attributes = dict(file[name].attrs)
            del file[name]
            if other is None:
                file.create_group(name)
            else:
                file[name] = other
            file[name].attrs.update(attributes)

        return change

    def without(name: str) -> Callable[[Any], None]:
        return lambda file: file.__delitem__(name)

    def put_attribute(name: str, attribute: str, other: Any) -> Callable[[Any], None]:
        def change(file: Any) -> None:
            file[name].attrs[attribute] = other

        return change

    read()
    with h5py.File(path) as file:
        file.visit(names.append)
        attributes = {name: list(file[name].attrs) for name in names}
        arrays = {name: file[name][...] for name in names if isinstance(file[name], h5py.Dataset)}
    for name in names:
        for attribute in attributes[name]:
            for other in OTHER_ATTRIBUTES:
                survives(f"{name}@{attribute} = {other!r}", put_attribute(name, attribute, other))
        if name != "/":
            survives(f"no {name}", without(name))
            for other in others(arrays.get(name, np.zeros(4))):
                survives(f"{name} = {other!r}", put(name, other))
