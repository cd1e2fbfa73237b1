"""Commands that look at universes: info, view, stats."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.answers import INFO, REPORT, for_machines, tell
from app.cli.command import Command, with_flags
from app.cli.options import parse_numbers
from app.cli.show import (
    SaveOption,
    print_facts,
    print_figure,
    print_report,
    progress_bar,
    save_report,
    say,
)
from core.analysis.statistics.rows import STATISTICS
from core.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from core.cosmos.universe import Universe
    from core.figures import Figure, Report


def info(
    path: Annotated[Path, typer.Argument(help="Any file or folder.")],
) -> None:
    """Say what a file, universe, prediction or run is."""
    from app.background.describing import describer

    described = describer().describe(path)
    tell(path=str(path), kind=described.kind, facts=dict(described.facts))
    print_facts({"path": str(path), "kind": described.kind, **described.facts})


def view(
    path: Annotated[Path, typer.Argument(help="A universe or prediction.")],
    field: Annotated[str | None, typer.Option(help="Which field; default the first there is.")] = None,
    axis: Annotated[str, typer.Option(help="Axis to look along: x, y or z.")] = "z",
    slice_: Annotated[int | None, typer.Option("--slice", help="Plane in cells from 0; default the middle.")] = None,
    thickness: Annotated[int, typer.Option(help="Planes of the slab.")] = 1,
    peaks: Annotated[bool, typer.Option("--max", help="The highest value of slab and cell, not the mean.")] = False,
    component: Annotated[str, typer.Option(help="Of a vector field: length, x, y or z.")] = "length",
    log: Annotated[bool, typer.Option("--log", help="Logarithmic colours (of 1 + overdensity).")] = False,
    asinh: Annotated[bool, typer.Option("--asinh", help="Colours linear near zero, logarithmic far from it.")] = False,
    colours: Annotated[
        str | None,
        typer.Option(help="sequential, density, viridis, cividis, grey, diverging; default the field's."),
    ] = None,
    limits: Annotated[str | None, typer.Option(help="Range of the colours: 0,1.")] = None,
    range_: Annotated[
        str, typer.Option("--range", help="Range of the colours without --limits: of the whole box, or of this slice.")
    ] = "box",
    planes: Annotated[bool, typer.Option("--planes", help="The planes along all three axes through --at.")] = False,
    at: Annotated[
        str | None, typer.Option(help="Where the three planes meet [Mpc/h]: 12,30,8; default the most massive halo.")
    ] = None,
    zoom: Annotated[float, typer.Option(help="So many times less than the box is shown.")] = 1.0,
    centre: Annotated[
        str | None, typer.Option(help="Middle of the window in its two coordinates [Mpc/h]: 32,40.")
    ] = None,
    halos: Annotated[str | None, typer.Option(help="Draw the halos of this catalogue as circles, e.g. fof.")] = None,
    smallest: Annotated[float, typer.Option(help="Mass of the smallest halo drawn [Msun/h].")] = 0.0,
    outlines: Annotated[bool, typer.Option("--outlines", help="Outline what is in halos, or predicted to be.")] = False,
    compare: Annotated[
        Path | None, typer.Option(help="A prediction for the universe, or another one: draw both and the difference.")
    ] = None,
    width: Annotated[int | None, typer.Option(min=10, help="Columns; default the terminal's.")] = None,
    height: Annotated[int | None, typer.Option(min=3, help="Rows; default what the shape needs.")] = None,
    save: Annotated[
        Path | None, typer.Option(help="Write PNG, SVG, PDF, text, ANSI or the numbers (.npy) instead.")
    ] = None,
) -> None:
    """Draw a slice of a field in the terminal."""
    from core.analysis.views.panels import Overlays, planes_figure, view_figure
    from core.analysis.views.view import View
    from core.figures import dump

    if limits and len(parse_numbers(limits, "--limits")) != 2:
        raise UsageError(f"--limits {limits!r} is no range", "write two numbers: 0,1")
    if centre and len(parse_numbers(centre, "--centre")) != 2:
        raise UsageError(f"--centre {centre!r} is no place in an image", "write two numbers: 32,40")
    place = parse_numbers(at, "--at") if at else None
    if place and len(place) != 3:
        raise UsageError(f"--at {at!r} is no place in a box", "write three numbers: 12,30,8")
    if planes and compare:
        raise UsageError("--planes shows one field along three axes, --compare several along one", "choose one of them")
    view = View(
        axis,  # type: ignore[arg-type]  # names are checked with everything else
        slice_,
        thickness,
        "max" if peaks else "mean",
        component,  # type: ignore[arg-type]
        "log" if log else "asinh" if asinh else "linear",
        colours,  # type: ignore[arg-type]
        parse_numbers(limits, "--limits") if limits else None,  # type: ignore[arg-type]
        zoom,
        parse_numbers(centre, "--centre") if centre else None,  # type: ignore[arg-type]
        range_,  # type: ignore[arg-type]
    )
    over = Overlays(halos or "", outlines, smallest)
    if planes:
        figure: Figure = planes_figure(path, view, field, place, over)  # type: ignore[arg-type]
    else:
        figure = view_figure(path, view, field, compare, over)
    if save:
        from app.draw import save as save_figure

        save_figure(figure, save)
        tell(saved=str(save))
        say(f"saved {save}")
    elif for_machines():
        tell(figure=dump(figure))
    else:
        print_figure(figure, width, height)


def stats(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Universes and predictions to compare.")],
    reference: Annotated[
        str | None, typer.Option(help="Compare with this one of them, or with theory; default the last of several.")
    ] = None,
    field: Annotated[str | None, typer.Option(help="Which field; default the evolved density.")] = None,
    poisson: Annotated[bool, typer.Option("--poisson", help="Poisson errors of the mass function.")] = False,
    read: Annotated[
        list[str] | None, typer.Option(help="Only print what the curves of a figure are here, to cite: power=0.5.")
    ] = None,
    save: SaveOption = None,
    **extra: bool,
) -> None:
    """Power spectrum, cross-correlation, transfer function, pixel distribution and halo mass function."""
    from core.analysis.statistics.measure import statistics
    from core.cosmos.universe import open_universe

    universes = [open_universe(path) for path in paths]
    with progress_bar("statistics") as progress:
        report = statistics(
            *universes,
            field=field,
            reference=reference,
            also=[row.name for row in STATISTICS if extra[row.name.replace("-", "_")]],
            errors="poisson" if poisson else "jackknife",
            progress=progress,
        )
    if save:
        save_report(report, save)
    if read:
        for line in _readings(report, universes, read):
            say(line)
        return
    print_report(report)


def _readings(report: Report, universes: list[Universe], places: list[str]) -> Iterator[str]:
    """A line to cite for every curve at places like power=0.5. Raises: UsageError."""
    from importlib.metadata import version

    import numpy as np

    from app.draw.citation import citation
    from app.draw.numbers import readings
    from core.analysis.statistics.measure import sources
    from core.figures import Curves

    program = f"halodeck {version('halodeck')}"
    about = sources(universes, report.facts.get("field", "").partition(" ")[0])
    figures = {name: figure for name, figure in report.figures.items() if isinstance(figure, Curves)}
    for place in places:
        name, _, x = place.partition("=")
        if name not in figures:
            raise UsageError(f"--read {place!r} names no figure", did_you_mean(name, figures))
        figure = figures[name]
        found = [each for each in readings(figure, parse_numbers(x, "--read")[0]) if math.isfinite(each.y)]
        if not found:
            every = np.concatenate([series.x for series in figure.series])
            reach = f"its curves reach from {np.nanmin(every):.3g} to {np.nanmax(every):.3g}"
            raise UsageError(f"--read {place!r} lies beyond every curve", reach)
        yield from (citation(figure, reading, about, program) for reading in found)


COMMANDS = (
    Command("info", info, 3, answer=INFO),
    Command("view", view, 4, answer={"figure": "kind and the fields of that class", "saved": "path, with --save"}),
    Command("stats", with_flags(stats, {row.name: f"Also {row.help}." for row in STATISTICS}), 5, answer=REPORT),
)
