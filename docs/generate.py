"""What is made of the code itself: the manual page, the keys of --json, the settings of the recipes.

    python docs/generate.py

writes docs/halodeck.1, docs/json.md and docs/settings.md; a test tells when they are no longer current.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import typer

from app.cli.answers import EVERY, SCHEMA
from app.cli.manual import manual
from app.cli.program import program
from app.cli.registry import commands
from core.config import describe, tables
from core.runs import registry

ROOT = Path(__file__).resolve().parents[1]


def generated() -> dict[Path, str]:
    """Every such file and what should stand in it."""
    json = ROOT / "docs" / "json.md"
    return {
        ROOT / "docs" / "halodeck.1": manual(typer.main.get_command(program)),
        ROOT / "docs" / "settings.md": settings(),
        json: between(json.read_text(encoding="utf-8"), answers()),
    }


def between(page: str, made: str) -> str:
    """A page with something else between its two marks."""
    return re.sub(r"(<!-- commands -->\n).*(\n<!-- end -->)", lambda m: m[1] + made + m[2], page, flags=re.DOTALL)


def answers() -> str:
    """The keys of every command."""
    lines = [f"Of every command (schema {SCHEMA}):", "", *_table(("key", "meaning"), list(EVERY.items())), ""]
    for command in commands():
        lines += [f"### {command.name}", "", *_table(("key", "meaning"), list(command.answer.items())), ""]
    return "\n" + "\n".join(lines)


def settings() -> str:
    """The settings of every recipe of ours."""
    lines = [
        "# Settings of the recipes",
        "",
        "Defaults are the papers' values. A table of `configs/<recipe>.toml` (`--config`) or `--set NAME=VALUE`",
        "changes them; `halodeck recipes NAME` prints the same. Made by `python docs/generate.py`.",
        "",
    ]
    for name, kind in registry.every().items():
        if isinstance(kind, str) or not kind.__module__.startswith("core."):
            continue
        rows = [(f"`{path}`", what, f"`{_written(default)}`", text) for path, what, default, text in describe(kind)]
        lines += [
            f"## {name}",
            "",
            f"{kind.title} ({kind.paper}). Tables: {', '.join(f'`{t}`' for t in tables(name))}.",
            "",
        ]
        lines += [*_table(("setting", "type", "default", "meaning"), rows), ""]
    return "\n".join(lines)


def _written(default: Any) -> str:
    if isinstance(default, tuple):
        return f"[{', '.join(map(_written, default))}]"
    return str(default)


def _table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    """Lines of a table in Markdown."""
    if not rows:
        return ["No keys of its own."]
    cells = [[" ".join(str(cell).split()).replace("|", "\\|") for cell in row] for row in rows]
    return [f"| {' | '.join(row)} |" for row in (columns, ["---"] * len(columns), *cells)]


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")
        print(path)
