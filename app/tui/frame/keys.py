"""Keys of what all places share: forms, lists to choose from, questions, the help; and those that work everywhere."""

from __future__ import annotations

from app.tui.frame import grammar as on
from app.tui.frame.key import Key

SECTIONS: dict[str, str] = {
    "confirm": "A question",
    "ask": "A line to be written",
    "form": "In a form",
    "edit": "While a value is edited",
    "line": "While a path is typed",
    "pick": "A choice",
    "choices": "In a list of choices",
    "filter": "While a filter is typed",
    "help": "This help",
    "everywhere": "Everywhere",
    "otherwise": "Where nothing is to be closed",
}
"""The titles of the sections."""

TOGETHER: tuple[set[str], ...] = ({"pick", "choices"},)
"""Sections that are on the screen at the same time."""

KEYS: tuple[Key, ...] = (
    Key("form.next", on.DOWN, "move(1)", "next value", "form"),
    Key("form.previous", on.UP, "move(-1)", "previous value", "form"),
    Key("form.page_down", on.PAGE_DOWN, "move(10)", "ten values on", "form"),
    Key("form.page_up", on.PAGE_UP, "move(-10)", "ten values back", "form"),
    Key("form.first", on.FIRST, "end(False)", "first value", "form"),
    Key("form.last", on.LAST, "end(True)", "last value", "form"),
    Key("form.edit", on.ENTER, "edit", "edit the value, take the next choice, or fold a group", "form", "edit", True),
    Key("form.more", on.RIGHT, "turn(1)", "next choice; unfold a group", "form"),
    Key("form.less", on.LEFT, "turn(-1)", "previous choice; fold a group", "form"),
    Key("form.reset", on.RESET, "turn(0)", "back to what it was", "form", "reset"),
    Key("form.undo", on.UNDO, "undo", "undo the last change", "form"),
    Key("form.redo", on.REDO, "redo", "do it again", "form"),
    Key("line.complete", on.PANE, "complete", "complete the path", "line", "complete", first=True),
    Key("edit.cancel", on.BACK, "cancel", "leave the value as it was", "edit", "undo"),
    Key("pick.back", on.BACK, "back", "choose nothing", "pick", "back"),
    Key("choices.take", on.ENTER, "select", "take this one", "choices", "take"),
    Key("choices.next", on.DOWN, "cursor_down", "next", "choices"),
    Key("choices.previous", on.UP, "cursor_up", "previous", "choices"),
    Key("choices.first", on.FIRST, "first", "first", "choices"),
    Key("choices.last", on.LAST, "last", "last", "choices"),
    Key("choices.filter", on.FILTER, "filter", "show only what has these words", "choices"),
    Key("form.filter", on.FILTER, "filter", "show only values whose name or meaning has these words", "form"),
    Key("filter.back", on.BACK, "back", "show all again", "filter", "all"),
    Key("confirm.yes", "y", "answer(True)", "yes, do it", "confirm", "yes"),
    Key("confirm.no", "n,escape", "answer(False)", "no, leave it", "confirm", "no"),
    Key("ask.back", on.BACK, "back", "leave it as it was", "ask", "leave it"),
    Key("help.back", on.BACK, "back", "close the help", "help", "close"),
    Key("help.down", "down", "page(1)", "a line down", "help"),
    Key("help.up", "up", "page(-1)", "a line up", "help"),
    Key("help.page_down", on.PAGE_DOWN, "page(15)", "a page down", "help"),
    Key("help.page_up", on.PAGE_UP, "page(-15)", "a page up", "help"),
)

EVERYWHERE: tuple[Key, ...] = (
    Key("history.back", on.HISTORY_BACK, "history(False)", "back to where one was before", "everywhere"),
    Key("history.on", on.HISTORY_ON, "history(True)", "forward again", "everywhere"),
    Key("back", on.BACK, "history(False)", "back to where one was before", "otherwise"),
    Key(
        "count",
        on.COUNT,
        "count",
        "a number, then a key that is pressed so often; enter goes to that line",
        "everywhere",
    ),
    Key("note_down", on.NOTEBOOK, "note_down", "add what is shown to the notebook, with its command", "everywhere"),
    Key("do", on.DO, "do", "do the command that was named last, after a question", "everywhere"),
    Key("help", on.HELP, "help", "all keys", "everywhere", "help"),
    Key("save", on.EXPORT_SCREEN, "save", "save the screen as SVG, PNG or text", "everywhere"),
    Key("copy", on.COPY, "copy", "copy what is chosen to the clipboard, over SSH too (OSC 52)", "everywhere"),
    Key("theme", on.THEME, "theme", "next theme: dark, light, colour-blind safe, the terminal's own", "everywhere"),
    Key("palette", on.PALETTE, "command_palette", "find an action or a run by name", "everywhere", "palette"),
    Key(
        "how_to_quit", on.INTERRUPT, "help_quit", "say how to leave; a running worker hears nothing of it", "everywhere"
    ),
    Key("quit", on.QUIT, "quit", "leave the workbench; runs go on", "everywhere", "quit"),
)
