"""The live curves of the chosen run and the marked ones: one metric, and where there is room the next one too."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from app.draw.colour import Depth
from app.tui.frame.figure_view import FigureView
from app.tui.frame.lines import entitle
from core.runs.history import History

_HEIGHT_FOR_TWO = 36
_MOST_NAMES = 2
_CHOICES = (("training", "validation"), ("training",), ("validation",))


class RunCurves(Vertical):
    """Draws what it is given, in the way chosen by its keys."""

    def __init__(self, depth: Depth) -> None:
        super().__init__(id="curves")
        self._depth: Depth = depth
        self._histories: dict[str, History] = {}
        self._words = ""
        self._hints = ""
        self._last_step = 0
        self._turned = 0
        self._log_axis = True
        self._smooth = False
        self._choice = 0

    def compose(self) -> ComposeResult:
        for id in ("curve", "second"):
            view = FigureView(self._depth, id=id)
            view.can_focus = False
            yield view

    def show(self, histories: dict[str, History], words: str, last_step: int, hints: str) -> None:
        """Show these histories, or words where no step has been done; `last_step` is where the runs will end."""
        self._histories, self._words, self._last_step, self._hints = histories, words, last_step, hints
        self.draw()

    def turn(self, by: int) -> None:
        """Another metric."""
        self._turned = (self._turned + by) % max(1, len(self._metrics()))
        self.draw()

    def toggle_log(self) -> None:
        """Logarithmic or linear axis."""
        self._log_axis = not self._log_axis
        self.draw()

    def toggle_smooth(self) -> None:
        """Smoothed or raw training values."""
        self._smooth = not self._smooth
        self.draw()

    def turn_tracks(self) -> None:
        """Both, training or validation; of several runs one kind only, or the picture is full."""
        self._choice = (self._choice + 1) % len(_CHOICES)
        if len(self._histories) > 1 and self._choice == 0:
            self._choice = 1
        self.draw()

    def draw(self) -> None:
        """The chosen metric, and where there is room below, the one after it."""
        metrics, number = self._metrics(), len(self._histories)
        name = ", ".join(self._histories) if number <= _MOST_NAMES else f"{number} runs"
        curve, second = self.query_one("#curve", FigureView), self.query_one("#second", FigureView)
        second.display = len(metrics) > 1 and self.app.size.height >= _HEIGHT_FOR_TWO
        if not metrics:
            entitle(curve, name)
            curve.show(None, self._words)
            return
        from app.tui.screens.runs.curves import live_curves  # numpy only when there is something to draw

        for place, (view, hint) in enumerate(((curve, f"   {self._hints}"), (second, ""))):
            metric = metrics[(self._turned + place) % len(metrics)]
            entitle(view, Content.assemble(f"{metric} of {name}", (hint, "dim")))
            if view.display:
                tracks = self._tracks(metric)
                figure = live_curves(self._histories, metric, self._log_axis, self._smooth, tracks, self._last_step)
                view.show(figure if figure.series else None, f"no {' or '.join(tracks)} values of {metric} yet")

    def _tracks(self, metric: str) -> Sequence[str]:
        """What to draw of a metric: as chosen; of several runs what all of them can show."""
        chosen = _CHOICES[self._choice]
        if len(self._histories) > 1 and self._choice == 0:
            trained = any(metric in history.train for history in self._histories.values())
            return ("training",) if trained else ("validation",)
        return chosen

    def _metrics(self) -> list[str]:
        """The metrics of all runs, in the order of the first one."""
        return list(dict.fromkeys(name for history in self._histories.values() for name in history.metrics()))
