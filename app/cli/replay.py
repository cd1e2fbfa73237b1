"""`halodeck replay`: make every entry of a notebook again, and say which of them have changed."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from app.cli.answers import tell
from app.cli.command import Command
from app.cli.show import progress_bar, say
from core.errors import HalodeckError, InputError
from core.notebook import NOTEBOOK, Note, read_notebook

LOOKS = ("view", "stats", "report", "compare", "inspect", "info", "runs", "recipes", "theory", "sweeps")
"""Commands that only look: all that is replayed unless everything is asked for, for a notebook may be anybody's."""
_DOES_MORE = ("--submit", "--again", "--out")
_PROGRAM = "from app.main import main; main()"
_LINES = 3
_SHADE = 4 / 255
"""By how much a pixel of the same picture may differ."""


def replay(
    notebook: Annotated[Path, typer.Argument(metavar="[NOTEBOOK]", help="A notebook of the workbench.")] = NOTEBOOK,
    check: Annotated[bool, typer.Option("--check", help="Compare only: the pictures stay as they are.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Also do what does more than look, such as simulate and train.")
    ] = False,
) -> None:
    """Do the commands of a notebook again, where it is; compare their pictures with those that are there."""
    if not notebook.exists():
        raise InputError(f"there is no notebook {notebook}", "in the workbench B adds to one")
    notes = read_notebook(notebook)
    if not notes:
        raise InputError(f"{notebook} has no entries", "in the workbench B adds to one")
    said = {}
    with progress_bar("replay") as progress:
        for done, note in enumerate(notes):
            progress(done / len(notes), note.title)
            said[note.number] = _again(note, notebook.absolute().parent, check, everything)
    for note in notes:
        say(f"{note.number:3d}  {said[note.number]:<8}  {note.title}")
    tell(entries=[{"number": note.number, "title": note.title, "state": said[note.number]} for note in notes])
    wrong = [words for words in said.values() if words.startswith("failed") or (check and words == "changed")]
    if wrong:
        raise HalodeckError(f"{len(wrong)} of {len(notes)} entries of {notebook} are not what they were", "see above")


def _again(note: Note, folder: Path, check: bool, everything: bool) -> str:
    """Do the command of an entry; in a word or two what came of it."""
    try:
        words = shlex.split(note.command)
    except ValueError:
        return "failed: its command is cut off"
    if not words:
        return "text"
    if words[0] != "halodeck" or len(words) < 2:
        return "left out: no command of halodeck"
    if not everything and (words[1] not in LOOKS or any(word.partition("=")[0] in _DOES_MORE for word in words)):
        return f"left out: {words[1]} does more than look; --all does it"
    if any(word.startswith("--save=") for word in words):
        return "failed: write --save and its path as two words"
    at = words.index("--save") + 1 if "--save" in words[:-1] else 0
    if not (at and note.picture):
        return "failed: it saves without a picture" if at else "done" if _does(words, folder) else "failed"
    saved, picture = Path(words[at]), Path(note.picture)
    if saved.is_absolute() or ".." in (*saved.parts, *picture.parts) or not picture.is_relative_to(saved):
        return "failed: its picture is not where its command saves, below the notebook"
    with tempfile.TemporaryDirectory(prefix="halodeck-") as temporary:
        made = Path(temporary) / saved.name
        words[at] = str(made)
        if not _does(words, folder):
            return "failed"
        new, old = made / picture.relative_to(saved), folder / picture
        if not new.is_file():
            return "failed: no such picture is made"
        state = "new" if not old.is_file() else "same" if _alike(old, new) else "changed"
        if not check and state != "same":
            _replace(made, folder / saved)
    return state


def _does(words: list[str], folder: Path) -> bool:
    """Do a command in a process of its own, without a shell; its last lines are said where it fails."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", _PROGRAM, *words[1:]],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        say("\n".join([shlex.join(words), *done.stderr.strip().splitlines()[-_LINES:]]), error=True)
    return done.returncode == 0


def _alike(old: Path, new: Path) -> bool:
    """Whether two pictures show the same: curves that went through JSON have six digits."""
    if old.read_bytes() == new.read_bytes():
        return True
    if old.suffix.lower() != ".png":
        return False
    from matplotlib.image import imread

    try:
        one, other = imread(old), imread(new)
    except (OSError, ValueError, SyntaxError):  # no picture
        return False
    return one.shape == other.shape and float(abs(one - other).max()) <= _SHADE


def _replace(made: Path, known: Path) -> None:
    if made.is_dir():
        shutil.copytree(made, known, dirs_exist_ok=True)
    else:
        known.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(made, known)


COMMANDS = (Command("replay", replay, 33, answer={"entries": "list: number, title, state"}),)
