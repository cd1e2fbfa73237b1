"""Trained networks that come with halodeck, crates in models/trained: halonet@cpu is of the table [cpu] of halonet.

Where a run is taken they are too. What only reads takes a network where it lies; what writes predictions or reports
takes a copy, which is laid out in the folder of runs when it is first asked for.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import RunError, did_you_mean
from core.files import explain
from core.runs.crate import verify
from core.runs.run import Run
from core.runs.weights_file import MODEL

if TYPE_CHECKING:
    from core.figures import Table

FOLDER = Path(__file__).parents[2] / "models" / "trained"
MARK = "@"


def shipped() -> dict[str, Run]:
    """The networks that come along, by name."""
    return {path.name: Run(path) for path in sorted(FOLDER.glob(f"*{MARK}*")) if path.is_dir()}


def in_place(name: str) -> Run:
    """One of them where it lies, to be read only. Raises: RunError with a suggestion, InputError for a damaged one."""
    known = shipped()
    if name not in known:
        raise RunError(f"no network {name!r} comes with halodeck", did_you_mean(name, known))
    verify(known[name].path)
    return known[name]


def laid_out(root: Path, name: str, anew: bool = False) -> Run:
    """The copy of one of them in a folder of runs, `anew` as it came. Raises: as `in_place`; ResourceError."""
    target, source = root / name, in_place(name)
    temporary = root / f".{name}.laying"
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.copytree(source.path, temporary, dirs_exist_ok=True)
        if anew:
            # what people wrote and what was predicted stays
            shutil.copytree(temporary, target, dirs_exist_ok=True)
        else:
            temporary.rename(target)
    except OSError as error:
        if not target.exists():  # else another process was first
            raise explain(error, target) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return Run(target)


def networks_table() -> Table:
    """What there is of them."""
    from core.figures import Table
    from core.runs.fits import learnt
    from core.runs.registry import load

    rows = []
    for name, run in shipped().items():
        known, size = learnt(run.config()), (run.path / MODEL).stat().st_size
        rows.append((name, load(run.recipe).title, known.shortly() if known else None, f"{size / 1e6:.1f} MB"))
    return Table("Trained networks", ("name", "what", "takes", "size"), tuple(rows))


def is_shipped(name: str) -> bool:
    """Whether a name is that of a network that comes along, be it misspelt."""
    return MARK in name and "/" not in name
