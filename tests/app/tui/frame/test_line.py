"""Lines to type in: a cursor that blinks would be sent twice a second."""

import ast
from pathlib import Path

import pytest
from textual.widgets import Input
from tui_pilot import a_run, opened, sees, until

import app.tui

FIELDS = {
    "palette": ("ctrl+p",),
    "help": ("question_mark",),
    "filter of runs": ("slash",),
    "columns": ("m",),
    "notes": ("number_sign",),
    "save": ("E",),
    "filter of files": ("1", "slash"),
    "new universes": ("1", "ctrl+n", "enter"),
}


@pytest.mark.parametrize("keys", FIELDS.values(), ids=FIELDS.keys())
async def test_no_cursor_blinks(keys: tuple[str, ...], root: Path) -> None:
    a_run(root)
    async with opened(root) as pilot:
        await sees(pilot, "halonet-001")
        await pilot.press(*keys)
        await until(pilot, lambda: isinstance(pilot.app.focused, Input))
        focused = pilot.app.focused
        assert isinstance(focused, Input)
        await until(pilot, lambda: not focused.cursor_blink)


def test_no_line_is_textuals_own() -> None:
    for path in Path(app.tui.__path__[0]).rglob("*.py"):
        if path.name == "line.py":
            continue
        tree = ast.parse(path.read_text())
        made = [
            node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        ]
        assert "Input" not in made, path
