"""Keys of the notebook."""

from __future__ import annotations

from app.tui.frame import grammar as on
from app.tui.frame.key import Key

SECTIONS = {"notebook": "Notebook: values, figures and commands"}
TOGETHER = ({"notebook", "choices"},)

KEYS: tuple[Key, ...] = (
    Key("notebook.next", on.NEXT, "next(1)", "next entry, of those with the words", "notebook"),
    Key("notebook.previous", on.PREVIOUS, "next(-1)", "the entry before", "notebook"),
    Key(
        "notebook.replay",
        on.START,
        "replay",
        "make all entries again, as a task: `halodeck replay`",
        "notebook",
        "replay",
    ),
    Key("notebook.delete", on.DELETE, "delete", "take the entry out", "notebook", "delete"),
    Key("notebook.undo", on.UNDO, "undo", "put it back", "notebook", "undo"),
    Key("notebook.reload", on.RELOAD, "reload", "read the notebook again", "notebook"),
)
