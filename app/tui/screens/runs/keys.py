"""Keys of runs: the list, the curves, the report."""

from __future__ import annotations

from app.tui.frame import grammar as on
from app.tui.frame.key import Key

SECTIONS = {
    "runs": "Runs",
    "list": "In the list of runs",
    "curves": "Curves of the chosen run",
    "columns": "Choice of columns",
    "figures": "Figures of a run",
    "sweep": "A metric against settings",
    "figure": "One figure",
}
TOGETHER = ({"runs", "list", "curves"}, {"figures", "sweep"})

_REPORT = "open the report of the chosen run: numbers and figures"
_GO_ON = "go on: a paused run, or a stopped or lost one from its checkpoint"
_FILTER = "show only runs with these words in name, recipe, state or tags, or so: seed=3 dice>0.9 recipe!=infall"
_STOP = "stop the chosen run, or the marked ones, after the current step and keep a checkpoint"
_PAUSE = "pause the chosen run, or the marked ones, after its step"
_MARK = "mark the run: marked runs are overlaid, and paused, stopped, deleted, tagged and compared together"
_AGAINST = "a metric against the settings: of the marked runs, or of the sweep of the chosen one"
_COLUMNS = "choose columns: any setting, metric or number of the report"
_NOTE = "write notes and #tags on the chosen run; tags on the marked ones"

_OR_FIGURE = "where nothing is looked for, next figure"

KEYS: tuple[Key, ...] = (
    Key("runs.figures", f"{on.FULL},{on.ENTER}", "figures", _REPORT, "runs", "figures"),
    Key("runs.pause", on.PAUSE, "pause", _PAUSE, "runs", "pause"),
    Key("runs.resume", on.RESUME, "resume", _GO_ON, "runs", "resume"),
    Key("runs.stop", on.STOP, "stop", _STOP, "runs", "stop"),
    Key("runs.delete", on.DELETE, "delete", "delete the chosen run, or the marked ones, after a question", "runs"),
    Key("runs.undo", on.UNDO, "undo", "bring back the run that was deleted last", "runs"),
    Key("runs.filter", on.FILTER, "filter", _FILTER, "runs", "filter", first=True),
    Key("runs.mark", on.MARK, "mark", _MARK, "runs", "mark"),
    Key("runs.mark_all", on.MARK_ALL, "mark_all", "mark all runs that the filter leaves", "runs"),
    Key("runs.unmark", on.RESET, "unmark", "unmark all runs", "runs"),
    Key(
        "runs.compare", on.COMPARE, "compare", "compare the marked runs: numbers side by side, curves overlaid", "runs"
    ),
    Key("runs.against", on.AXIS, "against", _AGAINST, "runs"),
    Key("runs.settings", on.DIFFERENCES, "settings", "settings that differ: from the paper, of marked runs", "runs"),
    Key("runs.columns", on.MORE, "columns", _COLUMNS, "runs"),
    Key("runs.report", on.START, "report", "make the report of the chosen run (anew), as a task", "runs"),
    Key("runs.note", on.NOTE, "note", _NOTE, "runs"),
    Key("runs.sort", on.ORDER, "sort", "sort by the next column", "runs"),
    Key("runs.turn", on.ORDER_BACK, "turn_order", "turn the order of the rows round", "runs"),
    Key("runs.clear", on.BACK, "clear", "close the filter and show all runs", "runs"),
    Key("list.next", on.DOWN, "cursor_down", "next run", "list"),
    Key("list.previous", on.UP, "cursor_up", "previous run", "list"),
    Key("list.first", on.FIRST, "scroll_top", "first run", "list"),
    Key("list.last", on.LAST, "scroll_bottom", "last run", "list"),
    Key("list.right", on.RIGHT, "scroll_right", "columns to the right", "list"),
    Key("list.left", on.LEFT, "scroll_left", "columns to the left", "list"),
    Key("curves.metric", on.QUANTITY, "metric(1)", "next metric", "curves", "metric"),
    Key("curves.metric_back", on.QUANTITY_BACK, "metric(-1)", "previous metric", "curves"),
    Key("curves.log", on.SCALE, "log", "logarithmic or linear axis", "curves", "log"),
    Key("curves.smooth", on.WIDTH, "smooth", "smoothed or raw training values", "curves", "smooth"),
    Key("curves.tracks", on.TRACERS, "tracks", "training or validation values, or both", "curves", "values"),
    Key("columns.choose", on.ENTER, "choose", "show the column, or no longer", "columns", "choose"),
    Key("columns.next", "down", "move(1)", "next name", "columns", first=True),
    Key("columns.previous", "up", "move(-1)", "previous name", "columns", first=True),
    Key("columns.automatic", on.RELOAD, "automatic", "those that fit, chosen by themselves", "columns", "automatic"),
    Key("columns.back", on.BACK, "back", "take the chosen columns", "columns", "done"),
    Key(
        "figures.open",
        f"{on.FULL},{on.ENTER}",
        "open",
        "show the chosen figure on the full screen",
        "figures",
        "full screen",
    ),
    Key("figures.next", on.DOWN, "move(1)", "next figure", "figures"),
    Key("figures.previous", on.UP, "move(-1)", "previous figure", "figures"),
    Key("figures.match", on.NEXT, "next(1)", f"next match; {_OR_FIGURE}", "figures"),
    Key("figures.match_back", on.PREVIOUS, "next(-1)", "match before, or previous figure", "figures"),
    Key("figures.right", on.RIGHT, "sideways(1)", "columns to the right of a wide table", "figures"),
    Key("figures.left", on.LEFT, "sideways(-1)", "columns to the left", "figures"),
    Key("sweep.metric", on.QUANTITY, "metric(1)", "next metric", "sweep", "metric"),
    Key("sweep.metric_back", on.QUANTITY_BACK, "metric(-1)", "previous metric", "sweep"),
    Key("figures.baseline", on.COMPARE, "baseline", "numbers minus those of the next run", "figures", "baseline"),
    Key("figures.make", on.START, "make", "make the reports that are missing, else all anew, as tasks", "figures"),
    Key("figures.reload", on.RELOAD, "reload", "read the report again", "figures", "reload"),
    Key("figures.back", on.BACK, "back", "back to the runs", "figures", "back"),
    Key("figure.next", on.RIGHT, "turn(1)", "next figure", "figure", "next"),
    Key("figure.previous", on.LEFT, "turn(-1)", "previous figure", "figure", "previous"),
    Key("figure.filter", on.FILTER, "filter", "look for words in all pages", "figure", "find"),
    Key("figure.match", on.NEXT, "next(1)", f"next match; {_OR_FIGURE}", "figure"),
    Key("figure.match_back", on.PREVIOUS, "next(-1)", "match before, or previous figure", "figure"),
    Key("figure.to_right", on.FAR_RIGHT, "sideways(1)", "columns to the right of a wide table", "figure"),
    Key("figure.to_left", on.FAR_LEFT, "sideways(-1)", "columns to the left", "figure"),
    Key("figure.back", f"{on.BACK},{on.FULL},{on.ENTER}", "back", "back to the report", "figure", "back"),
)
