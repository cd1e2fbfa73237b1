"""Commands that give a run away: export and cite."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.answers import tell
from app.cli.command import Command
from app.cli.runs import RUNS, MovedOption, RunArgument, RunsOption
from app.cli.show import say
from core.errors import InputError, RunError, UsageError, did_you_mean
from core.runs.listing import look_at_run

if TYPE_CHECKING:
    from core.figures import Report


def export(
    name: RunArgument,
    out: Annotated[Path | None, typer.Option(help="The archive to write; by default RUN.zip.")] = None,
    licence: Annotated[str, typer.Option(help="On what terms it is given away.")] = "CC-BY-4.0",
    author: Annotated[list[str] | None, typer.Option(help="Whose it is; may be repeated.")] = None,
    half: Annotated[bool, typer.Option("--half", help="Weights in half precision: half as large.")] = False,
    universes: MovedOption = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there.")] = False,
    runs: RunsOption = RUNS,
) -> None:
    """Write one archive of a run: weights, settings, universes, report with figures, card, citation, checksums.

    An RO-Crate in a zip file, which `halodeck reproduce` takes.
    """
    from core.runs.crate import ENDING, pack
    from core.runs.export import Terms
    from core.runs.export import export as make
    from core.runs.weights_file import half as half_precision

    run = look_at_run(runs, name)
    archive = out or Path(f"{run.name}{ENDING}")
    if archive.exists() and not force:
        raise InputError(f"{archive} exists", "use --force or another --out")
    terms = Terms(licence, tuple(author or ()))
    if half:
        terms = replace(terms, bits=half_precision, kept="half precision")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        lacking = make(run, folder, run.name, terms, _draw, universes or ())
        pack(folder, archive)
    tell(path=str(archive), lacking=list(lacking))
    say(f"{archive}  {archive.stat().st_size / 1e6:.1f} MB; others repeat it by: halodeck reproduce {archive.name}")
    if lacking:
        say(f"give these universes along, which were not made by halodeck or are not here: {', '.join(lacking)}")


def _draw(report: Report, folder: Path) -> None:
    """Every figure as a picture."""
    from app.draw import save
    from core.files import file_name

    for name, figure in report.figures.items():
        save(figure, folder / f"{file_name(name)}.png")


def cite(
    what: Annotated[str, typer.Argument(metavar="RUN|RECIPE", help="A run, a network that comes along, or a recipe.")],
    runs: RunsOption = RUNS,
) -> None:
    """Print BibTeX of what a run rests on, or a recipe: the paper, the data, the software."""
    from core.runs import registry
    from core.runs.citation import papers, software

    if what in registry.names():
        for entry in (*papers(registry.load(what)), software()):
            say_lines(entry)
        tell(bibtex="\n\n".join((*papers(registry.load(what)), software())))
        return
    from core.runs.export import cited

    try:
        run = look_at_run(runs, what)
    except RunError as error:
        raise UsageError(f"{what!r} is no run and no recipe", did_you_mean(what, registry.names())) from error
    entries = cited(registry.open_recipe(run), run.config(), run.name)
    tell(bibtex=entries)
    say_lines(entries)


def say_lines(text: str) -> None:
    """Every line as `say` does, and an empty one."""
    for line in [*text.splitlines(), ""]:
        say(line)


COMMANDS = (
    Command("export", export, 38, answer={"path": "the archive", "lacking": "universes to be given along"}),
    Command("cite", cite, 40, answer={"bibtex": "its entries"}),
)
