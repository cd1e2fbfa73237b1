"""ASDF, as far as AbacusSummit writes it: a tree of arrays and numbers in YAML, then binary blocks.

The tree ends with a line of three dots. A block is a magic number, the length of its header and in it flags, the name
of a compression, three sizes and an MD5 sum, numbers big-endian. Compression `blsc` is pieces of Blosc, the length of
each before it as 32 bits big-endian. Source: ASDF standard 1.5, low-level file layout; abacusutils, data/asdf.py.
"""

from __future__ import annotations

import hashlib
import re
import struct
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from core.cosmos.box import Array
from core.cosmos.formats.header import unreadable
from core.errors import InputError, ResourceError

SIGNATURE = b"#ASDF"
_MAGIC = b"\xd3BLK"
_BLOCK = struct.Struct(">I4sQQQ16s")
_LONGEST_TREE = 1 << 22
_TYPES = {f"{kind}{8 * size}": f"{kind[0]}{size}" for kind in ("int", "uint", "float") for size in (1, 2, 4, 8)}


@dataclass(frozen=True)
class Stored:
    """Where an array is: the number of its block, its type and shape."""

    block: int
    kind: np.dtype[Any]
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Asdf:
    """The tree of a file: arrays of `data`, numbers of `header`."""

    path: Path
    arrays: dict[str, Stored]
    numbers: dict[str, float]
    begin: int
    """Where the blocks begin."""

    def read(self, *names: str) -> dict[str, Array]:
        """Some arrays. Raises: InputError for those that are missing or damaged; ResourceError without blosc."""
        if missing := [name for name in names if name not in self.arrays]:
            raise InputError(f"{self.path} has no {', '.join(missing)}", "give the file with all columns")
        try:
            with self.path.open("rb") as file:
                places = self._places(file, max(self.arrays[name].block for name in names))
                return {name: self._array(file, name, places[self.arrays[name].block]) for name in names}
        except OSError as error:
            raise unreadable(self.path, error) from error

    def _places(self, file: BinaryIO, last: int) -> list[tuple[int, tuple[Any, ...]]]:
        """Where the contents of the blocks are, and their headers."""
        places: list[tuple[int, tuple[Any, ...]]] = []
        at = self.begin
        size = self.path.stat().st_size
        while len(places) <= last:
            file.seek(at)
            start = file.read(6)
            length = int.from_bytes(start[4:6], "big")
            head = file.read(length)
            if start[:4] != _MAGIC or len(head) < _BLOCK.size:
                raise InputError(
                    f"{self.path} is cut off: it holds {len(places)} of {last + 1} arrays", "copy it again"
                )
            told = _BLOCK.unpack_from(head)
            if at + 6 + length + told[3] > size:
                raise InputError(f"{self.path} is cut off in array {len(places)}", "copy it again")
            places.append((at + 6 + length, told))
            at += 6 + length + told[2]
        return places

    def _array(self, file: BinaryIO, name: str, place: tuple[int, tuple[Any, ...]]) -> Array:
        stored, (at, (_, packed, _, used, size, checksum)) = self.arrays[name], place
        file.seek(at)
        data = file.read(used)
        sums = [bytes(16), _md5(data)]
        need = stored.kind.itemsize * int(np.prod(stored.shape, dtype=np.int64))
        if size != need:
            raise InputError(f"{self.path}: {name} has {size:,} of {need:,} bytes", "copy it again")
        if packed == b"blsc":
            data = _unpacked(data, need, self.path, name)
        elif packed != bytes(4):
            raise InputError(f"{self.path}: {name} is packed by {packed!r}", "unpack it with the asdf library")
        if len(data) != need:
            raise InputError(f"{self.path}: {name} is damaged: {len(data):,} of {need:,} bytes", "copy it again")
        # of what is stored by the standard, of what was packed by the library that AbacusSummit used; 0 for none
        if checksum not in (*sums, _md5(data)):
            raise InputError(f"{self.path}: {name} is damaged: its checksum is another", "copy it again")
        return np.frombuffer(data, stored.kind).reshape(stored.shape)


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def open_asdf(path: Path) -> Asdf:
    """The tree of a file. Raises: InputError for one that is cut off or laid out in another way."""
    try:
        with path.open("rb") as file:
            start = file.read(_LONGEST_TREE)
    except OSError as error:
        raise unreadable(path, error) from error
    end = re.search(rb"^\.\.\.\r?\n", start, re.MULTILINE)
    if not start.startswith(SIGNATURE) or end is None:
        raise InputError(f"{path} is no ASDF file, or its tree is cut off", "copy it again")
    text = start[: end.start()].decode("utf-8", "replace")
    parts = re.split(r"^(\w+):(?: .*)?$", text, flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=False))
    arrays = {}
    for name, told in re.findall(
        r"^  (\w+): !core/ndarray-\S+(.*(?:\n    .*)*)", sections.get("data", ""), re.MULTILINE
    ):
        words = dict(re.findall(r"(\w+): (\[[\d, ]*\]|\w+)", told))
        shape = tuple(int(side) for side in re.findall(r"\d+", words.get("shape", "")))
        if words.get("source", "").isdecimal() and words.get("datatype") in _TYPES and shape:
            order = ">" if words.get("byteorder") == "big" else "<"
            arrays[name] = Stored(int(words["source"]), np.dtype(order + _TYPES[words["datatype"]]), shape)
    numbers = re.findall(r"^  (\w+): ([-+]?[\d.]+(?:[eE][-+]?\d+)?)$", sections.get("header", ""), re.MULTILINE)
    return Asdf(path, arrays, {name: float(number) for name, number in numbers}, end.end())


def _unpacked(data: bytes, need: int, path: Path, name: str) -> bytes:
    """The bytes of an array from pieces of Blosc, whose sizes are proven before any is unpacked."""
    try:
        blosc: Any = import_module("blosc")
        failed: Any = import_module("blosc.blosc_extension").error
    except ImportError as error:
        raise ResourceError(
            f"{path} is packed by Blosc", "install blosc with: pip install 'halodeck[abacus]'"
        ) from error
    pieces, at = [], 0
    try:
        while at < len(data):
            # its own length before a piece, then in it four bytes of flags, the size unpacked, of blocks, of the piece
            length, _, size, _, own = struct.unpack(">I4s", data[at : at + 8]) + struct.unpack_from(
                "<III", data, at + 8
            )
            piece = data[at + 4 : at + 4 + length]
            need -= size
            if need < 0 or not len(piece) == length == own:
                raise ValueError("its pieces do not fit")
            pieces.append(piece)
            at += 4 + length
        return b"".join(blosc.decompress(piece) for piece in pieces)
    except (failed, struct.error, ValueError, TypeError) as error:
        raise InputError(f"{path}: {name} is damaged ({error})", "copy it again") from error
