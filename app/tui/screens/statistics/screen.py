"""Statistics of universes and predictions beside each other: spectra, correlations, mass functions, distributions."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass, field
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import events, work
from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.message import Message
from textual.worker import get_current_worker

from app.tui.frame.calculator import Calculator
from app.tui.frame.curve_view import CurveView
from app.tui.frame.key import bindings
from app.tui.frame.lines import Lines
from app.tui.frame.noted import Noted
from app.tui.frame.pick import PickScreen
from app.tui.frame.save import figure_saver
from app.tui.frame.wording import nearby
from app.tui.screens.statistics import words as words
from app.tui.screens.statistics.curve_page import BANDS, MOST_PANES, ORDER, CurvePage
from app.tui.screens.statistics.curve_window import RATIO_RANGES, CurveWindow
from app.tui.screens.statistics.keys import KEYS
from app.tui.screens.statistics.readout import few_lines, table
from core.analysis.statistics.rows import STATISTICS
from core.errors import HalodeckError
from core.files import files_below
from core.typed import typed

if TYPE_CHECKING:
    from app.draw.numbers import Reading


_SIDE = 36
"""Cells of the values beside the curves, as the style has them: a pane that was hidden has no size yet."""


@dataclass(frozen=True)
class _Look:
    """What is remembered of the place."""

    chosen: str = ORDER[0]
    windows: dict[str, CurveWindow] = field(default_factory=dict)


def read_answer(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer with its report as figures."""
    from core.figures import load_report

    return {**answer, "report": load_report(answer["report"])}


