"""The demo: what a network that comes along makes of a universe, then the whole loop, small enough for a laptop."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.answers import REPORT, RUN, tell
from app.cli.command import Command
from app.cli.runs import RUNS, UNIVERSES, RunsOption, duration
from app.cli.show import print_facts, print_figure, print_report, progress_bar, say
from app.cli.training import spec_of
from app.cli.where import train_here

if TYPE_CHECKING:
    from core.cosmos.universe import Universe

CELLS = 64
BOX_SIZE = 64.0
COSMOLOGY = "planck2015"
SEEDS = list(range(101, 125))
STEPS = 15
NETWORK = "halonet@cpu"
SHOWN = ("foreground_dice", "auc", "collapsed_fraction", "mass_function", "matched", "matched_large", "mass_scatter")
"""Numbers of the first look."""


def demo(
    runs: RunsOption = RUNS,
    out: Annotated[Path, typer.Option(help="Folder for the universes.")] = UNIVERSES / "demo",
) -> None:
    """What a trained network predicts, then the whole loop: simulate, train, predict, find halos, compare."""
    from core.cosmos.cosmology import preset
    from core.cosmos.seeds import of_seeds, simulate_many
    from core.cosmos.simulate import Evolution, Simulation
    from core.runs.reports import read_report

    start = time.monotonic()
    simulation = Simulation(CELLS, BOX_SIZE, preset(COSMOLOGY), evolution=Evolution(steps=STEPS))
    with progress_bar("simulate") as progress:
        [held_out] = simulate_many(out, of_seeds(simulation, SEEDS[-1:]), progress=progress)
    show_network(held_out, runs)
    say(f"Universes: {len(SEEDS)} boxes of {BOX_SIZE:g} Mpc/h with {CELLS}^3 particles in {out}")
    with progress_bar("simulate") as progress:
        simulate_many(out, of_seeds(simulation, SEEDS), progress=progress)
    run = spec_of("halonet", [out], "demo", [], "auto", runs).create()
    say(f"Training: recipe halonet, table [demo] of configs/halonet.toml, run {run.name}")
    train_here(run)
    report = read_report(run)
    tell(run=run.name, path=str(run.path))
    print()
    print_report(report)
    print()
    for line in WORDS.splitlines():
        say(line)
    print()
    say(f"The demo took {duration(time.monotonic() - start)}. The run is kept in {run.path}")
    say(f"See it again: halodeck report {run.name} --runs {runs}   or open the workbench: halodeck")


def show_network(universe: Universe, runs: Path) -> None:
    """What a network that comes along predicts for a universe that it never saw: slices and a few numbers."""
    from core.figures import numbers_table
    from core.runs.job import open_model
    from core.runs.listing import open_run
    from core.runs.reports import predict

    start = time.monotonic()
    run = open_run(runs, NETWORK)
    say(f"A first look: {NETWORK}, which comes along, predicts {universe.name}, which it never saw")
    model = open_model(run)
    with progress_bar(f"predict {universe.name}") as progress:
        prediction = predict(run, model, universe, progress)
        report = model.recipe.evaluate(model.learner, [(universe, prediction)], progress)
    print_facts({"prediction": str(prediction.path)})
    shown = tuple(number for number in report.numbers if number.key in SHOWN)
    for figure in (report.figures["slices"], numbers_table(replace(report, numbers=shown))):
        print()
        print_figure(figure)
    print()
    say(f"That took {duration(time.monotonic() - start)}. All of it:")
    say(f"halodeck predict {NETWORK} {universe.path} --runs {runs}")
    say(f"Its card: halodeck networks {NETWORK}")
    print()


WORDS = """What this can show: that initial conditions, N-body, friends-of-friends, network, halo finder and statistics
work together, and how a small network stands beside boosted trees, which are told what theory knows of each cell.
What it cannot: the paper's numbers. Its network has 200 times the weights, its boxes 160 times the volume, its
training took three days on four GPUs, and its truth are Peak Patch spheres."""

COMMANDS = (Command("demo", demo, 30, answer=RUN | REPORT),)
