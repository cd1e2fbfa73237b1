"""`halodeck halos` and `halodeck residuals`: halos one by one, and where a run fails."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.answers import REPORT, for_machines, tell
from app.cli.command import Command
from app.cli.runs import RUNS, MovedOption, RunsOption
from app.cli.show import SaveOption, print_facts, print_figure, print_report, progress_bar, save_report, say
from core.errors import UsageError, did_you_mean


def halos(
    path: Annotated[Path, typer.Argument(help="A universe.")],
    catalogue: Annotated[str | None, typer.Option(help="Which halos; default the first catalogue.")] = None,
    compare: Annotated[Path | None, typer.Option(help="A prediction for it: what it makes of each halo.")] = None,
    errors: Annotated[bool, typer.Option("--errors", help="Only those that the prediction gets wrong.")] = False,
    sort: Annotated[
        str,
        typer.Option(
            help="By mass, radius, count, concentration, verdict, environment, patch, distance or other_mass; -mass "
            "turns it round."
        ),
    ] = "-mass",
    smallest: Annotated[float, typer.Option(help="Mass of the smallest halo listed [Msun/h].")] = 0.0,
    most: Annotated[int, typer.Option(help="How many are printed; 0 for all.")] = 20,
    card: Annotated[
        int | None, typer.Option(min=1, help="One halo, by its rank in mass: profile, protohalo patch, prediction.")
    ] = None,
    save: Annotated[Path | None, typer.Option(help="Write the card as PNG, SVG, PDF or text instead.")] = None,
) -> None:
    """List the halos of a universe, and beside a prediction which of them are matched, missed or merged."""
    from core.analysis.lens.card import card as card_of
    from core.analysis.lens.halo_table import errors_by_mass, halo_rows, halo_table, ordered
    from core.cosmos.identity import is_of
    from core.cosmos.universe import open_universe

    universe = open_universe(path)
    name = catalogue or next(iter(universe.halos), "")
    if name not in universe.halos:
        raise UsageError(f"{path} has no halo catalogue {name!r}", did_you_mean(name, universe.halos))
    made = open_universe(compare) if compare else None
    if made and not (is_of(made, universe) and made.halos):
        raise UsageError(f"{compare} holds no halos predicted for {path}", "choose a prediction of this universe")
    if save and card is None:
        raise UsageError("--save writes a card", "say of which halo: --card 1")
    if card is not None:
        facts, figure = card_of(universe, name, card, made)
        if save:
            from app.draw import save as save_figure

            save_figure(figure, save)
            tell(saved=str(save))
            say(f"saved {save}")
        else:
            tell(facts=facts)
            print_facts(facts)
            print_figure(figure)
        return
    predicted = made.catalogue(next(iter(made.halos))) if made else None
    rows = halo_rows(universe, universe.catalogue(name), predicted, least=smallest)
    if errors:
        rows = errors_by_mass(rows)
    rows = ordered(rows, sort.removeprefix("-"), sort.startswith("-"))
    shown = rows[:most] if most > 0 else rows
    if for_machines():
        tell(halos=[row.as_json() for row in shown])
        return
    print_figure(halo_table(f"{universe.name}: {len(rows)} halos ({name})", shown))


def residuals(
    name: Annotated[str, typer.Argument(help="A run with predictions.", metavar="RUN")],
    moved: MovedOption = None,
    save: SaveOption = None,
    runs: RunsOption = RUNS,
) -> None:
    """Where a run fails on universes it never saw: by mass, environment and scale, and its gravest errors."""
    from core.analysis.lens.residuals import predicted_pairs, residuals, residuals_report
    from core.runs.listing import open_run

    run = open_run(runs, name)
    pairs = predicted_pairs(run, moved or ())
    with progress_bar("residuals") as progress:
        found = residuals(run.name, pairs, progress)
    report = residuals_report(found)
    if save:
        save_report(report, save)
    tell(**found.as_json())
    print_report(report)


COMMANDS = (
    Command(
        "halos",
        halos,
        6,
        answer={
            "halos": "list: side (true or predicted), rank by mass, mass, radius, patch, count, concentration, "
            "environment, verdict, other (rank on the other side), other_mass, distance, position, lagrangian_position",
            "facts": "with --card: names and values",
            "figure": "with --card: a Row",
            "saved": "path, with --save",
        },
    ),
    Command(
        "residuals",
        residuals,
        33,
        answer={
            "run": "its name",
            "of": "halos or density",
            "universes": "list of pairs: paths of the universe and of the prediction",
            "bins": "list: what (mass, environment, density, scale), number, low, high, count, failing, words",
            "errors": "list, the gravest first: universe, prediction, words, size, at [Mpc/h], bins",
            **REPORT,
        },
    ),
)
