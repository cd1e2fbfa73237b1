"""Keys of data: the tree of files, the tasks, the commands that are started there."""

from __future__ import annotations

from app.tui.frame.key import Key

SECTIONS = {
    "data": "Data: files, import, simulation",
    "tree": "In the tree of files",
    "tasks": "In the list of tasks",
    "command": "A command to be started",
}
TOGETHER = ({"data", "tree", "tasks"}, {"command", "form"})

KEYS: tuple[Key, ...] = (
    Key("data.mark", "space", "mark", "mark the universe for slices, statistics and training", "data", "mark"),
    Key("data.simulate", "n", "simulate", "simulate new universes", "data", "new"),
    Key("data.make", "N", "make", "make something else: universes in reionization, infall tables", "data"),
    Key("data.import", "i", "import", "bring in the chosen snapshot, catalogue or cube", "data", "import"),
    Key("data.predict", "p", "predict", "apply a trained run to the universe", "data", "predict"),
    Key("data.delete", "d", "delete", "delete the universe or prediction, after a question", "data"),
    Key("data.field", "v", "field(1)", "next field in the preview", "data"),
    Key("data.field_back", "V", "field(-1)", "previous field in the preview", "data"),
    Key("data.filter", "slash", "filter", "show only files whose name has these words", "data", "filter", first=True),
    Key("data.clear", "escape", "clear", "close the filter and show all files", "data"),
    Key("data.folder", "o", "folder", "add another folder to the tree", "data"),
    Key("data.reload", "r", "reload", "read the folders again", "data"),
    Key("data.unmark", "u", "unmark", "unmark all", "data"),
    Key("data.cancel", "x", "cancel", "cancel the chosen task, or clear it away when it has ended", "data"),
    Key("tree.open", "enter", "select", "show the universe in slices; fold or unfold a folder", "tree", "slices"),
    Key("tree.next", "j,down", "cursor_down", "next file", "tree"),
    Key("tree.previous", "k,up", "cursor_up", "previous file", "tree"),
    Key("tree.unfold", "l,right", "unfold", "unfold a folder", "tree"),
    Key("tree.fold", "h,left", "fold", "fold a folder, or go to the one around it", "tree"),
    Key("tree.first", "g,home", "first", "first file", "tree"),
    Key("tree.last", "G,end", "last", "last file", "tree"),
    Key("tree.page_down", "pagedown", "page_down", "a page down", "tree"),
    Key("tree.page_up", "pageup", "page_up", "a page up", "tree"),
    Key("tasks.next", "j,down", "cursor_down", "next task", "tasks"),
    Key("tasks.previous", "k,up", "cursor_up", "previous task", "tasks"),
    Key("command.start", "L", "launch", "start it in the background", "command", "start"),
    Key("command.copy", "y", "copy", "copy the command", "command", "copy"),
    Key("command.wrong", "e", "wrong", "go to the next wrong value", "command", "errors"),
    Key("command.back", "escape", "back", "back without starting anything", "command", "back"),
)
