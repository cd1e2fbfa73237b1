"""Binary catalogues of the Rockstar halo finder: halos_N.M.bin, all blocks M of a snapshot.

A header of 256 bytes, the halos, then the ids of their particles, halo after halo; those of a subhalo stand with it
alone. Units are Mpc/h, Msun/h, km/s, radii in kpc/h (Behroozi et al. 2013, arXiv:1110.4372, io/io_internal.c; the
layouts are those of revisions 0 to 2 of the format).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.cosmos.box import Array
from core.cosmos.formats.given import Given
from core.cosmos.formats.header import Header, blocks_of, positive, unreadable
from core.cosmos.formats.reader import Facts, Members, RawHalos, Reader, header_facts
from core.errors import InputError

MAGIC = 0xFADEDACEC0C0D0D0
_HEADER = np.dtype(
    [
        *(("magic", "<u8"), ("snap", "<i8"), ("chunk", "<i8"), ("scale", "<f4"), ("omega_matter", "<f4")),
        *(("omega_lambda", "<f4"), ("h", "<f4"), ("bounds", "<f4", 6), ("halos", "<i8"), ("particles", "<i8")),
        *(("box_size", "<f4"), ("particle_mass", "<f4"), ("particle_type", "<i8"), ("revision", "<i4")),
    ]
)
_SIZE = 256
_NAME = r"(halos_[^.]*\.)(\d+)(\.bin)"


def _halo(revision: int) -> np.dtype[Any]:
    """The record of a halo; later revisions have more numbers."""
    later = revision > 0
    floats = [
        *("x", "y", "z", "vx", "vy", "vz"),
        *(("core_vx", "core_vy", "core_vz") if later else ()),
        *("bulk_vx", "bulk_vy", "bulk_vz", "mass", "radius", "child_r", "vmax_r", "mgrav", "vmax", "rvmax", "rs"),
        *("klypin_rs", "vrms", "jx", "jy", "jz", "energy", "spin", "m1", "m2", "m3", "m4", "x_off", "v_off"),
        *("b_to_a", "c_to_a", "ax", "ay", "az"),
        *(("b_to_a2", "c_to_a2", "a2x", "a2y", "a2z") if later else ()),
        *("bullock_spin", "kin_to_pot"),
        *(("m_pe_b", "m_pe_d") if later else ()),
    ]
    longs = ["count", "children", "start", "descendant", "flags", "core"]
    errors = ["min_pos_err", "min_vel_err", "min_bulkvel_err"]
    types = [("type", "<i4"), *((name, "<f4") for name in ("sm", "gas", "bh", "peak_density", "av_density"))]
    fields = [("id", "<i8"), *((name, "<f4") for name in floats), *((name, "<i8") for name in longs)]
    fields += [(name, "<f4") for name in errors] + (types if revision > 1 else [])
    return np.dtype(fields, align=True)


def read_header(path: Path) -> Header:
    """What the first block says, and the halos of all. Raises: InputError for blocks that do not belong together."""
    blocks = blocks_of(path, _NAME)
    heads = [_head(block) for block in blocks]
    first = heads[0]
    for block, head in zip(blocks, heads, strict=True):
        for name in ("scale", "omega_matter", "h", "box_size"):
            if head[name] != first[name]:
                raise InputError(f"{block} has another {name} than {blocks[0]}", "give the blocks of one snapshot")
    a = positive(first["scale"])
    return Header(
        "rockstar-bin",
        int(sum(int(head["halos"]) for head in heads)),
        box_size=positive(first["box_size"]),
        # written in single precision
        redshift=None if a is None else round(1 / a - 1, 5),
        omega_matter=positive(round(float(first["omega_matter"]), 6)),
        omega_lambda=round(float(first["omega_lambda"]), 6),
        h=positive(round(float(first["h"]), 6)),
        parts=blocks,
    )


def _head(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            start = file.read(_SIZE)
        size = path.stat().st_size
    except OSError as error:
        raise unreadable(path, error) from error
    if len(start) < _SIZE or int.from_bytes(start[:8], "little") != MAGIC:
        raise InputError(f"{path} is no binary of Rockstar, or cut off", "copy or make it again")
    head = np.frombuffer(start, _HEADER, 1)[0]
    if not 0 <= head["revision"] <= 2:
        raise InputError(
            f"{path} has revision {head['revision']} of the format", "known are 0 to 2: give the .list file"
        )
    expected = _SIZE + int(head["halos"]) * _halo(int(head["revision"])).itemsize + 8 * int(head["particles"])
    if size != expected:
        raise InputError(f"{path} has {size} bytes, its header says {expected}", "copy or make it again")
    return head


def read_halos(path: Path, given: Given, columns: Mapping[str, str] | None) -> RawHalos:
    """All halos of all blocks; who lies in whom is not in these files."""
    header = read_header(path)
    records = [_records(block, _head(block)) for block in header.parts]
    found = {
        "mass": np.concatenate([r["mass"] for r in records]).astype(np.float64),
        "radius": np.concatenate([r["radius"] for r in records]).astype(np.float64),
        "position": np.concatenate([np.stack([r[a] for a in "xyz"], axis=1) for r in records]).astype(np.float64),
        "velocity": np.concatenate([np.stack([r[f"v{a}"] for a in "xyz"], axis=1) for r in records]),
        "count": np.concatenate([r["count"] for r in records]),
        "id": np.concatenate([r["id"] for r in records]),
    }
    return RawHalos(found, {"mass": "Msun/h", "position": "Mpc/h", "radius": "kpc/h"}, header, "vir")


def read_members(path: Path) -> Members | None:
    """The particles behind the halos of all blocks; None where they were not written.

    Raises: InputError where halos and particles do not belong together.
    """
    counts, ids = [], []
    for block in read_header(path).parts:
        head = _head(block)
        records, particles = _records(block, head), int(head["particles"])
        count, start = records["count"], records["start"]
        if particles == 0 and len(records):
            return None
        if (
            ((count < 0) | (count > particles)).any()
            or (start != np.cumsum(count) - count).any()
            or count.sum() != particles
        ):
            raise InputError(f"{block}: its halos do not share its {particles} particles out", "copy or make it again")
        counts.append(count)
        ids.append(np.fromfile(block, "<i8", particles, offset=_SIZE + records.nbytes))
    places = np.concatenate(counts)
    rows = np.repeat(np.arange(len(places)), places)
    return Members(rows, np.concatenate(ids), "the ids behind the halos of the catalogue", nested=False)


def _records(block: Path, head: Any) -> Array:
    return np.fromfile(block, _halo(int(head["revision"])), int(head["halos"]), offset=_SIZE)


def _sniff(path: Path, start: bytes) -> str:
    return "rockstar-bin" if int.from_bytes(start[:8], "little") == MAGIC else ""


def _describe(path: Path) -> Facts:
    header = read_header(path)
    return {"halos": str(header.count)} | header_facts(header, box_known=True)


READERS = (
    Reader(
        ("rockstar-bin",),
        "halos",
        _sniff,
        _describe,
        order=25,
        header=read_header,
        halos=read_halos,
        members=read_members,
    ),
)
