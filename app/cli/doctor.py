"""`halodeck doctor`: one table of what this machine offers."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import asdict

import typer

from app.cli.answers import tell
from app.cli.command import Command
from app.cli.runs import RUNS, UNIVERSES, RunsOption, UniversesOption
from app.cli.show import depth, print_figure


def doctor(runs: RunsOption = RUNS, universes: UniversesOption = UNIVERSES) -> None:
    """Examine this machine: processor, GPUs, arithmetic, disks, scheduler, terminal. Exit code 1: something is bad."""
    from core.doctor.cluster import cluster
    from core.doctor.convolutions import convolutions
    from core.doctor.finding import Finding
    from core.doctor.gpus import gpus
    from core.doctor.machine import machine
    from core.doctor.storage import storage
    from core.figures import Table

    size, encoding = shutil.get_terminal_size(), (getattr(sys.stdout, "encoding", "") or "").lower()
    plain = "utf" not in encoding
    terminal = [
        Finding("terminal", "colours", f"{depth()}, TERM={os.environ.get('TERM', '')}"),
        Finding("terminal", "size", f"{size.columns} x {size.lines}"),
        Finding(
            "terminal",
            "letters",
            encoding or "unknown",
            "warning" if plain else "good",
            "export LANG=C.UTF-8" if plain else "",
        ),
    ]
    found = [
        *machine(), *gpus(), *convolutions(), *storage({"runs": runs, "universes": universes}), *cluster(), *terminal,
    ]  # fmt: skip
    tell(findings=[asdict(finding) for finding in found])
    rows = tuple((each.part, each.name, each.found, each.verdict, each.remedy or None) for each in found)
    print_figure(Table("This machine", ("part", "what", "found", "verdict", "what to do"), rows))
    if any(finding.verdict == "bad" for finding in found):
        raise typer.Exit(1)


_ANSWER = {"findings": "list: part, name, found, verdict (good, warning, bad), remedy"}
COMMANDS = (Command("doctor", doctor, 33, answer=_ANSWER),)
