"""`halodeck compare`: several runs beside each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.answers import REPORT
from app.cli.command import Command
from app.cli.runs import RUNS, MovedOption, RunsOption
from app.cli.show import SaveOption, print_report, progress_bar, save_report
from core.errors import UsageError, did_you_mean
from core.runs.launch_spec import universe_paths
from core.runs.listing import open_run


def compare(
    names: Annotated[list[str], typer.Argument(help="Two or more runs.", metavar="RUN RUN...")],
    on: Annotated[
        list[Path] | None,
        typer.Option(help="Universes or folders of them; default those that all runs have held out."),
    ] = None,
    truth: Annotated[str, typer.Option(help="True halos: nbody, peakpatch, or auto for what there is.")] = "auto",
    baseline: Annotated[
        str, typer.Option(help="One of the runs: show what the others are above it.", metavar="RUN")
    ] = "",
    moved: MovedOption = None,
    save: SaveOption = None,
    runs: RunsOption = RUNS,
) -> None:
    """Put runs side by side: halos on the same universes beside baselines, other predictions by their reports."""
    from core.analysis.comparison.runs import compare as compare_runs
    from core.cosmos.universe import open_universe

    if truth not in ("auto", "nbody", "peakpatch"):
        raise UsageError(f"unknown truth {truth!r}", did_you_mean(truth, ("auto", "nbody", "peakpatch")))
    chosen = [open_run(runs, name) for name in names]
    universes = [open_universe(path.resolve()) for path in universe_paths(on)] if on else []
    with progress_bar("compare") as progress:
        report = compare_runs(chosen, universes, truth, progress, moved or (), baseline)  # type: ignore[arg-type]
    if save:
        save_report(report, save)
    print_report(report)


COMMANDS = (Command("compare", compare, 32, answer=REPORT),)
