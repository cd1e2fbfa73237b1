"""A run as a crate (core/runs/crate.py): what another needs to use it, to judge it and to make it again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from core.cosmos.again import settings_of
from core.cosmos.identity import identity
from core.cosmos.universe import Universe, open_universe
from core.errors import HalodeckError, RunError
from core.figures import Report, Slice, dump_report
from core.files import checksum, write_json, write_text
from core.provenance import provenance
from core.runs import citation
from core.runs.card import card
from core.runs.crate import About, describe
from core.runs.job import read_tensors, weights_path
from core.runs.recipe import Recipe
from core.runs.registry import open_recipe
from core.runs.repeat import read_universes
from core.runs.report_file import read_report
from core.runs.run import Run
from core.runs.trained import text_of
from core.runs.weights_file import MODEL, exact, read_safetensors, write_weights

LICENCE = "CC-BY-4.0"


@dataclass(frozen=True)
class Terms:
    """On what terms a crate is given away, and how its weights are kept."""

    licence: str = LICENCE
    authors: tuple[str, ...] = ()
    bits: Callable[[str, torch.Tensor], int] = exact
    """Of the numbers of each tensor, as `write_weights` asks for them."""
    kept: str = "as they were trained"
    """The same in words."""
    parts: tuple[str, ...] = ()
    """Parts of the weights that are left out, e.g. discriminator."""
    images: bool = True
    """Whether figures that hold images stay in the report."""


def export(
    run: Run,
    folder: Path,
    name: str,
    terms: Terms = Terms(),
    draw: Callable[[Report, Path], None] | None = None,
    folders: Sequence[Path] = (),
) -> list[str]:
    """Make the crate of a run in an empty folder; returns the universes that nobody can make again from it.

    `draw` saves the figures of the report as pictures. Universes that have moved are looked for in `folders`.
    Raises: RunError for a run that was not trained to its end or has no report; ResourceError.
    """
    recipe, report, config = open_recipe(run), read_report(run), run.config()
    path = weights_path(run)
    if path.name == "checkpoint.pt":
        raise RunError(f"run {run.name} was not trained to its end", f"go on with `halodeck resume {run.name}`")
    weights = read_tensors(path, run, torch.device("cpu"), "weights")
    left_out = [key for key in terms.parts if weights.pop(key, None) is not None]
    folder.mkdir(parents=True, exist_ok=True)
    parts = f"; without the {' and '.join(left_out)}" if left_out else ""
    write_weights(folder / MODEL, weights, {**text_of(recipe), "kept": f"{terms.kept}{parts}"}, terms.bits)
    universes, opened = _universes(run, recipe, folders)
    told = _config(config, recipe, universes, opened)
    import tomli_w

    write_text(folder / "config.toml", tomli_w.dumps(told))
    status = run.status()
    write_json(folder / "status.json", {"state": "done", "step": status.step, "steps": status.steps})
    _write_dense(folder / "universes.json", {"universes": universes})
    versions = {key: value for key, value in provenance().items() if key in ("time", "versions")}
    write_json(folder / "environment.json", versions)
    publish(folder, name, report, terms, draw)
    return [str(item["name"]) for item in universes if not item["settings"]]


def publish(
    folder: Path, name: str, report: Report, terms: Terms, draw: Callable[[Report, Path], None] | None = None
) -> None:
    """Write into a crate what it says of itself: report, card, citation, metadata. Raises: HalodeckError."""
    run = Run(folder)
    recipe, config = open_recipe(run), run.config()
    if not terms.images:
        plain = {key: figure for key, figure in report.figures.items() if not _has_image(figure)}
        report = replace(report, figures=plain)
    report = replace(report, facts={**report.facts, "run": name})
    _write_dense(folder / "report" / "report.json", dump_report(report))
    if draw:
        draw(report, folder / "report")
    model = folder / MODEL
    kept = read_safetensors(model, tensors=False)[0].get("kept", "")
    facts = {"weights": f"{model.stat().st_size:,} bytes, {kept}", "SHA-256": checksum(model)}
    write_text(folder / "card.md", card(name, recipe, config, report, read_universes(folder), terms.licence, facts))
    write_text(folder / "citation.bib", cited(recipe, config, name))
    describe(folder, _about(name, recipe, config, terms))


def cited(recipe: Recipe, config: Mapping[str, Any], name: str) -> str:
    """BibTeX of papers, data and software."""
    names = [Path(path).name for path in config.get("universes", ())]
    ids = [*config.get("universe_ids", ()), *[""] * len(names)]
    data = citation.data(name, float(config["created"]), list(zip(names, ids, strict=False)))
    return "\n\n".join([*citation.papers(type(recipe)), data, citation.software()]) + "\n"


def _universes(run: Run, recipe: Recipe, folders: Sequence[Path]) -> tuple[list[dict[str, Any]], list[Universe]]:
    """Every universe of a run with how it is made, where it is there to say so, and those that are there."""
    told, config, known = [], run.config(), _known(run)
    paths, ids = [Path(path) for path in config["universes"]], config.get("universe_ids", [])
    wanted_ids = [str(ids[number]) if number < len(ids) else "" for number in range(len(paths))]
    found = [_found(path, wanted, folders) for path, wanted in zip(paths, wanted_ids, strict=True)]
    opened = [universe for universe in found if universe]
    held = config.get("held_out")
    if held is None:  # in a run of before they were told
        if len(opened) < len(paths):
            raise RunError(f"run {run.name} does not say which universes it has held out", "bring back those it was on")
        held = [opened.index(universe) for universe in recipe.held_out(opened)]
    for number, (path, wanted, universe) in enumerate(zip(paths, wanted_ids, found, strict=True)):
        settings = settings_of(universe) if universe else known.get(wanted)
        told.append(
            {
                "name": path.name,
                "identity": wanted or (identity(universe) if universe else ""),
                "held_out": number in held,
                "settings": settings,
            }
        )
    return told, opened


def _known(run: Run) -> dict[str, Any]:
    """The settings of universes by identity, as a run that is a crate already has them."""
    try:
        return {item.identity: item.settings for item in read_universes(run.path)}
    except HalodeckError:
        return {}


def _found(path: Path, wanted: str, folders: Sequence[Path]) -> Universe | None:
    for candidate in (path, *(folder / path.name for folder in folders)):
        try:
            universe = open_universe(candidate)
        except HalodeckError:
            continue
        if not wanted or identity(universe) == wanted:
            return universe
    return None


def _config(
    config: Mapping[str, Any], recipe: Recipe, universes: Sequence[Mapping[str, Any]], opened: Sequence[Universe]
) -> dict[str, Any]:
    """The configuration without paths of this machine, and with what was learnt from."""
    told = {
        **{key: config[key] for key in ("recipe", "created", "command", "settings_version") if key in config},
        "universes": [item["name"] for item in universes],
        "universe_ids": [item["identity"] for item in universes],
        "held_out": [number for number, item in enumerate(universes) if item["held_out"]],
        "device": "auto",
    }
    if learnt := config.get("learnt") or _learnt(opened):
        told["learnt"] = learnt
    return {**told, "settings": config["settings"]}


def _learnt(opened: Sequence[Universe]) -> dict[str, Any]:
    """Cells and cosmology of the universes, where all have the same."""
    kinds = {(universe.cosmology, universe.cells, universe.box_size): universe for universe in opened}
    if len(kinds) != 1:
        return {}
    [((cosmology, *_), one)] = kinds.items()
    size = {"cell_size": one.box_size / one.cells, "cells": one.cells} if one.cells else {}
    return {**size, "cosmology": cosmology.told()}


def _write_dense(path: Path, data: Any) -> None:
    """JSON without room between its parts: of long lists of numbers that is a third."""
    write_text(path, json.dumps(data, separators=(",", ":")) + "\n")


def _has_image(figure: Any) -> bool:
    return isinstance(figure, Slice) or any(map(_has_image, getattr(figure, "figures", ())))


def _about(name: str, recipe: Recipe, config: Mapping[str, Any], terms: Terms) -> About:
    return About(
        name=name,
        description=f"{recipe.title}, trained by `{config.get('command', '')}`",
        licence=terms.licence,
        created=datetime.fromtimestamp(float(config["created"]), UTC).date().isoformat(),
        authors=terms.authors,
        papers=(recipe.paper,),
        software=citation.installed(),
    )
