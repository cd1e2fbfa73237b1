"""Keys of runs: the list, the curves, the report."""

from __future__ import annotations

from app.tui.frame.key import Key

SECTIONS = {
    "runs": "Runs",
    "list": "In the list of runs",
    "curves": "Curves of the chosen run",
    "figures": "Figures of a run",
    "figure": "One figure",
}
TOGETHER = ({"runs", "list", "curves"},)

KEYS: tuple[Key, ...] = (
    Key(
        "runs.figures",
        "f,enter",
        "figures",
        "open the report of the chosen run: numbers and figures",
        "runs",
        "figures",
    ),
    Key("runs.pause", "p", "pause", "pause the chosen run after its current step", "runs", "pause"),
    Key(
        "runs.resume",
        "r",
        "resume",
        "go on: a paused run, or a stopped or lost one from its checkpoint",
        "runs",
        "resume",
    ),
    Key("runs.stop", "s", "stop", "stop the chosen run after its current step and keep a checkpoint", "runs", "stop"),
    Key("runs.delete", "d", "delete", "delete the folder of the chosen run, after a question", "runs"),
    Key(
        "runs.filter",
        "slash",
        "filter",
        "show only runs whose name, recipe, state or tag has these words",
        "runs",
        "filter",
        first=True,
    ),
    Key("runs.mark", "space", "mark", "mark the run: the curves of marked runs are overlaid", "runs", "mark"),
    Key("runs.unmark", "u", "unmark", "unmark all runs", "runs"),
    Key("runs.compare", "c", "compare", "compare the marked runs: numbers side by side, curves overlaid", "runs"),
    Key("runs.note", "n", "note", "write notes and #tags on the chosen run", "runs"),
    Key("runs.sort", "o", "sort", "sort by the next column", "runs"),
    Key("runs.turn", "O", "turn_order", "turn the order of the rows round", "runs"),
    Key("runs.clear", "escape", "clear", "close the filter and show all runs", "runs"),
    Key("list.next", "j,down", "cursor_down", "next run", "list"),
    Key("list.previous", "k,up", "cursor_up", "previous run", "list"),
    Key("list.first", "g,home", "scroll_top", "first run", "list"),
    Key("list.last", "G,end", "scroll_bottom", "last run", "list"),
    Key("curves.metric", "m", "metric(1)", "next metric", "curves", "metric"),
    Key("curves.metric_back", "M", "metric(-1)", "previous metric", "curves"),
    Key("curves.log", "l", "log", "logarithmic or linear axis", "curves", "log"),
    Key("curves.smooth", "w", "smooth", "smoothed or raw training values", "curves", "smooth"),
    Key("curves.tracks", "v", "tracks", "training or validation values, or both", "curves", "values"),
    Key("figures.open", "f,enter", "open", "show the chosen figure on the full screen", "figures", "full screen"),
    Key("figures.next", "j", "move(1)", "next figure; the arrows too", "figures"),
    Key("figures.previous", "k", "move(-1)", "previous figure", "figures"),
    Key("figures.reload", "r", "reload", "read the report again", "figures", "reload"),
    Key("figures.back", "escape,backspace", "back", "back to the runs", "figures", "back"),
    Key("figure.next", "right,n", "turn(1)", "next figure", "figure", "next"),
    Key("figure.previous", "left,b", "turn(-1)", "previous figure", "figure", "previous"),
    Key("figure.back", "escape,f,enter", "back", "back to the report", "figure", "back"),
)
