"""Keys of launch and of every form: values, choices, commands."""

from __future__ import annotations

from app.tui.frame.key import Key

KEYS: tuple[Key, ...] = (
    Key("launch.start", "L", "launch", "start the run in the background", "launch", "launch"),
    Key("launch.copy", "y", "copy", "copy the command", "launch", "copy"),
    Key("launch.recipes", "escape", "recipes", "back to the list of recipes", "launch", "recipes"),
    Key("launch.wrong", "e", "wrong", "go to the next wrong value", "launch", "errors"),
    Key("command.start", "L", "launch", "start it in the background", "command", "start"),
    Key("command.copy", "y", "copy", "copy the command", "command", "copy"),
    Key("command.wrong", "e", "wrong", "go to the next wrong value", "command", "errors"),
    Key("command.back", "escape", "back", "back without starting anything", "command", "back"),
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
)
