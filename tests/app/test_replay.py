"""`halodeck replay`: pictures are the same, changed or new; what does more than look is left out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.cli import replay as module
from app.cli.collected import values_that_differ
from app.cli.replay import replay
from core.cosmos.universe import Universe
from core.errors import HalodeckError
from core.notebook import Note, add

BOOK = Path("notebook.md")
PRINTED = "P(k=1 h/Mpc) = 133.0 +- 3.1 (Mpc/h)^3 (s0101, z=0)\nDice, both  0.9085  0.0008  640\n"


@pytest.fixture
def does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Commands that are done: each saves a picture of its own words."""
    monkeypatch.chdir(tmp_path)
    done: list[list[str]] = []

    def pretended(words: list[str], folder: Path, text: str) -> str | None:
        done.append(words)
        if "--save" in words:
            Path(words[words.index("--save") + 1]).write_text(words[2])
        return None if "broken.h5" in words else PRINTED

    monkeypatch.setattr(module, "_does", pretended)
    return done


def noted(number: int, words: str, picture: str = "") -> None:
    saved = f" --save {picture}" if picture else ""
    add(BOOK, Note(number, f"entry {number}", "", picture, f"halodeck {words}{saved}"))


def test_pictures_are_compared(does: list[list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    noted(1, "view u1.h5", "notebook/1.png")
    noted(2, "view u2.h5", "notebook/2.png")
    noted(3, "info u1.h5")
    noted(4, "train halonet")
    replay(BOOK)
    assert [line.split()[:2] for line in capsys.readouterr().out.splitlines()] == [
        ["1", "new"], ["2", "new"], ["3", "done"], ["4", "left"],
    ]  # fmt: skip
    Path("notebook/2.png").write_text("another")
    with pytest.raises(HalodeckError, match="1 of 4 entries"):
        replay(BOOK, check=True)
    out = capsys.readouterr().out
    assert "1  same" in out
    assert "2  changed" in out
    assert Path("notebook/2.png").read_text() == "another"
    assert not any(words[1] == "train" for words in does)
    replay(BOOK, everything=True)
    assert does[-1][1] == "train"
    assert Path("notebook/2.png").read_text() == "u2.h5"


@pytest.mark.parametrize(
    ("words", "collected", "differ"),
    [
        ("stats u1.h5 --read power=1", PRINTED.replace("133.0", "136.0"), ""),
        ("stats u1.h5 --read power=1", PRINTED.replace("133.0", "136.2"), "P(k=1 h/Mpc) = 136.2 is 133.0 now"),
        ("report halonet-001", PRINTED.replace("0.9085", "0.9086"), ""),
        ("report halonet-001", PRINTED.replace("0.9085", "0.9083"), "Dice, both 0.9083 is 0.9085 now"),
        ("report halonet-001", PRINTED.replace("640", "641"), "Dice, both 0.9085 0.0008 641 is 640 now"),
        ("report halonet-001", "a word\nAUC  0.97", "AUC 0.97 is no longer there"),
        ("view u1.h5", "the value under the cursor is 3", ""),
    ],
)
def test_values_are_compared(
    does: list[list[str]], capsys: pytest.CaptureFixture[str], words: str, collected: str, differ: str
) -> None:
    add(BOOK, Note(1, "a value", collected, "", f"halodeck {words}"))
    if differ:
        with pytest.raises(HalodeckError, match="1 of 1 entries"):
            replay(BOOK)
    else:
        replay(BOOK)
    assert capsys.readouterr().out.splitlines()[1:] == ([f"     {differ}"] if differ else [])


@pytest.mark.parametrize(
    ("before", "now", "same"),
    [
        ("M = (1.23 +- 0.04)e-3", "M = (1.26 +- 0.04)e-3", True),
        ("M = (1.23 +- 0.04)e-3", "M = (1.28 +- 0.04)e-3", False),
        ("x = 2.1e14", "x = 2.2e14", True),
        ("x = 2.1e14", "x = 2.3e14", False),
        ("n  2,108,258", "n  2,108,259", False),
        ("Dice, both  0.9085  in 30\nclasses    of them", "Dice, both classes  0.9085  in\n     30 of them", True),
        ("halodeck 0.2.0 of 7c8e40", "halodeck 0.3.0 of 7c8e40", True),
    ],
)
def test_a_value_is_the_same_within_its_digits_or_its_error(before: str, now: str, same: bool) -> None:
    assert bool(values_that_differ(before, now)) != same


@pytest.mark.parametrize(
    ("words", "picture"),
    [
        ("view broken.h5", "notebook/1.png"),
        ("view u.h5", "../outside.png"),
        ("view u.h5", "/tmp/outside.png"),
        ("view u.h5 --save=elsewhere.png", ""),
        ("view u.h5 --save elsewhere.png", ""),
    ],
)
def test_what_fails_or_would_write_elsewhere(does: list[list[str]], words: str, picture: str) -> None:
    noted(1, words, picture)
    with pytest.raises(HalodeckError, match="1 of 1 entries"):
        replay(BOOK)
    assert not Path("elsewhere.png").exists()
    assert not Path("notebook").exists()


def test_a_text_without_entries_says_so(does: list[list[str]]) -> None:
    BOOK.write_text("# a heading of one's own\n")
    with pytest.raises(HalodeckError, match="has no entries"):
        replay(BOOK)


def test_a_slice_is_the_same_when_it_is_drawn_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, universes: list[Universe]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(universes[0].path, "u1.h5")
    noted(1, "view u1.h5", "notebook/1.png")
    replay(BOOK)
    assert Path("notebook/1.png").stat().st_size > 0
    replay(BOOK, check=True)
