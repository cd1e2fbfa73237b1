"""Completion of paths: as far as it is clear, quoted as a shell has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.tui.frame.paths import completed


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("universes/demo/s1.h5", "universes/demo/s2.h5", "universes/a b/c.h5", ".hidden/x"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


@pytest.mark.parametrize(
    ("typed", "after", "names"),
    [
        ("uni", "universes/", []),
        ("universes/", "universes/", ["a b/", "demo/"]),
        ("universes/d", "universes/demo/", []),
        ("universes/demo/", "universes/demo/s", ["s1.h5", "s2.h5"]),
        ("universes/demo/s1.h5 universes/demo/s2", "universes/demo/s1.h5 universes/demo/s2.h5", []),
        ("universes/a", "'universes/a b/'", []),
        ("'universes/a b/'", "'universes/a b/c.h5'", []),
        (".h", ".hidden/", []),
        ("nothing/here", "nothing/here", []),
        ("", "universes/", []),
    ],
)
def test_words_of_a_shell(typed: str, after: str, names: list[str]) -> None:
    assert completed(typed) == (after, names)


def test_one_path_may_hold_blanks() -> None:
    assert completed("universes/a ", one=True) == ("universes/a b/", [])
