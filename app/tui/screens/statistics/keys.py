"""Keys of statistics."""

from __future__ import annotations

from app.tui.frame import grammar as on
from app.tui.frame.key import Key
from core.analysis.statistics.rows import STATISTICS

SECTIONS = {"statistics": "Statistics of universes"}

_MORE = f"also {', '.join(row.name for row in STATISTICS)}, which take longer"
_REFERENCE = "compare with the next universe, or with theory"
_POINT = "cursor to the next point; a click puts it anywhere"
_THEORY = "theory and fitting functions, or the measured curves alone"
_BANDS = "error bands: jackknife, Poisson (of halo counts), none"
_EXPORT = "save the figure as PNG, SVG, PDF, text, or its numbers as .csv or .json"
_LINE = "next figure; where there is a cursor the next curve, which the copy key cites"
_RATIO = "ratio panel: fitted to the data, wide enough for all, logarithmic, 50 %, 20 %, 5 %, 2 %"

KEYS: tuple[Key, ...] = (
    Key("statistics.next", on.PANE, "turn(1)", "next figure", "statistics", "figure", first=True),
    Key("statistics.previous", on.PANE_BACK, "turn(-1)", "previous figure", "statistics", first=True),
    Key("statistics.down", on.DOWN, "line(1)", _LINE, "statistics"),
    Key("statistics.up", on.UP, "line(-1)", "the one before", "statistics"),
    Key(
        "statistics.alone", f"{on.FULL},{on.ENTER}", "alone", "one figure alone, or several side by side", "statistics"
    ),
    Key(
        "statistics.universe",
        on.UNIVERSE,
        "universe(1)",
        "without marks, the next universe of the folder",
        "statistics",
    ),
    Key("statistics.universe_back", on.UNIVERSE_BACK, "universe(-1)", "the previous universe", "statistics"),
    Key(
        "statistics.predictions",
        on.PREDICTION,
        "predictions",
        "also the predictions for the universe",
        "statistics",
        "predictions",
    ),
    Key("statistics.more", on.MORE, "more", _MORE, "statistics"),
    Key("statistics.field", on.QUANTITY, "field(1)", "next field", "statistics", "field"),
    Key("statistics.field_back", on.QUANTITY_BACK, "field(-1)", "previous field", "statistics"),
    Key("statistics.reference", on.COMPARE, "reference(1)", _REFERENCE, "statistics", "reference"),
    Key("statistics.reference_back", on.COMPARE_BACK, "reference(-1)", "compare with the previous one", "statistics"),
    Key("statistics.right", on.RIGHT, "step(1)", _POINT, "statistics", "read"),
    Key("statistics.left", on.LEFT, "step(-1)", "cursor to the previous point", "statistics"),
    Key("statistics.first", on.FIRST, "step(-9999)", "cursor to the first point", "statistics"),
    Key("statistics.last", on.LAST, "step(9999)", "cursor to the last point", "statistics"),
    Key("statistics.no_cursor", on.BACK, "no_cursor", "take the cursor away", "statistics"),
    Key("statistics.closer", on.CLOSER, "zoom(2)", "closer in x; the mouse wheel too", "statistics", "zoom"),
    Key("statistics.away", on.AWAY, "zoom(0.5)", "further away", "statistics"),
    Key("statistics.whole", on.WHOLE, "zoom(0)", "the whole range", "statistics"),
    Key("statistics.pan_right", on.FAR_RIGHT, "pan(1)", "window to the right", "statistics"),
    Key("statistics.pan_left", on.FAR_LEFT, "pan(-1)", "window to the left", "statistics"),
    Key("statistics.log", on.SCALE, "log_y", "y axis logarithmic or linear", "statistics", "log"),
    Key("statistics.log_x", on.SCALE_X, "log_x", "x axis logarithmic or linear", "statistics"),
    Key("statistics.ratio", on.RANGE, "ratio", _RATIO, "statistics"),
    Key("statistics.theory", on.TRACERS, "theory", _THEORY, "statistics", "theory"),
    Key("statistics.bands", on.BANDS, "bands", _BANDS, "statistics", "bands"),
    Key("statistics.cancel", on.STOP, "cancel", "give up what is being measured", "statistics"),
    Key("statistics.export", on.EXPORT, "export", _EXPORT, "statistics", "export"),
)
