"""Keys of launch."""

from __future__ import annotations

from app.tui.frame import grammar as on
from app.tui.frame.key import Key

SECTIONS = {"launch": "Launch of a run"}
TOGETHER = ({"launch", "form"}, {"launch", "choices"})

KEYS: tuple[Key, ...] = (
    Key("launch.start", on.START, "launch", "start the run in the background", "launch", "launch"),
    Key("launch.copy", on.COPY, "copy", "copy the command", "launch", "copy"),
    Key("launch.recipes", on.BACK, "recipes", "back to the list of recipes", "launch", "recipes"),
    Key("launch.wrong", on.NEXT, "wrong(1)", "go to the next wrong value", "launch", "errors"),
    Key("launch.wrong_back", on.PREVIOUS, "wrong(-1)", "go to the wrong value before", "launch"),
)
