"""A plain `halodeck` reads its options as the program of all commands does, and without loading that."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.program import program
from app.opening import BLOCKS_OF_IMAGES, COLOR, OPTIONS, RUNS, UNIVERSES, opening

ORDER = (COLOR, BLOCKS_OF_IMAGES, RUNS, UNIVERSES)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for option in OPTIONS:
        monkeypatch.delenv(option.variable, raising=False)


def by_the_program(words: list[str]) -> list[str]:
    opened: list[str] = []

    def workbench(*values: str | Path) -> int:
        opened.extend(str(value) for value in values)
        return 3

    assert program(words, prog_name="halodeck", standalone_mode=False, obj=workbench) == 3
    return opened


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--runs", "here"],
        ["--universes", "there", "--color", "256"],
        ["--blocks", "sextant", "--runs", "a folder", "--color", "none", "--universes", "u"],
        ["--runs", "first", "--runs", "last"],
    ],
)
def test_the_same_options_open_the_same(words: list[str]) -> None:
    plain = opening(words)
    assert plain is not None
    assert [plain[option] for option in ORDER] == by_the_program(words)


def test_variables_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    for option, value in zip(ORDER, ("16", "octant", "r", "u"), strict=True):
        monkeypatch.setenv(option.variable, value)
    plain = opening(["--runs", "given"])
    assert plain is not None
    assert [plain[option] for option in ORDER] == ["16", "octant", "given", "u"] == by_the_program(["--runs", "given"])


@pytest.mark.parametrize(
    "words",
    [
        ["runs"],
        ["--help"],
        ["--version"],
        ["--runs"],
        ["--runs", "--help"],
        ["--runs", ""],
        ["--color", "pink"],
        ["--blocks", "fifths"],
        ["--colour", "256"],
        ["--color=256"],
        ["--runs", "here", "train"],
    ],
)
def test_all_else_is_the_programs(words: list[str]) -> None:
    assert opening(words) is None


def test_completion_is_the_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_HALODECK_COMPLETE", "complete_bash")
    assert opening([]) is None


def test_the_workbench_opens_without_the_commands() -> None:
    """They would take a third of the time to its first screen."""
    code = (
        "import sys, app.main, app.opening, app.background.describing, app.tui.workbench, app.tui.screens.runs.screen\n"
        "print([name for name in sys.modules if name in ('typer', 'pydantic', 'numpy', 'h5py', 'plotext', 'torch')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
