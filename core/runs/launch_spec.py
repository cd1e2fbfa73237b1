"""The LaunchSpec: a training run as it is asked for, on the command line or in a form."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from core.errors import InputError, UsageError
from core.files import files_below
from core.runs.run import Run, create_run, read_notes

if TYPE_CHECKING:
    from core.cosmos.universe import Universe
    from core.runs.recipe import Recipe

UNIVERSES = Path("universes")
RUNS = Path("runs")


def folder_of(kind: Literal["runs", "universes"]) -> Path:
    """Where runs or universes are unless something else is said: HALODECK_RUNS, HALODECK_UNIVERSES, else here."""
    return Path(os.environ.get(f"HALODECK_{kind.upper()}") or kind)


@dataclass(frozen=True)
class LaunchSpec:
    """A recipe, the universes to train it on (files or folders of them), its settings and the device."""

    recipe: str
    on: tuple[Path, ...] = (UNIVERSES,)
    config: str | None = None
    overrides: tuple[str, ...] = ()
    device: str = "auto"
    runs: Path = RUNS
    note: str = ""
    ranks: int = 1
    """Batches of a step: as many processes may share them."""

    def settings(self) -> Recipe:
        """The recipe with all its settings. Raises: ConfigError, InputError, UsageError."""
        from core.config import read_table, resolve
        from core.runs import registry

        table = read_table(self.recipe, self.config) if self.config else {}
        return resolve(registry.load(self.recipe), table, list(self.overrides))

    def check(self) -> tuple[Recipe, list[Universe]]:
        """The recipe and the universes it will train on. Raises: InputError when these do not fit each other."""
        from core.cosmos.universe import open_universe

        settings = self.settings()
        universes = [open_universe(path.resolve()) for path in universe_paths(self.on)]
        _refuse_twins(universes)
        settings.check(universes)
        if self.ranks > 1 and settings.product == "table":
            raise UsageError(f"{self.recipe} grows trees, which one process does", "leave --gpus or --ranks out")
        return settings, universes

    def create(self, command: str = "", sweep: str = "") -> Run:
        """Check everything that can be checked without training, then make the run folder; nothing is trained yet.

        `command` is what the run remembers as its origin, by default the equivalent command; `sweep` that of which it
        is a part.
        """
        from core.cosmos.identity import identity
        from core.device import choose_device

        settings, universes = self.check()
        choose_device(self.device)
        run = create_run(
            self.runs,
            self.recipe,
            settings.model_dump(mode="json"),
            command=command or shlex.join(self.command()),
            universes=[str(universe.path) for universe in universes],
            universe_ids=[identity(universe) for universe in universes],
            held_out=[universes.index(universe) for universe in settings.held_out(universes)],
            settings_version=settings.version,
            device=self.device,
            **({"ranks": self.ranks} if self.ranks > 1 else {}),
            **({"sweep": sweep} if sweep else {}),
        )
        if self.note:
            run.write_notes(read_notes(self.note))
        return run

    def command(self) -> list[str]:
        """The command that does the same; what is a default is left out."""
        words = ["halodeck", "train", self.recipe]
        words += [word for path in self.on if self.on != (UNIVERSES,) for word in ("--on", str(path))]
        words += ["--config", self.config] if self.config else []
        words += [word for override in self.overrides for word in ("--set", override)]
        words += ["--device", self.device] if self.device != "auto" else []
        words += ["--note", self.note] if self.note else []
        return words + (["--runs", str(self.runs)] if self.runs != RUNS else [])


def _refuse_twins(universes: list[Universe]) -> None:
    """Refuse a universe that is given twice, be it as a copy: it would be learnt and held out. Raises: InputError."""
    from core.cosmos.identity import identity

    known: dict[str, Universe] = {}
    for universe in universes:
        first = known.setdefault(identity(universe), universe)
        if first is not universe:
            raise InputError(f"{first.path} and {universe.path} are one universe", "give each universe once")


def universe_paths(on: list[Path] | tuple[Path, ...]) -> list[Path]:
    """Files as given; folders stand for the universes in them, by name, or else in the one folder below them.

    Raises: InputError where there are none, or several folders of them: what lies in one folder is of one kind.
    """
    paths: list[Path] = []
    for path in on:
        if path.is_dir():
            paths += _inside(path)
        elif path.exists():
            paths.append(path)
        else:
            raise InputError(f"{path} does not exist", "make universes with `halodeck simulate` or name others by --on")
    return paths


def _inside(folder: Path) -> list[Path]:
    if inside := sorted(folder.glob("*.h5")):
        return inside
    below = universe_folders(folder)
    if not below:
        raise InputError(f"{folder} holds no universes (*.h5)", "make some with `halodeck simulate`")
    if len(below) > 1:
        found = ", ".join(f"{path} ({len(inside)})" for path, inside in below.items())
        raise InputError(f"{folder} has folders of universes: {found}", f"name one: --on {next(iter(below))}")
    return list(*below.values())


def universe_folders(folder: Path) -> dict[Path, list[Path]]:
    """The folders from this one down that hold universes, each with its files."""
    below: dict[Path, list[Path]] = {}
    for path in files_below(folder, ".h5"):
        below.setdefault(path.parent, []).append(path)
    return dict(sorted(below.items()))


def shortest(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """The same files with a folder in place of all its universes, so that the command stays short."""
    folders = {path.parent for path in paths}
    if len(folders) == 1 and paths:
        [folder] = folders
        if sorted(paths) == sorted(folder.glob("*.h5")):
            return (folder,)
    return paths
