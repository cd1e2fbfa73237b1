"""What a shell is offered after TAB."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.runs.run import create_run

SHELLS = {
    "bash": lambda line: {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - (not line.endswith(" ")))},
    "zsh": lambda line: {"_TYPER_COMPLETE_ARGS": line},
    "fish": lambda line: {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
}


def offered(line: str, folder: Path, shell: str = "bash", **more: str) -> set[str]:
    """The words that are offered at the end of a line."""
    asked = {"_HALODECK_COMPLETE": f"complete_{shell}", **SHELLS[shell](line)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", "from app.main import main; main()"],
        env={**os.environ, **asked, **more},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not done.stderr
    return {word.strip("\"()'") for word in done.stdout.split()} - {"_arguments", "*:"}


@pytest.mark.parametrize("shell", SHELLS)
def test_runs_in_every_shell(shell: str, tmp_path: Path) -> None:
    create_run(tmp_path / "elsewhere", "halonet", {})
    assert offered("halodeck report ", tmp_path, shell, HALODECK_RUNS="elsewhere") >= {"halonet-001", "latest"}


def test_universes_of_the_usual_folder(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "u.h5").touch()
    assert offered("halodeck stats ", tmp_path, HALODECK_UNIVERSES="elsewhere") == {"elsewhere/", "elsewhere/u.h5"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("halodeck train halo", {"halonet", "halo_mass", "halo_instances"}),
        ("halodeck train halonet --config p", {"paper", "paper-individual", "paper4", "paper6"}),
        ("halodeck train density --set plateau.p", {"plateau.patience="}),
        ("halodeck networks halonet", {"halonet@cpu"}),
        ("halodeck cite densit", {"density", "density_gan", "density@cpu", "density_gan@cpu"}),
        ("halodeck simulate --truth ", {"nbody", "peakpatch", "both"}),
        ("halodeck stats m", {"mine.h5", "more/"}),
        ("halodeck stats more/", {"more/b.h5"}),
        ("halodeck train nothing --config ", set()),
    ],
)
def test_values(line: str, words: set[str], tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    for name in ("mine.h5", "more/b.h5", "more/notes.txt"):
        (tmp_path / name).touch()
    assert offered(line, tmp_path) == words
