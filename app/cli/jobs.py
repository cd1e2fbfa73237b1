"""Commands about jobs of clusters: sites, and requeue, which job scripts call."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.answers import tell
from app.cli.command import Command
from app.cli.runs import RUNS, RunArgument, RunsOption
from app.cli.show import print_figure, say
from core.runs.listing import open_run


def sites() -> None:
    """List the sites that jobs can be submitted to: yours, and examples to build on."""
    from core.cluster.sites import own_sites
    from core.cluster.sites import sites as every
    from core.figures import Table

    found = every()
    tell(sites={name: site.model_dump(mode="json") for name, site in found.items()})
    columns = ("site", "account", "partition", "qos", "constraint", "time", "setup")
    rows = tuple(
        (name, *(getattr(site, column) or None for column in columns[1:-1]), "; ".join(site.setup) or None)
        for name, site in found.items()
    )
    print_figure(Table("Sites", columns, rows, f"Yours stand in {own_sites()}."))


def requeue(
    name: RunArgument,
    code: Annotated[int, typer.Option(help="Exit code of the work.")] = 0,
    runs: RunsOption = RUNS,
) -> None:
    """For job scripts: put this job into the queue again where its run has work left, else end with the work's code."""
    from core.runs.submission import requeue as again

    run = open_run(runs, name)
    queued = again(run, code)
    tell(run=run.name, queued=queued)
    if queued:
        say(f"run {run.name} has work left: its job is in the queue again")
    elif run.status().state != "done" and code:
        raise typer.Exit(code)


COMMANDS = (
    Command("sites", sites, 30, answer={"sites": "by name: account, partition, qos, constraint, time, setup, ..."}),
    Command("requeue", requeue, 31, answer={"run": "its name", "queued": "whether its job is in the queue again"}),
)
