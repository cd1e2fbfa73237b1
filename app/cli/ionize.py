"""`halodeck ionize`: universes in reionization over redshift and escape fraction."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from app.cli.answers import UNIVERSES as UNIVERSES_TOLD
from app.cli.answers import for_machines, in_short, tell
from app.cli.command import Command, CommandForm
from app.cli.options import UNIVERSES, Device, Force, Preset, parse_device, parse_numbers, parse_seeds
from app.cli.show import progress_bar, say
from core.errors import InputError, UsageError
from core.forms import Ask


def ionize(
    redshifts: Annotated[
        str,
        typer.Option(help="Redshifts: 8, 6.5,7,7.5 or 6.5-10.5/9 for 9 of them."),
        Ask("universe", parse=lambda text: parse_range(text, "--redshifts")),
    ] = "6.5-10.5/9",
    escape_fractions: Annotated[
        str,
        typer.Option(help="Escape fractions of the ionizing photons: .07 or .06,.07,.08 or .06-.12/7."),
        Ask("universe", parse=lambda text: parse_range(text, "--escape-fractions")),
    ] = "0.07",
    seeds: Annotated[
        str,
        typer.Option(help="One set of initial conditions a seed: 7, 1-10 or 1,4,9."),
        Ask("universe", parse=parse_seeds),
    ] = "1-6",
    cells: Annotated[int, typer.Option(help="Cells per side."), Ask("universe")] = 96,
    box: Annotated[float, typer.Option(help="Side of the box in Mpc/h."), Ask("universe")] = 96.0,
    cosmology: Preset = "planck2015",
    density: Annotated[
        Path | None,
        typer.Option(help="Ionize the density of this universe, e.g. an imported one, at its redshift."),
        Ask("universe", exists=True),
    ] = None,
    virial_temperature: Annotated[
        float, typer.Option(help="Of the smallest halo with stars [K]."), Ask("sources")
    ] = 5e4,
    photons: Annotated[
        float, typer.Option(help="Ionizing photons per baryon of a halo if all of them escaped."), Ask("sources")
    ] = 300.0,
    largest_bubble: Annotated[float, typer.Option(help="Radius of the largest sphere [Mpc/h]."), Ask("sources")] = 50.0,
    mesh_ratio: Annotated[
        int, typer.Option(help="Particles per cell and axis that make the density."), Ask("sources")
    ] = 2,
    device: Annotated[Device, Ask("output", ("auto", "cpu", "cuda"), others=True, parse=parse_device)] = "auto",
    out: Annotated[Path, typer.Option(help="Folder for the universes."), Ask("output")] = UNIVERSES / "ionized",
    force: Force = False,
) -> None:
    """Make universes in reionization: density, neutral fraction and 21-cm brightness temperature.

    One for every seed, redshift and escape fraction. What exists with the same settings is kept.
    """
    from core.cosmos.cosmology import preset
    from core.cosmos.reionization.bubbles import Sources
    from core.cosmos.reionization.ionize import Ionization
    from core.cosmos.reionization.ionize import ionize as make
    from core.cosmos.universe import open_universe
    from core.provenance import provenance

    sources = Sources(virial_temperature, photons, largest_bubble)
    given = open_universe(density) if density else None
    start = Ionization(cells, box, preset(cosmology), 0.0, 0.0, mesh_ratio=mesh_ratio, sources=sources)
    many, numbers = parse_range(redshifts, "--redshifts"), parse_seeds(seeds)
    if given:
        if "density" not in given.fields:
            raise InputError(f"{density} has no density", "give a universe with one")
        many, numbers = [given.field("density").redshift], [0]
        named = given.cosmology if given.cosmology.name else replace(given.cosmology, name=given.name)
        start = replace(start, cells=given.cells, box_size=given.box_size, cosmology=named)
    wanted = [
        replace(start, seed=seed, redshift=z, escape_fraction=fraction)
        for seed in numbers
        for z in many
        for fraction in parse_range(escape_fractions, "--escape-fractions")
    ]
    if len({item.name for item in wanted}) < len(wanted):
        raise UsageError("two universes would have one name", "give redshifts by 0.01, escape fractions by 0.001")
    missing, every = [], []
    for item in wanted:
        path = out / f"{item.name}.h5"
        every.append(path)
        if not path.exists() or force:
            missing.append(item)
        elif open_universe(path).provenance.get("settings") != item.settings():
            raise InputError(f"{path} exists with other settings", "use --force or another --out")
    told = provenance([density] if density else [])
    with progress_bar("ionize") as progress:
        for universe in make(out, missing, told, progress, device, given):
            neutral = float(universe.field("neutral_fraction").values.mean())
            say(f"{universe.path}  neutral fraction {neutral:.3f}")
    if for_machines():
        tell(universes=[in_short(open_universe(path)) for path in every])


def parse_range(text: str, option: str) -> list[float]:
    """7, 6.5,7,8 or 6.5-10.5/9, rounded to three digits. Raises: UsageError."""
    span, slash, count = text.partition("/")
    if not slash:
        return [round(number, 3) for number in parse_numbers(text, option)]
    try:
        first, last = (float(item) for item in span.split("-"))
        number = int(count)
    except ValueError:
        raise UsageError(f"{option} {text!r} cannot be read", "write 7, 6.5,7,8 or 6.5-10.5/9") from None
    if number < 2:
        raise UsageError(f"{option} {text!r} is no range", "ask for at least 2 numbers")
    return [round(first + (last - first) * i / (number - 1), 3) for i in range(number)]


FORM = CommandForm(
    "make universes in reionization",
    "ionize {cells}^3, redshifts {redshifts}, seeds {seeds}",
    {
        "universe": "One for every seed, redshift and escape fraction: the data of ionization and ionization_map.",
        "sources": "What ionizes, and how far.",
        "output": "Where the universes go; those that exist with the same settings are kept.",
    },
    folded=("sources",),
    out="{universes}/ionized",
)
COMMANDS = (Command("ionize", ionize, 33, FORM, UNIVERSES_TOLD),)
