"""BibTeX of what a run or a recipe rests on: the paper, the data, the software."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from core.config import CONFIGS
from core.runs.recipe import Recipe

PAPERS = CONFIGS / "papers.bib"


def papers(recipe: type[Recipe]) -> list[str]:
    """The entries of the papers that a recipe follows; of one that names no keys an entry of its words."""
    known = entries()
    found = [known[key] for key in recipe.cites if key in known]
    return found or [_entry("misc", recipe.name, title=recipe.title, note=recipe.paper)]


def entries() -> dict[str, str]:
    """Every paper that comes with halodeck, by key."""
    text = PAPERS.read_text(encoding="utf-8")
    return {match[1]: match[0] for match in re.finditer(r"^@\w+\{([^,]+),\n.*?^\}", text, re.MULTILINE | re.DOTALL)}


def data(name: str, created: float, universes: Sequence[tuple[str, str]]) -> str:
    """The entry of the universes of a run, each with its identity."""
    told = "; ".join(f"{universe} ({identity})" if identity else universe for universe, identity in universes)
    year = str(datetime.fromtimestamp(created, UTC).year)
    return _entry("misc", f"data-{name}", title=f"{len(universes)} universes of run {name}", year=year, note=told)


def software() -> str:
    """The entry of halodeck as it is installed."""
    return _entry(
        "software",
        "halodeck",
        author="{The halodeck developers}",
        title="halodeck: a terminal workbench for machine learning of cosmic structure formation",
        version=installed(),
        license="GPL-3.0-or-later",
    )


def installed() -> str:
    """The version of halodeck."""
    try:
        return version("halodeck")
    except PackageNotFoundError:
        return "not installed"


def _entry(kind: str, key: str, **fields: str) -> str:
    lines = "".join(f"  {name} = {{{_plain(text)}}},\n" for name, text in fields.items())
    plain = re.sub(r"[^\w@.:-]", "-", key)
    return f"@{kind}{{{plain},\n{lines}}}"


def _plain(text: str) -> str:
    """Text that cannot end its braces, and that LaTeX takes as it is; names in double braces stay whole."""
    if text.startswith("{") and text.endswith("}"):
        return text
    return re.sub(r"([&%$#_])", r"\\\1", re.sub(r"[{}\\]", "", text))
