"""What a screen gives to the notebook, and how it gets there."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.files import file_name
from core.notebook import Note, add, next_number

if TYPE_CHECKING:
    from core.figures import Figure

_FOLDER = "notebook"


@dataclass(frozen=True)
class Noted:
    """A title, a value or table as text, a figure, and the words of the command that makes it again.

    `name` is the figure's in the folder that the command saves; empty for a command that saves one file.
    """

    title: str
    text: str = ""
    command: tuple[str, ...] = ()
    figure: Figure | None = None
    name: str = ""


def note_down(path: Path, noted: Noted) -> Note:
    """Write it into a notebook, its picture beside it. Raises: HalodeckError."""
    from app.draw import save

    number = next_number(path)
    command, picture = noted.command, ""
    if noted.figure is not None and command:
        saved = f"{_FOLDER}/{number:03d}" if noted.name else f"{_FOLDER}/{number:03d}.png"
        picture = f"{saved}/{file_name(noted.name)}.png" if noted.name else saved
        save(noted.figure, path.parent / picture)
        command = (*command, "--save", saved)
    note = Note(number, noted.title, noted.text, picture, shlex.join(command))
    add(path, note)
    return note
