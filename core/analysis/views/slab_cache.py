"""A cache of universes at hand: opened files, the planes read last, the halos read last.

Planes are read at their offset with plain reads. That costs no more than a memory map (a plane along z touches every
page of a cube either way), but a file cut off while it is looked at gives an error where a map would kill the process,
and reading can be given up half-way. Neighbouring planes are read together: along z sixteen cost what one costs.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from core.analysis.views.view import View, flatten, runs_of_planes
from core.cosmos.box import Array, Catalogue
from core.cosmos.universe import FieldInfo, Universe, open_universe
from core.errors import InputError, Interrupted, UsageError, did_you_mean
from core.files import damage, explain

Cancelled: TypeAlias = Callable[[], bool]
BLOCK = 1 << 24
"""Bytes of planes read together."""
ROOM = 1 << 27
"""Bytes of planes kept."""
_SLABS = 24
_SAMPLED = 8
"""Slabs that stand for all of a box."""
_SAMPLE = 1 << 18
"""About the values of a sample."""


class SlabCache:
    """Reads universes for browsing and keeps what was read last; safe to use from several threads."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._lock = threading.Lock()
        self._opened: dict[Path, tuple[tuple[int, int], Universe]] = {}
        self._blocks: OrderedDict[tuple[Any, ...], Array] = OrderedDict()
        self._slabs: OrderedDict[tuple[Any, ...], Array] = OrderedDict()
        self._samples: OrderedDict[tuple[Any, ...], Array] = OrderedDict()
        self._halos: dict[tuple[Path, str], Catalogue] = {}

    def universe(self, path: Path) -> Universe:
        """The universe in a file, opened again where it has changed. Raises: InputError, ResourceError."""
        try:
            status = path.stat()
        except OSError as error:
            self._forget(path)
            raise explain(error, path) from error
        stamp = (status.st_mtime_ns, status.st_size)
        known = self._opened.get(path)
        if known and known[0] == stamp:
            return known[1]
        self._forget(path)
        universe = open_universe(path)
        self._opened[path] = (stamp, universe)
        return universe

    def catalogue(self, universe: Universe, name: str) -> Catalogue:
        """A halo catalogue. Raises: UsageError, InputError."""
        key = (universe.path, name)
        if key not in self._halos:
            try:
                self._halos[key] = universe.catalogue(name)
            except (OSError, KeyError) as error:
                raise InputError(
                    f"{universe.path} is cut off or damaged ({damage(error)})", "make or copy it again"
                ) from error
        return self._halos[key]

    def slab(
        self, universe: Universe, name: str, view: View, mask: bool = False, cancelled: Cancelled = lambda: False
    ) -> Array:
        """The slab of a view as one image (n, n); with `mask` the share of cells with a label.

        Raises: UsageError for an unknown field or plane, InputError for a file cut off, Interrupted when `cancelled`.
        """
        if name not in universe.fields:
            raise UsageError(f"{universe.path} has no field {name!r}", did_you_mean(name, universe.fields))
        info = universe.fields[name]
        view.check(universe.cells)
        labels = info.dtype.kind in "iu" and not mask
        first, count = view.plane(universe.cells), 1 if labels else view.thickness
        key = (universe.path, name, view.axis, first, count, view.pooling, view.component, mask)
        with self._lock:
            if key in self._slabs:
                self._slabs.move_to_end(key)
                return self._slabs[key]
        plane = flatten(self._pieces(universe, info, view, first, count, mask, cancelled), view)
        with self._lock:
            self._slabs[key] = plane
            while len(self._slabs) > _SLABS:
                self._slabs.popitem(last=False)
        return plane

    def sample(
        self, universe: Universe, name: str, view: View, mask: bool = False, cancelled: Cancelled = lambda: False
    ) -> Array:
        """Values of slabs as thick as a view's from all over the box, at the same places in every field of a grid.

        Raises: InputError for a file cut off, Interrupted when `cancelled`.
        """
        info, n = universe.fields[name], universe.cells
        key = (universe.path, name, view.thickness, view.pooling, view.component, mask)
        with self._lock:
            if key in self._samples:
                self._samples.move_to_end(key)
                return self._samples[key]
        slabs = []
        for number in range(count := max(1, min(_SAMPLED, n // view.thickness))):
            first = number * n // count
            planes = min(view.thickness, n - first)
            parts = [
                read_planes(universe.path, info, 0, first, planes, component, cancelled)
                for component in _components(info, view)
            ]
            piece = parts[0][None] if len(parts) == 1 else np.stack(parts)
            slabs.append(flatten([(piece > 0).astype(np.float32) if mask else piece], view))
        step = max(1, int(np.ceil(np.sqrt(count * n * n / _SAMPLE))))
        found = np.stack(slabs)[:, ::step, ::step].ravel()
        with self._lock:
            self._samples[key] = found
            while len(self._samples) > _SLABS:
                self._samples.popitem(last=False)
        return found

    def fetch_ahead(self, universe: Universe, name: str, view: View, by: int, cancelled: Cancelled) -> None:
        """Read the block of planes next to a slab, down or up."""
        info = universe.fields[name]
        size = _planes_in_block(info)
        ahead = view.plane(universe.cells) + (view.thickness - 1 + size if by > 0 else -size)
        for component in _components(info, view):
            self._block(universe.path, info, view.axis, ahead % universe.cells // size, component, cancelled)

    def _pieces(
        self, universe: Universe, info: FieldInfo, view: View, first: int, count: int, mask: bool, cancelled: Cancelled
    ) -> Iterator[Array]:
        size = _planes_in_block(info)
        for start, planes in runs_of_planes(first, count, universe.cells, size):
            place = slice(start % size, start % size + planes)
            parts = [
                self._block(universe.path, info, view.axis, start // size, component, cancelled)[place]
                for component in _components(info, view)
            ]
            piece = parts[0][None] if len(parts) == 1 else np.stack(parts)
            yield (piece > 0).astype(np.float32) if mask else piece

    def _block(
        self, path: Path, info: FieldInfo, axis: str, number: int, component: int, cancelled: Cancelled
    ) -> Array:
        key = (path, info.name, axis, number, component)
        with self._lock:
            if key in self._blocks:
                self._blocks.move_to_end(key)
                return self._blocks[key]
        size = _planes_in_block(info)
        count = min(size, info.shape[-1] - number * size)
        block = read_planes(path, info, "xyz".index(axis), number * size, count, component, cancelled)
        with self._lock:
            self._blocks[key] = block
            while sum(kept.nbytes for kept in self._blocks.values()) > self._room and len(self._blocks) > 1:
                self._blocks.popitem(last=False)
        return block

    def _forget(self, path: Path) -> None:
        with self._lock:
            self._opened.pop(path, None)
            for kept in (self._blocks, self._slabs, self._samples, self._halos):
                for key in [key for key in kept if key[0] == path]:
                    del kept[key]


def read_planes(
    path: Path,
    info: FieldInfo,
    axis: int,
    first: int,
    count: int,
    component: int = 0,
    cancelled: Cancelled = lambda: False,
) -> Array:
    """Planes of a cube across an axis, shape (count, n, n), of one component of a vector.

    Raises: InputError for a file cut off, ResourceError for one that cannot be read, Interrupted when `cancelled`.
    """
    n, item = info.shape[-1], info.dtype.itemsize
    start = info.offset + component * n**3 * item
    planes = np.empty((count, n, n), info.dtype)
    try:
        with path.open("rb", buffering=0) as file:
            if axis == 0:
                _fill(file, planes, start + first * n * n * item, path)
                return planes
            page = np.empty((count, n) if axis == 1 else (n, n), info.dtype)
            for i in range(n):
                if cancelled():
                    raise Interrupted("a newer slice is wanted")
                if axis == 1:
                    _fill(file, page, start + (i * n + first) * n * item, path)
                    planes[:, i] = page
                else:
                    _fill(file, page, start + i * n * n * item, path)
                    planes[:, i] = page[:, first : first + count].T
    except OSError as error:
        raise explain(error, path) from error
    return planes


def _fill(file: Any, array: Array, offset: int, path: Path) -> None:
    rest = array.reshape(-1).view(np.uint8).data  # whatever its byte order
    file.seek(offset)
    while rest:
        read = file.readinto(rest)
        if not read:
            raise InputError(f"{path} is cut off", "make or copy it again")
        rest = rest[read:]


def _planes_in_block(info: FieldInfo) -> int:
    n = info.shape[-1]
    return max(1, min(n, BLOCK // (n * n * info.dtype.itemsize)))


def _components(info: FieldInfo, view: View) -> tuple[int, ...]:
    if len(info.shape) == 3:
        return (0,)
    return (0, 1, 2) if view.component == "length" else ("xyz".index(view.component),)
