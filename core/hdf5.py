"""HDF5 files that nobody vouches for: what leads out of a file, or has a shape and no data, is refused by its name.

A file opened here never makes HDF5 open another one: external links, virtual datasets and external storage are told
apart before they are followed. Soft links are, as long as they stay inside.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from types import EllipsisType
from typing import Any

import h5py
import numpy as np
from h5py import h5d, h5i, h5l, h5o
from numpy.typing import NDArray

from core.errors import InputError
from core.files import damage

DAMAGE = (OSError, RuntimeError, LookupError, ValueError, TypeError, ArithmeticError, SystemError)
"""What h5py raises, here or there, in a file whose bytes were overwritten."""

_MOST_COMPRESSED = 1000
"""How many times a dataset may be larger than what is stored of it: deflate reaches 1032."""
_ALWAYS_BELIEVED = 1 << 20
"""Bytes that need no looking up."""
_MOST_TURNS = 16
"""Soft links that lead to soft links."""
_MAKE_AGAIN, _COPY = "make the file again", "copy the data into the file"
_NO_TEXT = "surrogateescape"
_NUMBERS = "fiub"
"""Kinds of numpy's types."""
_OF_ARRAYS, _OF_GROUPS = ("shape", "dtype", "ndim", "size"), ("get", "items", "keys", "values")


class _Inside:
    """A group of which every name leads to something inside the file. Raises: InputError for one that does not."""

    def __getitem__(self, name: object) -> Any:
        if not isinstance(name, str):
            raise _wrong_kind(self, "group", "dataset")
        return _open(*_place(self, name))

    def get(self, name: str, default: Any = None) -> Any:
        """What a name leads to, the default where it is not there."""
        try:
            return self[name]
        except KeyError:
            return default

    def __contains__(self, name: str) -> bool:
        try:
            _place(self, name)
        except KeyError:
            return False
        except InputError:
            pass  # it is there, and says what is wrong with it once it is asked for
        return True

    def visititems(self, visit: Callable[[str, Any], Any]) -> Any:
        """Visit everything below. Raises: InputError for a link out of the file, which h5py would pass over."""
        links = self.id.links
        inside = (h5l.TYPE_HARD, h5l.TYPE_SOFT)
        outside = links.visit(lambda name: None if links.get_info(name).type in inside else name)
        if outside is not None:
            _place(self, outside.decode(errors=_NO_TEXT))
        return super().visititems(visit)  # type: ignore[misc]

    def __getattr__(self, name: str) -> Any:
        if name in _OF_ARRAYS:
            raise _wrong_kind(self, "group", "dataset")
        raise AttributeError(name)


class Group(_Inside, h5py.Group):  # type: ignore[misc]
    """A group of an open file."""


