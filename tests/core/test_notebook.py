"""Notebooks: entries come and go, and what was written by hand between them stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import InputError
from core.notebook import Note, add, next_number, put_back, read_notebook, remove

VALUE = Note(1, "P(k) of s0101", "P/P_lin(k=1.77 h/Mpc) = 8.50 +- .19", "", "halodeck stats u.h5")
SLICE = Note(2, "density", "", "notebook/002.png", "halodeck view u.h5 --save notebook/002.png")


def test_entries_come_and_go(tmp_path: Path) -> None:
    path = tmp_path / "notebook.md"
    assert (read_notebook(path), next_number(path)) == ([], 1)
    add(path, VALUE)
    path.write_text(path.read_text() + "\nMy own words, with `halodeck train` in them.\n")
    add(path, SLICE)
    assert read_notebook(path) == [VALUE, SLICE]
    assert path.read_text().startswith(f"# Notebook of {tmp_path.name}\n")
    gone = remove(path, 1)
    assert "My own words" in gone
    assert read_notebook(path) == [SLICE]
    put_back(path, gone)
    assert read_notebook(path) == [VALUE, SLICE]
    assert "My own words" in path.read_text()
    with pytest.raises(InputError, match="has no entry 9"):
        remove(path, 9)


def test_a_title_or_text_of_anything_stays_one_entry(tmp_path: Path) -> None:
    path = tmp_path / "notebook.md"
    add(path, Note(1, "one\n## 7. two", "```\n## 8. three\n```sh\nhalodeck clean\n```"))
    [note] = read_notebook(path)
    assert (note.number, note.title, note.command) == (1, "one ## 7. two", "")
    assert " ## 8. three" in note.text


def test_what_is_no_notebook(tmp_path: Path) -> None:
    path = tmp_path / "notebook.md"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="is no text"):
        read_notebook(path)
