"""The Universe: one realisation on disk, an HDF5 file with a documented layout.

    /                   halodeck_format ("universe" | "prediction"), format_version, name, box_size [Mpc/h], cells
    /cosmology          omega_matter, omega_baryon, h, sigma8, spectral_index, name (attributes); from version 2 on also
                        w0, wa, omega_radiation
    /provenance         json: command, versions, seed, settings, sources with checksums, time (attribute)
    /fields/<name>      contiguous (n, n, n) or (3, n, n, n); units, redshift, frame, assignment
                        (attributes)
    /halos/<name>/<col> contiguous columns, most massive first; redshift, definition, units (attributes)

A prediction has the same layout: every reader, view and statistic works on both. Datasets are contiguous, so a field is
read by memory map at its offset: slices of cubes far larger than memory cost nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from core.cosmos.box import Assignment, Catalogue, Field
from core.cosmos.cosmology import BEYOND, Cosmology
from core.errors import HalodeckError, InputError, UsageError, did_you_mean
from core.files import appearing, damage, explain
from core.reading import before_hdf5, parse_json

FORMAT_VERSION = 2
"""Version 2 knows other dark energy and radiation; what has none of it is written as version 1."""
Kind = Literal["universe", "prediction"]


@dataclass(frozen=True)
class FieldInfo:
    """Where a field lies in its file and what it is."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int
    units: str
    redshift: float
    frame: Literal["lagrangian", "eulerian"]
    assignment: Assignment | None = None


@dataclass(frozen=True)
class Universe:
    """An opened universe or prediction. Fields are memory maps; nothing large is read on opening."""

    path: Path
    kind: Kind
    name: str
    box_size: float
    cells: int
    cosmology: Cosmology
    fields: dict[str, FieldInfo]
    halos: dict[str, int]
    """Catalogue names and their number of halos."""
    provenance: dict[str, Any] = field(default_factory=dict)

    def field(self, name: str) -> Field:
        """A field as a read-only memory map. Raises UsageError for an unknown name."""
        if name not in self.fields:
            raise UsageError(f"{self.path} has no field {name!r}", did_you_mean(name, self.fields))
        info = self.fields[name]
        values = np.memmap(self.path, info.dtype, "r", info.offset, info.shape)
        return Field(name, values, self.box_size, info.units, info.redshift, info.frame, info.assignment)

    def catalogue(self, name: str = "fof") -> Catalogue:
        """A halo catalogue, read whole. Raises UsageError for an unknown name, InputError for a damaged one."""
        from core.hdf5 import File, values

        if name not in self.halos:
            raise UsageError(f"{self.path} has no halo catalogue {name!r}", did_you_mean(name, self.halos))
        with _described(self.path), File(self.path) as file:
            group = file["halos"][name]
            columns = {column: values(group[column], self.path) for column in group}
            units = {column: str(group[column].attrs["units"]) for column in group}
            return Catalogue(
                columns, self.box_size, float(group.attrs["redshift"]), str(group.attrs["definition"]), units
            )

    @property
    def particle_mass(self) -> float:
        """Mass of one Lagrangian cell [Msun/h]; there is none in a file without fields."""
        return self.cosmology.particle_mass(self.box_size, self.cells)


def open_universe(path: Path) -> Universe:
    """Open a universe or prediction.

    Raises: InputError for anything that is not one, is cut off, or was written by a newer halodeck; ResourceError
    for one that may not be read.
    """
    import h5py

    try:
        if not path.exists():
            raise InputError(f"{path} does not exist", "check the path")
        if path.is_file():
            path.open("rb").close()
    except OSError as error:
        raise explain(error, path) from error
    if path.is_dir():
        raise InputError(f"{path} is a folder", "name a universe in it")
    if not path.is_file() or not h5py.is_hdf5(path):
        raise InputError(f"{path} is not a halodeck universe", "bring it in with `halodeck import`")
    for look in before_hdf5:
        look(path)
    return _opened(path)


