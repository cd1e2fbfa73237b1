"""Figures and reports where they are the last thing of a notebook's cell: a picture, HTML, or text in IPython."""

from __future__ import annotations

import sys
from base64 import b64encode
from collections.abc import Mapping
from html import escape
from typing import Any

from app.draw.colour import colour_depth
from app.draw.export import TEXT_WIDTH, escapes, picture
from app.draw.layout import draw
from app.draw.shown import shown
from app.draw.tables import cell_text
from core.errors import ResourceError
from core.figures import Figure, Report, Table, numbers_table


def display(item: Any, form: str) -> Any:
    """A figure, report or mapping of figures as "png" bytes, "html" or "text"; None where another serves better."""
    if form == "text":
        return _text(item)
    if form == "html":
        return _html(item)
    return None if isinstance(item, (Table, Report, Mapping)) else _png(item)


def _png(figure: Figure) -> bytes | None:
    try:
        return picture(figure, "png")
    except ResourceError:
        return None  # without matplotlib it is shown as text


def _html(item: Any) -> str | None:
    if isinstance(item, Table):
        return _table(item)
    if isinstance(item, Report):
        facts = "".join(f"<tr><th>{_safe(name)}</th><td>{_safe(value)}</td></tr>" for name, value in item.facts.items())
        numbers = _table(numbers_table(item)) if item.numbers else f"<h4>{_safe(item.title)}</h4>"
        notes = "".join(f"<p>{_safe(note)}</p>" for note in item.notes)
        return f"<table>{facts}</table>{numbers}{_figures(item.figures)}{notes}"
    return _figures(item) if isinstance(item, Mapping) else None


def _figures(figures: Mapping[str, Figure]) -> str:
    return "".join(_html(figure) or _image(figure) for figure in figures.values())


def _image(figure: Figure) -> str:
    drawn = _png(figure)
    if drawn is None:
        return f"<pre>{escape(draw(figure, TEXT_WIDTH, depth='none').plain())}</pre>"
    return f'<p><img alt="{_safe(figure.title)}" src="data:image/png;base64,{b64encode(drawn).decode()}"></p>'


def _table(table: Table) -> str:
    head = "".join(f"<th>{_safe(name)}</th>" for name in table.columns)
    rows = "".join(f"<tr>{''.join(f'<td>{_safe(cell_text(cell))}</td>' for cell in row)}</tr>" for row in table.rows)
    note = f"<p>{_safe(table.note)}</p>" if table.note else ""
    return f"<h4>{_safe(table.title)}</h4><table><tr>{head}</tr>{rows}</table>{note}"


def _safe(text: str) -> str:
    return escape(shown(text))


def _text(item: Any) -> str:
    """As on a terminal: in its colours where there is one."""
    depth = colour_depth("auto") if sys.stdout.isatty() else "none"
    return "\n\n".join(
        draw(figure, TEXT_WIDTH, depth="none").plain() if depth == "none" else escapes(figure, depth).rstrip("\n")
        for figure in _parts(item)
    )


def _parts(item: Any) -> list[Figure]:
    """The figures of what is shown, the numbers of a report first."""
    if isinstance(item, Report):
        return [*([numbers_table(item)] if item.numbers else []), *item.figures.values()]
    return list(item.values()) if isinstance(item, Mapping) else [item]
