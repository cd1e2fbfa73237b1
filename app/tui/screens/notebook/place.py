"""The place notebook."""

from __future__ import annotations

from app.tui.frame.place import Place
from app.tui.screens.notebook.keys import KEYS, SECTIONS, TOGETHER

PLACE = Place("notebook", "7", "notebook", "app.tui.screens.notebook.screen:NotebookScreen", KEYS, SECTIONS, TOGETHER)
