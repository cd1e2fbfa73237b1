"""Options that several commands share, and how their texts are read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from core.cosmos.presets import PRESET_NAMES
from core.errors import UsageError
from core.forms import Ask
from core.runs.launch_spec import folder_of

if TYPE_CHECKING:
    from core.cosmos.cosmology import Cosmology

UNIVERSES = folder_of("universes")
RUNS = folder_of("runs")
DEVICES = ("auto", "cpu", "cuda")

Steps = Annotated[
    int, typer.Option(help="Time steps of the N-body run, uniform in the growth factor."), Ask("evolution")
]
MeshRatio = Annotated[
    float,
    typer.Option(help="Force-mesh cells per particle spacing: 1, 1.5, 2 or 3."),
    Ask("evolution", ("1", "1.5", "2", "3")),
]
Outputs = Annotated[
    str,
    typer.Option(help="Redshifts to keep, e.g. 1,0; the last is the main one."),
    Ask("evolution", parse=lambda text: parse_numbers(text, "outputs")),
]
Minimum = Annotated[int, typer.Option(help="Particles of the smallest halo."), Ask("evolution")]
Preset = Annotated[
    str, typer.Option(help=f"{', '.join(PRESET_NAMES[:-1])} or {PRESET_NAMES[-1]}."), Ask("universe", PRESET_NAMES)
]
OmegaMatter = Annotated[
    float | None, typer.Option(help="Matter density today; default the preset's."), Ask("cosmology")
]
OmegaBaryon = Annotated[float | None, typer.Option(help="Baryon density today."), Ask("cosmology")]
Hubble = Annotated[float | None, typer.Option("--h", help="H0 / (100 km/s/Mpc)."), Ask("cosmology")]
Sigma8 = Annotated[float | None, typer.Option(help="Linear rms in 8 Mpc/h spheres today."), Ask("cosmology")]
SpectralIndex = Annotated[float | None, typer.Option(help="Slope of the primordial spectrum."), Ask("cosmology")]
W0 = Annotated[
    float | None, typer.Option("--w0", help="Equation of state of dark energy today."), Ask("cosmology", signed=True)
]
Wa = Annotated[
    float | None, typer.Option("--wa", help="Its change: w(a) = w0 + wa (1 - a)."), Ask("cosmology", signed=True)
]
Device = Annotated[
    str,
    typer.Option(help="auto, cpu, cuda or cuda:N."),
    Ask("evolution", DEVICES, others=True, parse=lambda text: parse_device(text)),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite what is there."), Ask("output")]


def varied(cosmology: Cosmology, *numbers: float | None) -> Cosmology:
    """A cosmology with those of the numbers that are given, in the order of `campaign.NUMBERS`. Raises: UsageError."""
    from core.cosmos.campaign import NUMBERS, varied

    return varied(cosmology, {name: x for name, x in zip(NUMBERS, numbers, strict=True) if x is not None})


def parse_seeds(text: str) -> list[int]:
    """7, 1-10, 1,4,9 or mixtures. Raises: UsageError."""
    seeds: list[int] = []
    try:
        for item in text.split(","):
            first, dash, last = item.partition("-")
            seeds += range(int(first), int(last) + 1) if dash else [int(first)]
    except ValueError:
        raise UsageError(f"--seeds {text!r} cannot be read", "write 7, 1-10 or 1,4,9") from None
    if not seeds or min(seeds) < 0:
        raise UsageError(f"--seeds {text!r} holds no seed", "write 7, 1-10 or 1,4,9")
    return seeds


def parse_device(text: str) -> str:
    """auto, cpu, cuda or cuda:N. Raises: UsageError."""
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", text):
        raise UsageError(f"unknown device {text!r}", "write auto, cpu, cuda or cuda:N")
    return text


def parse_numbers(text: str, option: str) -> tuple[float, ...]:
    """Numbers separated by commas. Raises: UsageError."""
    try:
        return tuple(float(item) for item in text.split(","))
    except ValueError:
        raise UsageError(f"{option} {text!r} cannot be read", "write numbers separated by commas") from None


def parse_columns(text: str | None) -> dict[str, str]:
    """mass=M_fof [Msun/h],x=X [Mpc/h],... as a mapping. Raises: UsageError."""
    pairs = [item.partition("=") for item in text.split(",")] if text else []
    if not all(name.strip() and column.strip() for name, _, column in pairs):
        raise UsageError(f"--columns {text!r} cannot be read", "write mass=M_fof [Msun/h],x=X [Mpc/h],...")
    return {name.strip(): column.strip() for name, _, column in pairs}