def write_universe(
    path: Path,
    *,
    name: str,
    box_size: float,
    cosmology: Cosmology,
    fields: Iterable[Field],
    catalogues: Mapping[str, Catalogue],
    provenance: Mapping[str, Any],
    kind: Kind = "universe",
    within: Path | None = None,
) -> Universe:
    """Write a universe whole or not at all and open it. One without fields holds catalogues only and has no cells.

    Folders are made as needed, `within` a folder only those below it.

    Raises: InputError for fields of unequal grids or with values that are not finite; ResourceError for a full disk.
    """
    import h5py

    fields = list(fields)
    cells = fields[0].cells if fields else 0
    for item in fields:
        # a network may come to predict one value everywhere; its report tells
        check_field(item, cells, may_be_constant=kind == "prediction")
    columns = [values for catalogue in catalogues.values() for values in catalogue.columns.values()]
    with appearing(path, within) as temporary:
        _reserve(temporary, sum(array.nbytes for array in [*(item.values for item in fields), *columns]))
        with h5py.File(temporary, "w", locking=False) as file:
            file.attrs["halodeck_format"] = kind
            file.attrs["format_version"] = 1 if cosmology.is_plain else 2
            file.attrs["name"] = name
            file.attrs["box_size"] = box_size
            file.attrs["cells"] = cells
            file.create_group("cosmology").attrs.update(cosmology.told())
            file.create_group("provenance").attrs["json"] = json.dumps(dict(provenance))
            file.create_group("fields")
            for item in fields:
                dataset = file.create_dataset(f"fields/{item.name}", data=item.values)
                dataset.attrs.update(
                    units=item.units, redshift=item.redshift, frame=item.frame, assignment=item.assignment or ""
                )
            for catalogue_name, catalogue in catalogues.items():
                group = file.create_group(f"halos/{catalogue_name}")
                group.attrs.update(redshift=catalogue.redshift, definition=catalogue.definition)
                for column, values in catalogue.columns.items():
                    group.create_dataset(column, data=values).attrs["units"] = catalogue.units.get(column, "")
    return _opened(path)


def check_field(item: Field, cells: int | None = None, may_be_constant: bool = False) -> None:
    """Refuse a field that no analysis could use.

    Raises: InputError for a grid that is not cubic, of other size, not finite, or constant where it may not be.
    """
    shape = item.values.shape
    if len(set(shape[-3:])) != 1 or item.values.ndim not in (3, 4):
        raise InputError(f"{item.name} has the shape {shape}", "a cubic grid (n, n, n) is needed")
    if cells is not None and shape[-1] != cells:
        raise InputError(f"{item.name} has {shape[-1]} cells per side, not {cells}", "use one grid per universe")
    if item.values.dtype.kind == "f":
        # a sum is finite only if every value is; it costs no temporary array
        with np.errstate(invalid="ignore"):  # inf - inf
            total = np.sum(item.values, dtype=np.float64)
        if not np.isfinite(total):
            bad = int(np.count_nonzero(~np.isfinite(item.values)))
            values = "1 value that is" if bad == 1 else f"{bad} values that are"
            raise InputError(f"{item.name} holds {values} not finite", "repair it before use")
        if not may_be_constant and item.values.min() == item.values.max():
            raise InputError(f"{item.name} is constant ({item.values.flat[0]:g})", "check its source")


def sound_field(universe: Universe, name: str) -> Field:
    """A field that has been read through: what would only show as a strange result is refused with its file.

    Raises: InputError.
    """
    found = universe.field(name)
    check_field(replace(found, name=f"{name} of {universe.path}"))
    return found


def _reserve(path: Path, size: int) -> None:
    """Claim room for the data before HDF5 starts: it may crash the process when a disk or quota is full at closing."""
    margin = 1 << 20  # attributes, headers, alignment
    with path.open("wb") as file:
        if hasattr(os, "posix_fallocate"):  # not on macOS
            os.posix_fallocate(file.fileno(), 0, size + margin)


@contextmanager
def _described(path: Path) -> Iterator[None]:
    """What is wrong in a universe file, whatever h5py says of it. Raises: InputError."""
    try:
        yield
    except HalodeckError:
        raise
    except (OSError, RuntimeError) as error:
        raise InputError(f"{path} is cut off or damaged ({damage(error)})", "make or copy it again") from error
    except Exception as error:  # what damaged attributes raise is no closed list
        raise InputError(f"{path} lacks a part of a halodeck universe ({damage(error)})", "make it again") from error


