"""Commands on runs: recipes, predict, report, watch, stop, pause, delete, note."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import sleep, time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app import opening
from app.cli.answers import JOB, REPORT, RUN, for_machines, tell
from app.cli.command import Command
from app.cli.options import RUNS as RUNS
from app.cli.options import UNIVERSES as UNIVERSES
from app.cli.show import (
    SaveOption,
    print_facts,
    print_figure,
    print_report,
    progress_bar,
    save_report,
    say,
    say_again,
)
from app.cli.where import GpusOption, NodesOption, RanksOption, SubmitOption, TimeOption, Where
from app.draw.shown import shown
from core.errors import HalodeckError, InputError, UsageError
from core.learning import parallel
from core.runs.listing import look_at_run, open_run, read_entry
from core.runs.run import Notes

if TYPE_CHECKING:
    from core.runs.listing import Entry
    from core.runs.recipe import Recipe
    from core.runs.requests import Request
    from core.runs.run import Run

RunsOption = Annotated[Path, typer.Option(opening.RUNS.name, help="Folder of the runs.", envvar=opening.RUNS.variable)]
RunArgument = Annotated[
    str, typer.Argument(metavar="RUN", help="Name or path of a run, latest, or a network of `halodeck networks`.")
]
RunsArgument = Annotated[list[str], typer.Argument(metavar="RUN...", help="Names or paths of runs, or latest.")]
OnOption = Annotated[list[Path] | None, typer.Option("--on", help="A universe or a folder of them; may be repeated.")]
TableOption = Annotated[str | None, typer.Option(help="FILE:TABLE, FILE, or a table that comes with the recipe.")]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="One setting, e.g. optimiser.learning_rate=0.01.")]
UniversesOption = Annotated[
    Path,
    typer.Option(opening.UNIVERSES.name, help="Folder of the universes.", envvar=opening.UNIVERSES.variable),
]
MovedOption = Annotated[
    list[Path] | None,
    typer.Option("--universes", help="A folder where universes of the run are that have moved; may be repeated."),
]


def recipes(
    name: Annotated[str | None, typer.Argument(metavar="[RECIPE]", help="A recipe: list its settings.")] = None,
) -> None:
    """List the recipes, or every setting of one with its default and meaning."""
    from core.config import describe, tables
    from core.figures import Table
    from core.runs import registry

    if name is None:
        every = registry.every()
        tell(recipes=[_described(name, found) for name, found in every.items()])
        rows = []
        for each, found in every.items():
            what = (found, "", "") if isinstance(found, str) else (found.title, found.paper, ", ".join(tables(each)))
            rows.append((each, *what))
        print_figure(Table("Recipes", ("name", "what", "paper", "tables"), tuple(rows)))
        return
    kind = registry.load(name)
    settings = describe(kind)
    if for_machines():
        tell(recipe=_described(name, kind), settings=kind.model_json_schema())
    lines = tuple((path, str(default), text) for path, _, default, text in settings)
    print_figure(Table(f"{kind.title} ({kind.paper})", ("setting", "default (paper)", "meaning"), lines))
    say(f"Ready tables for --config: {', '.join(tables(name))}")


def _described(name: str, found: type[Recipe] | str) -> dict[str, Any]:
    """A recipe in a line, or why it cannot be used."""
    if isinstance(found, str):
        return {"name": name, "problem": found}
    from core.config import tables

    return {"name": name, "title": found.title, "paper": found.paper, "tables": tables(name)}


def stop(names: RunsArgument, runs: RunsOption = RUNS) -> None:
    """Ask runs to stop after their step, with a checkpoint; take those that wait out of the queue."""
    _ask(names, runs, "stop")


def pause(names: RunsArgument, runs: RunsOption = RUNS) -> None:
    """Ask runs to wait after their step, keeping their memory; keep those that wait in the queue from starting."""
    _ask(names, runs, "pause")


def _ask(names: list[str], runs: Path, request: Request) -> None:
    from core.runs.submission import ask

    _each([look_at_run(runs, name) for name in names], lambda run: ask(run, request))


def _each(chosen: list[Run], action: Callable[[Run], str]) -> None:
    """Do something with each run, and say so; what one of them refuses keeps no other. Raises: the last refusal."""
    tell(run=chosen[0].name, runs=[run.name for run in chosen])
    refused: HalodeckError | None = None
    for run in chosen:
        try:
            say(action(run))
        except HalodeckError as error:
            if refused:
                say(f"halodeck: {refused}", error=True)
            refused = error
    if refused:
        raise refused


def delete(
    names: RunsArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    for_good: Annotated[bool, typer.Option("--for-good", help="Not into the trash: nothing brings it back.")] = False,
    runs: RunsOption = RUNS,
) -> None:
    """Delete runs and everything in their folders: into the trash, from where `undelete` brings them back."""
    chosen = [open_run(runs, name) for name in names]
    if not yes:
        if for_machines():
            raise UsageError("--json asks no questions", "give --yes")
        which = ", ".join(shown(str(run.path)) for run in chosen)
        typer.confirm(f"Delete {which} and everything in {'it' if len(chosen) == 1 else 'them'}?", abort=True)
    from core.runs.submission import delete as delete_run

    tell(path=str(chosen[0].path))
    _each(chosen, lambda run: delete_run(run, for_good))


def undelete(
    name: Annotated[
        str | None, typer.Argument(metavar="[RUN|FILE]", help="A run, or the path of a file that was deleted.")
    ] = None,
    runs: RunsOption = RUNS,
) -> None:
    """Bring back a deleted run, or a universe deleted in the workbench; without a name, say what is in the trash."""
    from core.trash import restore, thrown

    if name is None:
        inside = thrown(runs)
        tell(trash=[{"name": each.name, "deleted": each.when / 1e9} for each in inside])
        for each in inside:
            say(f"{each.name}  deleted {duration(time() - each.when / 1e9)} ago")
        say(f"{len(inside)} in the trash of {runs}; `halodeck clean --trash` empties it")
        return
    path = Path(name)
    folder, wanted = (path.parent, path.name) if path.parent != Path() else (runs, name)
    back = restore(folder, wanted)
    tell(path=str(back))
    say(f"{back} is back")


def note(
    names: RunsArgument,
    text: Annotated[str | None, typer.Option(help="Replace the text of the notes.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Add a tag; may be repeated.")] = None,
    untag: Annotated[list[str] | None, typer.Option(help="Take a tag away; may be repeated.")] = None,
    runs: RunsOption = RUNS,
) -> None:
    """Write notes and tags on runs, and show them."""
    told = []
    for run in [open_run(runs, name) for name in names]:
        notes = run.notes()
        if text is not None or tag or untag:
            kept = [each for each in notes.tags if each not in (untag or [])]
            run.write_notes(Notes(notes.text if text is None else text, (*kept, *(tag or []))))
            notes = run.notes()
        told.append({"run": run.name, "text": notes.text, "tags": list(notes.tags)})
        print_facts({"run": run.name, "notes": notes.text or "-", "tags": " ".join(notes.tags) or "-"})
    tell(**told[0], **({"runs": told} if len(told) > 1 else {}))


def predict(
    name: RunArgument,
    universe: Annotated[Path, typer.Argument(help="A universe, simulated or imported.")],
    submit: SubmitOption = None,
    nodes: NodesOption = 1,
    gpus: GpusOption = 0,
    ranks: RanksOption = 0,
    time: TimeOption = "",
    runs: RunsOption = RUNS,
) -> None:
    """Apply a trained run to a universe and report on it where the universe holds the truth.

    Several processes share the tiles of a large box; what is interrupted goes on where it was.
    """
    where = Where.chosen(submit, nodes, gpus, ranks, time, False)
    if where.begins_others():
        run = open_run(runs, name)
        where.start_command(run, ["predict", str(run.path.resolve()), str(universe.resolve())])
        return
    from core.learning.tiling import FirstGoesOn

    with parallel.joined(), suppress(FirstGoesOn):
        _predict(name, universe, runs)


def _predict(name: str, universe: Path, runs: Path) -> None:
    from core.cosmos.universe import open_universe
    from core.runs.job import has_seen, open_model
    from core.runs.reports import predict as predict_universe

    run = open_run(runs, name)
    model, target = open_model(run), open_universe(universe)
    with progress_bar(f"predict {target.name}") as progress:
        prediction = predict_universe(run, model, target, progress)
        made, facts = None, {"prediction": str(prediction.path)}
        if has_seen(run, target):
            facts["seen in training"] = "yes: what follows is no test"
        progress(0.0, "comparing with the truth")
        try:
            made = model.recipe.evaluate(model.learner, [(target, prediction)], progress)
        except (InputError, UsageError) as error:
            # a universe that lacks the truth can be predicted all the same
            facts["no report"] = str(error)
    tell(prediction=str(prediction.path), halos=dict(prediction.halos), seen=has_seen(run, target))
    print_facts(facts | {f"halos ({name})": str(count) for name, count in prediction.halos.items()})
    if made:
        print_report(made)


def report(
    name: RunArgument,
    again: Annotated[bool, typer.Option("--again", help="Predict and evaluate afresh.")] = False,
    universes: MovedOption = None,
    save: SaveOption = None,
    submit: SubmitOption = None,
    gpus: GpusOption = 0,
    time: TimeOption = "",
    runs: RunsOption = RUNS,
) -> None:
    """Show a run's numbers and figures beside the paper's."""
    from core.runs.reports import report_of

    run = open_run(runs, name) if again or submit is not None else look_at_run(runs, name)
    if submit is not None:
        moved = [word for folder in universes or () for word in ("--universes", str(folder.resolve()))]
        where = Where.chosen(submit, 1, gpus, 1, time, False)
        where.start_command(run, ["report", str(run.path.resolve()), "--again", *moved])
        return
    with progress_bar(f"report {run.name}") as progress:
        made = report_of(run, again, universes or (), progress)
    if save:
        save_report(made, save)
    print_report(made)


def told_of(entry: Entry) -> dict[str, Any]:
    """A run for machines."""
    where = {"name": entry.name, "path": str(entry.run.path)}
    if entry.problem:
        return {**where, "state": entry.state, "message": entry.problem}
    return {**where, **vars(entry.status), **vars(entry.notes)}


def watch(
    name: RunArgument = "latest",
    interval: Annotated[float, typer.Option(min=0.1, help="Seconds between looks.")] = 1.0,
    runs: RunsOption = RUNS,
) -> None:
    """Follow a run until it ends; Ctrl-C leaves it running."""
    run = look_at_run(runs, name)
    said = ""
    while True:
        status = run.status()
        loss = (status.values or {}).get("loss")
        line = f"{run.name}  {status.state}  step {status.step}/{status.steps}"
        line += f"  loss {loss:.4f}" if loss is not None else ""
        line += f"  {status.speed:.2f} steps/s, {duration(status.remaining)} to go" if status.remaining else ""
        line += f"  {status.message}" if status.message and status.message != "training" else ""
        if sys.stdout.isatty():
            say_again(line)
        elif line != said and not for_machines():
            say(line)
        said = line
        if not status.alive and status.state != "queued":
            break
        sleep(interval)
    if for_machines():
        tell(**told_of(read_entry(run.path)))
    print() if sys.stdout.isatty() else None
    from core.runs.reports import loss_curves

    curves = loss_curves(run)
    if curves.series:
        print_figure(curves)
    if status.state in ("failed", "lost"):
        raise HalodeckError(f"run {run.name} {status.state}", f"see {run.path / 'worker.log'}")


def duration(seconds: float | None) -> str | None:
    """Seconds for people."""
    if seconds is None:
        return None
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}m" if hours else f"{minutes}m{rest:02d}s"


_PREDICTED = {
    "prediction": "its path",
    "halos": "catalogue: number of halos",
    "seen": "whether the universe was seen in training: what follows is no test",
}
RUN_KEYS = {
    "name": "of the run",
    "path": "its folder",
    "state": "running, paused, queued, done, stopped, failed, lost, broken or not answering",
    "step": "steps done",
    "steps": "steps in all",
    "values": "what the last step measured: loss, learning_rate, seconds",
    "speed": "steps per second",
    "message": "the last word of its worker, or what is wrong",
    "host": "where it works",
    "pid": "its process",
    "updated": "when it last said so, seconds since 1970",
    "job": "of a scheduler, where there is one",
    "again": "whether it stopped only to make room",
    "text": "of its notes",
    "tags": "of its notes",
}
_NAMES = {"run": "its name", "runs": "those of all that were named"}
_UNDELETED = {"path": "what is back", "trash": "without a name, list: name, deleted (seconds since 1970)"}
COMMANDS = (
    Command(
        "recipes",
        recipes,
        10,
        answer={
            "recipes": "list: name, title, paper, tables; of one that cannot be used name, problem",
            "recipe": "of a recipe by name: name, title, paper, tables",
            "settings": "its settings as a JSON schema, with default and description",
        },
    ),
    Command("predict", predict, 12, answer=_PREDICTED | JOB | REPORT),
    Command("report", report, 13, answer=JOB | REPORT),
    Command("watch", watch, 15, answer=RUN_KEYS),
    Command("stop", stop, 16, answer=_NAMES),
    Command("pause", pause, 17, answer=_NAMES),
    Command("delete", delete, 19, answer=RUN | _NAMES),
    Command("undelete", undelete, 19, answer=_UNDELETED),
    Command("note", note, 20, answer=_NAMES | {"text": "of the notes", "tags": "list of words"}),
)
