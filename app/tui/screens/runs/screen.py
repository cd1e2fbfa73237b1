"""The first screen: all runs, the live curves of the chosen and the marked ones, and what can be done with them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from textual import events, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import DataTable, Input
from textual.worker import get_current_worker

from app.tui.frame import actions
from app.tui.frame.figure_view import FigureView
from app.tui.frame.follow import RunFollowed
from app.tui.frame.key import bindings
from app.tui.frame.line import Line
from app.tui.frame.lines import Lines, Tail, entitle
from app.tui.frame.wording import STATES, folder, notes_line, number, pace
from app.tui.screens.runs.acting import ActingScreen
from app.tui.screens.runs.columns_screen import ColumnsScreen
from app.tui.screens.runs.keys import KEYS
from app.tui.screens.runs.report import FiguresScreen, SweepScreen, comparison_of, report_of, sweep_of
from app.tui.screens.runs.run_curves import RunCurves
from app.tui.screens.runs.run_table import RunTable
from core.errors import HalodeckError
from core.runs import told
from core.runs.history import History
from core.runs.listing import Entry
from core.runs.run import Run

if TYPE_CHECKING:
    from core.figures import Table

_RULE_AND_HEADER = 2
_SHARE = 0.35  # of the screen's height
_NO_RUNS = """[b]There are no runs in the folder $folder yet.[/b]

Press [b $accent]$data[/] to simulate universes or bring some in, [b $accent]$launch[/] to train on them,
or leave with [b]q[/b] and type

  [b $accent]halodeck demo[/]             the whole loop in a few minutes
  [b $accent]halodeck train halonet[/]    a network of your own
  [b $accent]halodeck recipes[/]          what else can be trained

