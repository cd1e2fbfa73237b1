"""`halodeck reproduce`: what others have published, made here, number by number."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.answers import for_machines, tell
from app.cli.command import Command
from app.cli.runs import RUNS, UNIVERSES, RunsOption
from app.cli.show import SaveOption, print_figure, print_report, progress_bar, save_report, say
from core.errors import InputError, UsageError, did_you_mean
from core.runs.shipped import is_shipped, laid_out, shipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.figures import Report
    from core.runs.repeat import Repeated
    from core.runs.run import Run


def reproduce(
    what: Annotated[
        str,
        typer.Argument(
            metavar="ARCHIVE|NETWORK|PAPER",
            help="An archive of `halodeck export`, a network of `halodeck networks`, or a paper: berger2019, "
            "bernardini2020, lucie-smith2024, petulante2021, petulante2023, fay2019.",
        ),
    ],
    config: Annotated[
        str | None,
        typer.Option(help="Of a paper its size, cpu by default; of a run the table to train it anew with."),
    ] = None,
    train: Annotated[
        bool, typer.Option("--train", help="Train anew on all universes instead of asking the weights that came.")
    ] = False,
    universes: Annotated[
        list[Path] | None, typer.Option("--universes", help="A folder where universes of it may be; may be repeated.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for universes that are made again.")] = UNIVERSES / "reproduced",
    save: SaveOption = None,
    runs: RunsOption = RUNS,
) -> None:
    """Make universes of the same seeds, ask or train the network, and put every number beside the published one.

    The exit code is 1 where a number is further off than its error says.
    """
    from core.runs.papers import papers

    where = [*(universes or []), UNIVERSES]
    if what in papers():
        repeated, report = _paper(what, config or "cpu", train, where, out, runs)
    else:
        run = _opened(what, runs)
        repeated, report = _repeat(run, config, train, where, out, runs)
    _tell(what, repeated, report, save)


def _opened(what: str, runs: Path) -> Run:
    """The run of an archive or a network, laid out anew. Raises: InputError, UsageError."""
    from core.runs.crate import ENDING, unpack
    from core.runs.run import Run

    if is_shipped(what):
        return laid_out(runs, what, anew=True)
    path = Path(what)
    if not path.exists():
        from core.runs.papers import papers

        raise UsageError(f"there is no archive, network or paper {what!r}", did_you_mean(what, [*papers(), *shipped()]))
    if path.is_dir():
        raise InputError(f"{path} is a folder", "give an archive: `halodeck export RUN`")
    folder = _free(runs / path.name.removesuffix(ENDING))
    unpack(path, folder)
    return Run(folder)


def _free(path: Path) -> Path:
    """The path, or the first with a number that is not taken."""
    taken, number = path, 2
    while taken.exists():
        taken, number = path.with_name(f"{path.name}-{number}"), number + 1
    return taken


def _repeat(
    run: Run, config: str | None, train: bool, where: Sequence[Path], out: Path, runs: Path
) -> tuple[list[Repeated], Report]:
    """The numbers of a run that came trained, beside those of here."""
    from core.runs.repeat import beside, bring_universes, evaluated
    from core.runs.report_file import read_report

    published, anew = read_report(run), train or config is not None
    with progress_bar(f"universes of {run.name}") as progress:
        paths = bring_universes(run, out, where, all_of_them=anew, progress=progress)
    if anew:
        made = _trained(run.recipe, paths, config, run, runs)
    else:
        with progress_bar(f"reproduce {run.name}") as progress:
            made = evaluated(run, paths, progress)
    return beside(published, made), made


def _trained(recipe: str, paths: Sequence[Path], config: str | None, like: Run | None, runs: Path) -> Report:
    """The report of a training anew, with the settings of a run or of a table."""
    from app.cli.where import train_here
    from core.forms import settings_values
    from core.runs.launch_spec import LaunchSpec
    from core.runs.registry import open_recipe
    from core.runs.report_file import read_report

    changes = () if config or like is None else tuple(f"{k}={v}" for k, v in settings_values(open_recipe(like)).items())
    run = LaunchSpec(recipe, tuple(paths), config, changes, runs=runs).create()
    say(f"run {run.name} in {run.path}", error=True)
    train_here(run)
    return read_report(run)


def _paper(
    name: str, size: str, train: bool, where: Sequence[Path], out: Path, runs: Path
) -> tuple[list[Repeated], Report]:
    """All that repeats a paper."""
    from core.cosmos.again import make_again
    from core.provenance import provenance
    from core.runs.papers import read_paper, settings_of_universes
    from core.runs.repeat import alone, found_by_settings

    paper = read_paper(name, size)
    repeated: list[Repeated] = []
    reports: dict[str, Report] = {}
    for network in paper.networks:
        numbers, reports[network] = _repeat(laid_out(runs, network, anew=True), None, train, where, out, runs)
        told = f"{network}: " if len(paper.networks) > 1 else ""
        repeated += [replace(item, name=f"{told}{item.name}") for item in numbers]
    if paper.train:
        wanted = settings_of_universes(paper.universes)
        there = found_by_settings(wanted, [*where, out])
        missing = {key: settings for key, settings in wanted.items() if key not in there}
        with progress_bar(f"universes of {name}") as progress:
            for universe in make_again(out, missing, provenance(), progress):
                there[universe.path.stem] = universe.path
        for recipe, table in paper.train.items():
            reports[recipe] = _trained(recipe, [there[key] for key in wanted], table, None, runs)
            repeated += alone(reports[recipe])
    return repeated, paper.told(reports)


def _tell(what: str, repeated: Sequence[Repeated], report: Report, save: Path | None) -> None:
    from core.runs.repeat import dumped, repeats, table

    numbers = table(f"{what}: published and here", repeated)
    whole = replace(report, numbers=(), figures={"reproduced": numbers, **report.figures})
    if save:
        save_report(whole, save)
    good = repeats(repeated)
    if for_machines():
        tell(what=what, reproduced=good, numbers=[dumped(item) for item in repeated])
    else:
        print_report(replace(whole, figures=report.figures))
        print()
        print_figure(numbers)
    if not good:
        raise typer.Exit(1)


_ANSWER = {
    "what": "archive, network or paper",
    "reproduced": "whether every number is within its error",
    "numbers": "list: each beside what was published",
}
COMMANDS = (Command("reproduce", reproduce, 39, answer=_ANSWER),)
