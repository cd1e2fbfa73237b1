"""The command line: every action of the screens as a command fit for a batch job."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli import infall, inspect, runs, universes
from app.cli.compare import compare
from app.cli.ionize import ionize
from app.cli.show import ColourOption, set_colour
from core.errors import UsageError

program = typer.Typer(
    name="halodeck",
    help="A terminal workbench for machine learning of cosmic structure formation.",
    epilog="Without a command the workbench opens. Units: comoving Mpc/h, Msun/h, km/s.",
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@program.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    color: ColourOption = "auto",
    runs_folder: runs.RunsOption = runs.RUNS,
    universes_folder: runs.UniversesOption = runs.UNIVERSES,
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    set_colour(color)
    if version:
        from importlib.metadata import version as installed

        typer.echo(f"halodeck {installed('halodeck')}")
        raise typer.Exit
    for option, parameter in (("--runs", "runs_folder"), ("--universes", "universes_folder")):
        source = context.get_parameter_source(parameter)
        if context.invoked_subcommand and source and source.name == "COMMANDLINE":
            raise UsageError(
                f"{option} before a command is the workbench's", f"put it after {context.invoked_subcommand}"
            )
    if context.invoked_subcommand is None:
        context.obj(color, runs_folder, universes_folder)


for commands in (universes.COMMANDS, runs.COMMANDS, inspect.COMMANDS):
    for name, function in commands.items():
        program.command(name)(function)
program.command("compare")(compare)
program.command("ionize")(ionize)
program.add_typer(infall.program, name="infall")
