"""The program: its options, and every command that the registry knows."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli import registry, runs
from app.cli.command import for_typer
from app.cli.show import BlocksOption, ColourOption, set_blocks, set_colour
from core import VERSION
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
    blocks: BlocksOption = "auto",
    runs_folder: runs.RunsOption = runs.RUNS,
    universes_folder: runs.UniversesOption = runs.UNIVERSES,
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
    man: Annotated[
        bool, typer.Option("--man", help="Print the manual page and leave: halodeck --man | man -l -")
    ] = False,
) -> None:
    set_colour(color)
    set_blocks(blocks)
    if version:
        typer.echo(f"halodeck {VERSION}")
        raise typer.Exit
    if man:
        from app.cli.manual import manual

        typer.echo(manual(typer.main.get_command(program)), nl=False)
        raise typer.Exit
    for option, parameter in (("--runs", "runs_folder"), ("--universes", "universes_folder")):
        source = context.get_parameter_source(parameter)
        if context.invoked_subcommand and source and source.name == "COMMANDLINE":
            raise UsageError(
                f"{option} before a command is the workbench's", f"put it after {context.invoked_subcommand}"
            )
    if context.invoked_subcommand is None:
        raise typer.Exit(context.obj(color, blocks, runs_folder, universes_folder))


def _add_all() -> None:
    inside = {name: _typer(name, about) for name, about in registry.groups().items()}
    for command in registry.commands():
        group, _, name = command.name.rpartition(" ")
        (inside[group] if group else program).command(name)(for_typer(command))
    for name, group_program in inside.items():
        program.add_typer(group_program, name=name)


def _typer(name: str, about: str) -> typer.Typer:
    """A group of commands."""
    settings = {"help_option_names": ["-h", "--help"]}
    return typer.Typer(name=name, help=about, no_args_is_help=True, rich_markup_mode=None, context_settings=settings)


_add_all()
