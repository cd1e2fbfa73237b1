"""HDF5 of every format with one thing in it of another shape or kind: a reading, or a refusal in one line."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import forest_files
import h5py
import numpy as np
import pytest
from hdf5_catalogues import write_hbt, write_soap, write_velociraptor
from snapshot_writers import BOX, GIVEN, Run, write_groups, write_hdf5, write_rockstar
from test_cubes import overdensity, write_21cmfast
from test_membership import write_members
from test_own import as_hdf5
from test_table_catalogues import write_uchuu
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

CATALOGUES: dict[str, Callable[[Path], Path]] = {
    "velociraptor": lambda folder: next(
        folder.glob(f"{write_velociraptor(folder / 'stf', halos(), run_with(halos()).ids, files=1).name}.0")
    ),
    "soap": lambda folder: write_soap(folder / "soap.hdf5", halos()),
    "hbt": lambda folder: next(
        (folder / "004").glob(f"{write_hbt(folder, halos(), run_with(halos()).ids, files=1).name}.0.hdf5")
    ),
    "uchuu": lambda folder: write_uchuu(folder, halos(), files=1),
}

THINNED = 5
"""These have so many columns and attributes that every fifth is tried."""


def others(values: np.ndarray) -> Iterator[Any]:
    """What may stand in the place of an array; None is a group."""
    yield from (3.0, np.zeros(0), h5py.Empty("f4"), values[:1], np.stack([values, values]), None)
    for value in (b"word", np.complex64(1), -1, np.nan, 1e300, np.uint64(2**63)):
        yield np.full(values.shape, value)
    yield np.zeros(values.shape, [("x", "f4")])


OTHER_ATTRIBUTES = ("word", np.zeros(0), np.nan, 1e300, 0, h5py.Empty("f4"), np.zeros((2, 2)))
"""What may stand in the place of an attribute."""


def written(folder: Path, form: str) -> tuple[Path, Callable[[], object]]:
    """Write a file of a format; the file, and what reads it."""
    if form in CATALOGUES:
        path, run = CATALOGUES[form](folder), run_with(halos())
        if form in ("soap", "uchuu"):  # they list no members
            return path, lambda: read_catalogue(path, BESIDE)
        return path, lambda: assign(path, read_catalogue(path, BESIDE), particles(run))
    if form == "members":
        path, run = write_members(folder / "who.hdf5", halos(), run_with(halos())), run_with(halos())
        rockstar = write_rockstar(folder / "halos.list", halos())
        return path, lambda: assign(rockstar, read_catalogue(rockstar), particles(run), beside=path)
    path = folder / "file.hdf5"
    return path, alone(path, form)


def alone(path: Path, form: str) -> Callable[[], object]:
    """Write a file of a format under any name; what reads it."""
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


@pytest.mark.parametrize(
    "form", [*("gadget", "swift", "groups", "own", "21cmfast", "trees", "universe", "members"), *CATALOGUES]
)
def test_another_thing_in_the_place_of_each(tmp_path: Path, form: str) -> None:
    path, read = written(tmp_path, form)
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
    cases: list[tuple[str, Callable[[Any], None]]] = []
    for name in names:
        for attribute in attributes[name]:
            for other in OTHER_ATTRIBUTES:
                cases.append((f"{name}@{attribute} = {other!r}", put_attribute(name, attribute, other)))
        if name != "/":
            cases.append((f"no {name}", without(name)))
            values = arrays.get(name, np.zeros(4))
            for other in others(np.zeros(len(values)) if values.dtype == object else values):
                cases.append((f"{name} = {other!r}", put(name, other)))
    for what, change in cases[:: THINNED if form in CATALOGUES else 1]:
        survives(what, change)
