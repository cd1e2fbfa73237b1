"""Keys of runs: the list, the curves, the report."""

from __future__ import annotations

from app.tui.frame import grammar as on
from app.tui.frame.key import Key

SECTIONS = {
    "runs": "Runs",
    "list": "In the list of runs",
    "curves": "Curves of the chosen run",
    "figures": "Figures of a run",
    "figure": "One figure",
}
TOGETHER = ({"runs", "list", "curves"},)

_REPORT = "open the report of the chosen run: numbers and figures"
_GO_ON = "go on: a paused run, or a stopped or lost one from its checkpoint"
_FILTER = "show only runs whose name, recipe, state or tag has these words"
_STOP = "stop the chosen run after its current step and keep a checkpoint"

KEYS: tuple[Key, ...] = (
    Key("runs.figures", f"{on.FULL},{on.ENTER}", "figures", _REPORT, "runs", "figures"),
    Key("runs.pause", on.PAUSE, "pause", "pause the chosen run after its current step", "runs", "pause"),
    Key("runs.resume", on.RESUME, "resume", _GO_ON, "runs", "resume"),
    Key("runs.stop", on.STOP, "stop", _STOP, "runs", "stop"),
    Key("runs.delete", on.DELETE, "delete", "delete the folder of the chosen run, after a question", "runs"),
    Key("runs.undo", on.UNDO, "undo", "bring back the run that was deleted last", "runs"),
    Key("runs.filter", on.FILTER, "filter", _FILTER, "runs", "filter", first=True),
    Key("runs.mark", on.MARK, "mark", "mark the run: the curves of marked runs are overlaid", "runs", "mark"),
    Key("runs.unmark", on.RESET, "unmark", "unmark all runs", "runs"),
    Key(
        "runs.compare", on.COMPARE, "compare", "compare the marked runs: numbers side by side, curves overlaid", "runs"
    ),
    Key("runs.note", on.NOTE, "note", "write notes and #tags on the chosen run", "runs"),
    Key("runs.sort", on.ORDER, "sort", "sort by the next column", "runs"),
    Key("runs.turn", on.ORDER_BACK, "turn_order", "turn the order of the rows round", "runs"),
    Key("runs.clear", on.BACK, "clear", "close the filter and show all runs", "runs"),
    Key("list.next", on.DOWN, "cursor_down", "next run", "list"),
    Key("list.previous", on.UP, "cursor_up", "previous run", "list"),
    Key("list.first", on.FIRST, "scroll_top", "first run", "list"),
    Key("list.last", on.LAST, "scroll_bottom", "last run", "list"),
    Key("curves.metric", on.QUANTITY, "metric(1)", "next metric", "curves", "metric"),
    Key("curves.metric_back", on.QUANTITY_BACK, "metric(-1)", "previous metric", "curves"),
    Key("curves.log", on.SCALE, "log", "logarithmic or linear axis", "curves", "log"),
    Key("curves.smooth", on.WIDTH, "smooth", "smoothed or raw training values", "curves", "smooth"),
    Key("curves.tracks", on.TRACERS, "tracks", "training or validation values, or both", "curves", "values"),
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
    Key("figures.reload", on.RELOAD, "reload", "read the report again", "figures", "reload"),
    Key("figures.back", on.BACK, "back", "back to the runs", "figures", "back"),
    Key("figure.next", f"{on.RIGHT},{on.NEXT}", "turn(1)", "next figure", "figure", "next"),
    Key("figure.previous", f"{on.LEFT},{on.PREVIOUS}", "turn(-1)", "previous figure", "figure", "previous"),
    Key("figure.back", f"{on.BACK},{on.FULL},{on.ENTER}", "back", "back to the report", "figure", "back"),
)
