"""Keys of statistics."""

from __future__ import annotations

from app.tui.frame.key import Key
from core.analysis.statistics.rows import STATISTICS

SECTIONS = {"statistics": "Statistics of universes"}

_MORE = ", ".join(row.name for row in STATISTICS)

KEYS: tuple[Key, ...] = (
    Key("statistics.next", "tab", "turn(1)", "next figure", "statistics", "figure", first=True),
    Key("statistics.previous", "shift+tab", "turn(-1)", "previous figure", "statistics", first=True),
    Key("statistics.alone", "enter", "alone", "one figure alone, or several side by side", "statistics"),
    Key("statistics.universe", "u", "universe(1)", "without marks, the next universe of the folder", "statistics"),
    Key("statistics.universe_back", "U", "universe(-1)", "the previous universe", "statistics"),
    Key(
        "statistics.predictions",
        "p",
        "predictions",
        "also the predictions for the universe",
        "statistics",
        "predictions",
    ),
    Key(
        "statistics.more",
        "a",
        "more",
        f"also {_MORE}, which take longer",
        "statistics",
    ),
    Key("statistics.field", "v", "field(1)", "next field", "statistics", "field"),
    Key("statistics.field_back", "V", "field(-1)", "previous field", "statistics"),
    Key(
        "statistics.reference",
        "r",
        "reference(1)",
        "compare with the next universe, or with theory",
        "statistics",
        "reference",
    ),
    Key("statistics.reference_back", "R", "reference(-1)", "compare with the previous one", "statistics"),
    Key(
        "statistics.right",
        "right",
        "step(1)",
        "cursor to the next point; a click puts it anywhere",
        "statistics",
        "read",
    ),
    Key("statistics.left", "left", "step(-1)", "cursor to the previous point", "statistics"),
    Key("statistics.no_cursor", "escape", "no_cursor", "take the cursor away", "statistics"),
    Key("statistics.closer", "plus,equals_sign", "zoom(2)", "closer in x; the mouse wheel too", "statistics", "zoom"),
    Key("statistics.away", "minus", "zoom(0.5)", "further away", "statistics"),
    Key("statistics.whole", "0", "zoom(0)", "the whole range", "statistics"),
    Key("statistics.pan_right", "shift+right,L", "pan(1)", "window to the right", "statistics"),
    Key("statistics.pan_left", "shift+left,H", "pan(-1)", "window to the left", "statistics"),
    Key("statistics.log", "l", "log_y", "y axis logarithmic or linear", "statistics", "log"),
    Key("statistics.log_x", "k", "log_x", "x axis logarithmic or linear", "statistics"),
    Key("statistics.ratio", "w", "ratio", "ratio panel: its own range, 20 %, 5 %, 2 %", "statistics"),
    Key(
        "statistics.theory",
        "t",
        "theory",
        "theory and fitting functions, or the measured curves alone",
        "statistics",
        "theory",
    ),
    Key(
        "statistics.bands",
        "b",
        "bands",
        "error bands: jackknife, Poisson (of halo counts), none",
        "statistics",
        "bands",
    ),
    Key("statistics.cancel", "x", "cancel", "give up what is being measured", "statistics"),
    Key(
        "statistics.export",
        "e",
        "export",
        "save the figure as PNG, SVG, PDF, text, or its numbers as .csv or .json",
        "statistics",
        "export",
    ),
)
