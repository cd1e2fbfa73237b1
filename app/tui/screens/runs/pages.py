"""The pages of a report: numbers, figures, facts; and what words are looked for in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.figures import Figure, Report


def pages(report: Report) -> dict[str, Figure]:
    """Everything a report has to show: numbers with their notes, figures, facts."""
    from core.figures import Table, numbers_table

    numbers, notes = report.figures.get("numbers"), "\n".join(report.notes)
    if not isinstance(numbers, Table):
        numbers = numbers_table(report)
    facts = Table("Facts", ("fact", "value"), tuple(report.facts.items()), "" if numbers.rows else notes)
    first = {"numbers": replace(numbers, note="\n".join(filter(None, [numbers.note, notes])))} if numbers.rows else {}
    others = {name: figure for name, figure in report.figures.items() if name != "numbers"}
    return {**first, **others, **({"facts": facts} if facts.rows or facts.note else {})}


def text_of(page: Figure) -> str:
    """What a page says in words: titles, labels, names of curves, the cells of a table."""
    from app.draw.tables import cell_text
    from core.figures import Table

    labels = [getattr(page, name, "") for name in ("title", "x_label", "y_label", "colour_label", "note")]
    names = [series.name for series in getattr(page, "series", ())]
    cells = [cell_text(cell) for row in page.rows for cell in row] if isinstance(page, Table) else []
    return " ".join([*labels, *names, *cells])
