"""Figures as files: PNG, SVG and PDF by matplotlib, plain text and text with escapes by `draw`."""

from __future__ import annotations

import warnings
from dataclasses import fields, is_dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from app.draw.colour import SERIES_RGB
from app.draw.drawer import drawer_of
from app.draw.layout import draw
from app.draw.numbers import as_csv
from app.draw.shown import shown
from core.errors import ResourceError, UsageError
from core.figures import Figure, Slice, dump
from core.files import appearing, write_json, write_text

TEXT_WIDTH = 100
_PICTURES = (".png", ".svg", ".pdf")
_LOOK: dict[str, Any] = {
    "font.size": 9,
    "axes.titlesize": 10,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "legend.frameon": False,
    "image.interpolation": "nearest",
    "svg.hashsalt": "halodeck",  # the same figure gives the same file
}


def save(figure: Figure, path: Path) -> None:
    """Write a figure as .png, .svg, .pdf, .txt or .ansi, or its numbers as .csv or .json.

    Raises: UsageError for another suffix, ResourceError without matplotlib, room or permission.
    """
    suffix = path.suffix.lower()
    if suffix == ".txt":
        write_text(path, draw(figure, TEXT_WIDTH, depth="none").plain() + "\n")
    elif suffix == ".ansi":
        write_text(path, _escapes(figure))
    elif suffix == ".csv":
        write_text(path, as_csv(figure).encode(errors="replace").decode())  # bytes of a name may be no text
    elif suffix == ".json":
        write_json(path, dump(figure))
    elif suffix == ".npy" and isinstance(figure, Slice):
        with appearing(path) as temporary, temporary.open("wb") as file:
            np.save(file, figure.values)
    elif suffix in _PICTURES:
        _save_picture(figure, path, suffix[1:])
    else:
        known = " ".join((*_PICTURES, ".txt", ".ansi", ".csv", ".json"))
        raise UsageError(f"cannot save a figure as {path.name!r}", f"use one of {known}")


def _escapes(figure: Figure) -> str:
    from rich.console import Console

    page = StringIO()
    console = Console(file=page, force_terminal=True, color_system="truecolor", width=TEXT_WIDTH, legacy_windows=False)
    console.print(draw(figure, TEXT_WIDTH), end="")
    return page.getvalue()


def _literal(part: Any) -> Any:
    """A figure whose words are not read as mathematics: the names of others may hold a $, or what is no letter."""
    if isinstance(part, str):
        return shown(part, lines=True).replace("$", r"\$")
    if isinstance(part, (tuple, list)):
        return type(part)(map(_literal, part))
    if isinstance(part, dict):
        return {_literal(name): _literal(value) for name, value in part.items()}
    if is_dataclass(part) and not isinstance(part, type):
        return replace(part, **{item.name: _literal(getattr(part, item.name)) for item in fields(part)})
    return part


def _save_picture(figure: Figure, path: Path, kind: str) -> None:
    try:
        import matplotlib as mpl
        from cycler import cycler
        from matplotlib.figure import Figure as Page
    except ImportError:
        raise ResourceError(
            f"saving {path.name} needs matplotlib", "install it with: pip install 'halodeck[export]'"
        ) from None
    look = {**_LOOK, "axes.prop_cycle": cycler(color=[f"#{colour:06x}" for colour in SERIES_RGB])}
    dates: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
    with mpl.rc_context(look):
        drawer = drawer_of(figure)
        page = Page(figsize=drawer.size(figure), layout="constrained" if drawer.framed else None)
        drawer.picture(page, _literal(figure))
        with appearing(path) as temporary, warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing")  # of letters that the font lacks it draws boxes
            page.savefig(temporary, format=kind, dpi=200, bbox_inches="tight", metadata=dates[kind])
