"""`--json`, which every command has: one object with its schema, its command, and what the command tells machines.

A command tells by `tell(key=...)`, beside what it prints for people; the keys stand in its `Command(answer=...)`, from
where docs/json.md has them. What it says in lines for people is kept as `said`.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from core.cosmos.universe import Universe

SCHEMA = 1
"""Raised when a key changes its meaning or goes; new keys may come at any time."""

EVERY: dict[str, str] = {
    "schema": "number of this layout; raised when a key changes its meaning or goes",
    "command": "the command that answers",
    "said": "the lines that it says to people, where there are any",
}
REPORT: dict[str, str] = {
    "title": "of the report",
    "numbers": "list: key, name, value, unit, error (one standard deviation), baseline, ceiling, paper, note",
    "notes": "list of remarks",
    "facts": "names and values of what was measured",
    "figures": "by name: kind (Slice, Curves, Histogram, Matrix, Table, Row) and the fields of that class",
}
UNIVERSES: dict[str, str] = {"universes": "list: path, name, halos (catalogue: number of halos)"}
RUN: dict[str, str] = {"run": "its name", "path": "its folder"}
INFO: dict[str, str] = {"path": "of the file", "kind": "what it is", "facts": "names and values of what it holds"}
JOB: dict[str, str] = {"job": "number of the submitted job", "script": "of the job, with --dry-run"}

_told: dict[str, Any] | None = None
"""What is told so far; None where the reader is a person."""
_silence = ExitStack()
_speak: Callable[[Any], None] = print


def for_machines() -> bool:
    """Whether this command answers in JSON."""
    return _told is not None


def tell(**told: Any) -> None:
    """Answer a machine; a person is told nothing by this."""
    if _told is not None:
        _told.update(told)


def tell_line(line: str) -> None:
    """Keep a line that is said to people."""
    if _told is not None:
        _told.setdefault("said", []).append(line)


def in_short(universe: Universe) -> dict[str, Any]:
    """A universe as an entry of `universes`."""
    return {"path": str(universe.path), "name": universe.name, "halos": dict(universe.halos)}


def as_text(data: Any) -> str:
    """JSON in ASCII, null for numbers that are none; of its control characters only this one would be left as it is."""
    return json.dumps(_known(data), indent=1, allow_nan=False).replace("\x7f", "\\u007f")


def _known(data: Any) -> Any:
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, dict):
        return {name: _known(value) for name, value in data.items()}
    return [_known(value) for value in data] if isinstance(data, (list, tuple)) else data


@contextmanager
def answering(command: str, speak: Callable[[Any], None]) -> Iterator[None]:
    """Have one object printed by `speak` when the command is over, and nothing else on standard output.

    A command that fails prints no object: its error is one line on standard error, as ever.
    """
    global _told, _speak
    _told, _speak = {"schema": SCHEMA, "command": command}, speak
    code = 0
    try:
        with _silence:
            _silence.enter_context(_quiet())
            try:
                yield
            except typer.Exit as ended:
                code = ended.exit_code
            answer_now()
    finally:
        _told = None
    if code:
        raise typer.Exit(code)


def answer_now() -> None:
    """Print what is told so far, before the command is over: one that serves until it is stopped."""
    global _told
    if (answer := _told) is not None:
        _silence.close()
        _told = None
        _speak(answer)


@contextmanager
def _quiet() -> Iterator[None]:
    """Nothing of this process goes to standard output, and of processes that it starts to standard error."""
    try:
        sys.stdout.flush()
        kept = os.dup(1) if sys.stdout.fileno() == 1 else None
    except (OSError, ValueError):  # there is no such stream, or it is no file
        kept = None
    try:
        if kept is not None:
            os.dup2(2, 1)
        with redirect_stdout(StringIO()):
            yield
    finally:
        if kept is not None:
            os.dup2(kept, 1)
            os.close(kept)
