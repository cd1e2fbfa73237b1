"""`halodeck clean`: remove what killed processes have left half-written, and what is in the trash."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.answers import tell
from app.cli.command import Command
from app.cli.options import RUNS, UNIVERSES
from app.cli.show import say


def clean(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FOLDER]...", help="Folders to look through; runs and universes where none is given."),
    ] = None,
    trash: Annotated[bool, typer.Option("--trash", help="Also empty the trash: deleted runs and universes.")] = False,
    dry: Annotated[bool, typer.Option("--dry-run", help="Say what would be removed.")] = False,
) -> None:
    """Remove what killed processes have left half-written; what anybody is writing now stays."""
    from core.errors import InputError
    from core.files import explain, left_behind
    from core.trash import below, remove
    from core.trash import size as size_of

    for folder in folders or ():
        if not folder.is_dir():
            raise InputError(f"{folder} is no folder", "name folders to look through")
    where = folders or [RUNS, UNIVERSES]
    found = [path for folder in where for path in left_behind(folder)]
    size = 0
    for path in found:
        try:
            size += path.lstat().st_size
            if not dry:
                path.unlink()
        except OSError as error:
            raise explain(error, path) from error
        say(str(path))
    tell(files=[str(path) for path in found], bytes=size)
    say(f"{len(found)} files, {size / 2**20:.1f} MiB {'to be removed' if dry else 'removed'}")
    inside = [each for folder in where for each in below(folder)]
    tell(trash=[{"name": each.name, "deleted": each.when / 1e9} for each in inside])
    if not inside:
        return
    thrown = sum(map(size_of, inside))
    if trash and not dry:
        for each in inside:
            remove(each)
    words = "removed from" if trash and not dry else "to be removed from" if trash else "stay in"
    rest = "" if trash else "; `halodeck clean --trash` empties it"
    say(f"{len(inside)} deleted runs and universes, {thrown / 2**20:.1f} MiB, {words} the trash{rest}")


_ANSWER = {
    "files": "list of paths",
    "bytes": "that they take together",
    "trash": "what was deleted, list: name, deleted (seconds since 1970)",
}
COMMANDS = (Command("clean", clean, 21, answer=_ANSWER),)
