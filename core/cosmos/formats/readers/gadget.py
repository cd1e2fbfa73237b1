"""GADGET-1 and -2 binary snapshots: the header, and every block checked for its length.

A file is a row of Fortran records, each between two 4-byte markers that hold its length; GADGET-2 puts a record with
a 4-letter name before each. Springel 2005, arXiv:astro-ph/0505010; GADGET-2 user guide, section 6.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np

from core.cosmos.formats import by_pynbody
from core.cosmos.formats.header import Header, complete, parts_of, positive, unreadable
from core.cosmos.formats.reader import RawParticles, Reader, particle_facts
from core.errors import InputError

ByteOrder = Literal["<", ">"]

_HEADER_FIELDS: list[tuple[Any, ...]] = [
    ("particles", "u4", 6),
    ("mass", "f8", 6),
    ("time", "f8"),
    ("redshift", "f8"),
    ("flags", "i4", 2),
    ("total", "u4", 6),
    ("cooling", "i4"),
    ("files", "i4"),
    ("box_size", "f8"),
    ("omega_matter", "f8"),
    ("omega_lambda", "f8"),
    ("h", "f8"),
]
_HEADER_SIZE = 256
_SIZES = {"POS": (12, 24), "VEL": (12, 24), "ID": (4, 8)}
"""Bytes per particle of the blocks that hold every particle."""
_DARK = (1, 5)
"""The particle types pynbody takes for dark matter."""


def sniff(start: bytes) -> tuple[Literal["gadget1", "gadget2"], ByteOrder] | None:
    """Which GADGET format and byte order, if any, a file has that begins with these bytes."""
    if start[:4] in (b"\x00\x01\x00\x00", b"\x00\x00\x01\x00"):
        return "gadget1", "<" if start[1] else ">"
    if start[:4] in (b"\x08\x00\x00\x00", b"\x00\x00\x00\x08") and start[4:8] == b"HEAD":
        return "gadget2", "<" if start[0] else ">"
    return None


def read_header(path: Path) -> Header:
    """The header of a snapshot of one or many files, every file checked for its length.

    Raises: InputError for a file that is cut off or whose header and blocks disagree.
    """
    parts = parts_of(path)
    headers = []
    for part in parts:
        try:
            with part.open("rb") as file:
                form, header = _check_part(file, part)
        except OSError as error:
            raise unreadable(part, error) from error
        headers.append(header)
    first = headers[0]
    complete(parts, int(first["files"]))
    for part, header in zip(parts, headers, strict=True):
        if any(header[name] != first[name] for name in ("time", "redshift", "box_size", "omega_matter", "files")):
            raise InputError(f"{part} belongs to another snapshot than {parts[0]}", "copy the right files")
    count = sum(header["particles"].astype(np.int64) for header in headers)
    dark = int(count[list(_DARK)].sum())
    redshift = float(first["redshift"])
    return Header(
        format=form,
        count=dark,
        others=int(count.sum()) - dark,
        box_size=positive(first["box_size"]),
        # the time of a cosmological run is the scale factor; where the two disagree, neither is to be trusted
        redshift=redshift if abs(first["time"] * (1 + redshift) - 1) < 1e-3 else None,
        omega_matter=positive(first["omega_matter"]),
        omega_lambda=float(first["omega_lambda"]),
        h=positive(first["h"]),
        parts=parts,
    )


def _check_part(file: BinaryIO, path: Path) -> tuple[Literal["gadget1", "gadget2"], Any]:
    """Format and header (a numpy record) of one file, after a walk over its records."""
    told = sniff(file.read(8))
    if told is None:
        raise InputError(f"{path} does not begin like a GADGET file", "check how it was written")
    form, order = told
    file.seek(0)
    names = iter(("HEAD", *_SIZES))
    header: Any = None
    seen: set[str] = set()
    while not seen >= _SIZES.keys() and file.tell() < path.stat().st_size:
        name = next(names) if form == "gadget1" else _record(file, path, order)[:4].decode("latin-1").strip()
        if name == "HEAD":
            fields = np.dtype(_HEADER_FIELDS).newbyteorder(order)
            header = np.frombuffer(_record(file, path, order), fields, 1)[0]
            if not header["particles"].any():
                raise InputError(f"{path} holds no particles", "check how it was written")
        else:
            _check_block(file, path, order, name, int(header["particles"].sum(dtype=np.int64)))
            seen.add(name)
    if "POS" not in seen:
        raise InputError(f"{path} holds no positions", "copy or make it again")
    return form, header


def _record(file: BinaryIO, path: Path, order: ByteOrder) -> bytes:
    """One short record: a header, or the name of a block."""
    marker = _exactly(file, path, 4)
    (length,) = struct.unpack(f"{order}I", marker)
    data = _exactly(file, path, min(length, _HEADER_SIZE))
    if length not in (8, _HEADER_SIZE) or _exactly(file, path, 4) != marker:
        raise InputError(f"{path} is damaged: a header record of {length} bytes", "copy or make it again")
    return data


def _check_block(file: BinaryIO, path: Path, order: ByteOrder, name: str, count: int) -> None:
    """Step over one block. Its marker cannot count beyond 4 GiB: then it holds the length modulo 2^32."""
    marker = _exactly(file, path, 4)
    (length,) = struct.unpack(f"{order}I", marker)
    if name in _SIZES:
        sizes = [size * count for size in _SIZES[name] if size * count % 2**32 == length]
        if not sizes:
            per_particle = _SIZES[name][0]
            raise InputError(
                f"{path}: the header says {count} particles, the block {name} holds {length // per_particle}",
                "copy or make it again",
            )
        length = sizes[0]
    file.seek(length, 1)
    if _exactly(file, path, 4) != marker:
        raise InputError(f"{path} is damaged: the block {name} has two lengths", "copy or make it again")


def _exactly(file: BinaryIO, path: Path, size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise InputError(f"{path} is cut off", "copy or make it again")
    return data


def _particles(path: Path, header: Header, total_matter: bool) -> RawParticles:
    def load() -> Any:
        from pynbody.snapshot.gadget import GadgetSnap

        return GadgetSnap(path)

    return by_pynbody.read_particles(path, load, total_matter)


def _sniffed(path: Path, start: bytes) -> str:
    found = sniff(start)
    return found[0] if found else ""


READERS = (
    Reader(
        ("gadget1", "gadget2"),
        "particles",
        _sniffed,
        lambda path: particle_facts(read_header(path)),
        order=10,
        header=read_header,
        particles=_particles,
    ),
)
