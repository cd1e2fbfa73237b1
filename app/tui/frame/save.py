"""What can be saved: a figure, or a screen as SVG, PNG or text."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from textual.screen import Screen

from core.errors import ResourceError, UsageError
from core.files import appearing, write_text

if TYPE_CHECKING:
    from core.figures import Figure

_SCALE = 2  # of the PNG: legible in a paper


def figure_saver(figure: Figure) -> Callable[[Path], str]:
    """What saves a figure."""

    def save_it(path: Path) -> str:
        from app.draw import save

        save(figure, path)
        return f"saved {path}"

    return save_it


def screen_text(screen: Screen[Any]) -> str:
    """A screen as plain text."""
    return "\n".join(strip.text.rstrip() for strip in screen._compositor.render_strips())


def saver_of(screen: Screen[Any]) -> Callable[[Path], str]:
    """What saves a screen as it looks now; it may be called later and in a thread.

    It takes a path ending in .svg, .png or .txt and says what it did. Raises: UsageError for another suffix,
    ResourceError without room, permission or (for .png) rsvg-convert.
    """
    text, update, size = screen_text(screen), screen._compositor.render_update(full=True), screen.size

    def picture() -> str:
        console = Console(
            width=size.width,
            height=size.height,
            file=StringIO(),
            force_terminal=True,
            color_system="truecolor",
            record=True,
            legacy_windows=False,
        )
        console.print(update)
        return console.export_svg(title="halodeck")

    def save(path: Path) -> str:
        suffix = path.suffix.lower()
        if suffix == ".txt":
            write_text(path, text + "\n")
        elif suffix == ".svg":
            write_text(path, picture())
        elif suffix == ".png":
            _save_png(picture(), path)
        else:
            raise UsageError(f"cannot save the screen as {path.name!r}", "use .svg, .png or .txt")
        return f"saved {path}"

    return save


def _save_png(picture: str, path: Path) -> None:
    converter = shutil.which("rsvg-convert")
    if converter is None:
        raise ResourceError(f"saving {path.name} needs rsvg-convert", "install librsvg2-bin, or save as .svg or .txt")
    with appearing(path) as temporary:
        command = [converter, "--format=png", f"--zoom={_SCALE}", f"--output={temporary}"]
        done = subprocess.run(command, input=picture.encode(), capture_output=True, check=False)
        if done.returncode:
            raise ResourceError(f"rsvg-convert failed ({done.stderr.decode().strip()})", "save as .svg or .txt")