What is started in another window appears here by itself."""
_NEED_A_RUN = (
    *("figures", "pause", "resume", "stop", "delete", "filter", "mark", "unmark", "compare", "note", "sort"),
    *("turn_order", "metric", "log", "smooth", "tracks", "mark_all", "settings", "columns", "report", "against"),
)


class RunsScreen(ActingScreen):
    """A table of runs above the curves of the chosen one and its words."""

    CSS_PATH = "runs.tcss"
    BINDINGS = bindings(KEYS, "runs", "curves")
    SECTIONS = ("runs", "list", "curves")

    def __init__(self) -> None:
        super().__init__()
        self._histories: dict[str, History] = {}
        self._rows = 0
        self._settings: bool | None = None
        """Whether the settings are shown; by itself where there is room."""
        self._settings_of: tuple[str, ...] = ()

    def body(self) -> ComposeResult:
        with Container(id="body"):
            with Vertical(id="list") as box:
                box.border_title = "runs"
                yield RunTable(self.bench.depth, self.bench.preferences.columns)
                yield Line(placeholder="words, or seed=3 loss<0.1 recipe!=infall; esc shows all", id="filter")
            yield RunCurves(self.bench.depth)
            with Vertical(id="words"):
                yield Lines(id="state")
                yield Lines(id="machine")
                yield FigureView(self.bench.depth, id="differences")
                yield Tail(id="log")
        yield Lines(id="empty")

    def on_mount(self) -> None:
        self.query_one("#filter").display = False
        self.query_one("#machine").display = False
        self.watch(self.app, "load", self._show_load)
        self.watch(self.app, "problem", self.count, init=False)
        self.watch(self.app, "looked", self.count, init=False)
        self.count()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that need a run are not offered where there is none; in the filter its own key is a letter."""
        if action == "filter" and isinstance(self.focused, Input):
            return False
        if action == "clear":
            return self.is_mounted and self.query_one("#filter").display
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
        elif not self.bench.looked:
            empty.show(Content(f"looking into the folder {folder(self.bench.root)} ..."))
        else:
            signs = {place: self.bench.signs_of(f"go.{place}") for place in ("data", "launch")}
            empty.show(Content.from_markup(_NO_RUNS, folder=folder(self.bench.root), **signs))
        self._list()

    def choose(self, what: str | Path) -> None:
        """Move to a run, out of the filter if need be."""
        name = str(what)
        if name not in [entry.name for entry in self._matching()]:
            self.action_clear()
        self.query_one(RunTable).choose(name)

    def on_data_table_row_highlighted(self) -> None:
        self._turn_to_chosen()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        self.action_figures()

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        self.query_one(RunTable).sort_by(str(event.column_key.value))
        self._list()

    def follow(self, message: RunFollowed) -> None:
        """A run that is shown has gone on."""
        if message.run not in self._runs_shown():
            return  # the cursor has moved on
        self._histories[message.run.name] = message.history
        if not self.query(Tail):
            return  # not there yet, or no longer
        if message.run == self._run:
            said = message.log or "\n".join(message.history.messages)
            # the pane is narrow, and named after the run
            self.query_one(Tail).show(Content(re.sub(rf"^\w+ {re.escape(message.run.name)}: +", "", said, flags=re.M)))
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        self._give_room()
        self.call_after_refresh(self._draw)

    def _list(self) -> None:
        matching = self._matching()
        all_runs = len(self.bench.entries)
        words = f"runs · {len(matching)} of {all_runs}" if len(matching) < all_runs else "runs"
        there = {entry.name for entry in self.bench.entries}
        self._marked = tuple(name for name in self._marked if name in there)
        entitle(self.query_one("#list"), f"{words} · {len(self._marked)} marked" if self._marked else words)
        self.query_one(RunTable).show(matching, self._marked)
        self._give_room()
        self._turn_to_chosen()

    def _give_room(self) -> None:
        """The list takes what its runs need, up to a share of the screen."""
        table = self.query_one(RunTable)
        needed = (
            table.row_count + _RULE_AND_HEADER + self.query_one("#filter").display + table.show_horizontal_scrollbar
        )
        rows = min(needed, int(_SHARE * self.size.height))
        if rows != self._rows:
            self._rows = rows
            self.query_one("#list").styles.height = rows
            self.query_one("#body").styles.grid_rows = f"{rows} 1fr"

    def _matching(self) -> list[Entry]:
        return told.matching(self.bench.entries, self.query_one("#filter", Input).value)

    def _turn_to_chosen(self) -> None:
        before, self._chosen = self._run, self.query_one(RunTable).chosen
        if self._run != before:
            self.query_one(Tail).show(Content())
            self.bench.selection = self.bench.selection.with_run(self._run.name if self._run else "")
        self._follow_shown()
        self._tell()
        self._show_settings()

    def _follow_shown(self) -> None:
        runs = self._runs_shown()
        names = [run.name for run in runs]
        old, self._histories = self._histories, {n: h for n, h in self._histories.items() if n in names}
        self.bench.follower.choose(*runs)
        if old.keys() != set(names) or not any(history.metrics() for history in old.values()):
            self._draw()

    def _runs_shown(self) -> list[Run]:
        """The marked runs in the order of marking, then the chosen one: its colour alone changes with the cursor."""
        by_name = {entry.name: entry.run for entry in self.bench.entries}
        marked = [by_name[name] for name in self._marked if name in by_name]
        return [*marked, self._run] if self._run and self._run not in marked else marked

    # how it looks

    def _tell(self) -> None:
        """The lines of the state: what the chosen run is and says; where it runs and its numbers; its notes."""
        line, entry = self.query_one("#state", Lines), self._chosen
        entitle(self.query_one("#words"), entry.name if entry else "")
        if entry is None:
            line.show(Content())
            return
        (sign, colour), status, said = STATES[entry.state], entry.status, entry.problem or entry.status.message
        second = [f"{name} {number(value)}" for name, value in (status.values or {}).items() if name != "loss"]
        if status.alive:
            where = f"on {status.host}, process {status.pid}"
            second.insert(0, f"{pace(status.speed)} {where}" if status.speed else where)
        first = [
            entry.state,
            said if said != entry.state else "",
            "" if self.has_class("-wide") else notes_line(entry.notes),
        ]
        lines = [" · ".join(filter(None, first)), " · ".join(second)]
        if self.has_class("-wide"):
            lines.append(notes_line(entry.notes))
        line.show(Content.assemble((sign, f"ansi_{colour}"), " ", "\n".join(lines)))

    def _show_load(self, load: str) -> None:
        line = self.query_one("#machine", Lines)
        line.display = bool(load)
        line.show(Content(load))

    def _draw(self) -> None:
        shown = {run.name: self._histories.get(run.name, History()) for run in self._runs_shown()}
        entry = self._chosen
        words = entry.problem or entry.status.message or "no steps yet" if entry else ""
        last_step = max((each.status.steps for each in self.bench.entries if each.name in shown), default=0)
        self.query_one(RunTable).sign(tuple(shown))
        hints = "  ".join(f"{key.signs} {key.hint}" for key in self.bench.keys_of("curves") if key.hint)
        self.query_one(RunCurves).show(shown, words, last_step, hints)

    # what can be done

    def action_metric(self, by: int) -> None:
        self.query_one(RunCurves).turn(by)

    def action_log(self) -> None:
        self.query_one(RunCurves).toggle_log()

    def action_smooth(self) -> None:
        self.query_one(RunCurves).toggle_smooth()

    def action_tracks(self) -> None:
        self.query_one(RunCurves).turn_tracks()

    def action_mark(self) -> None:
        if self._chosen:
            name = self._chosen.name
            without = tuple(other for other in self._marked if other != name)
            self._marked = without if name in self._marked else (*self._marked, name)
            self._list()

    def action_mark_all(self) -> None:
        left = [entry.name for entry in self._matching()]
        self._marked = (*self._marked, *(name for name in left if name not in self._marked))
        self._list()

    def action_unmark(self) -> None:
        self._marked = ()
        self._list()

    def action_sort(self) -> None:
        self.query_one(RunTable).sort_by()
        self._list()

    def action_turn_order(self) -> None:
        self.query_one(RunTable).sort_by(turn=True)
        self._list()

    def action_figures(self) -> None:
        if run := self._answering():
            self.app.push_screen(FiguresScreen(run.name, report_of(run), [run]))

    def action_compare(self) -> None:
        runs = self._runs_shown()
        if len(runs) < 2:
            self.notify(f"mark the runs to compare with {self.bench.signs_of('runs.mark')}", severity="warning")
            return
        self.app.push_screen(FiguresScreen(f"{len(runs)} runs", comparison_of(runs), runs))

    def action_against(self) -> None:
        """Of the marked runs, of the sweep of the chosen one, or of all runs of its recipe."""
        entry = self._chosen
        if entry is None:
            return
        runs, what = self._runs_shown(), f"{len(self._marked)} runs"
        if not self._marked:
            same = [each for each in self.bench.entries if each.recipe == entry.recipe and each.sweep == entry.sweep]
            runs, what = [each.run for each in same], entry.sweep or entry.recipe
        self.app.push_screen(SweepScreen(what, sweep_of(runs, "" if self._marked else entry.sweep), runs))

    def action_report(self) -> None:
        self._with_targets(lambda run: f"{actions.make_report(self.bench.root, run).title}: started; data has its task")

    def action_columns(self) -> None:
        table = self.query_one(RunTable)

        def chosen(names: tuple[str, ...] | None) -> None:
            if names is not None and list(names) != table.columns_shown:
                self.bench.keep(columns=tuple(name for name in names if name != "run"))
                table.want(self.bench.preferences.columns)
                self._list()

        self.app.push_screen(ColumnsScreen(told.names(self.bench.entries), table.columns_shown), chosen)

    def action_settings(self) -> None:
        """The settings that differ, or the curves or the log in their place."""
        self._settings = not self._shows_settings
        self._show_settings()

    @property
    def _shows_settings(self) -> bool:
        return self.has_class("-wide") if self._settings is None else self._settings

    def _show_settings(self) -> None:
        chosen, shows = self._chosen, self._shows_settings
        self.set_class(shows and chosen is not None, "-settings")
        if chosen is None or not shows:
            return
        names = tuple(run.name for run in self._runs_shown()) if self._marked else (chosen.name,)
        if names != self._settings_of:
            self._settings_of = names
            by_name = {entry.name: entry for entry in self.bench.entries}
            self._compare_settings([by_name[name] for name in names if not by_name[name].problem])

    @work(thread=True, exclusive=True, group="settings")
    def _compare_settings(self, entries: list[Entry]) -> None:
        from core.runs.differences import differences

        worker = get_current_worker()
        try:
            table, words = (differences(entries) if entries else None), ""
        except HalodeckError as error:
            table, words = None, str(error)
        if not worker.is_cancelled:
            self.app.call_from_thread(self._tell_differences, table, words)

    def _tell_differences(self, table: Table | None, words: str) -> None:
        for view in self.query("#differences").results(FigureView):  # gone where the workbench is being left
            view.show(table, words)

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

    def copied(self) -> tuple[str, str]:
        """The path of the chosen run."""
        return ("path", str(self._run.path.absolute())) if self._run else super().copied()
