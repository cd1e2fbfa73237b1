"""What a shell is offered after TAB."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli.program import program
from core.runs.run import create_run

SHELLS = {
    "bash": lambda line: {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - (not line.endswith(" ")))},
    "zsh": lambda line: {"_TYPER_COMPLETE_ARGS": line},
    "fish": lambda line: {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
}


def asked(line: str, shell: str = "bash") -> dict[str, str]:
    """What a shell sets to ask for the words at the end of a line."""
    return {"_HALODECK_COMPLETE": f"complete_{shell}", **SHELLS[shell](line)}


def words_of(answer: str) -> set[str]:
    """The words of an answer, whatever the shell."""
    return {word.strip("\"()'") for word in answer.split()} - {"_arguments", "*:"}


def offered(line: str, shell: str = "bash") -> set[str]:
    """The words that are offered at the end of a line."""
    return words_of(CliRunner().invoke(program, env=asked(line, shell), prog_name="halodeck").output)


@pytest.mark.parametrize("shell", SHELLS)
def test_runs_in_every_shell(shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create_run(tmp_path / "elsewhere", "halonet", {})
    monkeypatch.setenv("HALODECK_RUNS", str(tmp_path / "elsewhere"))
    assert offered("halodeck report ", shell) >= {"halonet-001", "latest", "halonet@cpu"}


def test_universes_of_the_usual_folder(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "u.h5").touch()
    done = subprocess.run(
        [sys.executable, "-P", "-c", "from app.main import main; main()"],
        env={**os.environ, **asked("halodeck stats "), "HALODECK_UNIVERSES": "elsewhere"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert words_of(done.stdout) == {"elsewhere/", "elsewhere/u.h5"}
    assert not done.stderr


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
def test_values(line: str, words: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "more").mkdir()
    for name in ("mine.h5", "more/b.h5", "more/notes.txt"):
        (tmp_path / name).touch()
    assert offered(line) == words
