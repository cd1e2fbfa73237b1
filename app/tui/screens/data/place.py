"""The place data."""

from __future__ import annotations

from app.tui.frame.place import Place
from app.tui.screens.data.keys import KEYS, SECTIONS, TOGETHER

PLACE = Place("data", "1", "data", "app.tui.screens.data.screen:DataScreen", KEYS, SECTIONS, TOGETHER)
