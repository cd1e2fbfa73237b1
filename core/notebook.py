"""A notebook: what was noted of a session, as Markdown that people read, with the commands that make each entry again.

An entry is a heading `## 3. TITLE`, the time, a text in a fence, a picture and a command in a fence `sh`; what is
written between them by hand stays.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path

from core.errors import InputError
from core.files import write_text
from core.reading import read_bytes

NOTEBOOK = Path("notebook.md")
_HEAD = re.compile(r"^## (\d+)\. (.*)$", re.MULTILINE)
_TEXT = re.compile(r"^```text\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^```sh\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
_PICTURE = re.compile(r"^!\[[^\]\n]*\]\(([^)\n]+)\)$", re.MULTILINE)
_MOST = 16 << 20
"""Bytes of a notebook."""


@dataclass(frozen=True)
class Note:
    """One entry: a value or table as text, the file of a picture beside the notebook, and the command for it."""

    number: int
    title: str
    text: str = ""
    picture: str = ""
    command: str = ""


def read_notebook(path: Path) -> list[Note]:
    """The entries of a notebook, none where it is not there yet. Raises: InputError, ResourceError."""
    return [_note(block) for block in _blocks(_read(path))[1]]


def add(path: Path, note: Note) -> None:
    """Write an entry at the end. Raises: InputError, ResourceError."""
    text = _read(path) or f"# Notebook of {path.absolute().parent.name}\n"
    write_text(path, f"{text.rstrip()}\n\n{_written(note)}")


def remove(path: Path, number: int) -> str:
    """Take an entry out; returns it as it stood. Raises: InputError, ResourceError."""
    start, blocks = _blocks(_read(path))
    gone = next((block for block in blocks if _note(block).number == number), None)
    if gone is None:
        raise InputError(f"{path} has no entry {number}", "`halodeck replay` lists them")
    write_text(path, start + "".join(block for block in blocks if block is not gone))
    return gone


def put_back(path: Path, block: str) -> None:
    """Write an entry that was taken out where its number belongs. Raises: InputError, ResourceError."""
    start, blocks = _blocks(_read(path))
    blocks = sorted([*blocks, block if block.endswith("\n") else f"{block}\n"], key=lambda each: _note(each).number)
    write_text(path, start + "".join(f"{each.rstrip()}\n\n" for each in blocks).rstrip() + "\n")


def next_number(path: Path) -> int:
    """The number of the next entry. Raises: InputError, ResourceError."""
    return max((note.number for note in read_notebook(path)), default=0) + 1


def _read(path: Path) -> str:
    try:
        return read_bytes(path, _MOST).decode()
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no text ({error.reason})", "name a notebook of halodeck") from error


def _blocks(text: str) -> tuple[str, list[str]]:
    """What stands before the first entry, and the text of each."""
    starts = [found.start() for found in _HEAD.finditer(text)]
    ends = [*starts[1:], len(text)][: len(starts)]
    return text[: starts[0]] if starts else text, [text[a:b] for a, b in zip(starts, ends, strict=True)]


def _note(block: str) -> Note:
    head = _HEAD.match(block)
    assert head
    text, picture, command = _TEXT.search(block), _PICTURE.search(block), _COMMAND.search(block)
    return Note(
        int(head[1][:9]),
        head[2].strip(),
        text[1] if text else "",
        picture[1] if picture else "",
        " ".join(command[1].split()) if command else "",
    )


def _written(note: Note) -> str:
    parts = [f"## {note.number}. {' '.join(note.title.split())}", time.strftime("%Y-%m-%d %H:%M")]
    if note.text:
        text = _HEAD.sub(r" \g<0>", note.text.rstrip().replace("```", "` ` `"))
        parts.append(f"```text\n{text}\n```")
    if note.picture:
        parts.append(f"![{note.number}]({note.picture})")
    if note.command:
        parts.append(f"```sh\n{' '.join(note.command.split())}\n```")
    return "\n\n".join(parts) + "\n"