def _opened(path: Path) -> Universe:
    from core.hdf5 import File

    with _described(path), File(path) as file:
        return _read(file, path)


def _read(file: Any, path: Path) -> Universe:
    kind = file.attrs.get("halodeck_format")
    if kind not in ("universe", "prediction"):
        raise InputError(f"{path} is HDF5 but no halodeck universe", "bring it in with `halodeck import`")
    version = int(file.attrs["format_version"])
    if version > FORMAT_VERSION:
        raise InputError(
            f"{path} has layout version {version}, this halodeck reads up to {FORMAT_VERSION}",
            "update halodeck",
        )
    from core.hdf5 import dataset as dataset_of

    fields, cells = {}, int(file.attrs["cells"])
    for name in file["fields"]:
        dataset = dataset_of(file["fields"], name)
        shape, kind_of_number = dataset.shape, dataset.dtype.kind
        if len(shape) not in (3, 4) or shape[-3:] != (cells,) * 3 or not cells or kind_of_number not in "fiub":
            raise InputError(
                f"{path}: field {name} is {dataset.dtype} of the shape {shape}, in a universe of {cells}^3 cells",
                "make it again",
            )
        offset = dataset.id.get_offset()
        if offset is None:
            raise InputError(f"{path}: field {name} is not contiguous", "make the file again with halodeck")
        fields[name] = FieldInfo(
            name,
            dataset.shape,
            dataset.dtype,
            offset,
            str(dataset.attrs["units"]),
            float(dataset.attrs["redshift"]),
            _one_of(dataset, "frame", ("lagrangian", "eulerian")),
            _assignment(name, dataset),
        )
    end = max((item.offset + item.dtype.itemsize * int(np.prod(item.shape)) for item in fields.values()), default=0)
    if end > path.stat().st_size:
        raise InputError(f"{path} is cut off", "make or copy it again")
    box_size = float(file.attrs["box_size"])
    if not 1e-9 < box_size < 1e12:
        raise InputError(f"{path} has a box of {box_size:g} Mpc/h", "make it again")
    stated = file["cosmology"].attrs
    numbers = {key: stated[key] for key in Cosmology.__dataclass_fields__ if key in stated or key not in BEYOND}
    cosmology_name = str(numbers.pop("name"))
    return Universe(
        path=path,
        kind=kind,
        name=str(file.attrs["name"]),
        box_size=box_size,
        cells=cells,
        cosmology=Cosmology(**{key: float(value) for key, value in numbers.items()}, name=cosmology_name),
        fields=fields,
        halos={name: _rows(group, path) for name, group in file.get("halos", {}).items()},
        provenance=_provenance(file["provenance"].attrs["json"]),
    )


def _provenance(text: str) -> dict[str, Any]:
    """What a file says of its making; foreign ones may lack any of it. Raises: ValueError."""
    data = parse_json(text)
    if not isinstance(data, dict):
        raise ValueError("its provenance is no table")
    if not isinstance(data.get("sources", []), list):
        raise ValueError("the sources of its provenance are no list")
    return data


def _rows(catalogue: Any, path: Path) -> int:
    """The number of halos of a catalogue. Raises: InputError for columns of other lengths."""
    from core.hdf5 import dataset

    rows = len(dataset(catalogue, "mass"))
    for column in catalogue:
        if (shape := dataset(catalogue, column).shape)[:1] != (rows,):
            raise InputError(
                f"{path}: {catalogue.name.strip('/')}/{column} has the shape {shape}, there are {rows} halos",
                "make it again",
            )
    return rows


def _one_of(dataset: Any, name: str, known: tuple[str, ...]) -> Any:
    """An attribute that is a word. Raises: ValueError for any other."""
    if not isinstance(word := dataset.attrs[name], str) or word not in known:
        raise ValueError(f"{dataset.name.strip('/')} has the {name} {word!r}")
    return word


def _assignment(name: str, dataset: Any) -> Assignment | None:
    """How a field was painted; the densities of files that do not say are halodeck's own."""
    if "assignment" in dataset.attrs:
        return _one_of(dataset, "assignment", ("", *get_args(Assignment))) or None
    if dataset.attrs["frame"] == "lagrangian" or not name.startswith("density"):
        return None
    return "trapezoid" if name == "density_2lpt" else "cic"
