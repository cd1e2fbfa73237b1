"""`halodeck networks`: the trained networks that come along."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.answers import for_machines, tell
from app.cli.command import Command
from app.cli.show import print_figure, say
from core.runs.shipped import in_place, shipped
from core.runs.weights_file import MODEL

if TYPE_CHECKING:
    from core.runs.run import Run


def networks(
    name: Annotated[str | None, typer.Argument(metavar="[NETWORK]", help="One of them: show its card.")] = None,
) -> None:
    """List the trained networks that come along, or show the card of one.

    Where a command takes a RUN it takes their names too: `halodeck predict halonet@cpu UNIVERSE`.
    """
    from core.runs.shipped import networks_table

    chosen = {name: in_place(name)} if name else shipped()
    if for_machines():
        tell(networks=[_told(key, run) for key, run in chosen.items()])
    elif name:
        say_lines((chosen[name].path / "card.md").read_text(encoding="utf-8"))
    else:
        note = "Use one as a run: `halodeck predict halonet@cpu UNIVERSE`; its card: `halodeck networks halonet@cpu`"
        print_figure(replace(networks_table(), note=note))


def say_lines(text: str) -> None:
    """Every line as `say` does."""
    for line in text.splitlines():
        say(line)


def _told(name: str, run: Run) -> dict[str, Any]:
    """A network for machines: what it is, what it takes, how good it is, and its checksum."""
    from core.files import checksum
    from core.runs.fits import learnt
    from core.runs.registry import load
    from core.runs.report_file import read_report

    recipe, known, config = load(run.recipe), learnt(run.config()), run.config()
    return {
        "name": name,
        "recipe": run.recipe,
        "title": recipe.title,
        "paper": recipe.paper,
        "command": config.get("command", ""),
        "takes": known.words() if known else "",
        "held_out": [config["universes"][number] for number in config["held_out"]],
        "bytes": (run.path / MODEL).stat().st_size,
        "sha256": checksum(run.path / MODEL),
        "card": str(run.path / "card.md"),
        "numbers": [
            {
                key: getattr(number, key)
                for key in ("key", "name", "value", "error", "unit", "baseline", "ceiling", "paper")
            }
            for number in read_report(run).numbers
        ],
    }


_ANSWER = {
    "networks": "list: name, recipe, title, paper, command, takes, held_out, bytes, sha256, card (path), and numbers: "
    "key, name, value, error, unit, baseline, ceiling, paper"
}
COMMANDS = (Command("networks", networks, 12, answer=_ANSWER),)
