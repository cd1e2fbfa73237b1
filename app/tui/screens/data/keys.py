"""Keys of data: the tree of files, the tasks, the commands that are started there."""

from __future__ import annotations

from app.tui.frame import grammar as on
from app.tui.frame.key import Key

SECTIONS = {
    "data": "Data: files, import, simulation",
    "tree": "In the tree of files",
    "tasks": "In the list of tasks",
    "command": "A command to be started",
}
TOGETHER = ({"data", "tree", "tasks"}, {"command", "form"})

_FILTER = "show only files whose name has these words; in the list of tasks, only such tasks"

KEYS: tuple[Key, ...] = (
    Key("data.mark", on.MARK, "mark", "mark the universe for slices, statistics and training", "data", "mark"),
    Key("data.simulate", on.NEW, "simulate", "simulate new universes", "data", "new"),
    Key(
        "data.make", on.MORE, "make", "make more: universes in reionization, infall tables, predictions", "data", "more"
    ),
    Key("data.import", on.IMPORT, "import", "bring in the chosen snapshot, catalogue or cube", "data", "import"),
    Key("data.predict", on.PREDICTION, "predict", "apply a trained run to the universe", "data", "predict"),
    Key("data.delete", on.DELETE, "delete", "delete the universe or prediction, after a question", "data"),
    Key("data.undo", on.UNDO, "undo", "bring back what was deleted last", "data"),
    Key("data.field", on.QUANTITY, "field(1)", "next field in the preview", "data"),
    Key("data.field_back", on.QUANTITY_BACK, "field(-1)", "previous field in the preview", "data"),
    Key("data.filter", on.FILTER, "filter", _FILTER, "data", "filter", first=True),
    Key("data.clear", on.BACK, "clear", "close the filter and show all files", "data"),
    Key("data.folder", on.FOLDER, "folder", "add another folder to the tree", "data"),
    Key("data.reload", on.RELOAD, "reload", "read the folders again", "data"),
    Key("data.unmark", on.RESET, "unmark", "unmark all", "data"),
    Key("data.cancel", on.STOP, "cancel", "cancel the chosen task, or clear it away when it has ended", "data"),
    Key("tree.open", on.ENTER, "select", "show the universe in slices; fold or unfold a folder", "tree", "slices"),
    Key("tree.next", on.DOWN, "cursor_down", "next file", "tree"),
    Key("tree.previous", on.UP, "cursor_up", "previous file", "tree"),
    Key("tree.unfold", on.RIGHT, "unfold", "unfold a folder", "tree"),
    Key("tree.fold", on.LEFT, "fold", "fold a folder, or go to the one around it", "tree"),
    Key("tree.first", on.FIRST, "first", "first file", "tree"),
    Key("tree.last", on.LAST, "last", "last file", "tree"),
    Key("tree.page_down", on.PAGE_DOWN, "page_down", "a page down", "tree"),
    Key("tree.page_up", on.PAGE_UP, "page_up", "a page up", "tree"),
    Key("tasks.next", on.DOWN, "cursor_down", "next task", "tasks"),
    Key("tasks.previous", on.UP, "cursor_up", "previous task", "tasks"),
    Key("tasks.first", on.FIRST, "first", "first task", "tasks"),
    Key("tasks.last", on.LAST, "last", "last task", "tasks"),
    Key("command.start", on.START, "launch", "start it in the background", "command", "start"),
    Key("command.copy", on.COPY, "copy", "copy the command", "command", "copy"),
    Key("command.wrong", on.NEXT, "wrong(1)", "go to the next wrong value", "command", "errors"),
    Key("command.wrong_back", on.PREVIOUS, "wrong(-1)", "go to the wrong value before", "command"),
    Key("command.back", on.BACK, "back", "back without starting anything", "command", "back"),
)
