"""The first screen: all runs, the live curves of the chosen one, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import DataTable, Input

from app.tui import actions
from app.tui.bindings import bindings, keys_of
from app.tui.follow import Entry, RunFollowed
from app.tui.history import History
from app.tui.screens.confirm import ConfirmScreen
from app.tui.screens.figures import FiguresScreen
from app.tui.screens.frame import Frame
from app.tui.widgets.figure_view import FigureView
from app.tui.widgets.lines import Lines, Tail
from app.tui.widgets.run_table import RunTable
from app.tui.wording import STATES, folder, number, speed
from core.run import Run

_RULE_AND_HEADER = 2
_SHARE_NARROW, _SHARE_WIDE = 0.35, 0.6  # of the screen's height
_HEIGHT_FOR_TWO = 36
_NO_RUNS = """[b]There are no runs in $folder yet.[/b]

Leave with [b]q[/b] and type

  [b $accent]halodeck demo[/]             the whole loop in a few minutes
  [b $accent]halodeck train halonet[/]    a network of your own
  [b $accent]halodeck recipes[/]          what else can be trained

What is started in another window appears here by itself."""
_NEED_A_RUN = ("figures", "pause", "resume", "stop", "delete", "filter", "metric", "log", "smooth")


class RunsScreen(Frame):
    """A table of runs beside or above the curves of the chosen one."""

    BINDINGS = bindings("runs", "curves")

    def __init__(self) -> None:
        super().__init__()
        self._history = History()
        self._chosen: Entry | None = None
        self._rows = 0
        self._turned = 0
        self._log_axis = True
        self._smooth = False

    def body(self) -> ComposeResult:
        with Container(id="body"):
            with Vertical(id="list") as box:
                box.border_title = "runs"
                yield RunTable()
                yield Input(placeholder="words of a name, recipe or state; esc shows all", id="filter")
            with Vertical(id="curves"):
                yield FigureView(self.bench.depth, id="curve")
                yield FigureView(self.bench.depth, id="second")
            with Vertical(id="words"):
                yield Lines(id="state")
                yield Tail(id="log")
        yield Lines(id="empty")

    def on_mount(self) -> None:
        self.query_one("#filter").display = False
        for view in self.query(FigureView):
            view.can_focus = False
        self.count()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that need a run are not offered where there is none; in the filter its own key is a letter."""
        if action == "filter" and isinstance(self.focused, Input):
            return False
        return action not in _NEED_A_RUN or bool(self.bench.entries)

    # what there is

    def count(self) -> None:
        """The list of runs has changed."""
        super().count()
        problem, entries = self.bench.problem, self.bench.entries
        empty = self.query_one("#empty", Lines)
        empty.display = not entries
        body = self.query_one("#body")
        if body.display != bool(entries):
            body.display = bool(entries)
            self.refresh_bindings()
        if problem:
            empty.show(Content.from_markup("[$error]$problem[/]", problem=problem))
        else:
            empty.show(Content.from_markup(_NO_RUNS, folder=folder(self.bench.root)))
        self._list()

    def choose(self, name: str) -> None:
        """Move to a run, out of the filter if need be."""
        if name not in [entry.name for entry in self._matching()]:
            self.action_clear()
        self.query_one(RunTable).choose(name)

    def on_data_table_row_highlighted(self) -> None:
        self._turn_to_chosen()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        self.action_figures()

    def follow(self, message: RunFollowed) -> None:
        """The chosen run has gone on."""
        if message.run != self._run:
            return  # the cursor has moved on
        self._history = message.history
        self.query_one(Tail).show(Content(message.log or "\n".join(self._history.messages)))
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        self._give_room()
        self.call_after_refresh(self._draw)

    def _list(self) -> None:
        matching = self._matching()
        all_runs = len(self.bench.entries)
        words = f"runs · {len(matching)} of {all_runs}" if len(matching) < all_runs else "runs"
        entitle(self.query_one("#list"), words)
        self.query_one(RunTable).show(matching)
        self._give_room()
        self._turn_to_chosen()

    def _give_room(self) -> None:
        """The list takes what its runs need, up to a share of the screen."""
        needed = self.query_one(RunTable).row_count + _RULE_AND_HEADER + self.query_one("#filter").display
        share = _SHARE_WIDE if self.has_class("-wide") else _SHARE_NARROW
        rows = min(needed, int(share * self.size.height))
        if rows != self._rows:
            self._rows = rows
            self.query_one("#list").styles.height = rows
            self.query_one("#body").styles.grid_rows = f"{rows} 1fr"

    def _matching(self) -> list[Entry]:
        wanted = self.query_one("#filter", Input).value.lower().split()
        return [
            entry
            for entry in self.bench.entries
            if all(word in f"{entry.name} {entry.recipe} {entry.state}".lower() for word in wanted)
        ]

    def _turn_to_chosen(self) -> None:
        before, self._chosen = self._run, self.query_one(RunTable).chosen
        if self._run != before:
            self._history = History()
            self.query_one(Tail).show(Content())
            self.bench.follower.choose(self._run)
        self._tell()
        if not self._history.metrics():
            self._draw()

    @property
    def _run(self) -> Run | None:
        return self._chosen.run if self._chosen else None

    # how it looks

    def _tell(self) -> None:
        """The lines of the state: what the chosen run is and says; where it runs and its numbers."""
        line, entry = self.query_one("#state", Lines), self._chosen
        if entry is None:
            line.show(Content())
            return
        (sign, colour), status, said = STATES[entry.state], entry.status, entry.problem or entry.status.message
        second = [f"{name} {number(value)}" for name, value in (status.values or {}).items() if name != "loss"]
        if status.alive:
            second.insert(0, f"{speed(status.speed)} on {status.host}, process {status.pid}")
        first = f" {entry.state} · {said}" if said else f" {entry.state}"
        line.show(Content.assemble((sign, f"ansi_{colour}"), first, "\n", " · ".join(second)))

    def _draw(self) -> None:
        """The chosen metric, and where there is room below, the one after it."""
        metrics, name = self._history.metrics(), self._chosen.name if self._chosen else ""
        curve, second = self.query_one("#curve", FigureView), self.query_one("#second", FigureView)
        second.display = len(metrics) > 1 and self.app.size.height >= _HEIGHT_FOR_TWO
        if not metrics:
            entitle(curve, name)
            entry = self._chosen
            curve.show(None, entry.problem or entry.status.message or "no steps yet" if entry else "")
            return
        from app.tui.curves import live_curves  # numpy only when there is something to draw

        hints = "  ".join(f"{key.key} {key.hint}" for key in keys_of("curves") if key.hint)
        for place, (view, hint) in enumerate(((curve, f"   [dim]{hints}[/]"), (second, ""))):
            metric = metrics[(self._turned + place) % len(metrics)]
            entitle(view, f"{metric} of {name}{hint}")
            if view.display:
                view.show(live_curves(self._history, metric, self._log_axis, self._smooth))

    # what can be done

    def action_metric(self, by: int) -> None:
        self._turned = (self._turned + by) % max(1, len(self._history.metrics()))
        self._draw()

    def action_log(self) -> None:
        self._log_axis = not self._log_axis
        self._draw()

    def action_smooth(self) -> None:
        self._smooth = not self._smooth
        self._draw()

    def action_figures(self) -> None:
        if self._run:
            self.app.push_screen(FiguresScreen(self._run))

    def action_filter(self) -> None:
        line = self.query_one("#filter", Input)
        line.display = True
        self.set_focus(line)
        self._list()

    def action_clear(self) -> None:
        line = self.query_one("#filter", Input)
        line.value = ""
        line.display = False
        self.query_one(RunTable).focus()
        self._list()

    def on_input_changed(self) -> None:
        self._list()

    def on_input_submitted(self) -> None:
        line = self.query_one("#filter", Input)
        line.display = bool(line.value)
        self.query_one(RunTable).focus()
        self._list()

    def action_pause(self) -> None:
        self._with_chosen(lambda run: actions.ask(run, "pause"))

    def action_stop(self) -> None:
        self._with_chosen(lambda run: actions.ask(run, "stop"))

    def action_resume(self) -> None:
        self._with_chosen(actions.resume)

    def action_delete(self) -> None:
        run = self._run
        if run is None:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.attempt(lambda: actions.delete(run))

        consequence = f"{folder(run.path)} goes for good: its events, checkpoints, weights, predictions and report."
        self.app.push_screen(ConfirmScreen(f"Delete {run.name}?", consequence), answered)

    def _with_chosen(self, action: Callable[[Run], str]) -> None:
        run = self._run
        if run is not None:
            self.attempt(lambda: action(run))


def entitle(widget: Widget, words: str) -> None:
    """Write a pane's title; Textual would send the whole pane again for the same words."""
    if widget.border_title != words:
        widget.border_title = words