class File(_Inside, h5py.File):  # type: ignore[misc]
    """A file open for reading; some file systems have no locks, and nobody else writes what is read here."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "r", locking=False)


class Dataset(h5py.Dataset):  # type: ignore[misc]
    """A dataset whose values are in the file."""

    def __getitem__(self, place: Any, *others: Any, **options: Any) -> Any:
        if isinstance(place, str) and not self.dtype.names:
            raise _wrong_kind(self, "dataset", "group")
        return super().__getitem__(place, *others, **options)

    def __contains__(self, name: object) -> bool:
        raise _wrong_kind(self, "dataset", "group")

    def __iter__(self) -> Any:
        raise _wrong_kind(self, "dataset", "group")

    def __getattr__(self, name: str) -> Any:
        if name in _OF_GROUPS:
            raise _wrong_kind(self, "dataset", "group")
        raise AttributeError(name)


def dataset(group: Any, name: str) -> Dataset:
    """A dataset of a group. Raises: KeyError where it is not there, InputError for a group in its place."""
    found = group[name]
    if not isinstance(found, Dataset):
        raise _wrong_kind(found, "group", "dataset")
    return found


def values(found: Any, path: Path, rows: slice | EllipsisType = ...) -> NDArray[Any]:
    """A dataset of numbers, read whole or some rows of it.

    Raises: InputError that names it where it is a group, holds no numbers, was never written, is damaged or packed by a
    missing filter.
    """
    if not isinstance(found, Dataset):
        raise _wrong_kind(found, "group", "dataset")
    name = _name(found)
    if found.dtype.kind not in _NUMBERS:
        raise InputError(f"{path}: {name} is {found.dtype}, which is no number", _MAKE_AGAIN)
    if math.prod(found.shape or ()) and found.shape is not None and not found.id.get_storage_size():
        raise InputError(f"{path}: {name} was never written: it has a shape and no data", _MAKE_AGAIN)
    try:
        return np.asarray(found[rows])
    except DAMAGE as error:
        if packed := _foreign_filters(found):
            raise InputError(
                f"{path}: {name} is packed by {packed}, which is not installed",
                "pip install hdf5plugin, or unpack it with h5repack",
            ) from error
        raise InputError(
            f"{path}: dataset {name} is damaged ({damage(error)})", "copy or make the file again"
        ) from error


def _place(group: Any, path: str, turns: int = 0) -> tuple[Any, bytes]:
    """The group and the name in it where a path ends, once no soft link is left to follow.

    Raises: KeyError where it leads to nothing; InputError where it leads out of the file.
    """
    node = Group(h5o.open(h5i.get_file_id(group.id), b"/")) if path.startswith("/") else group
    here, last = node, b"."
    for number, part in enumerate(name for name in path.split("/") if name not in ("", ".")):
        if number:
            here = _open(here, last)
        if not isinstance(here, h5py.Group):
            raise _wrong_kind(here, "dataset", "group")
        last, full = part.encode(errors=_NO_TEXT), f"{here.name.strip('/')}/{part}".lstrip("/")
        if not here.id.links.exists(last):
            raise KeyError(full)
        kind = here.id.links.get_info(last).type
        if kind == h5l.TYPE_SOFT:
            if turns >= _MOST_TURNS:
                raise InputError(f"{_file(here)}: {full} is a soft link that leads to itself", _MAKE_AGAIN)
            here, last = _place(here, here.id.links.get_val(last).decode(errors=_NO_TEXT), turns + 1)
        elif kind != h5l.TYPE_HARD:
            target = here.id.links.get_val(last)[0] if kind == h5l.TYPE_EXTERNAL else b"something else"
            raise InputError(
                f"{_file(here)}: {full} is an external link to {target.decode(errors=_NO_TEXT)}",
                _COPY,
            )
    return here, last


def _open(group: Any, name: bytes) -> Any:
    """What a hard link leads to. Raises: InputError for a dataset whose values are elsewhere or nowhere."""
    found = h5o.open(group.id, name)
    kind = h5i.get_type(found)
    if kind == h5i.GROUP:
        return Group(found)
    if kind != h5i.DATASET:
        raise KeyError(name.decode(errors=_NO_TEXT))
    opened = Dataset(found, readonly=True)
    if wrong := _wrong(opened):
        raise InputError(f"{_file(opened)}: {_name(opened)} {wrong[0]}", wrong[1])
    return opened


def _wrong(found: Dataset) -> tuple[str, str] | None:
    """What is wrong with where the values of a dataset are, and what to do about it."""
    plist = found.id.get_create_plist()
    if plist.get_layout() == h5d.VIRTUAL:
        sources = sorted({plist.get_virtual_filename(number) for number in range(plist.get_virtual_count())})
        return f"is virtual, its data are in {_listed(sources)}", _instead(_file(found), sources)
    if plist.get_external_count():
        elsewhere = plist.get_external(0)[0].decode(errors=_NO_TEXT)
        return f"is kept outside the file, in {elsewhere}", _COPY
    size = math.prod(found.shape or ()) * found.dtype.itemsize
    if size < _ALWAYS_BELIEVED:
        return None
    whole, there = h5i.get_file_id(found.id), size
    if size > whole.get_filesize():
        there = found.id.get_storage_size()
    elif blocks := getattr(_file(found).stat(), "st_blocks", 0):  # a file with holes is as long as it says
        there = blocks * 512
    if size > _MOST_COMPRESSED * there:
        return f"has a shape of {size:,} bytes, of which {there:,} are there", _MAKE_AGAIN
    return None


def _instead(path: Path, sources: list[str]) -> str:
    """What to do about a virtual dataset: the files that it joins may be parts by a common name, as of SWIFT."""
    common = path.parent / re.sub(r"\.\d+(\.hdf5)?$", "", sources[0]) if sources else path
    if any(common.with_name(f"{common.name}.0{ending}").exists() for ending in ("", ".hdf5")):
        return f"give the common name of its parts, {common}"
    if len(sources) == 1 and (path.parent / sources[0]).is_file():
        return f"give {path.parent / sources[0]}"
    return _COPY


def _listed(names: list[str]) -> str:
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


def _wrong_kind(found: Any, has: str, needed: str) -> InputError:
    return InputError(f"{_file(found)}: {_name(found)} is a {has}, where a {needed} belongs", _MAKE_AGAIN)


def _file(found: Any) -> Path:
    return Path(found.file.filename)


def _name(found: Any) -> str:
    return str(found.name).strip("/") or "its root"


def _foreign_filters(found: Dataset) -> str:
    """The names of a dataset's filters that are missing here."""
    plist = found.id.get_create_plist()
    filters = [plist.get_filter(number) for number in range(plist.get_nfilters())]
    missing = [(code, name.decode(errors="replace")) for code, _, _, name in filters if not h5py.h5z.filter_avail(code)]
    return ", ".join(f"filter {code} ({name})" if name else f"filter {code}" for code, name in missing)
