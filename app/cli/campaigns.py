"""`halodeck campaign`, and how commands become job arrays."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from app.cli.answers import tell
from app.cli.command import Command
from app.cli.options import UNIVERSES
from app.cli.show import print_figure, print_script, say
from app.cli.where import Where

_OF_THE_ARRAY = {"--submit": 1, "--parallel": 1, "--gpus": 1, "--time": 1, "--dry-run": 0, "--force": 0}
"""Options that are not those of its tasks. A task that is begun again keeps what is there."""


def submit_campaign(
    out: Path, files: list[str], submit: str | None, gpus: int, time: str, parallel: int, dry_run: bool
) -> None:
    """Submit this command as a job array, a task for each file, or print the script. Raises: UsageError."""
    from core.cluster.array import array_script, submit_array, without_options
    from core.errors import UsageError

    if submit is None:
        raise UsageError("--parallel, --time and --dry-run are for jobs", "say where: --submit SITE")
    where = Where.chosen(submit, 1, gpus, 1, time, False)
    assert where.site
    words = without_options(sys.argv[1:], _OF_THE_ARRAY)
    script = array_script(out.resolve().name or "universes", out, words, where.site, where.size, len(files), parallel)
    if dry_run:
        print_script(script)
        return
    job = submit_array(out, script, files, ["halodeck", *sys.argv[1:]])
    tell(job=job)
    say(f"job {job}: {len(files)} tasks; see how far they are with `halodeck campaign {out}`")


def campaign(folder: Annotated[Path, typer.Argument(help="A folder of universes.")] = UNIVERSES) -> None:
    """How far the campaigns of a folder are: universes done, running, waiting and missing, and why."""
    from core.cluster.array import campaigns, overview, tasks

    found = [(each, tasks(folder, each)) for each in campaigns(folder)]
    tell(campaigns=[{**vars(each), "tasks": [vars(task) for task in of]} for each, of in found])
    if not found:
        say(f"no campaigns in {folder}; start one with `halodeck simulate --seeds 1-512 --submit SITE`")
        return
    print_figure(overview(folder, found))


_ANSWER = {"campaigns": "list: job, what it was asked for, and tasks: file, state, message"}
COMMANDS = (
    Command(
        "campaign",
        campaign,
        32,
        answer=_ANSWER,
    ),
)
