"""The place runs."""

from __future__ import annotations

from app.tui.frame.place import Place
from app.tui.screens.runs.keys import KEYS, SECTIONS, TOGETHER

PLACE = Place("runs", "5", "runs", "app.tui.screens.runs.screen:RunsScreen", KEYS, SECTIONS, TOGETHER)
