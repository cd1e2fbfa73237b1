"""`halodeck simulate`: universes from initial conditions to halos."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.command import Command, CommandForm
from app.cli.options import (
    UNIVERSES,
    Device,
    Force,
    MeshRatio,
    Minimum,
    Outputs,
    Preset,
    Steps,
    parse_numbers,
    parse_seeds,
)
from app.cli.show import progress_bar
from core.errors import InputError
from core.forms import Ask

if TYPE_CHECKING:
    from core.cosmos.simulate import Simulation

FORM = CommandForm(
    "simulate universes",
    "simulate {cells}^3, seeds {seeds}",
    {
        "universe": "What is simulated: 64 Mpc/h with 64^3 particles take seconds, 256^3 some minutes.",
        "evolution": "How it is evolved.",
        "output": "Where the universes go; those that exist with the same settings are kept.",
    },
    out="{universes}",
)


def simulate(
    cells: Annotated[int, typer.Option(help="Particles per side."), Ask("universe")] = 64,
    box: Annotated[float, typer.Option(help="Side of the box in Mpc/h."), Ask("universe")] = 64.0,
    cosmology: Preset = "planck2018",
    like: Annotated[
        Path | None,
        typer.Option(help="Take cells, box and cosmology from this universe, e.g. an imported one."),
        Ask("universe", exists=True),
    ] = None,
    seeds: Annotated[
        str, typer.Option(help="One universe a seed: 7, 1-10 or 1,4,9."), Ask("universe", parse=parse_seeds)
    ] = "1",
    steps: Steps = 20,
    mesh_ratio: MeshRatio = 2.0,
    outputs: Outputs = "0",
    minimum_particles: Minimum = 20,
    fixed: Annotated[
        bool, typer.Option("--fixed", help="Amplitudes exactly at the spectrum, random phases."), Ask("universe")
    ] = False,
    paired: Annotated[
        bool, typer.Option("--paired", help="All phases turned by pi: the opposite universe."), Ask("universe")
    ] = False,
    spectrum: Annotated[
        str,
        typer.Option(help="Linear spectrum: eh98, or camb where it is installed."),
        Ask("universe", ("eh98", "camb")),
    ] = "eh98",
    truth: Annotated[
        str,
        typer.Option(help="Where halos come from: nbody, peakpatch or both."),
        Ask("universe", ("nbody", "peakpatch", "both")),
    ] = "nbody",
    with_2lpt: Annotated[
        bool,
        typer.Option("--with-2lpt", help="Keep the damped 2LPT density today too: the input of an emulator."),
        Ask("universe"),
    ] = False,
    integrator: Annotated[
        str, typer.Option(help="bullfrog or fastpm."), Ask("evolution", ("bullfrog", "fastpm"))
    ] = "bullfrog",
    device: Device = "auto",
    out: Annotated[Path, typer.Option(help="Folder for the universes."), Ask("output")] = UNIVERSES,
    force: Force = False,
) -> None:
    """Simulate universes: initial conditions, 2LPT, N-body, halos and their Lagrangian labels.

    What exists with the same settings is kept, so an interrupted range goes on where it was.
    """
    from core.cosmos.cosmology import preset
    from core.cosmos.universe import open_universe

    chosen = preset(cosmology)
    if like:
        model = open_universe(like)
        cells, box, chosen = model.cells, model.box_size, replace(model.cosmology, name=model.name)
    numbers, redshifts = parse_seeds(seeds), parse_numbers(outputs, "--outputs")
    from core.cosmos.simulate import Evolution, Simulation

    # names of integrators and spectra are checked with everything else
    evolution = Evolution(
        steps,
        mesh_ratio,
        redshifts,
        integrator,  # type: ignore[arg-type]
        minimum_particles=minimum_particles,
        device=device,
    )
    simulation = Simulation(cells, box, chosen, numbers[0], evolution, fixed, paired, spectrum, truth, with_2lpt)  # type: ignore[arg-type]
    for path in simulate_many(out, simulation, numbers, force):
        halos = open_universe(path).halos
        print(f"{path}  {', '.join(f'{count} halos ({name})' for name, count in halos.items())}")


def simulate_many(out: Path, simulation: Simulation, seeds: list[int], force: bool = False) -> list[Path]:
    """Simulate one universe for each seed; those that exist with the same settings are kept."""
    from core.cosmos.simulate import simulate as run_simulation
    from core.cosmos.universe import open_universe
    from core.progress import part
    from core.provenance import provenance

    simulation.check()
    paths = []
    with progress_bar("simulate") as progress:
        for number, seed in enumerate(seeds):
            this = replace(simulation, seed=seed)
            path = out / f"{this.name}.h5"
            paths.append(path)
            if path.exists() and not force:
                if open_universe(path).provenance.get("settings") == this.settings():
                    continue
                raise InputError(f"{path} exists with other settings", "use --force, another --out or other seeds")
            stage = part(progress, number / len(seeds), (number + 1) / len(seeds), f"seed {seed}: ")
            run_simulation(path, this, provenance(), stage)
    return paths


COMMANDS = (Command("simulate", simulate, 1, FORM),)
