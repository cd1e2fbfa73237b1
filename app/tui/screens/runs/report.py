"""Reports: the numbers of a run beside the baseline's and the paper's, its figures, and several runs compared."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.timer import Timer
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from app.background import tasks
from app.draw.shown import shown
from app.tui.frame.choices import Choices
from app.tui.frame.figure_view import FigureView
from app.tui.frame.key import bindings
from app.tui.frame.lines import entitle
from app.tui.frame.noted import Noted
from app.tui.frame.screen import FramedScreen
from app.tui.screens.runs.figure_screen import FigureScreen
from app.tui.screens.runs.keys import KEYS
from app.tui.screens.runs.pages import pages, text_of
from core.errors import HalodeckError
from core.runs.launch_spec import RUNS
from core.runs.report_file import read_report
from core.runs.run import Run

if TYPE_CHECKING:
    from core.figures import Figure, Report

_LOOK_EVERY = 1.0
"""Seconds between looks at reports that are being made."""


def report_of(run: Run) -> Callable[[str], Report]:
    """What reads the report of a run."""
    return lambda baseline: read_report(run)


def comparison_of(runs: Sequence[Run]) -> Callable[[str], Report]:
    """What compares the reports of runs, with one of them as the baseline of the others where it is named."""

    kept: dict[Run, tuple[int, Report]] = {}

    def read(run: Run) -> Report:
        """The report of a run; one that is as it was is not read again for another baseline."""
        at = run.report_path.stat().st_mtime_ns if run.report_path.exists() else 0
        if run not in kept or kept[run][0] != at:
            kept[run] = at, read_report(run)
        return kept[run][1]

    def compare(baseline: str) -> Report:
        from core.analysis.comparison.reports import compare_kept

        report = compare_kept(runs, [run.name for run in runs], baseline, read)
        words = ["--baseline", baseline] if baseline else []
        command = " ".join(["halodeck compare", *(run.name for run in runs), *words])
        return replace(report, facts={**report.facts, "command": command})

    return compare


def sweep_of(runs: Sequence[Run], sweep: str = "") -> Callable[[str], Report]:
    """What shows a metric of runs, those of a sweep where it has a name, against the settings in which they differ."""

    def show(metric: str) -> Report:
        from core.analysis.comparison.sweeps import sweep_report

        report = sweep_report(runs, metric or "validation")
        which = [sweep] if sweep else [run.name for run in runs]
        command = shlex.join(["halodeck", "sweeps", *which, "--metric", report.facts["metric"]])
        return replace(report, facts={**report.facts, "command": command})

    return show


class FiguresScreen(FramedScreen):
    """A list of figures and the chosen one."""

    CSS_PATH = "runs.tcss"
    BINDINGS = bindings(KEYS, "figures")
    SECTIONS: ClassVar[tuple[str, ...]] = ("figures",)

    class Read(Message):
        """The report has been read, or `words` say why not."""

        def __init__(self, pages: dict[str, Figure], words: str = "") -> None:
            self.pages = pages
            self.words = words
            super().__init__()

    def __init__(self, subject: str, read: Callable[[str], Report], runs: Sequence[Run] = ()) -> None:
        """`read` makes the report, with the run that is the baseline; `runs` are those whose reports it is made of."""
        super().__init__()
        self.subject = subject
        self._read_report = read
        self._runs = runs
        self._chosen = ""
        """The baseline, or what else of the report can be chosen."""
        self._making: list[tasks.Task] = []
        self._timer: Timer | None = None
        self.pages: dict[str, Figure] = {}

    def body(self) -> ComposeResult:
        with Container(id="body"):
            contents = Choices(id="contents", markup=False)
            contents.border_title = "report"
            yield contents
            yield FigureView(self.bench.depth, id="figure")

    def on_mount(self) -> None:
        self._timer = self.set_interval(_LOOK_EVERY, self._look, pause=True)
        self.action_reload()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A baseline is for several runs."""
        return action != "baseline" or len(self._runs) > 1

    def on_figures_screen_read(self, message: FiguresScreen.Read) -> None:
        contents = self.query_one(Choices)
        chosen = contents.highlighted or 0
        self.pages = message.pages
        contents.more = {name: text_of(page) for name, page in self.pages.items()}
        contents.set_options(Option(_title(name, page), id=name) for name, page in self.pages.items())
        contents.display = bool(self.pages)
        if self.pages:
            contents.highlighted = min(chosen, len(self.pages) - 1)
            contents.focus()
        else:
            self.query_one(FigureView).show(None, self._without(message.words))

    def _without(self, words: str) -> str:
        """What is said where there is nothing to show: why, and which key makes it."""
        able = [run for run in self._runs if (run.path / "model.pt").exists()]
        return f"{words}\n\n{self.bench.signs_of('figures.make')} makes it here" if able else words

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        page = self.pages.get(str(event.option.id))  # none where the report has been read again since
        if page is not None:
            self.query_one(FigureView).show(page, match=1)

    def on_option_list_option_selected(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        contents = self.query_one(Choices)
        if contents.highlighted is None:
            return

        def turned_to(number: int | None) -> None:
            contents.highlighted = number

        pages = {str(option.id): self.pages[str(option.id)] for option in contents.options}
        self.app.push_screen(FigureScreen(self.subject, pages, contents.highlighted, contents.words), turned_to)

    def on_choices_filtered(self, message: Choices.Filtered) -> None:
        self.query_one(FigureView).look_for(message.words)

    def action_next(self, by: int) -> None:
        """The next match of what is looked for, in this figure or another; without that the next figure."""
        contents = self.query_one(Choices)
        if not (contents.words and self.query_one(FigureView).to_match(by)):
            self.action_move(by)

    def action_move(self, by: int) -> None:
        contents = self.query_one(OptionList)
        contents.action_cursor_down() if by > 0 else contents.action_cursor_up()

    def action_sideways(self, by: int) -> None:
        self.query_one(FigureView).sideways(by)

    def action_baseline(self) -> None:
        """The next run, or none, is what the others are measured by."""
        self._choose(["", *(run.name for run in self._runs)], 1)
        entitle(self.query_one(OptionList), f"report · minus {self._chosen}" if self._chosen else "report")

    def _choose(self, names: Sequence[str], by: int) -> None:
        place = names.index(self._chosen) if self._chosen in names else 0
        self._chosen = names[(place + by) % len(names)]
        self._read()

    def action_make(self) -> None:
        """Make the reports that are missing, as tasks; all of them anew where none is."""
        missing = [run for run in self._runs if not run.report_path.exists()]
        self.attempt(lambda: self._make(missing or list(self._runs)))

    def _make(self, runs: list[Run]) -> str:
        from app.tui.frame.actions import make_report

        started = [make_report(self.bench.root, run) for run in runs]
        self.app.call_from_thread(self._wait_for, started)
        return f"the report of {', '.join(run.name for run in runs)} is being made; it goes on when you leave"

    def _wait_for(self, started: list[tasks.Task]) -> None:
        self._making = started
        if self._timer:
            self._timer.resume()

    @work(thread=True, exclusive=True, group="look")
    def _look(self) -> None:
        """How far the reports are that are being made here."""
        try:
            now = [tasks.read_task(task.path) for task in self._making]
        except HalodeckError:  # cleared away meanwhile
            now = []
        self.app.call_from_thread(self._tell, now)

    def _tell(self, now: list[tasks.Task]) -> None:
        alive = [task for task in now if task.alive]
        if alive and not self.pages:
            self.query_one(FigureView).show(None, f"{alive[0].title}: {alive[0].fraction:.0%}, {alive[0].words}")
        if alive:
            return
        if self._timer:
            self._timer.pause()
        for task in now:
            if task.state != "done":
                self.notify(f"{task.title}: {task.words}", severity="error", markup=False)
        self._read()

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
        name = str(contents.options[contents.highlighted].id)
        page = self.pages[name]
        facts = getattr(self.pages.get("facts"), "rows", ())
        several = ("halodeck compare", "halodeck sweeps")
        compared = next((str(v) for fact, v in facts if fact == "command" and str(v).startswith(several)), "")
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
            self.post_message(self.Read(pages(self._read_report(self._chosen))))
        except HalodeckError as error:
            self.post_message(self.Read({}, str(error)))


class SweepScreen(FiguresScreen):
    """A metric of runs against their settings; another metric on a key."""

    BINDINGS = bindings(KEYS, "sweep")
    SECTIONS: ClassVar[tuple[str, ...]] = ("sweep", "figures")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is no baseline among the values of a sweep."""
        return action != "baseline"

    def action_metric(self, by: int) -> None:
        """The next metric that the runs have."""
        from core.analysis.comparison.sweeps import metrics

        names = {run.name for run in self._runs}
        self._choose(metrics([entry for entry in self.bench.entries if entry.name in names]), by)
        entitle(self.query_one(OptionList), self._chosen)


def _title(name: str, page: Figure) -> str:
    return "Numbers" if name == "numbers" else shown(page.title or name)
