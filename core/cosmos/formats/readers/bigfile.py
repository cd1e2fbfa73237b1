"""Snapshots of FastPM and MP-Gadget, and initial conditions of MP-GenIC: a folder with Header and 1/Position.

Types are GADGET's: 0 gas, 1 dark matter, 2 neutrinos, 4 stars, 5 black holes. Velocities are peculiar where
UsePeculiarVelocity is 1; else a times that in snapshots, over sqrt(a) in initial conditions, which have no TimeIC.
FastPM calls the matter without neutrinos Omega0, all of it OmegaM. Source: MP-Gadget, libgadget/petaio.c
(petaio_write_header, GTVelocity) and libgenic/save.c; FastPM, libfastpmio/io.c (write_snapshot_header).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.cosmos.box import Array
from core.cosmos.cosmology import CRITICAL_DENSITY
from core.cosmos.formats.bigfile import Block, attributes, open_block
from core.cosmos.formats.given import Given, Known
from core.cosmos.formats.header import Header, positive
from core.cosmos.formats.reader import RawParticles, Reader, particle_facts
from core.cosmos.formats.units import Units
from core.errors import InputError

_MPC, _MSUN, _KM = 3.0856775814913673e24, 1.988409870698051e33, 1e5
"""In cgs."""
_TYPES = ("0", "1", "2", "3", "4", "5")
_DARK, _NEUTRINOS = "1", "2"


def sniff(path: Path, start: bytes) -> str:
    """ "bigfile" for a folder with a header and dark matter."""
    if start or not path.is_dir():
        return ""
    return "bigfile" if _header_of(path) and (path / _DARK / "Position" / "header").is_file() else ""


def read_header(path: Path) -> Header:
    """What a snapshot says of itself. Raises: InputError for blocks that are cut off or of different lengths."""
    told = _numbers(path)
    counts = {}
    files: list[Path] = []
    for kind in _TYPES:
        blocks = {name: open_block(path / kind / name) for name in ("Position", "Velocity", "ID", "Mass")}
        counts[kind] = len(blocks["Position"] or ())
        for name, block in blocks.items():
            if block is None:
                continue
            _check(block, name, counts[kind])
            files += [block.path / "header", *(file for file, _, _ in block.files)] if kind == _DARK else []
        stated = int(told["TotNumPart"][int(kind)]) if len(told.get("TotNumPart", ())) == 6 else counts[kind]
        if stated != counts[kind]:
            raise InputError(
                f"{path}: the header says {stated} particles of type {kind}, the folder holds {counts[kind]}",
                "copy all of it; samples of the particles cannot be used",
            )
    a = _one(told, "Time") or _one(told, "ScalingFactor")
    fluid = _one(told, "OmegaFld") or 0.0
    return Header(
        format="bigfile",
        count=counts[_DARK],
        others=sum(counts.values()) - counts[_DARK],
        box_size=positive(_one(told, "BoxSize") or 0),
        redshift=1 / a - 1 if a and a > 0 else None,
        omega_matter=positive(_one(told, "OmegaM") or _one(told, "Omega0") or 0),
        omega_lambda=None if (constant := _one(told, "OmegaLambda")) is None else constant + fluid,
        omega_baryon=positive(_one(told, "OmegaBaryon") or 0),
        h=positive(_one(told, "HubbleParam") or 0),
        w0=_one(told, "W0_Fld") if fluid else None,
        wa=_one(told, "WA_Fld") if fluid else None,
        omega_neutrino=_neutrinos(told, counts[_NEUTRINOS]),
        omega_curvature=_one(told, "OmegaK"),
        parts=(_attributes_of(path), *files),
    )


def read_particles(path: Path, header: Header, total_matter: bool) -> RawParticles:
    """Dark matter in the order of the files, and the mass of everything."""
    table = _numbers(path).get("MassTable", np.zeros(6))
    total, matter = 0.0, []
    for number, kind in enumerate(_TYPES):
        count = len(open_block(path / kind / "Position") or ())
        masses = _column(path, kind, "Mass")
        if masses is None and number < len(table) and table[number] > 0:
            masses = np.full(count, table[number])
        if not count or masses is None:
            if count and (kind == _DARK or total_matter):
                raise InputError(f"{path} holds no masses of type {kind}", "restore its MassTable or the block Mass")
            continue
        if kind == _DARK and masses.max() > masses.min() * (1 + 1e-4):
            raise InputError(f"{path} has dark matter particles of different masses", "zoom simulations cannot be used")
        total += float(masses.sum(dtype=np.float64))
        if total_matter and (position := _column(path, kind, "Position")) is not None:
            matter.append((position, masses))
    positions, ids = _column(path, _DARK, "Position"), _column(path, _DARK, "ID")
    assert positions is not None
    return RawParticles(
        positions,
        _column(path, _DARK, "Velocity"),
        None if ids is None else ids.astype(np.int64),
        total,
        (np.concatenate([p for p, _ in matter]), np.concatenate([m for _, m in matter])) if matter else None,
    )


def units(path: Path, header: Header, raw: RawParticles, known: Known, given: Given) -> Units | None:
    """The units that the header states; None where it states none, or --length-unit does."""
    told = _numbers(path)
    length = positive(_one(told, "UnitLength_in_cm") or 0)
    if length is None or given.length_unit is not None:
        return None
    a = 1 / (1 + known.redshift)
    velocity = (_one(told, "UnitVelocity_in_cm_per_s") or _KM) / _KM
    if not _one(told, "UsePeculiarVelocity"):
        velocity *= 1 / a if "TimeIC" in told else np.sqrt(a)
    to_mpc = _round(length / _MPC)
    name = {1e-3: "kpc/h", 1.0: "Mpc/h"}.get(to_mpc, f"{to_mpc:.6g} Mpc/h")
    mass = _round((_one(told, "UnitMass_in_g") or 1e10 * _MSUN) / _MSUN)
    return Units(to_mpc, mass, velocity, f"{name}, stated in the file")


def _header_of(path: Path) -> Path | None:
    return next((path / name for name in ("Header", "header") if (path / name / "attr-v2").is_file()), None)


def _attributes_of(path: Path) -> Path:
    folder = _header_of(path)
    if folder is None:
        raise InputError(f"{path} has no Header/attr-v2", "copy it again")
    return folder / "attr-v2"


def _numbers(path: Path) -> dict[str, Array]:
    return attributes(_attributes_of(path).parent)


def _one(told: dict[str, Array], name: str) -> float | None:
    """An attribute of one number."""
    return float(told[name][0]) if len(told.get(name, ())) else None


def _neutrinos(told: dict[str, Array], count: int) -> float | None:
    """Omega of neutrino particles: what the box would be short of without them."""
    box, masses = _one(told, "BoxSize"), told.get("MassTable", np.zeros(0))
    if not count or not box or len(masses) < 3:
        return None
    length = (_one(told, "UnitLength_in_cm") or _MPC) / _MPC
    mass = (_one(told, "UnitMass_in_g") or 1e10 * _MSUN) / _MSUN
    return count * float(masses[2]) * mass / (CRITICAL_DENSITY * (box * length) ** 3)


def _check(block: Block, name: str, count: int) -> None:
    if block.members != (3 if name in ("Position", "Velocity") else 1):
        raise InputError(f"{block.path} has {block.members} numbers a particle", "copy or make it again")
    if len(block) != count:
        raise InputError(f"{block.path} has {len(block)} of {count} particles", "copy or make it again")
    block.check()


def _column(path: Path, kind: str, name: str) -> Array | None:
    block = open_block(path / kind / name)
    return None if block is None else block.read()


def _round(factor: float) -> float:
    """A power of ten where a constant of nature in the file is a little different from ours."""
    decade = 10.0 ** round(np.log10(factor)) if factor > 0 else factor
    return decade if abs(factor / decade - 1) < 1e-3 else factor


READERS = (
    Reader(
        ("bigfile",),
        "particles",
        sniff,
        lambda path: particle_facts(read_header(path)),
        order=6,
        header=read_header,
        particles=read_particles,
        units=units,
    ),
)
