"""Where a run fails: rows of mass, environment and scale, and the gravest errors; enter goes there in every pane."""

from __future__ import annotations

from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import DataTable

from app.draw.shown import shown
from app.tui.frame.calculator import Calculator
from app.tui.frame.key import bindings
from app.tui.frame.lines import Lines
from app.tui.frame.screen import FramedScreen
from app.tui.screens.slices.keys import KEYS
from core.analysis.lens.bins import Bin, Place
from core.analysis.lens.residuals import Residuals, from_json
from core.runs.run import Run

_BAR = 20  # cells of a bar
_TITLES = {"mass": "by mass", "environment": "by environment", "density": "by density", "scale": "by scale"}


class ResidualTable(DataTable[Text]):
    """Rows that lead to errors."""

    BINDINGS = bindings(KEYS, "residuals")


class ResidualsScreen(FramedScreen):
    """Dismissed with the place that was chosen."""

    CSS_PATH = "slices.tcss"
    SECTIONS = ("residuals",)

    def __init__(self, run: Run, folders: list[str]) -> None:
        super().__init__()
        self.subject = f"where {run.name} fails"
        self._run, self._folders = run, folders
        self._found: Residuals | None = None
        self._rows: list[Bin | Place | None] = []
        self._calculator = Calculator(self.post_message, lambda answer: answer)

    def body(self) -> ComposeResult:
        yield Lines(id="place")
        yield ResidualTable(id="residuals", cursor_type="row", show_header=False, zebra_stripes=False)
        yield Lines(id="twin")

    def on_mount(self) -> None:
        self._say("comparing predictions with the truth ...")
        self._calculator.ask("residuals", run=str(self._run.path), folders=self._folders)

    def on_unmount(self) -> None:
        self._calculator.cancel()

    def on_calculator_progressed(self, message: Calculator.Progressed) -> None:
        self._say(f"{100 * message.fraction:.0f} %  {message.doing}")

    def on_calculator_answered(self, message: Calculator.Answered) -> None:
        if message.problem:
            self._say(message.problem)
            return
        self._found = found = from_json(message.answer)
        self._say(f"where {found.name} fails on {len(found.pairs)} universes that it never saw; enter goes there")
        self.query_one("#twin", Lines).show(_plain(f"halodeck residuals {found.name}"))
        table = self.query_one(ResidualTable)
        # a width of its own: what is measured from the rows comes late
        table.add_column("what", width=max(20, self.app.size.width - 4))
        for what, title in _TITLES.items():
            bins = found.of_kind(what)  # type: ignore[arg-type]
            if bins:
                self._add(table, None, Text(title, style="bold"))
            for one in bins:
                self._add(table, one, Text(f"  {_bar(one)} {one.failing:6.1%}  {shown(one.words)}"))
        self._add(table, None, Text("the gravest errors", style="bold"))
        for place in found.places:
            self._add(table, place, Text(f"  {shown(place.universe.stem)}  {shown(place.words)}"))
        table.focus()
        table.move_cursor(row=1)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        chosen = self._rows[event.cursor_row]
        if isinstance(chosen, Bin) and self._found:
            held = self._found.in_bin(chosen)
            chosen = held[0] if held else None
            if chosen is None:
                self.notify("nothing fails here")
        if chosen is None:
            return
        self.dismiss(chosen)  # type: ignore[arg-type]

    def action_back(self) -> None:
        self.dismiss(None)

    def copied(self) -> tuple[str, str]:
        return "command", f"halodeck residuals {self._run.name}"

    def _add(self, table: ResidualTable, what: Bin | Place | None, text: Text) -> None:
        self._rows.append(what)
        table.add_row(text)

    def _say(self, words: str) -> None:
        self.query_one("#place", Lines).show(_plain(words))


def _bar(one: Bin) -> str:
    filled = round(_BAR * min(1.0, max(0.0, one.failing)))
    return "█" * filled + "·" * (_BAR - filled)


def _plain(words: str) -> Any:
    from textual.content import Content

    return Content(shown(words))
