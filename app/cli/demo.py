"""The demo: the whole loop on universes made on the spot, small enough for a laptop."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from app.cli.command import Command
from app.cli.runs import RUNS, RunsOption, duration
from app.cli.show import print_report, progress_bar, say
from app.cli.training import spec_of
from app.cli.where import train_here

CELLS = 64
BOX_SIZE = 64.0
COSMOLOGY = "planck2015"
SEEDS = list(range(101, 125))
STEPS = 15


def demo(
    runs: RunsOption = RUNS,
    out: Annotated[Path, typer.Option(help="Folder for the universes.")] = Path("universes/demo"),
) -> None:
    """The whole loop in a few minutes: simulate, train, predict, find halos, compare."""
    from core.cosmos.cosmology import preset
    from core.cosmos.seeds import of_seeds, simulate_many
    from core.cosmos.simulate import Evolution, Simulation
    from core.runs.reports import read_report

    start = time.monotonic()
    say(f"Universes: {len(SEEDS)} boxes of {BOX_SIZE:g} Mpc/h with {CELLS}^3 particles in {out}")
    simulation = Simulation(CELLS, BOX_SIZE, preset(COSMOLOGY), evolution=Evolution(steps=STEPS))
    with progress_bar("simulate") as progress:
        simulate_many(out, of_seeds(simulation, SEEDS), progress=progress)
    run = spec_of("halonet", [out], "demo", [], "auto", runs).create()
    say(f"Training: recipe halonet, table [demo] of configs/halonet.toml, run {run.name}")
    train_here(run)
    report = read_report(run)
    print()
    print_report(report)
    print()
    for line in WORDS.splitlines():
        say(line)
    print()
    say(f"The demo took {duration(time.monotonic() - start)}. The run is kept in {run.path}")
    say(f"See it again: halodeck report {run.name} --runs {runs}   or open the workbench: halodeck")


WORDS = """What this can show: that initial conditions, N-body, friends-of-friends, network, halo finder and statistics
work together, and how a small network stands beside boosted trees, which are told what theory knows of each cell.
What it cannot: the paper's numbers. Its network has 200 times the weights, its boxes 160 times the volume, its
training took three days on four GPUs, and its truth are Peak Patch spheres."""

COMMANDS = (Command("demo", demo, 30),)
