"""bigfile, the container of FastPM and MP-Gadget: a folder for each block, with a header, attributes and raw files.

`header` says type, members, number of files, and of each file `000000: rows : checksum : ...`, the number hexadecimal
and the checksum the sum of its bytes; `attr-v2` has a line `name type count hexadecimal-bytes` for each attribute.
Source: MP-Gadget/bigfile, src/bigfile.c (_big_block_open, attrset_read_attr_set_v2, sysvsum).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.cosmos.box import Array
from core.cosmos.formats.header import unreadable
from core.errors import InputError

_TYPE = re.compile(r"[<>=|]?[fiu][1248]")
_ATTRIBUTE = re.compile(r"(\S+)[ \t]+(\S+)[ \t]+(\d+)[ \t]+([0-9A-Fa-f]*)(?:[ \t].*)?")


@dataclass(frozen=True)
class Block:
    """Rows of one quantity and the raw files that hold them: path, rows, checksum."""

    path: Path
    kind: np.dtype[np.generic]
    members: int
    files: tuple[tuple[Path, int, int], ...]

    def __len__(self) -> int:
        return sum(rows for _, rows, _ in self.files)

    def read(self) -> Array:
        """All rows (N,) or (N, members). Raises: InputError for files whose bytes are not those that were written."""
        pieces = []
        for path, rows, stated in self.files:
            try:
                data = path.read_bytes()
            except OSError as error:
                raise unreadable(path, error) from error
            self._check_size(path, len(data), rows)
            if int(np.frombuffer(data, np.uint8).sum(dtype=np.uint64)) % 2**32 != stated:
                raise InputError(
                    f"{path} is damaged: its checksum is not the one in {self.path}/header", "copy it again"
                )
            pieces.append(np.frombuffer(data, self.kind))
        values = np.concatenate([np.empty(0, self.kind), *pieces])
        return values.reshape(-1, self.members) if self.members > 1 else values

    def check(self) -> None:
        """Raises: InputError for a file that is missing or of another size than the header says."""
        for path, rows, _ in self.files:
            try:
                self._check_size(path, path.stat().st_size, rows)
            except OSError as error:
                raise unreadable(path, error) from error

    def _check_size(self, path: Path, size: int, rows: int) -> None:
        need = rows * self.members * self.kind.itemsize
        if size != need:
            raise InputError(f"{path} is cut off or damaged: {size:,} of {need:,} bytes are there", "copy it again")


def open_block(path: Path) -> Block | None:
    """The block in a folder, None where there is none. Raises: InputError for a damaged header."""
    header = path / "header"
    if not header.is_file():
        return None
    lines = _text(header).split("\n")
    words = dict(line.split(":", 1) for line in lines[:3] if ":" in line)
    kind, members, files = (words.get(name, "").strip() for name in ("DTYPE", "NMEMB", "NFILE"))
    if not (_TYPE.fullmatch(kind) and re.fullmatch(r"\d{1,3}", members) and re.fullmatch(r"\d{1,7}", files)):
        raise InputError(f"{header} is damaged: type {kind!r}, {members!r} members, {files!r} files", "copy it again")
    found = re.findall(r"^\s*([0-9A-F]{6})\s*:\s*(\d{1,15})\s*:\s*(\d{1,10})\b", "\n".join(lines[3:]), re.MULTILINE)
    if [int(number, 16) for number, _, _ in found] != list(range(int(files))):
        raise InputError(f"{header} is damaged: it tells of {len(found)} of {files} files", "copy it again")
    parts = tuple((path / number, int(rows), int(checksum)) for number, rows, checksum in found)
    return Block(path, np.dtype(kind), int(members), parts)


def attributes(path: Path) -> dict[str, Array]:
    """The numbers of a folder's attr-v2 by name; text is left out. Raises: InputError for one that is damaged."""
    found = {}
    for line in _text(path / "attr-v2").split("\n"):
        if not line.strip():
            continue
        told = _ATTRIBUTE.fullmatch(line.strip())
        if told is None:
            raise InputError(f"{path / 'attr-v2'} is damaged: {line[:40]!r}", "copy it again")
        name, kind, count, data = told.groups()
        if not _TYPE.fullmatch(kind):
            continue
        if len(data) != 2 * int(count) * np.dtype(kind).itemsize:
            raise InputError(f"{path / 'attr-v2'} is cut off or damaged: {name}", "copy it again")
        found[name] = np.frombuffer(bytes.fromhex(data), kind)
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise unreadable(path, error) from error
