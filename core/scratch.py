"""Rows put aside by key: in memory while they are few, else in an unnamed file that ends with the program."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from core.files import explain

_MOST_BYTES = 1 << 25
"""Kept in memory before they are written."""


class Scratch:
    """Rows of one structured type, read in the order in which they were added.

    Raises: ResourceError for a full disk.
    """

    def __init__(self, kind: np.dtype[Any], folder: Path, most_bytes: int = _MOST_BYTES) -> None:
        self.kind = kind
        self._folder, self._most_bytes = folder, most_bytes
        self._file: IO[bytes] | None = None
        self._waiting: dict[Hashable, list[np.ndarray[Any, Any]]] = {}
        self._bytes = 0
        self._written: dict[Hashable, list[tuple[int, int]]] = {}

    def add(self, key: Hashable, rows: np.ndarray[Any, Any]) -> None:
        """Put rows aside."""
        self._waiting.setdefault(key, []).append(rows)
        self._bytes += rows.nbytes
        if self._bytes > self._most_bytes:
            self._write()

    def blocks(self, key: Hashable) -> Iterator[np.ndarray[Any, Any]]:
        """The rows of a key, some at a time."""
        for start, count in self._written.get(key, []):
            assert self._file is not None
            self._file.seek(start)
            yield np.frombuffer(self._file.read(count * self.kind.itemsize), self.kind)
        yield from self._waiting.get(key, [])

    def read(self, key: Hashable) -> np.ndarray[Any, Any]:
        """All rows of a key."""
        return np.concatenate([np.empty(0, self.kind), *self.blocks(key)])

    def _write(self) -> None:
        try:
            if self._file is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115  # it lives as long as this
                weakref.finalize(self, self._file.close)
            for key, pieces in self._waiting.items():
                start = self._file.seek(0, 2)
                for rows in pieces:
                    self._file.write(rows.tobytes())
                self._written.setdefault(key, []).append((start, sum(map(len, pieces))))
            self._file.flush()
        except OSError as error:
            raise explain(error, self._folder) from error
        self._waiting, self._bytes = {}, 0
