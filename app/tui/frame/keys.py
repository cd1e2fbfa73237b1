"""Keys of what all places share: forms, lists to choose from, questions, the help; and those that work everywhere."""

from __future__ import annotations

from app.tui.frame.key import Key

SECTIONS: dict[str, str] = {
    "confirm": "A question",
    "ask": "A line to be written",
    "form": "In a form",
    "edit": "While a value is edited",
    "pick": "A choice",
    "choices": "In a list of choices",
    "help": "This help",
    "everywhere": "Everywhere",
}
"""The titles of the sections."""

TOGETHER: tuple[set[str], ...] = ({"pick", "choices"},)
"""Sections that are on the screen at the same time."""

KEYS: tuple[Key, ...] = (
    Key("form.next", "j,down", "move(1)", "next value", "form"),
    Key("form.previous", "k,up", "move(-1)", "previous value", "form"),
    Key("form.page_down", "pagedown", "move(10)", "ten values on", "form"),
    Key("form.page_up", "pageup", "move(-10)", "ten values back", "form"),
    Key("form.first", "g,home", "end(False)", "first value", "form"),
    Key("form.last", "G,end", "end(True)", "last value", "form"),
    Key("form.edit", "enter", "edit", "edit the value, take the next choice, or fold a group", "form", "edit", True),
    Key("form.more", "right,l", "turn(1)", "next choice; unfold a group", "form"),
    Key("form.less", "left,h", "turn(-1)", "previous choice; fold a group", "form"),
    Key("form.fold", "space", "fold", "fold or unfold the group", "form"),
    Key("form.reset", "backspace", "turn(0)", "back to what it was", "form", "reset"),
    Key("edit.cancel", "escape", "cancel", "leave the value as it was", "edit", "undo"),
    Key("pick.back", "escape", "back", "choose nothing", "pick", "back"),
    Key("choices.take", "enter", "select", "take this one", "choices", "take"),
    Key("choices.next", "j,down", "cursor_down", "next", "choices"),
    Key("choices.previous", "k,up", "cursor_up", "previous", "choices"),
    Key("confirm.yes", "y", "answer(True)", "yes, do it", "confirm", "yes"),
    Key("confirm.no", "n,escape", "answer(False)", "no, leave it", "confirm", "no"),
    Key("ask.back", "escape", "back", "leave it as it was", "ask", "leave it"),
    Key("help.back", "escape", "back", "close the help", "help", "close"),
    Key("help.down", "down", "page(1)", "a line down", "help"),
    Key("help.up", "up", "page(-1)", "a line up", "help"),
    Key("help.page_down", "pagedown", "page(15)", "a page down", "help"),
    Key("help.page_up", "pageup", "page(-15)", "a page up", "help"),
)

EVERYWHERE: tuple[Key, ...] = (
    Key("help", "question_mark", "help", "all keys", "everywhere", "help"),
    Key("save", "S", "save", "save the screen as SVG, PNG or text", "everywhere"),
    Key("copy", "y", "copy", "copy what is chosen to the clipboard, over SSH too (OSC 52)", "everywhere"),
    Key("theme", "T", "theme", "next theme: dark, light, colour-blind safe, the terminal's own", "everywhere"),
    Key("palette", "ctrl+p", "command_palette", "find an action or a run by name", "everywhere", "palette"),
    Key("how_to_quit", "ctrl+c", "help_quit", "say how to leave; a running worker hears nothing of it", "everywhere"),
    Key("quit", "q,ctrl+q", "quit", "leave the workbench; runs go on", "everywhere", "quit"),
)
