"""What a run is made of: its trained learner and its universes, each opened only where it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from core.cosmos.identity import identity
from core.cosmos.universe import Universe, open_universe
from core.device import choose_device
from core.errors import HalodeckError, InputError, RunError
from core.files import appearing
from core.learning.learner import Learner
from core.reading import open_regular
from core.runs.recipe import Recipe
from core.runs.registry import open_recipe
from core.runs.run import Run
from core.runs.weights_file import MODEL, read_weights
from core.typed import Measured, typed


@dataclass(frozen=True)
class Job:
    """All that training needs."""

    recipe: Recipe
    universes: list[Universe]
    device: torch.device


@dataclass(frozen=True)
class Model:
    """All that prediction needs: the recipe and what was learnt; the universes of the training may be gone."""

    recipe: Recipe
    learner: Learner
    device: torch.device


@dataclass(frozen=True)
class _Constants:
    constants: dict[str, Measured] = field(default_factory=dict)


def open_job(run: Run, folders: Sequence[Path] = ()) -> Job:
    """Recipe, universes and device of a run. Raises: ConfigError, InputError, ResourceError."""
    return Job(open_recipe(run), open_universes(run, folders), _device(run))


def open_model(run: Run, device: torch.device | None = None, finished: bool = False) -> Model:
    """The recipe of a run and its learner with the newest weights; no universe is opened.

    Raises: RunError when there are no weights yet or they are another recipe's; where they must be `finished`, because
    reports need what is measured once the weights are, also for those of a checkpoint.
    """
    path = weights_path(run)
    if finished and path.name == "checkpoint.pt":
        raise RunError(f"run {run.name} was not trained to its end", f"go on with `halodeck resume {run.name}`")
    recipe, device = open_recipe(run), device or _device(run)
    learner = recipe.learner(device)
    restore(learner.load_weights, path, run, device, "weights")
    return Model(recipe, learner, device)


def newest_weights(run: Run) -> Path | None:
    """The file of the newest weights: of a training that ended, of a network that came trained, or of a checkpoint."""
    paths = [run.path / name for name in ("model.pt", MODEL, "checkpoint.pt")]
    return next((path for path in paths if path.exists()), None)


def weights_path(run: Run) -> Path:
    """The same file. Raises: RunError when there is none yet."""
    if path := newest_weights(run):
        return path
    raise RunError(f"run {run.name} has no weights yet", f"go on with `halodeck resume {run.name}`")


def open_held_out(run: Run, recipe: Recipe, folders: Sequence[Path] = ()) -> list[Universe]:
    """The universes that training never saw; those it saw are opened only where the run does not say which they are."""
    held = run.config().get("held_out")
    if isinstance(held, list):
        return open_universes(run, folders, [int(number) for number in held])
    return recipe.held_out(open_universes(run, folders))


def open_universes(run: Run, folders: Sequence[Path] = (), which: Iterable[int] | None = None) -> list[Universe]:
    """The universes of a run, all or some by number, where they were or in these folders, told by their identity.

    Raises: InputError for one that is nowhere, or in whose place lies another.
    """
    config = run.config()
    paths, ids = [Path(path) for path in config["universes"]], config.get("universe_ids", [])
    numbers = list(range(len(paths)) if which is None else which)
    found = {number: _in_place(paths[number], _known(ids, number)) for number in numbers}
    for number in [number for number, universe in found.items() if universe is None]:
        found[number] = _in_folders(paths[number], _known(ids, number), folders)
    for number, universe in found.items():
        if universe is None:
            there = paths[number].exists()
            problem = "is another universe than that of the training" if there else "does not exist"
            where = f" and is not in {', '.join(map(str, folders))}" if folders else ""
            raise InputError(
                f"{paths[number]}, of run {run.name}, {problem}{where}", "say where it is: --universes FOLDER"
            )
    return [universe for universe in found.values() if universe is not None]


def has_seen(run: Run, universe: Universe) -> bool:
    """Whether a universe was among those that a run was trained or validated on."""
    config = run.config()
    paths, ids = [Path(path).resolve() for path in config["universes"]], config.get("universe_ids", [])
    here = identity(universe) if ids else ""
    numbers = [
        k for k, path in enumerate(paths) if (ids[k] == here if k < len(ids) else path == universe.path.resolve())
    ]
    held = config.get("held_out")
    if not isinstance(held, list):
        return bool(numbers) and universe.path not in [kept.path for kept in open_held_out(run, open_recipe(run))]
    return any(number not in held for number in numbers)


def read_constants(run: Run) -> dict[str, float]:
    """What a trained run has measured besides its weights. Raises: RunError when there are no weights yet."""
    path, weights = _ended(run)
    try:
        return dict(typed(_Constants, weights).constants)
    except ValueError as error:
        raise RunError(f"{path} cannot be read ({error})", "put the run's own file back") from error


def read_arrays(run: Run) -> dict[str, torch.Tensor]:
    """The small arrays that a trained run keeps beside its weights; none in runs of before there were any.

    Raises: RunError when there are no weights yet.
    """
    path, weights = _ended(run)
    arrays = weights.get("tensors", {})
    if not isinstance(arrays, dict) or not all(isinstance(array, torch.Tensor) for array in arrays.values()):
        raise RunError(f"{path} cannot be read", "put the run's own file back")
    return arrays


def _ended(run: Run) -> tuple[Path, dict[str, Any]]:
    """The weights of a training that ended, and their file. Raises: RunError when there are none yet."""
    path = weights_path(run)
    if path.name == "checkpoint.pt":
        raise RunError(f"run {run.name} is not trained yet", f"go on with `halodeck resume {run.name}`")
    return path, read_tensors(path, run, torch.device("cpu"), "weights")


def write_tensors(path: Path, run: Run, **parts: dict[str, Any]) -> None:
    """Write parts made of tensors and plain values, whole or not at all. Raises: ResourceError."""
    with appearing(path, run.path) as temporary, temporary.open("wb") as file:
        try:
            torch.save({"recipe": run.recipe, **parts}, file)
        except RuntimeError as error:
            # torch hides a full disk behind an error of its own
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise


def restore(load: Callable[[dict[str, Any]], None], path: Path, run: Run, device: torch.device, part: str) -> None:
    """Give one part of what `write_tensors` wrote to what takes it. Raises: RunError where it does not fit."""
    data = read_tensors(path, run, device, part)
    try:
        load(data)
    except HalodeckError:
        raise
    except Exception as error:  # a file of others may hold any names and shapes
        words = f"{type(error).__name__}: {error}".splitlines()[0]
        raise RunError(f"{path} does not fit run {run.name} ({words})", "put the run's own file back") from error


def read_tensors(path: Path, run: Run, device: torch.device, part: str) -> dict[str, Any]:
    """One part of what `write_tensors` wrote, or the weights of a network that came trained: tensors and plain values,
    never pickled classes. Raises: RunError."""
    import zipfile

    if path.name == MODEL:
        try:
            return read_weights(path)
        except InputError as error:
            raise RunError(error.problem, "put the run's own file back") from error
    try:
        with open_regular(path) as file:
            with zipfile.ZipFile(file) as archive:
                if any(item.compress_type != zipfile.ZIP_STORED for item in archive.infolist()):
                    raise zipfile.BadZipFile("it is packed, which torch never does")  # it could unpack to any size
                if archive.testzip():  # torch itself compares no checksums
                    raise zipfile.BadZipFile("checksum")
            file.seek(0)
            data = torch.load(file, map_location=device, weights_only=True)
    except Exception as error:  # the reader of pickles raises whatever the bytes lead it to
        raise RunError(f"{path} cannot be read", "delete it to start again from the beginning") from error
    if not isinstance(data, dict) or data.get("recipe") != run.recipe:
        other = data.get("recipe") if isinstance(data, dict) else "something else"
        raise RunError(f"{path} is of {other}, the run is {run.recipe}", "put the run's own file back or delete it")
    if not isinstance(data.get(part), dict):
        raise RunError(f"{path} holds no {part}", "put the run's own file back or delete it")
    return dict(data[part])


def _device(run: Run) -> torch.device:
    return choose_device(str(run.config()["device"]))


def _known(ids: Sequence[object], number: int) -> str:
    """The identity of a universe as the run remembers it; runs of earlier versions do not."""
    return str(ids[number]) if number < len(ids) else ""


def _in_place(path: Path, known: str) -> Universe | None:
    if not path.exists():
        return None
    universe = open_universe(path)
    return universe if not known or identity(universe) == known else None


def _in_folders(path: Path, known: str, folders: Sequence[Path]) -> Universe | None:
    """The universe among the files of some folders: by its identity, else, where that is unknown, by its name."""
    for folder in folders:
        for candidate in sorted(folder.glob("*.h5") if known else folder.glob(path.name)):
            try:
                universe = open_universe(candidate)
            except HalodeckError:
                continue  # another file of the folder, which is not asked for
            if not known or identity(universe) == known:
                return universe
    return None
