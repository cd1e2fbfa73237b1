"""Every command that the documents show is one that halodeck has, with options and settings that it knows."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any

import pytest
import typer

import halodeck
from app.cli.program import program
from core.config import read_table, resolve
from core.runs import registry

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = "http://127.0.0.1:9"
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "configs").glob("*.toml"))]


def commands(document: Path) -> Iterator[list[str]]:
    """The words of each command: in blocks of code, between backticks, and after a colon in a table's comment."""
    found = document.read_text(encoding="utf-8").replace("\\\n", " ")
    for text in re.findall(r"^ *(halodeck [^\n]*)|`(halodeck [^`]*)`|^#.*: (halodeck [^;\n]*)", found, re.MULTILINE):
        words = shlex.split("".join(text), comments=True)
        if not {"COMMAND", "RUN...", "..."} & set(words):
            yield list(takewhile(lambda word: word != "|", words[1:]))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_documented_commands(document: Path) -> None:
    for words in commands(document):
        group: Any = typer.main.get_command(program)
        while words and words[0] in getattr(group, "commands", {}):
            group = group.commands[words.pop(0)]
        assert not words or not hasattr(group, "commands"), f"no command {words[0]} in {document.name}"
        known = {option for parameter in group.params for option in (*parameter.opts, *parameter.secondary_opts)}
        unknown = {word.partition("=")[0] for word in words if word.startswith("-")} - known - {"--help", "--version"}
        assert not unknown, f"{document.name}: halodeck {group.name} {' '.join(words)}"
        if group.name == "train" and words and words[0] in registry.names():
            check_settings(words)


def test_every_picture_is_shown_somewhere() -> None:
    shown = {name for page in DOCUMENTS for name in re.findall(r"pictures/([\w-]+\.png)", page.read_text("utf-8"))}
    assert {path.name for path in (ROOT / "docs" / "pictures").glob("*.png")} == shown


def test_links_lead_somewhere() -> None:
    """Between pages and to their headings; `make docs` has the rest."""
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8") if document.suffix == ".md" else ""
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            path, _, heading = link.partition("#")
            if "://" in link or not path.endswith((".md", ".png")):
                continue
            target = document.parent / path
            assert target.exists(), f"{document.name}: {link}"
            titles = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8") if heading else "", re.MULTILINE)
            assert not heading or heading in {_anchor(title) for title in titles}, f"{document.name}: {link}"


def test_the_site_is_made(tmp_path: Path) -> None:
    """Strictly: a page that the contents lack, a link or an object that is nowhere is an error."""
    offline = os.environ | {"NO_MKDOCS_2_WARNING": "1", "http_proxy": NOWHERE, "https_proxy": NOWHERE}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=offline, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "reference" / "python.html").read_text(encoding="utf-8")
    assert all(f'id="halodeck.functions.{name}"' in page for name in halodeck.__all__ if name[0].islower())


def _anchor(title: str) -> str:
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", title).strip().lower())


def check_settings(words: list[str]) -> None:
    """The table and the settings of a training, as far as the document spells them out."""
    given = list(pairwise(words))
    table = next((value for option, value in given if option == "--config" and value.isalpha()), None)
    settings = [value for option, value in given if option == "--set" and "=" in value]
    resolve(registry.load(words[0]), read_table(words[0], table) if table else {}, settings)
