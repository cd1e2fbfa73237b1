"""The place statistics."""

from __future__ import annotations

from app.tui.frame.place import Place
from app.tui.screens.statistics.keys import KEYS, SECTIONS

PLACE = Place("statistics", "3", "statistics", "app.tui.screens.statistics.screen:StatisticsScreen", KEYS, SECTIONS)
