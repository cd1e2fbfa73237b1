"""Keys of launch."""

from __future__ import annotations

from app.tui.frame.key import Key

SECTIONS = {"launch": "Launch of a run"}
TOGETHER = ({"launch", "form"}, {"launch", "choices"})

KEYS: tuple[Key, ...] = (
    Key("launch.start", "L", "launch", "start the run in the background", "launch", "launch"),
    Key("launch.copy", "y", "copy", "copy the command", "launch", "copy"),
    Key("launch.recipes", "escape", "recipes", "back to the list of recipes", "launch", "recipes"),
    Key("launch.wrong", "e", "wrong", "go to the next wrong value", "launch", "errors"),
)
