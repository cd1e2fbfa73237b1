"""RAMSES outputs: a folder output_<number> with info_<number>.txt and part_<number>.out<cpu>.

The info file holds cosmology and units; its lengths are physical, unit_l = aexp times the comoving box. Teyssier 2002,
astro-ph/0111367.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any

from core.cosmos.formats import by_pynbody
from core.cosmos.formats.header import Header, positive, unreadable
from core.cosmos.formats.reader import RawParticles, Reader, particle_facts
from core.cosmos.formats.units import Units
from core.errors import InputError

MEGAPARSEC = 3.0856775814913673e24
"""[cm]"""
SOLAR_MASS = 1.988409870698051e33
"""[g], IAU 2015."""


def info_of(folder: Path) -> Path | None:
    """The info file of a RAMSES output, None for any other folder."""
    number = re.fullmatch(r"output_(\d+)", folder.name)
    path = folder / f"info_{number[1]}.txt" if number else None
    return path if path is not None and path.is_file() else None


def read_header(folder: Path) -> Header:
    """The header, its particles counted in every file. The box is in comoving Mpc/h.

    Raises: InputError for a run that is not cosmological, and for files that are missing or cut off.
    """
    info, values = _info(folder)
    h = positive(values["H0"] / 100)
    # without cosmology RAMSES writes H0 = 1
    if h is None or h < 0.1:
        raise InputError(f"{folder} is no cosmological run", "halodeck works on cosmological boxes")
    files: list[Path] = []
    counts: list[tuple[int, int]] = []
    for cpu in range(1, int(values["ncpu"]) + 1):  # any number may stand there: the first file that is missing ends it
        files.append(folder / f"part_{info.stem.removeprefix('info_')}.out{cpu:05d}")
        counts.append(_particles(files[-1]))
    total, stars = sum(count for count, _ in counts), counts[0][1]
    if not 0 <= stars <= total:
        raise InputError(f"{files[0]} is damaged: {stars} stars of {total} particles", "copy it again")
    return Header(
        "ramses",
        total - stars,
        stars,
        box_size=values["boxlen"] * values["unit_l"] / values["aexp"] / MEGAPARSEC * h,
        redshift=1 / values["aexp"] - 1,
        omega_matter=positive(values["omega_m"]),
        omega_lambda=values.get("omega_l"),
        omega_baryon=positive(values.get("omega_b", 0.0)),
        h=h,
        parts=(info, *files),
    )


def units(folder: Path) -> Units:
    """From code units to comoving Mpc/h, Msun/h and km/s."""
    _, values = _info(folder)
    h = values["H0"] / 100
    return Units(
        length=values["unit_l"] / values["aexp"] / MEGAPARSEC * h,
        mass=values["unit_d"] * values["unit_l"] ** 3 / SOLAR_MASS * h,
        velocity=values["unit_l"] / values["unit_t"] / 1e5,
        source="stated in the file",
    )


def _info(folder: Path) -> tuple[Path, dict[str, float]]:
    path = info_of(folder)
    if path is None:
        raise InputError(f"{folder} is no output of RAMSES", "name the folder output_<number>")
    try:
        text = path.read_text(encoding="latin-1")
    except OSError as error:
        raise unreadable(path, error) from error
    pairs = re.findall(r"^(\w+)\s*=\s*([-+.\dE]+)\s*$", text, re.MULTILINE)
    try:
        values = {name: float(value) for name, value in pairs}
    except ValueError as error:
        raise InputError(f"{path} is damaged ({error})", "copy it again") from error
    needed = ("ncpu", "boxlen", "aexp", "H0", "omega_m", "unit_l", "unit_d", "unit_t")
    if missing := [name for name in needed if positive(values.get(name, 0)) is None]:
        raise InputError(f"{path} lacks {', '.join(missing)}", "copy it again")
    return path, values


def _particles(path: Path) -> tuple[int, int]:
    """Particles in one file, and stars in all: Fortran records ncpu, ndim, npart, seeds, nstar."""
    numbers = []
    try:
        with path.open("rb") as file:
            for _ in range(5):
                (length,) = struct.unpack("<I", file.read(4))
                numbers.append(struct.unpack("<i", file.read(length + 4)[:4])[0])
        size = path.stat().st_size
    except OSError as error:
        raise unreadable(path, error) from error
    except struct.error as error:
        raise InputError(f"{path} is cut off", "copy it again") from error
    count = numbers[2]
    # at least positions and velocities in double precision
    if count < 0 or size < 48 * count:
        raise InputError(f"{path} is cut off or big-endian: {size} bytes for {count} particles", "copy it again")
    return count, numbers[4]


def _read(path: Path, header: Header, total_matter: bool) -> RawParticles:
    def load() -> Any:
        from pynbody.snapshot.ramses import RamsesSnap

        return RamsesSnap(path)

    return by_pynbody.read_particles(path, load, total_matter)


READERS = (
    Reader(
        ("ramses",),
        "particles",
        lambda path, start: "ramses" if info_of(path) else "",
        lambda path: particle_facts(read_header(path), box_known=True),
        order=5,
        header=read_header,
        particles=_read,
        units=lambda path, header, raw, known, given: units(path),
        box_in_mpc=True,
    ),
)
