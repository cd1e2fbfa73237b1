"""The place network."""

from __future__ import annotations

from app.tui.frame.place import Place
from app.tui.screens.network.keys import KEYS, SECTIONS

PLACE = Place("network", "6", "network", "app.tui.screens.network.screen:NetworkScreen", KEYS, SECTIONS)
