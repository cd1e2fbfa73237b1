"""Commands for other tools: tensorboard, graph."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.answers import tell
from app.cli.command import Command
from app.cli.runs import RUNS, RunArgument, RunsOption
from app.cli.show import say
from core.runs.listing import look_at_run


def tensorboard(
    name: RunArgument,
    out: Annotated[
        Path | None, typer.Option(help="A new folder; default that of the run in the folder tensorboard.")
    ] = None,
    runs: RunsOption = RUNS,
) -> None:
    """Write a run's curves for TensorBoard: pip install 'halodeck[tensorboard]'."""
    from core.runs.tensorboard import write_events

    run = look_at_run(runs, name)
    folder = out or Path("tensorboard") / run.name
    count = write_events(run, folder)
    tell(run=run.name, path=str(folder), values=count)
    say(f"{count} values of {run.name} in {folder}; see them with `tensorboard --logdir {folder.parent}`")


def graph(
    name: Annotated[str, typer.Argument(metavar="RUN", help="A run, a network or a file, as for `halodeck inspect`.")],
    out: Annotated[Path, typer.Option(help="The file: .pt2 for torch.export, .onnx for other libraries.")],
    cells: Annotated[int, typer.Option(min=0, help="Side of the input in cells; 0: what it sees at once.")] = 0,
    network: Annotated[str, typer.Option(help="Which network of a recipe that has several.")] = "",
    runs: RunsOption = RUNS,
) -> None:
    """Write a network as a graph that runs without halodeck, for one batch of one side: torch.export or ONNX."""
    from app.cli.inspect import subject_of
    from core.analysis.inspection.graph import save_graph

    shape = save_graph(subject_of(name, network, cells, runs), out)
    tell(path=str(out), input=list(shape))
    say(f"{out}  input {' x '.join(map(str, shape))}")


COMMANDS = (
    Command(
        "tensorboard",
        tensorboard,
        25,
        answer={"run": "its name", "path": "the folder of the events", "values": "number of values written"},
    ),
    Command("graph", graph, 26, answer={"path": "the file", "input": "shape of its input: batch, channels, cells"}),
)
