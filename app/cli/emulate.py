"""`halodeck emulate`: universes by a trained emulator, at a fraction of the cost of simulating them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.answers import UNIVERSES as UNIVERSES_TOLD
from app.cli.answers import for_machines, in_short, tell
from app.cli.command import Command, CommandForm
from app.cli.options import (
    UNIVERSES,
    W0,
    Force,
    Hubble,
    OmegaBaryon,
    OmegaMatter,
    Outputs,
    Preset,
    Sigma8,
    SpectralIndex,
    Wa,
    parse_numbers,
    parse_seeds,
    varied,
)
from app.cli.runs import RUNS, RunArgument, RunsOption
from app.cli.show import progress_bar, say
from core.errors import InputError
from core.forms import Ask
from core.progress import part


def emulate(
    name: Annotated[RunArgument, Ask("emulator")],
    on: Annotated[
        list[Path] | None,
        typer.Option("--on", help="Start from the linear density of this universe, or of those of a folder."),
        Ask("emulator", exists=True),
    ] = None,
    seeds: Annotated[
        str,
        typer.Option(help="Without --on: one a seed: 7, 1-10 or 1,4,9."),
        Ask("universe", parse=parse_seeds),
    ] = "1",
    cells: Annotated[int, typer.Option(help="Particles per side."), Ask("universe")] = 64,
    box: Annotated[
        float | None,
        typer.Option(help="Side of the box in Mpc/h; default: with the cells that were learnt."),
        Ask("universe"),
    ] = None,
    cosmology: Preset = "planck2018",
    omega_matter: OmegaMatter = None,
    omega_baryon: OmegaBaryon = None,
    h: Hubble = None,
    sigma8: Sigma8 = None,
    spectral_index: SpectralIndex = None,
    w0: W0 = None,
    wa: Wa = None,
    outputs: Annotated[Outputs, Ask("universe", parse=lambda text: parse_numbers(text, "outputs"))] = "0",
    out: Annotated[Path, typer.Option(help="Folder for the universes."), Ask("output")] = UNIVERSES / "emulated",
    force: Force = False,
    runs: Annotated[RunsOption, Ask("emulator")] = RUNS,
) -> None:
    """Make universes by a trained run of the recipe emulator: a cheap N-body and a network in the place of a dear one.

    The files are as `halodeck simulate` writes them. What exists is kept.
    """
    from core.cosmos.cosmology import preset
    from core.cosmos.simulate import Evolution, Simulation
    from core.cosmos.universe import open_universe
    from core.provenance import provenance
    from core.recipes.emulator.make import Emulation, open_emulator
    from core.runs.launch_spec import universe_paths
    from core.runs.listing import open_run

    run = open_run(runs, name)
    model = open_emulator(run)
    redshifts = tuple(sorted(set(parse_numbers(outputs, "--outputs")), reverse=True))
    work: list[Emulation] = []
    if on:
        for given in map(open_universe, universe_paths(on)):
            work.append(Emulation(given.name, given.cosmology, redshifts, given=given))
    else:
        chosen = varied(preset(cosmology), omega_matter, omega_baryon, h, sigma8, spectral_index, w0, wa)
        size = box or cells * model.cell_size
        for seed in parse_seeds(seeds):
            simulation = Simulation(cells, size, chosen, seed, Evolution(outputs=redshifts))
            simulation.check()
            work.append(Emulation(simulation.name, chosen, redshifts, seed, cells, size))
    missing, every = [], []
    for item in work:
        path = out / f"{item.name}.h5"
        every.append(path)
        if not path.exists() or force:
            missing.append((path, item))
        elif open_universe(path).provenance.get("settings") != model.settings(item):
            raise InputError(f"{path} exists with other settings", "use --force or another --out")
    with progress_bar("emulate") as progress:
        for number, (path, item) in enumerate(missing):
            stage = part(progress, number / len(missing), (number + 1) / len(missing), f"{item.name}: ")
            made = model.make(path, item, provenance([item.given.path] if item.given else []), stage)
            told = ", ".join(f"{count} halos ({name})" for name, count in made.halos.items())
            say(f"{made.path}  {told or model.no_halos}")
    if for_machines():
        tell(universes=[in_short(open_universe(path)) for path in every])


FORM = CommandForm(
    "emulate universes",
    "emulate {seeds} by {name}",
    {
        "emulator": "A run of the recipe emulator: its name or path, or latest.",
        "universe": "What is made, where no linear density is given.",
        "cosmology": "Numbers other than those of the preset.",
        "output": "Where the universes go; those that exist with the same settings are kept.",
    },
    folded=("cosmology",),
    out="{universes}/emulated",
)
COMMANDS = (Command("emulate", emulate, 2, FORM, UNIVERSES_TOLD),)
