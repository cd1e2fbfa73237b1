"""`halodeck replay`: pictures are the same, changed or new; what does more than look is left out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.cli import replay as module
from app.cli.replay import replay
from core.cosmos.universe import Universe
from core.errors import HalodeckError
from core.notebook import Note, add

BOOK = Path("notebook.md")


@pytest.fixture
def does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Commands that are done: each saves a picture of its own words."""
    monkeypatch.chdir(tmp_path)
    done: list[list[str]] = []

    def pretended(words: list[str], folder: Path) -> bool:
        done.append(words)
        if "--save" in words:
            Path(words[words.index("--save") + 1]).write_text(words[2])
        return "broken.h5" not in words

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