class StatisticsScreen(CurvePage):
    """Curves of the marked universes."""

    CSS_PATH = "statistics.tcss"
    BINDINGS = bindings(KEYS, "statistics")

    class Found(Message):
        """What is compared: universes and, where wished, predictions; all universes of the folder."""

        def __init__(self, paths: tuple[Path, ...], every: tuple[Path, ...], problem: str) -> None:
            self.paths, self.every, self.problem = paths, every, problem
            super().__init__()

    def __init__(self) -> None:
        super().__init__(read_answer)
        self.paths: tuple[Path, ...] = ()
        """The universes compared."""
        self._every: tuple[Path, ...] = ()
        self._with_predictions = False
        self._also: set[str] = set()
        self._field: str | None = None
        self._reference: str | None = None
        self._fields: list[str] = []
        self._labels: list[str] = []
        self._sources: dict[str, str] = {}
        self._number = -1

    def look(self) -> dict[str, Any]:
        """The figures and how each of them is looked at."""
        return {"chosen": self.chosen, "windows": {name: asdict(window) for name, window in self.windows.items()}}

    def on_mount(self) -> None:
        kept = self.bench.remembered("statistics")
        try:
            self.windows = typed(_Look, kept).windows
            self.chosen = typed(_Look, kept).chosen
        except ValueError:
            return

    def body(self) -> ComposeResult:
        yield Lines(id="place")
        with Horizontal(id="across"):
            with Container(id="panes"):
                for k in range(MOST_PANES):
                    yield CurveView(self.bench.depth, id=f"pane{k}")
            yield Lines(id="values")
        yield Lines(id="readout")
        yield Lines(id="twin")
        yield Lines(id="empty")

    def on_screen_resume(self) -> None:
        self._gather()  # files may have come, gone or changed

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self._refit)

    def _refit(self) -> None:
        """Where the values stand depends on the width."""
        self._arrange()
        self._tell_values()

    # what is compared

    def _selected(self) -> None:
        """Other universes have been marked."""
        self._gather()

    @work(thread=True, exclusive=True, group="gather")
    def _gather(self) -> None:
        from core.cosmos.universe import open_universe
        from core.runs.predictions import predictions

        worker, selection = get_current_worker(), self.bench.selection
        every = files_below(self.bench.universes.resolve(), ".h5")
        paths = selection.universes or (every if selection.looked_at is None else (selection.looked_at,))[:1]
        problem = ""
        if self._with_predictions and paths:
            try:
                found = predictions(self.bench.root, open_universe(paths[0]))
                paths += tuple(path for path in found if path not in paths)
            except HalodeckError as error:
                problem = str(error)
        if not worker.is_cancelled:
            self.post_message(self.Found(tuple(paths), every, problem))

    def on_statistics_screen_found(self, message: StatisticsScreen.Found) -> None:
        if message.paths != self.paths:
            self._field = self._reference = None
        self.paths, self._every = message.paths, message.every
        nothing = self.query_one("#empty", Lines)
        nothing.display = not self.paths
        self.query_one("#across").display = bool(self.paths)
        nothing.show(self.without_universes())
        if message.problem:
            self.notify(message.problem, severity="error", markup=False)
        self._ask()

    def _ask(self) -> None:
        """Have the statistics made in the helper process."""
        if not self.paths:
            return
        self._busy = "measuring ..."
        errors = "poisson" if self._bands == "poisson" else "jackknife"
        paths = [str(path) for path in self.paths]
        question = {"universes": paths, "field": self._field, "reference": self._reference, "errors": errors}
        question |= {"also": sorted(self._also)}
        self._number = self._calculator.ask("statistics", **question)
        self._tell()

    def on_calculator_progressed(self, message: Calculator.Progressed) -> None:
        self._busy = f"{message.doing} {100 * message.fraction:.0f} %"
        self._tell_place()

    def on_calculator_answered(self, message: Calculator.Answered) -> None:
        if message.number != self._number:
            return  # something else has been asked for since it was sent
        self._busy, self._problem = "", message.problem
        self.report = message.answer.get("report")  # what could not be measured must not look as if it had been
        if self.report:
            self._labels, self._fields = message.answer["labels"], message.answer["fields"]
            self._sources = message.answer["sources"]
        self._make_figures()

    # how it looks

    def _tell(self) -> None:
        self._tell_place()
        self._tell_values()
        self.query_one("#twin", Lines).show(Content.from_markup("[dim]$command[/]", command=self.command()))

    def _tell_place(self) -> None:
        line = words.place(self.paths, self.report, self._busy, self._problem)
        self.query_one("#place", Lines).show(line)

    def _tell_values(self) -> None:
        """What is under the cursor; every choice and its key."""
        figure, window = self.figures.get(self.chosen), self.windows.get(self.chosen, CurveWindow())
        found: list[Reading] = []
        if figure and window.cursor is not None:
            from app.draw.numbers import readings

            found = readings(figure, window.cursor)
        if not self.query_one("#values").display:
            lines = few_lines(figure, found, window.curve, self.app.size.width - 2, self.has_class("-low"))
            readout = self.query_one("#readout", Lines)
            readout.styles.height = len(lines)
            readout.show(Content("\n").join(lines))
            return
        choices = {
            "universe": f"{len(self.paths)} marked" if self.bench.selection.universes else "of the folder",
            "predictions": "too" if self._with_predictions else "none",
            "field": self.field or "-",
            "reference": self.reference or "theory",
            "theory": "shown" if self._theory else "hidden",
            "bands": words.bands(self._bands),
            "ratio": self._ratio,
            "log": words.axis(figure is not None and figure.y_log),
            "log_x": words.axis(figure is not None and figure.x_log),
            "closer": "part" if figure and figure.x_limits else "all",
        }
        lines = words.choices(choices, self.bench.keys_of("statistics"))
        lines += [Content(), *table(figure, found, window.curve, _SIDE - 2)]
        self.query_one("#values", Lines).show(Content("\n").join(lines))

    @property
    def field(self) -> str:
        """The field that is measured."""
        return self.report.facts.get("field", "").partition(" ")[0] if self.report else ""

    @property
    def reference(self) -> str:
        """The universe that all are compared with; none is theory."""
        power = self.report.figures.get("power") if self.report else None
        ratio_to: str | None = getattr(power, "ratio_to", None)
        return ratio_to if ratio_to in self._labels else ""

    def noted(self) -> Noted | None:
        """The chosen figure as the command makes it, and what is under the cursor."""
        figure = self.report.figures.get(self.chosen) if self.report else None
        if figure is None:
            return None
        names = ", ".join(path.stem for path in self.paths)
        cursor = self.windows.get(self.chosen, CurveWindow()).cursor
        command = shlex.split(self.command())
        command += [] if cursor is None else ["--read", f"{self.chosen}={cursor:.6g}"]
        return Noted(f"{figure.title}: {names}", "\n".join(self._cited().values()), tuple(command), figure, self.chosen)

    def command(self) -> str:
        """The command that makes the same."""
        parts = ["halodeck", "stats", *(nearby(path) for path in self.paths)]
        parts += ["--field", self._field] if self._field else []
        parts += ["--reference", nearby(Path(self._reference))] if self._reference else []
        parts += [f"--{name}" for name in sorted(self._also)]
        return shlex.join(parts + ["--poisson"] * (self._bands == "poisson"))

    def copied(self) -> tuple[str, str]:
        """The value under the cursor as a line to cite, else the figure."""
        cited, curve = self._cited(), self.windows.get(self.chosen, CurveWindow()).curve
        return ("value", cited.get(curve or "", next(iter(cited.values())))) if cited else super().copied()

    def _cited(self) -> dict[str, str]:
        """What is under the cursor as lines to cite, by the name of the curve."""
        figure, window = self.figures.get(self.chosen), self.windows.get(self.chosen, CurveWindow())
        if figure is None or window.cursor is None:
            return {}
        from importlib.metadata import version

        from app.draw.citation import citation
        from app.draw.numbers import readings

        program = f"halodeck {version('halodeck')}"
        return {
            item.name: citation(figure, item, self._sources, program)
            for item in readings(figure, window.cursor)
            if isfinite(item.y)
        }

    # what can be done

    def action_universe(self, by: int) -> None:
        if self.bench.selection.universes:
            self.notify("the marked universes are compared; mark others under data (1)")
            return
        if self.paths and self._every:
            at = self._every.index(self.paths[0]) if self.paths[0] in self._every else -by
            self.bench.selection = self.bench.selection.showing(self._every[(at + by) % len(self._every)])

    def action_predictions(self) -> None:
        self._with_predictions = not self._with_predictions
        self._gather()

    def action_field(self, by: int) -> None:
        if self._fields:
            at = self._fields.index(self.field) if self.field in self._fields else -by
            self._field = self._fields[(at + by) % len(self._fields)]
            self._ask()

    def action_reference(self, by: int) -> None:
        if len(self.paths) < 2 or len(self._labels) != len(self.paths):
            self.notify("there is nothing to compare with: mark more universes under data (1)")
            return
        choices = [*map(str, self.paths), "theory"]
        at = self._labels.index(self.reference) if self.reference else len(self.paths)
        if self._reference in choices:
            at = choices.index(self._reference)
        self._reference = choices[(at + by) % len(choices)]
        self._ask()

    def action_ratio(self) -> None:
        self._ratio = RATIO_RANGES[(RATIO_RANGES.index(self._ratio) + 1) % len(RATIO_RANGES)]
        self._make_figures()

    def action_theory(self) -> None:
        self._theory = not self._theory
        self._make_figures()

    def action_bands(self) -> None:
        self._bands = BANDS[(BANDS.index(self._bands) + 1) % len(BANDS)]
        self._ask() if self._bands != "none" else self._make_figures()

    def action_more(self) -> None:
        """Choose a statistic that takes longer; what is measured already is left away again."""
        options = [
            (row.name, f"{'leave away' if row.name in self._also else 'also':<10} {row.help}") for row in STATISTICS
        ]

        def answered(name: str | None) -> None:
            if name:
                self._also ^= {name}
                self._ask()

        self.app.push_screen(PickScreen("Which statistics more?", options), answered)

    def action_cancel(self) -> None:
        if self._busy:
            self._calculator.cancel()
            self._busy, self._problem = "", "given up"
            self._make_figures()

    def action_export(self) -> None:
        figure = self.figures.get(self.chosen)
        if figure is None:
            return
        endings = "Its ending chooses: .png .svg .pdf .txt .ansi, or the numbers as .csv or .json"
        self.ask_to_save(f"Save {figure.title}", f"{self.chosen}.csv", endings, figure_saver(figure))
