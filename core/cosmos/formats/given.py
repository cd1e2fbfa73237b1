"""What a user says about a snapshot on the command line, because the file does not."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from core.cosmos.cosmology import Cosmology, preset
from core.cosmos.formats.header import Header
from core.errors import InputError, UsageError, did_you_mean

LENGTH_UNITS = ("kpc/h", "Mpc/h", "kpc", "Mpc")
"""Units of length of snapshots. Those with h go with masses in 1e10 Msun/h, those without with 1e10 Msun."""

_NEEDED = ("omega_matter", "omega_baryon", "h", "sigma8", "spectral_index")
"""Numbers of a cosmology that have no default."""

_FLATNESS = 5e-3
"""How far Omega_m + Omega_Lambda may lie from 1: radiation and neutrinos are of this order."""

_LEAST = 1e-5
"""Omega of massive neutrinos, or curvature, that a header may state and mean none."""


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
    redshift_final: float | None = None
    """Of the second of two files."""
    w0: float | None = None
    """Equation of state of dark energy today, -1 where neither this nor the file says it."""
    wa: float | None = None
    length_unit: str | None = None
    """Unit of length of the file: kpc/h, Mpc/h, kpc or Mpc."""
    is_final: bool = False
    """Whether this is said of the second of two files."""
    usual_redshift: float | None = None
    """Where neither file nor option says it."""

    def of_final(self, usual_redshift: float | None = None) -> Given:
        """What is said of the second of two files."""
        return replace(self, redshift=self.redshift_final, is_final=True, usual_redshift=usual_redshift)

    def stated(self) -> dict[str, float | str]:
        """The options that were given."""
        told = asdict(self)
        del told["is_final"], told["usual_redshift"]
        return {name: value for name, value in told.items() if value is not None}


@dataclass(frozen=True)
class Known:
    """The cosmology and redshift of a snapshot, from its header and the options."""

    cosmology: Cosmology
    redshift: float


def in_cosmology(given: Given, name: str) -> Given:
    """The options completed by a preset cosmology; what was given by itself stays. Raises: UsageError."""
    known = preset(name)
    missing = [key for key in (*_NEEDED, "w0", "wa") if getattr(given, key) is None]
    return replace(given, **{key: getattr(known, key) for key in missing})


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
    for name in (*_NEEDED, "redshift"):
        stated, told = getattr(given, name), getattr(header, name)
        value = stated if stated is not None else told
        if value is None and name == "redshift":
            value = given.usual_redshift
        if value is None:
            missing.append(_option_of(name, given))
        else:
            values[name] = value
    if missing:
        raise InputError(f"{header.parts[0]} does not say all that is needed", f"add {', '.join(missing)}")
    redshift = values.pop("redshift")
    if header.redshift is not None and abs(redshift - header.redshift) > 5e-3 * (1 + abs(header.redshift)):
        raise InputError(
            f"{header.parts[0]} is of z = {header.redshift:g}, not {redshift:g}",
            f"leave {_option_of('redshift', given)} out, or correct the file",
        )
    if not -1 < redshift < 1e4:
        raise InputError(f"{header.parts[0]} has the redshift {redshift:g}", f"give {_option_of('redshift', given)}")
    for name, default in (("w0", -1.0), ("wa", 0.0)):
        stated, told = getattr(given, name), getattr(header, name)
        values[name] = stated if stated is not None else default if told is None else told
    radiation = header.omega_radiation or 0.0
    cosmology = Cosmology(**values, omega_radiation=radiation)  # type: ignore[arg-type]
    cosmology.check()
    if given.omega_matter is None:
        _check_one_fluid(header, cosmology)
    return Known(cosmology, redshift)


def _check_one_fluid(header: Header, cosmology: Cosmology) -> None:
    """Refuse what halodeck's growth of structure leaves out: curvature and massive neutrinos. Raises: InputError."""
    path, remedy = header.parts[0], "give --omega-matter, that of all matter, to take it for a flat universe of matter"
    if header.omega_neutrino is not None and abs(header.omega_neutrino) > _LEAST:
        raise InputError(f"{path} has massive neutrinos (Omega_nu = {header.omega_neutrino:g})", remedy)
    if header.omega_curvature is not None and abs(header.omega_curvature) > _LEAST:
        raise InputError(f"{path} is curved (Omega_k = {header.omega_curvature:g})", remedy)
    if header.omega_lambda is not None:
        total = cosmology.omega_matter + header.omega_lambda + cosmology.omega_radiation
        if abs(total - 1) > _FLATNESS:
            raise InputError(
                f"{path}: Omega_m + Omega_Lambda = {total:g}, but halodeck's universes are flat",
                "give --omega-matter if the header is wrong",
            )


def _option_of(name: str, given: Given) -> str:
    """The option that says this of the file in question."""
    return option("redshift_final" if name == "redshift" and given.is_final else name)


def _check(given: Given) -> None:
    if given.length_unit is not None and given.length_unit not in LENGTH_UNITS:
        raise UsageError(f"unknown --length-unit {given.length_unit!r}", did_you_mean(given.length_unit, LENGTH_UNITS))
    for name in ("box_size", *_NEEDED):
        value = getattr(given, name)
        if value is not None and not 0 < value < float("inf"):
            raise UsageError(f"{option(name)} {value:g} is impossible", "give a positive number")
    if given.omega_matter is not None and given.omega_matter > 1:
        raise UsageError(f"--omega-matter {given.omega_matter:g} is impossible", "give a number up to 1")
