"""The command on networks: inspect."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.answers import REPORT, for_machines
from app.cli.command import Command
from app.cli.runs import RUNS, RunsOption, SetOption
from app.cli.show import SaveOption, print_figure, print_report, save_report
from core.errors import UsageError
from core.runs.listing import look_at_run

_NAME = (
    "A run or latest; toy, inversion or segmentation of the tutorial; a trained network that comes along, "
    "e.g. halonet@cpu; or a .safetensors file."
)

if TYPE_CHECKING:
    from core.analysis.inspection.subject import Subject
    from core.cosmos.universe import Universe
    from core.figures import Figure


def inspect(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help=_NAME)] = None,
    recipe: Annotated[str | None, typer.Option(help="The untrained network of a recipe instead of a run.")] = None,
    config: Annotated[str | None, typer.Option(help="With --recipe: FILE:TABLE, FILE, or one of its tables.")] = None,
    set_: SetOption = None,
    layer: Annotated[str | None, typer.Option(help="A layer of the table: show its filters or activations.")] = None,
    filters: Annotated[bool, typer.Option("--filters", help="Its filters, also beside its activations.")] = False,
    universe: Annotated[Path | None, typer.Option(help="Its activations for the first input from this.")] = None,
    channel: Annotated[int, typer.Option(min=0, help="Filter to show, first channel of the activations.")] = 0,
    source: Annotated[int | None, typer.Option(min=0, help="Input channel whose 3-D filter is shown whole.")] = None,
    depth: Annotated[float, typer.Option(min=0, max=1, help="Where 3-D activations are cut, as share of z.")] = 0.5,
    count: Annotated[int, typer.Option(min=1, help="Images to show.")] = 8,
    cells: Annotated[int, typer.Option(min=0, help="Side of the input in cells; 0 finds out.")] = 0,
    network: Annotated[str, typer.Option(help="Which network of a recipe that has several.")] = "",
    save: SaveOption = None,
    runs: RunsOption = RUNS,
) -> None:
    """Look into a network: layers, receptive fields, filters, activations.

    `halodeck inspect toy` shows all of it on a U-Net small enough to follow by hand, `inspect inversion` on the same
    one trained, with its loss.
    """
    from core.cosmos.universe import open_universe
    from core.figures import Number, Report

    subject = _subject(name, recipe, config, set_ or [], network, cells, runs)
    given = open_universe(universe) if universe else None
    if layer is None and not filters and given is None:
        figures = {"layers": subject.layers_table(), "sizes": subject.rules_table(), **subject.also()}
    else:
        figures = _inside(subject, layer, filters, given, channel, source, depth, count)
    found = subject.layers
    numbers = [Number("weights", "weights", float(subject.weights))]
    if found[-1].field is not None:
        numbers.append(Number("field", "receptive field of the output", float(found[-1].field), "cells"))
    report = Report(subject.title, tuple(numbers), figures)
    if save:
        save_report(report, save)
    if for_machines():
        print_report(report)
        return
    for number, figure in enumerate(figures.values()):
        if number:
            print()
        print_figure(figure)


def _subject(
    name: str | None, recipe: str | None, config: str | None, overrides: list[str], network: str, cells: int, runs: Path
) -> Subject:
    """What to look into. Raises: HalodeckError."""
    from core.analysis.inspection import subject
    from core.config import read_table, resolve
    from core.runs.registry import load

    if (name is None) == (recipe is None):
        raise UsageError("there is nothing to look into", "give a run, toy, another name of --help, or --recipe NAME")
    if recipe is None:
        if config or overrides:
            raise UsageError("--config and --set belong to --recipe", "a run has its settings")
        assert name is not None
        return subject_of(name, network, cells, runs)
    settings = resolve(load(recipe), read_table(recipe, config) if config else {}, overrides)
    table = f", [{config}]" if config else ""
    return subject.of_recipe(settings, network, cells, f"{settings.title}{table}")


def subject_of(name: str, network: str, cells: int, runs: Path) -> Subject:
    """The network of a run, of a file, or one that comes along. Raises: HalodeckError."""
    from core.analysis.inspection.names import is_named, open_named
    from core.analysis.inspection.subject import of_run

    return open_named(name, network, cells) if is_named(name) else of_run(look_at_run(runs, name), network, cells)


def _inside(
    subject: Subject,
    layer: str | None,
    filters: bool,
    universe: Universe | None,
    channel: int,
    source: int | None,
    depth: float,
    count: int,
) -> dict[str, Figure]:
    """Filters and activations of one layer."""
    name = layer or next(item.name for item in subject.layers if subject.has_filters(item.name))
    activations = universe is not None or subject.own_input
    figures: dict[str, Figure] = {}
    if filters or not activations:
        figures["filters"] = subject.filters(name, channel, source, count=count)
    if activations:
        figures["input"] = subject.input_figure(universe, depth)
        figures["activations"] = subject.activations(name, universe, channel, count, depth)
    return figures


COMMANDS = (Command("inspect", inspect, 31, answer=REPORT),)
