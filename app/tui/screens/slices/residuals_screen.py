"""Where a run fails: rows of mass, environment and scale, and the gravest errors; enter goes there in every pane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import DataTable

from app.draw.shown import shown
from app.tui.frame.calculator import Calculator
from app.tui.frame.filter import FilterScreen, has_all, tell_filter
from app.tui.frame.key import bindings
from app.tui.frame.lines import Lines
from app.tui.frame.screen import FramedScreen
from app.tui.screens.slices.keys import KEYS
from core.analysis.lens.bins import Bin, Place
from core.analysis.lens.residuals import Residuals, from_json
from core.runs.run import Run

_BAR = 20  # cells of a bar
_TITLES = {"mass": "by mass", "environment": "by environment", "density": "by density", "scale": "by scale"}


Line: TypeAlias = tuple[Bin | Place | None, Text]
"""A row and where it leads."""


class ResidualTable(DataTable[Text]):
    """Rows that lead to errors."""

    BINDINGS = bindings(KEYS, "residuals")
    words, hint = "", "words"

    def __init__(self) -> None:
        super().__init__(id="residuals", cursor_type="row", show_header=False, zebra_stripes=False)
        self._all: list[Line] = []
        self._lines: list[Line] = []

    @property
    def chosen(self) -> Bin | Place | None:
        """Where the row under the cursor leads; nowhere for a title."""
        return self._lines[self.cursor_row][0] if self.cursor_row < len(self._lines) else None

    def show(self, lines: Sequence[Line]) -> None:
        """Show these rows, the cursor on the first that leads anywhere."""
        self._all = list(lines)
        self.clear(columns=True)
        # a width of its own: what is measured from the rows comes late
        self.add_column("what", width=max(20, self.app.size.width - 4))
        self.filter_by(self.words)

    def filter_by(self, words: str) -> None:
        """Show the rows that have all these words, without the titles."""
        self.words = words.strip()
        self._lines = [
            line for line in self._all if not self.words or (line[0] is not None and has_all(line[1].plain, self.words))
        ]
        self.clear()
        for _, text in self._lines:
            self.add_row(text)
        self.move_cursor(row=0 if self.words else 1)
        tell_filter(self, self.words, len(self._lines), sum(leads is not None for leads, _ in self._all))

    def action_filter(self) -> None:
        self.app.push_screen(FilterScreen(self))


class ResidualsScreen(FramedScreen):
    """Dismissed with the place that was chosen."""

    CSS_PATH = "slices.tcss"
    SECTIONS = ("residuals",)

    def __init__(self, run: Run, folders: list[str]) -> None:
        super().__init__()
        self.subject = f"where {run.name} fails"
        self._run, self._folders = run, folders
        self._found: Residuals | None = None
        self._calculator = Calculator(self.post_message, lambda answer: answer)

    def body(self) -> ComposeResult:
        yield Lines(id="place")
        yield ResidualTable()
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
        many = len(found.pairs)
        seen = f"{many} universe{'s' * (many > 1)} that it never saw"
        self._say(f"where {found.name} fails on {seen}; enter goes there")
        self.query_one("#twin", Lines).show(_plain(f"halodeck residuals {found.name}"))
        lines: list[Line] = []
        for what, title in _TITLES.items():
            bins = found.of_kind(what)  # type: ignore[arg-type]
            if bins:
                lines.append((None, Text(title, style="bold")))
            lines += [(one, Text(f"  {_bar(one)} {one.failing:6.1%}  {shown(one.words)}")) for one in bins]
        lines.append((None, Text("the gravest errors", style="bold")))
        lines += [(place, Text(f"  {shown(place.universe.stem)}  {shown(place.words)}")) for place in found.places]
        table = self.query_one(ResidualTable)
        table.show(lines)
        table.focus()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        chosen = self.query_one(ResidualTable).chosen
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

    def _say(self, words: str) -> None:
        self.query_one("#place", Lines).show(_plain(words))


def _bar(one: Bin) -> str:
    filled = round(_BAR * min(1.0, max(0.0, one.failing)))
    return "█" * filled + "·" * (_BAR - filled)


def _plain(words: str) -> Any:
    from textual.content import Content

    return Content(shown(words))
