"""What a user says about a snapshot on the command line, because the file does not."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from core.cosmos.cosmology import Cosmology, preset
from core.cosmos.formats.header import Header
from core.errors import InputError, UsageError, did_you_mean

LENGTH_UNITS = ("kpc/h", "Mpc/h", "kpc", "Mpc")
"""Units of length of snapshots. Those with h go with masses in 1e10 Msun/h, those without with 1e10 Msun."""

_FLATNESS = 5e-3
"""How far Omega_m + Omega_Lambda may lie from 1: radiation and neutrinos are of this order."""


@dataclass(frozen=True)
class Given:
    """Stated by option; what is given here goes before what the file says."""

    box_size: float | None = None
    """Side of the box [Mpc/h]."""
    omega_matter: float | None = None
    omega_baryon: float | None = None
    h: float | None = None
    sigma8: float | None = None
    spectral_index: float | None = None
    redshift: float | None = None
    length_unit: str | None = None
    """Unit of length of the file: kpc/h, Mpc/h, kpc or Mpc."""

    def stated(self) -> dict[str, float | str]:
        """The options that were given."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class Known:
    """The cosmology and redshift of a snapshot, from its header and the options."""

    cosmology: Cosmology
    redshift: float


def in_cosmology(given: Given, name: str) -> Given:
    """The options completed by a preset cosmology; what was given by itself stays. Raises: UsageError."""
    numbers = {key: value for key, value in asdict(preset(name)).items() if key != "name"}
    return replace(given, **{key: value for key, value in numbers.items() if getattr(given, key) is None})


def option(name: str) -> str:
    """How an option is spelt on the command line."""
    return f"--{name.replace('_', '-')}"


def settle(header: Header, given: Given) -> Known:
    """Cosmology and redshift of a snapshot.

    Raises: InputError that names every option still needed, or for a universe that is not flat; UsageError for
    impossible options.
    """
    _check(given)
    values: dict[str, float] = {}
    missing = [option("box_size")] if header.box_size is None and given.box_size is None else []
    for name in ("omega_matter", "omega_baryon", "h", "sigma8", "spectral_index", "redshift"):
        stated = getattr(given, name)
        value = stated if stated is not None else getattr(header, name, None)
        if value is None:
            missing.append(option(name))
        else:
            values[name] = value
    if missing:
        raise InputError(f"{header.parts[0]} does not say all that is needed", f"add {', '.join(missing)}")
    redshift = values.pop("redshift")
    if not -1 < redshift < 1e4:
        raise InputError(f"{header.parts[0]} has the redshift {redshift:g}", "give --redshift")
    cosmology = Cosmology(**values, name="")
    if header.omega_lambda is not None and given.omega_matter is None:
        total = cosmology.omega_matter + header.omega_lambda
        if abs(total - 1) > _FLATNESS:
            raise InputError(
                f"{header.parts[0]}: Omega_m + Omega_Lambda = {total:g}, but halodeck's universes are flat",
                "give --omega-matter if the header is wrong",
            )
    return Known(cosmology, redshift)


def _check(given: Given) -> None:
    if given.length_unit is not None and given.length_unit not in LENGTH_UNITS:
        raise UsageError(f"unknown --length-unit {given.length_unit!r}", did_you_mean(given.length_unit, LENGTH_UNITS))
    for name in ("box_size", "omega_matter", "omega_baryon", "h", "sigma8", "spectral_index"):
        value = getattr(given, name)
        if value is not None and not 0 < value < float("inf"):
            raise UsageError(f"{option(name)} {value:g} is impossible", "give a positive number")
    if given.omega_matter is not None and given.omega_matter > 1:
        raise UsageError(f"--omega-matter {given.omega_matter:g} is impossible", "give a number up to 1")
