"""`halodeck clean`: remove what killed processes have left half-written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.command import Command
from app.cli.show import say


def clean(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FOLDER]...", help="Folders to look through; runs and universes where none is given."),
    ] = None,
    dry: Annotated[bool, typer.Option("--dry-run", help="Say what would be removed.")] = False,
) -> None:
    """Remove what killed processes have left half-written; what anybody is writing now stays."""
    from core.errors import InputError
    from core.files import explain, left_behind

    for folder in folders or ():
        if not folder.is_dir():
            raise InputError(f"{folder} is no folder", "name folders to look through")
    found = [path for folder in folders or [Path("runs"), Path("universes")] for path in left_behind(folder)]
    size = 0
    for path in found:
        try:
            size += path.lstat().st_size
            if not dry:
                path.unlink()
        except OSError as error:
            raise explain(error, path) from error
        say(str(path))
    say(f"{len(found)} files, {size / 2**20:.1f} MiB {'to be removed' if dry else 'removed'}")


COMMANDS = (Command("clean", clean, 21),)
