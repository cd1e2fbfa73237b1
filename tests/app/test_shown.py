"""Foreign text on a terminal: no command prints anything of it but letters, and columns of it stay aligned."""

import ast
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hostile_text import FILE_NAME, HOSTILE, NAME, harmless, hostile_run, hostile_universe
from rich.cells import cell_len
from rich.text import Text

from app.cli.console import GuardedConsole
from app.cli.show import print_facts, print_json, progress_bar, say_again
from app.cli.terminal import guard, unguarded
from app.draw.shown import padded, shortened, shown, without_middle
from core.files import begun

Command = Callable[..., tuple[int, str, str]]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def deck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a universe, a run and files of others, every word of them hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    hostile_universe(folder)
    hostile_run(folder / "runs")
    with h5py.File(folder / "others.h5", "w") as file:
        file[f"group{NAME}/data{NAME}"] = np.arange(8)
    with h5py.File(folder / "link.h5", "w") as file:
        file[NAME] = h5py.ExternalLink(HOSTILE, "/x")
    with h5py.File(folder / "own.h5", "w") as file:
        file["position"], file[NAME] = np.zeros((8, 3)), 1.0
    with h5py.File(folder / "snap.h5", "w") as file:
        file.create_group("Header").attrs.update(BoxSize=HOSTILE, NumPart_ThisFile=[0, 8])
        file["PartType1/Coordinates"] = np.zeros((8, 3))
    arrays: dict[str, Any] = {"position": np.zeros((8, 3)), NAME: np.ones(1)}
    np.savez(folder / "own.npz", **arrays)
    (folder / "halos.csv").write_text(f"mass,x,y,{HOSTILE}\n1e13,1,1,1\n", encoding="utf-8")
    (folder / "hlist_1.list").write_text(f"#{HOSTILE}\n#id mvir {HOSTILE}\n1 {HOSTILE}\n", encoding="utf-8")
    left = begun(folder / "runs" / NAME)
    left.with_name(left.name.replace(f".{os.getpid()}.", ".999999999.")).touch()  # by a process that is no more
    return folder


UNIVERSE, RUNS = f"{FILE_NAME}.h5", ("--runs", "runs")


@pytest.mark.parametrize(
    "words",
    [
        ("info", UNIVERSE),
        ("stats", UNIVERSE),
        ("view", UNIVERSE),
        ("view", UNIVERSE, "--field", f"field{NAME}", "--halos", f"halos{NAME}"),
        ("view", UNIVERSE, "--field", "other"),
        ("info", "."),
        ("info", f"runs/{FILE_NAME}"),
        *(("info", name) for name in ("others.h5", "link.h5", "own.h5", "snap.h5", "own.npz", "halos.csv")),
        ("info", "hlist_1.list"),
        *(("import", name, "--out", "u.h5") for name in ("link.h5", "own.h5", "snap.h5", "own.npz", "halos.csv")),
        ("info", f"none{NAME}"),
        ("clean", "--dry-run", "runs"),
        ("runs", *RUNS),
        ("runs", "--json", *RUNS),
        ("watch", FILE_NAME, *RUNS),
        ("note", FILE_NAME, *RUNS),
        ("note", FILE_NAME, "--json", *RUNS),
        ("report", FILE_NAME, *RUNS),
        ("report", FILE_NAME, "--json", *RUNS),
        ("report", f"none{NAME}", *RUNS),
        ("stop", FILE_NAME, *RUNS),
        ("resume", FILE_NAME, *RUNS),
        ("inspect", FILE_NAME, *RUNS),
        ("compare", FILE_NAME, FILE_NAME, *RUNS),
        ("stats", f"--{HOSTILE}"),
        (HOSTILE,),
    ],
    ids=lambda words: re.sub(r"\W+", "-", " ".join(words[:2]), flags=re.ASCII)[:20],
)
def test_no_command_prints_anything_but_letters_and_colours(
    command: Command, deck: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(deck)
    code, out, err = command("--color", "truecolor", *words)
    assert out or err
    assert harmless(out), repr(out)
    assert harmless(err), repr(err)
    assert "Traceback" not in err
    if code:  # one line, and maybe some of progress before it
        assert err.splitlines()[-1].startswith("halodeck: ")
        assert err.count("halodeck: ") == 1


def test_json_stays_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({HOSTILE: [HOSTILE, "\udcff"]})
    out = capsys.readouterr().out
    assert harmless(out)
    assert json.loads(out) == {HOSTILE: [HOSTILE, "\udcff"]}


def test_facts_stay_in_their_columns(capsys: pytest.CaptureFixture[str]) -> None:
    names = ["plain", "漢字漢字", "e\u0301te\u0301", HOSTILE]
    print_facts({name: f"|{name}" for name in names})
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(names)
    assert {cell_len(line.partition("|")[0]) for line in lines} == {cell_len(shown(HOSTILE)) + 2}


def test_what_is_shown() -> None:
    assert shown("plain Ω 漢") == "plain Ω 漢"
    assert shown("a\x1b[2J\x07\n\tb\x7f\u00a0") == "a␛[2J␇⏎ b␡ "
    assert shown("\x9b\u202e\u2066\udcff\u2028") == "\ufffd" * 5
    assert shown("a\nb\r\n", lines=True) == "a\nb␍\n"
    assert len(shown(HOSTILE)) == len(HOSTILE)


def test_names_are_measured_in_cells() -> None:
    for name in ("漢字" * 9, "plain" * 5, "e\u0301" * 20):
        assert cell_len(padded(name, 50)) == 50
        for room in (5, 8, 9, 12):
            assert cell_len(without_middle(name, room)) <= room
            assert cell_len(shortened(name, room)) <= room
    assert without_middle("snapshot_000.hdf5", 12) == "snapsh….hdf5"
    assert shortened("snapshot", 5) == "snap…"


class Page(io.StringIO):
    """A terminal to write on."""

    def isatty(self) -> bool:
        return True


def test_the_guard_lets_only_its_own_sequences_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of whoever prints: a library, the progress bar, the line that `watch` writes again and again."""
    out, err = Page(), Page()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    guard()
    guard()  # once is enough
    assert unguarded(sys.stdout) is out
    assert sys.stdout.isatty()
    print(HOSTILE)
    sys.stdout.writelines([HOSTILE, "\n"])
    GuardedConsole(sys.stdout, force_terminal=True).print(Text(HOSTILE, "red"), HOSTILE, markup=False)
    assert "\x1b[31m" in out.getvalue()
    assert harmless(out.getvalue())
    say_again(HOSTILE)
    assert harmless(out.getvalue().replace("\r\x1b[2K", ""))
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar(HOSTILE) as progress:
        progress(0.5, HOSTILE)
    own = err.getvalue()
    for sequence in ("\x1b[?25l", "\x1b[?25h", "\x1b[2K", "\x1b[1A", "\r"):
        own = own.replace(sequence, "")
    assert "[/red]" in own
    assert harmless(own), repr(own)


def test_a_file_name_that_is_no_text_is_printed_by_a_process(deck: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", "from app.main import main; main()", "info", UNIVERSE],
        cwd=deck,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert harmless(done.stdout.decode("ascii"))


def test_commands_print_through_one_door() -> None:
    """`say` and its like in app/cli/show.py; a bare print() is an empty line."""
    for path in (ROOT / "app" / "cli").glob("*.py"):
        calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
        printed = [node for node in calls if isinstance(node.func, ast.Name) and node.func.id == "print" and node.args]
        assert path.name == "show.py" or not printed
