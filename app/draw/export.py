"""Figures as files: PNG, SVG and PDF by matplotlib, plain text and text with escapes by `draw`."""

from __future__ import annotations

import warnings
from dataclasses import fields, is_dataclass, replace
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import numpy as np

from app.draw.colour import SERIES_RGB, Depth
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
        write_text(path, escapes(figure))
    elif suffix == ".csv":
        write_text(path, as_csv(figure).encode(errors="replace").decode())  # bytes of a name may be no text
    elif suffix == ".json":
        write_json(path, dump(figure))
    elif suffix == ".npy" and isinstance(figure, Slice):
        with appearing(path) as temporary, temporary.open("wb") as file:
            np.save(file, figure.values)
    elif suffix in _PICTURES:
        drawn = picture(figure, suffix[1:])
        with appearing(path) as temporary:
            temporary.write_bytes(drawn)
    else:
        known = " ".join((*_PICTURES, ".txt", ".ansi", ".csv", ".json"))
        raise UsageError(f"cannot save a figure as {path.name!r}", f"use one of {known}")


def escapes(figure: Figure, depth: Depth = "truecolor") -> str:
    """A figure as text with the escapes of a terminal's colours."""
    from rich.console import Console

    page = StringIO()
    system = {"truecolor": "truecolor", "256": "256", "16": "standard"}.get(depth)
    console = Console(file=page, force_terminal=True, color_system=system, width=TEXT_WIDTH, legacy_windows=False)  # type: ignore[arg-type]
    console.print(draw(figure, TEXT_WIDTH, depth=depth), end="")
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


def picture(figure: Figure, kind: str) -> bytes:
    """A figure as the bytes of a png, svg or pdf. Raises: ResourceError without matplotlib."""
    try:
        import matplotlib as mpl
        from cycler import cycler
        from matplotlib.figure import Figure as Page
    except ImportError:
        raise ResourceError(
            "pictures of figures need matplotlib", "install it with: pip install 'halodeck[export]'"
        ) from None
    look = {**_LOOK, "axes.prop_cycle": cycler(color=[f"#{colour:06x}" for colour in SERIES_RGB])}
    dates: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
    written = BytesIO()
    with mpl.rc_context(look):
        drawer = drawer_of(figure)
        page = Page(figsize=drawer.size(figure), layout="constrained" if drawer.framed else None)
        drawer.picture(page, _literal(figure))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing")  # of letters that the font lacks it draws boxes
            page.savefig(written, format=kind, dpi=200, bbox_inches="tight", metadata=dates[kind])
    return written.getvalue()
