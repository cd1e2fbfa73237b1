"""`halodeck replay`: make every entry of a notebook again, and say which pictures and values have changed."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from app.cli.answers import tell
from app.cli.collected import values_that_differ
from app.cli.command import Command
from app.cli.show import progress_bar, say
from core.errors import HalodeckError, InputError
from core.notebook import NOTEBOOK, Note, read_notebook

LOOKS = ("view", "stats", "report", "compare", "inspect", "info", "runs", "recipes", "theory", "sweeps")
"""Commands that only look: all that is replayed unless everything is asked for, for a notebook may be anybody's."""
_DOES_MORE = ("--submit", "--again", "--out")
_PRINTS = ("report", "compare", "sweeps")
"""Commands that print the tables which are collected; others only what `--read` asks for."""
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
    """Do the commands of a notebook again, where it is; compare pictures and values with those that are there."""
    if not notebook.exists():
        raise InputError(f"there is no notebook {notebook}", "in the workbench B adds to one")
    notes = read_notebook(notebook)
    if not notes:
        raise InputError(f"{notebook} has no entries", "in the workbench B adds to one")
    said: dict[int, str] = {}
    differ: dict[int, list[str]] = {}
    with progress_bar("replay") as progress:
        for done, note in enumerate(notes):
            progress(done / len(notes), note.title)
            said[note.number], differ[note.number] = _again(note, notebook.absolute().parent, check, everything)
    for note in notes:
        say(f"{note.number:3d}  {said[note.number]:<8}  {note.title}")
        for words in differ[note.number]:
            say(f"     {words}")
    tell(
        entries=[
            {"number": note.number, "title": note.title, "state": said[note.number], "differ": differ[note.number]}
            for note in notes
        ]
    )
    wrong = [
        number
        for number, words in said.items()
        if words.startswith("failed") or differ[number] or (check and words == "changed")
    ]
    if wrong:
        raise HalodeckError(f"{len(wrong)} of {len(notes)} entries of {notebook} are not what they were", "see above")


def _again(note: Note, folder: Path, check: bool, everything: bool) -> tuple[str, list[str]]:
    """Do the command of an entry; in a word or two what came of it, and which values are others."""
    words, reason = _command(note, everything)
    if not words:
        return reason, []
    at = words.index("--save") + 1 if "--save" in words else 0
    if not at:
        printed = _does(words, folder, note.text)
        return ("failed", []) if printed is None else _compared("done", note, words, printed)
    saved, picture = Path(words[at]), Path(note.picture)
    if saved.is_absolute() or ".." in (*saved.parts, *picture.parts) or not picture.is_relative_to(saved):
        return "failed: its picture is not where its command saves, below the notebook", []
    with tempfile.TemporaryDirectory(prefix="halodeck-") as temporary:
        made = Path(temporary) / saved.name
        words[at] = str(made)
        printed = _does(words, folder, note.text)
        if printed is None:
            return "failed", []
        new, old = made / picture.relative_to(saved), folder / picture
        if not new.is_file():
            return "failed: no such picture is made", []
        state = "new" if not old.is_file() else "same" if _alike(old, new) else "changed"
        if not check and state != "same":
            _replace(made, folder / saved)
    return _compared(state, note, words, printed)


def _compared(state: str, note: Note, words: list[str], printed: str) -> tuple[str, list[str]]:
    """What came of an entry, and its values that are others now, where its command prints them."""
    differ = values_that_differ(note.text, printed) if words[1] in _PRINTS or "--read" in words else []
    return ("values", differ) if differ else (state, [])


def _command(note: Note, everything: bool) -> tuple[list[str], str]:
    """The words of the command of an entry; none, and why, where it is not to be done."""
    try:
        words = shlex.split(note.command)
    except ValueError:
        return [], "failed: its command is cut off"
    if not words:
        return [], "text"
    if words[0] != "halodeck" or len(words) < 2:
        return [], "left out: no command of halodeck"
    if not everything and (words[1] not in LOOKS or any(word.partition("=")[0] in _DOES_MORE for word in words)):
        return [], f"left out: {words[1]} does more than look; --all does it"
    if any(word.startswith("--save=") for word in words) or words[-1] == "--save":
        return [], "failed: write --save and its path as two words"
    if "--save" in words and not note.picture:
        return [], "failed: it saves without a picture"
    return words, ""


def _does(words: list[str], folder: Path, text: str) -> str | None:
    """What a command prints, in a process of its own, without a shell, where a `text` was collected as wide as that.

    None where it fails; its last lines are said then.
    """
    columns = max(map(len, text.splitlines()), default=0)
    width = {"COLUMNS": str(columns)} if columns else {}
    done = subprocess.run(
        [sys.executable, "-P", "-c", _PROGRAM, *words[1:]],
        cwd=folder,
        env=os.environ | width,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        say("\n".join([shlex.join(words), *done.stderr.strip().splitlines()[-_LINES:]]), error=True)
    return None if done.returncode else done.stdout


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


_ANSWER = "list: number, title, state (same, changed, new, values, done, failed), differ (values that are others)"
COMMANDS = (Command("replay", replay, 33, answer={"entries": _ANSWER}),)
