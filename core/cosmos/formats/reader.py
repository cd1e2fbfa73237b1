"""What makes a format: one Reader record, by which files are told from others, described and read.

Every module of formats/readers adds formats by what it calls READERS, and so does every distribution with an entry
point in the group `halodeck.readers`, whose value is a Reader or a tuple of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from core.cosmos.box import Array
from core.cosmos.formats.given import Given, Known
from core.cosmos.formats.header import Header
from core.cosmos.formats.units import Units

Holds = Literal["particles", "halos", "cube", "trees"]
Facts: TypeAlias = dict[str, str]


@dataclass(frozen=True)
class RawParticles:
    """A snapshot's dark matter in the file's own units; `total_mass` is that of all particles."""

    positions: Array
    velocities: Array | None
    ids: Array | None
    """None where their order in the file is all that numbers them."""
    total_mass: float | None
    matter: tuple[Array, Array] | None = None
    """Positions and masses of all particles, if asked for."""


@dataclass(frozen=True)
class RawHalos:
    """A catalogue's numbers in the file's own units, in its order: mass, position (N, 3), and what else it has."""

    columns: dict[str, Array]
    units: dict[str, str]
    """Units of mass, position and radius, as `units.factor` knows them."""
    header: Header
    definition: str
    """How halos are bounded: vir, 200b, fof, ..."""
    apart: bool = False
    """Groups that share no particle: none lies in another."""


@dataclass(frozen=True)
class Members:
    """Who is in which halo: a row for each member of each halo of a catalogue."""

    halos: Array
    """Of each row the halo: its place in the file, from 0, or its id."""
    particles: Array | None
    """Of each row the id of the particle; None where the rows are the snapshot's first particles, in its order."""
    source: str
    """Where this stands, in words."""
    by_id: bool = False
    """Whether `halos` are ids."""
    nested: bool = True
    """Whether the members of a subhalo stand in the list of its host too; else they are added to it."""


@dataclass(frozen=True)
class RawCube:
    """A cube's values, what its file says, and the name of the field, where the file tells it."""

    values: Array
    header: Header
    name: str | None = None
    repairs: tuple[str, ...] = ()
    """What was done to make them."""


@dataclass(frozen=True)
class CubeWish:
    """What a user says of a cube: the field, its name in the file, cells a side of raw floats, h."""

    name: str | None = None
    dataset: str | None = None
    cells: int | None = None
    h: float | None = None


@dataclass(frozen=True)
class Reader:
    """A format, or a family of them that is read in one way. Everything raises InputError for damaged files."""

    names: tuple[str, ...]
    """What `info` calls its files."""
    holds: Holds
    sniff: Callable[[Path, bytes], str]
    """The name of a path's format, "" for another's. The first 32 bytes are given, none of a folder."""
    describe: Callable[[Path], Facts]
    """The cheap facts on a file in the order to be read; no bulk data is read."""
    order: int = 50
    """When it is asked, the strictest signs first: what has no header comes last."""
    header: Callable[[Path], Header] | None = None
    particles: Callable[[Path, Header, bool], RawParticles] | None = None
    """Particles of a snapshot, all matter too if asked for."""
    units: Callable[[Path, Header, RawParticles, Known, Given], Units | None] | None = None
    """The units of a snapshot where the file or its format tells them; else the mass of the particles proves them."""
    derive: Callable[[Path, Header, RawParticles], Header] | None = None
    """The header completed by what only the particles tell; they are read first then."""
    box_in_mpc: bool = False
    """The header has the box in Mpc/h already."""
    centred: bool = False
    """Positions run from -1/2 to 1/2 of the box."""
    halos: Callable[[Path, Given, Mapping[str, str] | None], RawHalos] | None = None
    members: Callable[[Path], Members | None] | None = None
    """Who is in which halo, where the catalogue, or a file beside it, lists it; None where neither does."""
    cube: Callable[[Path, CubeWish], RawCube] | None = None
    several: bool = False
    """A file may hold several cubes: --dataset names one."""


def header_facts(header: Header, box_known: bool = False) -> Facts:
    """What a header says, its box in Mpc/h or in the file's unit."""
    numbers = {
        "box": header.box_size,
        "redshift": header.redshift,
        "omega_matter": header.omega_matter,
        "omega_lambda": header.omega_lambda,
        "omega_baryon": header.omega_baryon,
        "h": header.h,
        "w0": None if header.w0 == -1 else header.w0,
        "wa": header.wa or None,
        "omega_radiation": header.omega_radiation or None,
        "omega_neutrino": header.omega_neutrino or None,
        "omega_curvature": header.omega_curvature or None,
    }
    facts = {name: f"{value:g}" for name, value in numbers.items() if value is not None}
    if "box" in facts:
        facts["box"] += " Mpc/h" if box_known else " (in the file's unit)"
    if len(header.parts) > 1:
        facts["files"] = str(len(header.parts))
    return facts


def particle_facts(header: Header, box_known: bool = False) -> Facts:
    """How many particles a snapshot has, and what its header says."""
    cells = round(header.count ** (1 / 3))
    cube = f" = {cells}^3" if cells**3 == header.count else ", no cube"
    facts = {"dark matter particles": f"{header.count}{cube}"}
    if header.others:
        facts["other particles"] = str(header.others)
    return facts | header_facts(header, box_known)


def shape_text(sides: tuple[int, ...]) -> str:
    """ "64 x 64 x 64"."""
    return " x ".join(map(str, sides)) or "scalar"
