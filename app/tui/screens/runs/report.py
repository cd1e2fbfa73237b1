"""Reports: the numbers of a run beside the baseline's and the paper's, its figures, and several runs compared."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from app.draw.shown import shown
from app.tui.frame.figure_view import FigureView
from app.tui.frame.key import bindings
from app.tui.frame.noted import Noted
from app.tui.frame.screen import FramedScreen
from app.tui.screens.runs.keys import KEYS
from core.errors import HalodeckError
from core.runs.launch_spec import RUNS
from core.runs.report_file import read_report
from core.runs.run import Run

if TYPE_CHECKING:
    from core.figures import Figure, Report


def report_of(run: Run) -> Callable[[], Report]:
    """What reads the report of a run."""
    return lambda: read_report(run)


def comparison_of(runs: Sequence[Run]) -> Callable[[], Report]:
    """What compares the reports of runs."""

    def compare() -> Report:
        from core.analysis.comparison.reports import compare_reports, settings_of

        reports = [(run.name, read_report(run)) for run in runs]
        report = compare_reports(reports, [settings_of(run) for run in runs])
        command = " ".join(["halodeck compare", *(run.name for run in runs)])
        return replace(report, facts={**report.facts, "command": command})

    return compare


def pages(report: Report) -> dict[str, Figure]:
    """Everything a report has to show: numbers with their notes, figures, facts."""
    from core.figures import Table, numbers_table

    numbers = replace(numbers_table(report), note="\n".join(report.notes))
    facts = {"facts": Table("Facts", ("fact", "value"), tuple(report.facts.items()))} if report.facts else {}
    return {"numbers": numbers, **report.figures, **facts}


class FiguresScreen(FramedScreen):
    """A list of figures and the chosen one."""

    CSS_PATH = "runs.tcss"
    BINDINGS = bindings(KEYS, "figures")
    SECTIONS = ("figures",)

    class Read(Message):
        """The report has been read, or `words` say why not."""

        def __init__(self, pages: dict[str, Figure], words: str = "") -> None:
            self.pages = pages
            self.words = words
            super().__init__()

    def __init__(self, subject: str, read: Callable[[], Report]) -> None:
        super().__init__()
        self.subject = subject
        self._read_report = read
        self.pages: dict[str, Figure] = {}

    def body(self) -> ComposeResult:
        with Container(id="body"):
            contents = OptionList(id="contents", markup=False)
            contents.border_title = "report"
            yield contents
            yield FigureView(self.bench.depth, id="figure")

    def on_mount(self) -> None:
        self.action_reload()

    def on_figures_screen_read(self, message: FiguresScreen.Read) -> None:
        contents = self.query_one(OptionList)
        chosen = contents.highlighted or 0
        self.pages = message.pages
        contents.set_options(Option(_title(name, page), id=name) for name, page in self.pages.items())
        contents.display = bool(self.pages)
        if self.pages:
            contents.highlighted = min(chosen, len(self.pages) - 1)
            contents.focus()
        else:
            self.query_one(FigureView).show(None, message.words)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self.query_one(FigureView).show(self.pages[str(event.option.id)])

    def on_option_list_option_selected(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        contents = self.query_one(OptionList)
        if contents.highlighted is None:
            return

        def turned_to(number: int | None) -> None:
            contents.highlighted = number

        self.app.push_screen(FigureScreen(self.subject, self.pages, contents.highlighted), turned_to)

    def action_move(self, by: int) -> None:
        contents = self.query_one(OptionList)
        contents.action_cursor_down() if by > 0 else contents.action_cursor_up()

    def action_reload(self) -> None:
        self.query_one(FigureView).show(None, "reading the report ...")
        self._read()

    def action_back(self) -> None:
        self.dismiss(None)

    def noted(self) -> Noted | None:
        """The chosen page, and the command that makes the report or comparison again."""
        contents = self.query_one(OptionList)
        if not self.pages or contents.highlighted is None:
            return None
        name, page = list(self.pages.items())[contents.highlighted]
        facts = getattr(self.pages.get("facts"), "rows", ())
        compared = next((str(value) for fact, value in facts if fact == "command" and "compare" in str(value)), "")
        command = shlex.split(compared) or ["halodeck", "report", self.subject]
        command += [] if self.bench.root == RUNS else ["--runs", str(self.bench.root)]
        title = f"{self.subject}: {page.title or name}"
        if name in ("numbers", "facts"):
            return Noted(title, self.query_one(FigureView).text(), tuple(command))
        return Noted(title, "", tuple(command), page, name)

    def copied(self) -> tuple[str, str]:
        """The figure or table shown, as text."""
        return "figure", self.query_one(FigureView).text()

    @work(thread=True, exclusive=True, group="report")
    def _read(self) -> None:
        try:
            self.post_message(self.Read(pages(self._read_report())))
        except HalodeckError as error:
            self.post_message(self.Read({}, str(error)))


class FigureScreen(FramedScreen):
    """One figure as large as the terminal; gives back the number of the last one looked at."""

    CSS_PATH = "runs.tcss"
    BINDINGS = bindings(KEYS, "figure")
    SECTIONS = ("figure",)

    def __init__(self, run_name: str, pages: dict[str, Figure], number: int) -> None:
        super().__init__()
        self.subject = run_name
        self.pages = list(pages.values())
        self.number = number

    def body(self) -> ComposeResult:
        yield FigureView(self.bench.depth, id="figure")

    def on_mount(self) -> None:
        self.query_one(FigureView).focus()
        self.action_turn(0)

    def action_turn(self, by: int) -> None:
        self.number = (self.number + by) % len(self.pages)
        self.query_one(FigureView).show(self.pages[self.number])

    def action_back(self) -> None:
        self.dismiss(self.number)

    def copied(self) -> tuple[str, str]:
        """The figure or table shown, as text."""
        return "figure", self.query_one(FigureView).text()


def _title(name: str, page: Figure) -> str:
    return "Numbers" if name == "numbers" else shown(page.title or name)
