"""The predictions in a run's folder: each belongs to one universe, by its identity and not by its name."""

from __future__ import annotations

import glob
from pathlib import Path

from core.cosmos.identity import identity, is_of
from core.cosmos.universe import Universe, open_universe
from core.errors import HalodeckError
from core.files import file_name
from core.runs.run import Run


def predictions(runs: Path, universe: Universe) -> list[Path]:
    """What the runs in a folder have predicted for a universe."""
    return [path for path in sorted(runs.glob(f"*/predictions/{_pattern(universe)}")) if _belongs(path, universe)]


def kept(run: Run, universe: Universe) -> Path | None:
    """The prediction of a run for a universe, if there is one."""
    return next((p for p in sorted(_folder(run).glob(_pattern(universe))) if _belongs(p, universe)), None)


def path_for(run: Run, universe: Universe) -> Path:
    """Where a prediction goes: beside that of another universe of the same name, never in its place."""
    if found := kept(run, universe):
        return found
    name = file_name(universe.name)
    path = _folder(run) / f"{name}.h5"
    return path.with_name(f"{name}-{identity(universe)[:8]}.h5") if path.exists() else path


def _folder(run: Run) -> Path:
    return run.path / "predictions"


def _pattern(universe: Universe) -> str:
    return f"{glob.escape(file_name(universe.name))}*.h5"


def _belongs(path: Path, universe: Universe) -> bool:
    try:
        return is_of(open_universe(path), universe)
    except HalodeckError:
        return False  # a broken file is told where it is chosen
