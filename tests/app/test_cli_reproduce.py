"""The commands export, reproduce, cite and networks, from a run to its numbers in another folder."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from core.runs.crate import About, describe, pack, unpack
from core.runs.run import Run

Command = Callable[..., tuple[int, str, str]]


def test_a_run_is_exported_and_repeated_elsewhere(command: Command, done_run: Run) -> None:
    code, out, err = command("export", done_run.path, "--out", "sent/mine.zip", "--author", "A. Person")
    assert code == 0, err
    assert "others repeat it by: halodeck reproduce mine.zip" in out
    with zipfile.ZipFile("sent/mine.zip") as archive:
        assert {"report/roc.png", "report/report.json", "card.md", "citation.bib"} <= set(archive.namelist())
    code, _, err = command("export", done_run.path, "--out", "sent/mine.zip")
    assert (code, "sent/mine.zip exists: use --force" in err) == (1, True)
    code, out, err = command("reproduce", "sent/mine.zip", "--json")
    assert code == 0, err
    told = json.loads(out)
    assert told["reproduced"] is True
    assert {number["verdict"] for number in told["numbers"]} == {"same"}
    assert Path("universes/reproduced/u4.h5").exists()
    assert Path("runs/mine/report/report.json").exists()
    code, out, _ = command("report", "mine")
    assert code == 0
    assert "area under ROC" in out


def test_a_number_that_was_made_better_is_found_out(command: Command, done_run: Run) -> None:
    """Somebody has changed the report and told the checksums anew."""
    assert command("export", done_run.path, "--out", "mine.zip")[0] == 0
    unpack(Path("mine.zip"), Path("crate"))
    path = Path("crate/report/report.json")
    report = json.loads(path.read_text())
    [dice] = [number for number in report["numbers"] if number["key"] == "dice"]
    dice.update(value=0.99, error=0.001)
    path.write_text(json.dumps(report))
    describe(Path("crate"), About("mine", "better", "CC-BY-4.0", "2026-01-01"))
    pack(Path("crate"), Path("better.zip"))
    code, out, _ = command("reproduce", "better.zip", "--save", "kept")
    assert code == 1
    assert "1 outside" in out
    assert ",0.99," in Path("kept/reproduced.csv").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("reproduce", "berger"), "there is no archive, network or paper 'berger': did you mean 'berger2019'?"),
        (("reproduce", "halonet@cpi"), "did you mean 'halonet@cpu'?"),
        (("reproduce", "."), "is a folder: give an archive"),
        (("reproduce", "berger2019", "--config", "large"), "berger2019 has no table [large]"),
        (("cite", "halone"), "'halone' is no run and no recipe: did you mean 'halonet'?"),
        (("networks", "halonet"), "did you mean 'halonet@cpu'?"),
        (("resume", "halonet@cpu"), "came trained: there is nothing to go on from: train your own: `halodeck train"),
        (("export", "nothing"), "there is no run 'nothing'"),
    ],
)
def test_what_is_refused(command: Command, arguments: tuple[str, ...], words: str) -> None:
    code, _, err = command(*arguments)
    assert code in (1, 2)
    assert words in err
    assert not Path("runs").exists()


def test_cards_and_citations(command: Command) -> None:
    code, out, _ = command("networks")
    assert code == 0
    assert "halonet@cpu" in out
    code, out, _ = command("networks", "halonet@cpu")
    assert code == 0
    assert "# halonet@cpu" in out
    assert "| SHA-256 |" in out
    code, out, _ = command("cite", "halonet@cpu")
    assert code == 0
    assert out.count("@") >= 3
    assert "{berger2019," in out
    assert "{data-halonet@cpu," in out
    assert "@software{halodeck," in out
