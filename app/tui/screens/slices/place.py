"""The place slices."""

from __future__ import annotations

from app.tui.frame.place import Place
from app.tui.screens.slices.keys import KEYS, SECTIONS

PLACE = Place("slices", "2", "slices", "app.tui.screens.slices.screen:SlicesScreen", KEYS, SECTIONS)
