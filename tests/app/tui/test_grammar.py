"""One meaning a key: rows name the meaning, and the document lists what each does."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

import pytest

import app.tui
from app.tui.frame import grammar
from app.tui.frame.key import signs
from app.tui.keymap import KEYS, SECTIONS

ROOT = Path(app.tui.__path__[0])
ANSWERS = "confirm"
"""The section of a question, which is answered by y and n."""
DOCUMENT = ROOT.parents[1] / "docs" / "keys.md"
START, END = "<!-- keys: made by tests/app/tui/test_grammar.py -->", "<!-- end -->"


def rows() -> list[tuple[str, str, str]]:
    """What the document says of each meaning: its keys, its words, and where it works."""
    found = []
    for keys, words in grammar.meanings():
        where = dict.fromkeys(
            key.where for key in KEYS if key.where != ANSWERS and set(key.key.split(",")) & set(keys.split(","))
        )
        found.append((f"`{signs(keys)}`", words, ", ".join(where) or "-"))
    return found


def test_every_key_has_its_one_meaning() -> None:
    digits = {key.id for key in KEYS if key.id.startswith("go.")}
    for key in KEYS:
        if key.id not in digits and key.where != ANSWERS:
            assert set(key.key.split(",")) <= set(grammar.MEANINGS), f"{key.id}: give it a meaning of grammar.py"


def test_two_meanings_cannot_have_one_key() -> None:
    with pytest.raises(ValueError, match="means both"):
        grammar._means("f", "to fly")


def test_rows_name_meanings_and_no_letters() -> None:
    files = [*ROOT.glob("screens/*/keys.py"), ROOT / "frame" / "keys.py"]
    assert len(files) > 6
    for path in files:
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Key" and len(call.args) > 1:
                literal, row = call.args[1], [getattr(arg, "value", "") for arg in call.args]
                if isinstance(literal, ast.Constant) and isinstance(literal.value, str) and ANSWERS not in row:
                    assert max(map(len, literal.value.split(","))) > 1, f"{path}: {row[0]} names a letter"


def test_texts_ask_for_the_letter_of_a_key() -> None:
    """A letter that is written out, as in "simulated (n)", is wrong once the key has another."""
    for path in ROOT.rglob("*.py"):
        for part in ast.walk(ast.parse(path.read_text())):
            text = part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else ""
            found = re.search(r"\(([a-zA-Z]|\^[a-z])\)|\[dim\]\w ", text)
            assert not found, f"{path}: {found and found.group()} is not asked for by signs_of"


def test_one_screen_has_no_key_twice() -> None:
    for section in SECTIONS:
        keys = [name for key in KEYS if key.where == section for name in key.key.split(",")]
        assert len(keys) == len(set(keys)), section


def test_the_document_lists_them() -> None:
    table = "\n".join(
        ["| key | meaning | where |", "| --- | --- | --- |", *(f"| {' | '.join(row)} |" for row in rows())]
    )
    text = DOCUMENT.read_text()
    before, _, rest = text.partition(START)
    made = f"{before}{START}\n\n{table}\n\n{END}{rest.partition(END)[2]}"
    if os.environ.get("SNAPSHOTS") == "write":
        DOCUMENT.write_text(made)
    assert made == text, "SNAPSHOTS=write makes it anew"
