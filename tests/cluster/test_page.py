"""docs/clusters.md is true: its commands are run as they stand there, on small boxes and without GPUs."""

import os
import re
import shlex
from pathlib import Path

import pytest
from local_slurm import ROOT, SITE, LocalSlurm

from core.runs.listing import all_runs

SMALLER = (
    ("--cells 512 --box 358.4", "--cells 16 --box 25"),
    ("--seeds 1-256", "--seeds 1-4"),
    ("--parallel 64", "--parallel 2"),
    ("--config paper", "--config smoke --set truth=peakpatch"),
    ("--nodes 2 --gpus 4", "--nodes 2"),
    ("--gpus 2", "--ranks 2"),
)
"""What of a command stands for a large machine, and what this one has."""


def commands(page: str) -> list[str]:
    """The lines of halodeck in the blocks of a page, in one line each, without what explains them."""
    whole = re.sub(r"\\\n\s*", " ", page)
    lines = [line.strip() for line in whole.splitlines() if line.startswith("    halodeck")]
    return [re.sub(r"\s+#.*", "", line) for line in lines]


def smaller(command: str) -> list[str]:
    """A command of the page for this machine."""
    for large, small in SMALLER:
        command = command.replace(large, small)
    return shlex.split(command)


def test_the_page_has_its_commands() -> None:
    found = commands((ROOT / "docs" / "clusters.md").read_text(encoding="utf-8"))
    assert len(found) >= 7
    assert all(any(large in line for line in found) or large == "--gpus 2" for large, _ in SMALLER)
    assert smaller(found[1])[:6] == ["halodeck", "simulate", "--cells", "16", "--box", "25"]


@pytest.mark.skipif("HALODECK_LONG" not in os.environ, reason="takes minutes: make test-slurm")
def test_from_an_empty_account_to_a_trained_run(cluster: LocalSlurm, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "clusters.md").read_text(encoding="utf-8")
    sites = cluster.folder / "config" / "halodeck" / "sites.toml"
    sites.write_text(f'{SITE}[mine]\nlike = "two"\n[cpu-array]\nlike = "two"\n')
    try:
        for line in commands(page):
            command = smaller(line)
            if command[1] == "doctor":
                continue  # what it finds here is for another test
            cluster.run(*command, folder=tmp_path)
            if command[1] == "simulate":
                cluster.wait(lambda: not cluster.run("squeue", "--noheader"))
    finally:
        sites.write_text(SITE)
    cluster.wait(lambda: not cluster.run("squeue", "--noheader"))
    [run] = all_runs(tmp_path / "runs")
    assert run.status().state == "done", run.status().message
    assert run.report_path.exists()
    assert len(list((tmp_path / "universes").glob("*.h5"))) == 4
