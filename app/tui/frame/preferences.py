"""What the workbench remembers between sessions: theme, keys, colour map, blocks and columns, in one TOML file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import HalodeckError
from core.files import write_text
from core.reading import read_toml

_MOST = 1 << 20
"""Bytes of the file."""
_MOST_NAMED = 16
_NAMES = ("theme", "colour_map", "blocks")


@dataclass(frozen=True)
class Preferences:
    """Empty values mean the default. `path` is where they are kept, none to keep them nowhere."""

    theme: str = ""
    colour_map: str = ""
    blocks: str = ""
    columns: tuple[str, ...] = ()
    keymap: Mapping[str, str] = field(default_factory=dict)
    path: Path | None = None
    problems: tuple[str, ...] = ()
    """What could not be understood, a line each."""

    def save(self) -> None:
        """Write them down. A file that could not be read is left as it is.

        Raises: ResourceError without room or permission.
        """
        if self.path is None or self.problems:
            return
        import tomli_w

        table: dict[str, Any] = {name: getattr(self, name) for name in _NAMES}
        table |= {"columns": list(self.columns), "keymap": dict(self.keymap)}
        write_text(self.path, tomli_w.dumps({name: value for name, value in table.items() if value}))


def preferences_path() -> Path:
    """`halodeck/settings.toml` in the user's folder for configuration."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "halodeck" / "settings.toml"


def load_preferences(path: Path) -> Preferences:
    """The preferences in a file; what is wrong with it is said in `problems`, and the rest is used."""
    try:
        table = read_toml(path, _MOST)
    except FileNotFoundError:
        return Preferences(path=path)
    except HalodeckError as error:
        return Preferences(path=path, problems=(f"{error.problem}: mend it; the defaults hold",))
    values: dict[str, Any] = {}
    problems = []
    for name, value in table.items():
        if name in _NAMES and isinstance(value, str):
            values[name] = value
        elif name == "columns" and _all_text(value):
            values[name] = tuple(value)
        elif name == "keymap" and isinstance(value, dict) and _all_text(list(value.values())):
            values[name] = value
        elif name in _EXPECTED:
            problems.append(f"{path}: {name} = {value!r} is ignored: {_EXPECTED[name]}")
        else:
            problems.append(f"{path}: {name!r} is unknown and ignored; there are {', '.join(_EXPECTED)}")
    return Preferences(**values, path=path, problems=tuple(problems))


def unknown(kind: str, names: Iterable[str], known: Iterable[str]) -> list[str]:
    """What to say of names in the preferences that are not known, a line each."""
    known = tuple(known)
    most = ", ".join(known[:_MOST_NAMED]) + (", ..." if len(known) > _MOST_NAMED else "")
    return [f"there is no {kind} {name!r}; there are {most}" for name in names if name not in known]


_EXPECTED = {
    **dict.fromkeys(_NAMES, "a name is expected"),
    "columns": "a list of names is expected",
    "keymap": 'a table is expected, like "runs.pause" = "f5"',
}


def _all_text(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)
