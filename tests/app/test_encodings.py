"""Terminals and logs that cannot write everything: text with replacements, never a traceback."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.encodings import nearest
from core.cosmos.universe import Universe

COMMANDS = ["view {}", "stats {}", "recipes", "info {}"]


@pytest.fixture
def named(universes: list[Universe], tmp_path: Path) -> Path:
    return Path(shutil.copy(universes[0].path, tmp_path / "übung-Ω.h5"))


@pytest.mark.parametrize(("encoding", "commands"), [("ascii", COMMANDS), ("latin-1", COMMANDS[:1] + COMMANDS[-1:])])
def test_every_command_prints(named: Path, encoding: str, commands: list[str]) -> None:
    """One process for all commands: what is tried is the encoding of its streams."""
    code = (
        "import sys\nfrom app.main import main\n"
        "for words in sys.argv[1].split(';'):\n"
        "    sys.argv = ['halodeck', *words.split()]\n"
        "    try:\n        main()\n"
        "    except SystemExit as end:\n        assert not end.code, words\n"
    )
    words = ";".join(command.format(named.name) for command in commands)
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, words], cwd=named.parent, env=environment, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    told = done.stdout.decode(encoding)
    assert "bung-" in told
    assert "density [overdensity]" in told
    assert b"Traceback" not in done.stderr


def test_a_file_name_that_is_no_text(universes: list[Universe], tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"bad-\xff.h5")
    shutil.copy(universes[0].path, path)
    done = subprocess.run(
        [sys.executable, "-P", "-c", "from app.main import main; main()", "info", path], capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    assert "bad-\ufffd.h5" in done.stdout.decode()


def test_the_nearest_there_is() -> None:
    assert [nearest(c, "ascii") for c in "│─┼⣿⠁▀üé±Ω\udcff"] == [
        "|",
        "-",
        "+",
        ":",
        ".",
        "#",
        "u",
        "e",
        "+-",
        "Omega_",
        "?",
    ]
    assert {nearest(character, "ascii") for character in "▘▟\U0001fb00\U0001cd00\U0001cea8"} == {"#"}
    assert nearest("漢", "ascii") == "?"
    assert nearest("\udcff", "utf-8") == "\ufffd"
