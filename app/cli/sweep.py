"""`halodeck sweep`: a run for each combination of values; `halodeck sweeps`: how they are, what they show."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.answers import JOB, REPORT, tell
from app.cli.command import Command
from app.cli.options import Device
from app.cli.runs import RUNS, OnOption, RunsOption, TableOption
from app.cli.show import SaveOption, print_figure, print_report, print_script, progress_bar, save_report, say
from app.cli.training import spec_of
from app.cli.where import (
    DetachOption,
    DryRunOption,
    GpusOption,
    NodesOption,
    RanksOption,
    SubmitOption,
    TimeOption,
    Where,
)
from core.errors import RunError, UsageError
from core.runs.listing import look_at_run

if TYPE_CHECKING:
    from core.runs.launch_spec import LaunchSpec
    from core.runs.sweep import Sweep


def sweep(
    recipe_name: Annotated[str, typer.Argument(metavar="RECIPE", help="See `halodeck recipes`.")] = "",
    on: OnOption = None,
    config: TableOption = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="name=values: 0.001,0.003,0.01 or 1..5 or 0..1 x 5 or log 1e-4..1e-2 x 5."),
    ] = None,
    device: Device = "auto",
    stop_losers: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Share of the steps after which a run above the median of the others stops; 0: never."
        ),
    ] = 0.0,
    parallel: Annotated[
        int, typer.Option(min=0, help="Runs at a time; 0: one here, of a job array as many as there is room for.")
    ] = 0,
    detach: DetachOption = False,
    submit: SubmitOption = None,
    nodes: NodesOption = 1,
    gpus: GpusOption = 0,
    ranks: RanksOption = 0,
    time: TimeOption = "",
    dry_run: DryRunOption = False,
    note: Annotated[str, typer.Option("--note", help="A text to be kept with each run, #words are tags.")] = "",
    resume: Annotated[str, typer.Option(help="Go on with a sweep that is there: its name, or latest.")] = "",
    runs: RunsOption = RUNS,
) -> None:
    """Train a run for each combination of the values of settings, then predict and report as `train` does.

    One after another or --parallel at a time, in the background, or as the tasks of a job array (--submit).
    """
    from core.runs.sweep import create_sweep, open_sweep

    if bool(resume) == bool(recipe_name):
        raise UsageError("name a recipe, or a sweep to go on with", "halodeck sweep RECIPE --set ..., or --resume NAME")
    where = Where.chosen(submit, nodes, gpus, ranks, time, detach, dry_run)
    if where.site is None and where.size.processes > 1:
        raise UsageError("--ranks and --gpus are for the jobs of a sweep", "use --parallel here, or --submit SITE")
    if resume:
        found = open_sweep(runs, resume)
    else:
        spec = spec_of(recipe_name, on, config, set_, device, runs, note, where.size.processes)
        if dry_run:
            _print_script(spec, where, parallel)
            return
        found = create_sweep(spec, shlex.join(["halodeck", *sys.argv[1:]]), stop_losers)
        say(f"{found.name}: {len(found.runs)} runs, {found.runs[0].name} to {found.runs[-1].name}")
    tell(sweep=found.name, runs=[run.name for run in found.runs])
    _start(found, where, parallel)


def _print_script(spec: LaunchSpec, where: Where, parallel: int) -> None:
    """Print the job script of a sweep of which nothing is made yet."""
    from core.runs.run import Run
    from core.runs.submission import sweep_script
    from core.runs.sweep import FOLDER, Sweep, expanded

    assert where.site
    specs = expanded(spec)
    for each in specs:
        each.settings()  # all mistakes
    runs = tuple(Run(spec.runs / f"{spec.recipe}-NNN+{number}") for number in range(len(specs)))
    found = Sweep(spec.runs / FOLDER / "sweep-NNN", runs)
    print_script(sweep_script(found, runs, where.site, where.size, parallel))


def _start(found: Sweep, where: Where, parallel: int) -> None:
    if where.site and where.site_name is not None:
        from core.runs.submission import submit_sweep

        job = submit_sweep(found, where.site_name, where.site, where.size, parallel)
        tell(job=job)
        say(f"job {job}; see how far it is with `halodeck sweeps {found.name}`")
        return
    from app.background.sweeping import begin, work_through

    if where.detached:
        begin(found, max(1, parallel))
        say(f"training in the background; see how far it is with `halodeck sweeps {found.name}`")
        return
    with progress_bar(found.name) as progress:
        failed = work_through(found, max(1, parallel), progress)
    if failed:
        raise RunError(f"{', '.join(run.name for run in failed)} failed", "see worker.log in their folders")
    say(f"{found.name} is done; see `halodeck sweeps {found.name}`")


def sweeps(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SWEEP|RUN...]", help="A sweep, latest, or any runs of a recipe; all are listed without."
        ),
    ] = None,
    metric: Annotated[str, typer.Option(help="validation, validation.NAME or report.KEY.")] = "validation",
    save: SaveOption = None,
    runs: RunsOption = RUNS,
) -> None:
    """List the sweeps, or show a metric of one against its settings, with the scatter over seeds."""
    from core.analysis.comparison.sweeps import overview, sweep_report
    from core.runs.sweep import open_sweep
    from core.runs.sweep import sweeps as every

    if not names:
        found = every(runs)
        table = overview(found)
        tell(sweeps=[dict(zip(table.columns, row, strict=True)) for row in table.rows])
        if found:
            print_figure(table)
        else:
            say(f"no sweeps in {runs}; start one with `halodeck sweep RECIPE --set seed=1..3`")
        return
    chosen = [look_at_run(runs, name) for name in names] if len(names) > 1 else open_sweep(runs, names[0]).runs
    report = sweep_report(chosen, metric)
    if save:
        save_report(report, save)
    print_report(report)


_SWEEP = {"sweep": "its name", "runs": "names of its runs; with --dry-run their number", "job": JOB["job"]}
_SWEEPS = {"sweeps": "without a name, list: sweep, recipe, varied, runs, best, validation, made"}
COMMANDS = (Command("sweep", sweep, 11, answer=_SWEEP), Command("sweeps", sweeps, 14, answer=_SWEEPS | REPORT))
