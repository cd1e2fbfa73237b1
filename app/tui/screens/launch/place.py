"""The place launch."""

from __future__ import annotations

from app.tui.frame.place import Place
from app.tui.screens.launch.keys import KEYS, SECTIONS, TOGETHER

PLACE = Place("launch", "4", "launch", "app.tui.screens.launch.screen:LaunchScreen", KEYS, SECTIONS, TOGETHER)
