"""The card of a trained network: what it learnt from what, how good it is, and where it must not be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.figures import Number, Report
from core.runs.fits import learnt
from core.runs.recipe import Recipe
from core.runs.repeat import Wanted


def card(
    name: str,
    recipe: Recipe,
    config: Mapping[str, Any],
    report: Report | None,
    universes: Sequence[Wanted],
    licence: str,
    weights: Mapping[str, str],
) -> str:
    """The card as Markdown; `weights` is what is to say of the file."""
    held = [item.name for item in universes if item.held_out]
    seen = [item.name for item in universes if not item.held_out]
    made = next((item.settings for item in universes if item.settings), None)
    facts = {
        "recipe": f"`{recipe.name}`: {recipe.title}",
        "follows": recipe.paper,
        "made by": f"`{config['command']}`" if config.get("command") else "",
        "seed": str(recipe.seed),
        "learnt from": _named(seen),
        "held out": _named(held),
        "data": _data(made),
        **weights,
        "licence": licence,
    }
    lines = [f"# {name}", "", "| | |", "|---|---|"]
    lines += [f"| {key} | {_cell(text)} |" for key, text in facts.items() if text]
    if report is not None and report.numbers:
        lines += ["", "## On the universes held out", "", *_numbers(report.numbers)]
        lines += ["", *(f"{key}: {_cell(text)}.\n" for key, text in report.facts.items() if key in _TOLD)]
    lines += ["", "## Limits", "", *_limits(config, report)]
    return "\n".join(lines).rstrip() + "\n"


_TOLD = ("baseline", "ceiling", "true halos")


def _numbers(numbers: Sequence[Number]) -> list[str]:
    columns = ("", "value", "±", "baseline", "ceiling", "paper")
    rows = [
        (
            f"{n.name} [{n.unit}]" if n.unit else n.name,
            *("" if x is None else f"{x:.4g}" for x in (n.value, n.error, n.baseline, n.ceiling, n.paper)),
        )
        for n in numbers
    ]
    return [f"| {' | '.join(map(_cell, row))} |" for row in (columns, ("---",) * len(columns), *rows)]


def _limits(config: Mapping[str, Any], report: Report | None) -> list[str]:
    lines = []
    if known := learnt(config):
        lines.append(f"* It takes {known.words()}. Others are refused.")
    lines += [f"* {note}" for note in (report.notes if report else ())]
    return lines or ["Not told."]


def _data(settings: Mapping[str, Any] | None) -> str:
    """How the universes were made."""
    if not settings:
        return "not made by halodeck"
    told = {key: value for key, value in settings.items() if not isinstance(value, dict) and key != "seed"}
    return ", ".join(f"{key} {value}" for key, value in told.items())


def _named(names: Sequence[str]) -> str:
    if len(names) > 4:
        return f"{len(names)} universes, {names[0]} to {names[-1]}"
    return ", ".join(names) or "none"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
