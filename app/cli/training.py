"""Commands that train: train and resume."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.answers import JOB, REPORT, RUN, tell
from app.cli.command import Command
from app.cli.options import Device
from app.cli.runs import (
    RUNS,
    UNIVERSES,
    MovedOption,
    OnOption,
    RunArgument,
    RunsOption,
    SetOption,
    TableOption,
    report,
)
from app.cli.show import print_script, say
from app.cli.where import (
    DetachOption,
    DryRunOption,
    GpusOption,
    NodesOption,
    RanksOption,
    SubmitOption,
    TimeOption,
    Where,
    in_job_of,
)
from core.errors import RunError
from core.learning import parallel
from core.runs.listing import look_at_run
from core.runs.run import Run

if TYPE_CHECKING:
    from core.runs.launch_spec import LaunchSpec


def train(
    recipe_name: Annotated[str, typer.Argument(metavar="RECIPE", help="See `halodeck recipes`.")],
    on: OnOption = None,
    config: TableOption = None,
    set_: SetOption = None,
    device: Device = "auto",
    detach: DetachOption = False,
    submit: SubmitOption = None,
    nodes: NodesOption = 1,
    gpus: GpusOption = 0,
    ranks: RanksOption = 0,
    time: TimeOption = "",
    dry_run: DryRunOption = False,
    note: Annotated[
        str, typer.Option("--note", help="A text to be kept with the run, #words are tags; see `halodeck note`.")
    ] = "",
    runs: RunsOption = RUNS,
) -> None:
    """Train a recipe on universes, then predict and report on those held out.

    In this process, in several of this machine (--gpus, --ranks), in the background, or as a job of a cluster.
    """
    where = Where.chosen(submit, nodes, gpus, ranks, time, detach, dry_run)
    spec = spec_of(recipe_name, on, config, set_, device, runs, note, where.size.processes)
    if dry_run:
        spec.check()
        print_script(where.script(Run(runs / f"{recipe_name}-NNN")))
        return
    run = spec.create(shlex.join(["halodeck", *sys.argv[1:]]))
    tell(run=run.name, path=str(run.path))
    say(f"run {run.name} in {run.path}")
    where.start(run)
    if where.is_here:
        report(str(run.path), runs=runs)


def spec_of(
    recipe: str,
    on: list[Path] | None,
    config: str | None,
    overrides: list[str] | None,
    device: str,
    runs: Path,
    note: str = "",
    ranks: int = 1,
) -> LaunchSpec:
    """A training as it was asked for. Nothing is checked yet."""
    from core.runs.launch_spec import LaunchSpec

    return LaunchSpec(recipe, tuple(on or [UNIVERSES]), config, tuple(overrides or ()), device, runs, note, ranks)


def resume(
    name: RunArgument,
    detach: Annotated[bool, typer.Option("--detach", help="Go on in the background and return.")] = False,
    submit: SubmitOption = None,
    nodes: NodesOption = 1,
    gpus: GpusOption = 0,
    ranks: RanksOption = 0,
    time: TimeOption = "",
    dry_run: DryRunOption = False,
    universes: MovedOption = None,
    runs: RunsOption = RUNS,
) -> None:
    """Go on with a run: from its pause, from its last checkpoint, or, held in a queue, when its turn comes."""
    run = look_at_run(runs, name)
    if run.came_trained:
        raise RunError(f"{run.name} came trained: there is nothing to go on from", train_again(run))
    tell(run=run.name, path=str(run.path))
    where = Where.chosen(submit, nodes, gpus, ranks, time, detach, dry_run)
    if dry_run:
        print_script(where.script(run))
        return
    status = run.status()
    held = status.state == "queued" and submit is None and not in_job_of(status.job)
    if status.state == "paused" or held:
        from core.runs.submission import ask

        say(ask(run, "resume"))
    else:
        where.start(run, universes or ())
        if where.is_here and parallel.first():
            say(f"run {run.name} is done; see `halodeck report {run.name}`")


def train_again(run: Run) -> str:
    """What trains the like of a run that came trained."""
    command = str(run.config().get("command", ""))
    return f"train your own: `{command}`" if command else f"train your own: `halodeck train {run.recipe}`"


COMMANDS = (Command("train", train, 11, answer=RUN | JOB | REPORT), Command("resume", resume, 18, answer=RUN | JOB))
