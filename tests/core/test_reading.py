"""Files of others: nothing in them blocks, crashes or fills the memory."""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from core.errors import InputError
from core.reading import open_regular, parse_json, read_bytes, read_json, read_tail, read_toml
from core.typed import Measured, typed


def bind(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


@pytest.mark.parametrize(
    "make",
    [os.mkfifo, Path.mkdir, bind, lambda path: path.symlink_to("/dev/zero")],
    ids=["fifo", "folder", "socket", "dev"],
)
def test_only_regular_files_are_opened(
    tmp_path: Path, make: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket is short
    path = Path("a")
    make(path)
    for read in (open_regular, read_bytes, read_json, read_toml, lambda path: read_tail(path, 3)):
        with pytest.raises(InputError, match="is no regular file"):
            read(path)


def test_sizes(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with path.open("wb") as file:
        file.truncate(10 << 30)
    with pytest.raises(InputError, match="10737418240 bytes, of 1000 at most"):
        read_bytes(path, 1000)
    assert read_tail(path, 3) == bytes(3)
    path.write_bytes(b"12345")
    assert (read_bytes(path), read_tail(path, 2), read_tail(path, 9)) == (b"12345", b"45", b"12345")
    with pytest.raises(FileNotFoundError):
        read_bytes(tmp_path / "b")
    with pytest.raises(InputError, match="is no path"):
        read_bytes(Path("a\0b"))


@pytest.mark.parametrize(
    "text", ["[" * 200_000, "{", "\udcff", "1" * 5000, ""], ids=["deep", "cut", "latin", "huge", "none"]
)
def test_damaged_texts(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match="is damaged"):
        read_json(path)
    path.write_bytes(b"a = " + path.read_bytes())
    with pytest.raises(InputError, match="is damaged"):
        read_toml(path)


def test_half_a_surrogate_pair_is_a_question_mark() -> None:
    assert parse_json('{"\\ud800": ["\\uDC00", "\\ud83d\\ude00"]}') == {"?": ["?", "😀"]}


@dataclass(frozen=True)
class Thing:
    name: str
    count: int = 0
    share: float = 0.0
    losses: dict[str, Measured] | None = None
    kinds: tuple[Literal["a", "b"], ...] = ()
    pair: tuple[int, str] = (0, "")
    rest: Any = None


def test_data_become_what_the_fields_say() -> None:
    data = {"name": "x", "count": 3.0, "losses": {"loss": float("nan")}, "kinds": ["a"], "pair": [1, "y"], "other": 1}
    found = typed(Thing, data)
    assert (found.count, found.kinds, found.pair, found.rest) == (3, ("a",), (1, "y"), None)
    assert found.losses
    assert str(found.losses["loss"]) == "nan"
    with pytest.raises(ValueError, match="unknown fields other"):
        typed(Thing, data, strict=True)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "a table is expected"),
        ({}, "Thing lacks name"),
        ({"name": 3}, "name is 3, a text is expected"),
        ({"name": "x", "count": float("inf")}, "count is inf, a whole number"),
        ({"name": "x", "count": 2**63}, "count is a huge number, a whole number"),
        ({"name": "x", "share": float("nan")}, "share is nan, a number"),
        ({"name": "x", "share": 10**400}, "share is a huge number, a number"),
        ({"name": "x", "losses": {"loss": "low"}}, r"losses\.loss is 'low', a number"),
        ({"name": "x", "kinds": "a"}, "kinds is 'a', a list"),
        ({"name": "x", "kinds": ["c"]}, r"kinds\[0\] is 'c', one of a, b"),
        ({"name": "x", "kinds": [[]]}, r"kinds\[0\] is a list, one of a, b"),
        ({"name": "x", "pair": [1]}, "pair is a list, a list of 2"),
    ],
)
def test_what_is_wrong_is_said(data: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        typed(Thing, data)
