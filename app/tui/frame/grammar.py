"""One meaning a key, the same in every place: here each meaning has its name, and its letter, once.

The rows of every keys.py name the meaning, never the letter. A capital is the same the other way round or further,
where that says anything. Digits go to places, and only the answers of a question (y, n) are outside of this.
"""

from __future__ import annotations

MEANINGS: dict[str, str] = {}
"""What each key means."""
_TOGETHER: list[tuple[str, str]] = []


def _means(keys: str, words: str) -> str:
    """Keys (comma-separated) of one meaning, the first of them the one that people learn."""
    for key in keys.split(","):
        if key in MEANINGS:
            raise ValueError(f"{key} means both {MEANINGS[key]!r} and {words!r}")
        MEANINGS[key] = words
    _TOGETHER.append((keys, words))
    return keys


def meanings() -> tuple[tuple[str, str], ...]:
    """The keys of each meaning and its words, in the order of the documentation."""
    return tuple(_TOGETHER)


# to move
LEFT = _means("h,left", "left; fold; the choice before")
DOWN = _means("j,down", "down, next line")
UP = _means("k,up", "up, line before")
RIGHT = _means("l,right", "right; unfold; the next choice")
FAR_LEFT = _means("H,shift+left", "the window to the left")
FAR_DOWN = _means("J,shift+down", "the window down")
FAR_UP = _means("K,shift+up", "the window up")
FAR_RIGHT = _means("L,shift+right", "the window to the right")
FIRST = _means("g,home", "the first")
LAST = _means("G,end", "the last")
PAGE_DOWN = _means("pagedown", "a page down; a plane deeper")
PAGE_UP = _means("pageup", "a page up; a plane back")
DEEPER = _means("full_stop", "a plane deeper")
SHALLOWER = _means("comma", "a plane back")
FAR_DEEPER = _means("greater_than_sign", "ten planes deeper")
FAR_SHALLOWER = _means("less_than_sign", "ten planes back")
NEXT = _means("n", "next of what is looked for: match of the words, halo, figure, run, entry, wrong value")
PREVIOUS = _means("N", "the one before")
PANE = _means("tab", "next pane; complete a path that is typed")
PANE_BACK = _means("shift+tab", "pane before")
CLOSER = _means("plus,equals_sign", "closer")
AWAY = _means("minus", "further away")
WHOLE = _means("0", "all of it")
COUNT = _means("colon", "a count: of the next key, or with enter the line to go to")

# to open and to go back
ENTER = _means("enter", "open, take, edit what the cursor is on")
BACK = _means("escape", "back: close what is open")
HISTORY_BACK = _means("left_square_bracket,alt+left", "back to where one was before")
HISTORY_ON = _means("right_square_bracket,alt+right", "forward again")
FULL = _means("f", "figures: open them, one in full, back to several")
FOLDER = _means("F", "another folder")
FILTER = _means("slash", "filter: show only what has these words, and where they stand")
PALETTE = _means("ctrl+p", "the palette: anything by a few letters of its name")
HELP = _means("question_mark", "all keys")

# what is shown
AXIS = _means("a", "axis: look along the next one; a metric along the settings")
ALL_AXES = _means("A", "along all axes at once")
BANDS = _means("b", "error bands and bars")
COMPARE = _means("c", "compare with the next other thing")
COMPARE_BACK = _means("C", "compare with the one before")
DIFFERENCES = _means("D", "what differs")
COMPONENT = _means("I", "component of a vector; input channel of a filter")
MORE = _means("m", "more: to make, to measure, to choose from")
BLOCKS = _means("apostrophe", "blocks: what a cell of an image is divided into")
COLOURS = _means("M", "map of colours")
ORDER = _means("o", "order by the next column")
ORDER_BACK = _means("O", "order turned round")
PREDICTION = _means("P", "prediction: make it, show it, or show the truth again")
RANGE = _means("R", "range of values: hold it, widen it, narrow it")
SCALE = _means("s", "scale: linear, logarithmic, asinh")
SCALE_X = _means("S", "scale of the x axis")
TRACERS = _means("t", "what is laid over: halos, theory, training and validation values")
FEWER_TRACERS = _means("T", "fewer of what is laid over")
UNIVERSE = _means("u", "next universe")
UNIVERSE_BACK = _means("U", "universe before")
QUANTITY = _means("v", "next quantity: field, metric")
QUANTITY_BACK = _means("V", "quantity before")
WIDTH = _means("w", "width: of a slab, of smoothing")
WIDTH_BACK = _means("W", "half the width")
POOLING = _means("percent_sign", "mean or highest value")
THEME = _means("ctrl+t", "next theme")

HALOS = _means("ampersand", "list of halos")
ERRORS = _means("at", "where a run fails")

# what is done
MARK = _means("space", "mark, or unmark")
MARK_ALL = _means("asterisk", "mark all")
RESET = _means("backspace", "take back: all marks, a value")
COPY = _means("y", "copy")
EXPORT = _means("e", "export: save the figure or its numbers")
EXPORT_SCREEN = _means("E", "export the screen")
NOTEBOOK = _means("B", "book: add this to the notebook")
NOTE = _means("number_sign", "notes and #tags")
IMPORT = _means("i", "import")
NEW = _means("ctrl+n", "new universes")
START = _means("X", "execute: start it")
STOP = _means("x", "stop, cancel")
PAUSE = _means("p", "pause")
RESUME = _means("r", "resume")
RELOAD = _means("ctrl+r", "read again")
DELETE = _means("d", "delete")
UNDO = _means("z", "undo")
REDO = _means("Z", "do again")
DO = _means("exclamation_mark", "do the command that a message has named")
QUIT = _means("q,ctrl+q", "quit")
INTERRUPT = _means("ctrl+c", "say how to quit")
