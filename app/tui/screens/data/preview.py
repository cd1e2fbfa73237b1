"""What a path is: its kind and facts, and a slice where it is a universe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import HalodeckError
from core.patience import within

if TYPE_CHECKING:
    from core.figures import Figure, Scale

_FIRST_FIELDS = ("density", "probability", "delta_linear")
"""Fields that a preview shows rather than others."""
NOT_YET = "not there yet"


@dataclass(frozen=True, eq=False)
class Preview:
    """What was found out about a path, and a slice of a universe, or the campaigns of a folder of them."""

    path: Path
    kind: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    field: str = ""
    figure: Figure | None = None
    problem: str = ""

    @property
    def is_universe(self) -> bool:
        return self.kind in ("universe", "prediction")


def preview_of(path: Path, wanted: str = "", unwanted: Callable[[], bool] = lambda: False) -> Preview:
    """Find out what a path is; the wanted field, else the most telling one, becomes a slice.

    Never raises; what becomes unwanted meanwhile is given up, and has no kind then.
    """
    from app.background.describing import describer

    if not path.suffix and within(path.exists) is False:
        return Preview(path, facts={"folder": NOT_YET})
    try:
        described = describer().describe(path, unwanted)
    except HalodeckError as error:
        return Preview(path, problem=str(error))
    if described.kind == "empty":
        return Preview(path, "empty", problem="there is nothing in this file: copy or make it again")
    if described.kind not in ("universe", "prediction"):
        facts = {name: text for name, text in described.facts.items() if name != "names"}
        figure, problem = _campaigns(path) if described.kind == "directory" else (None, "")
        return Preview(path, described.kind, facts, figure=figure, problem=problem)
    from core.analysis.views.view import slice_figure
    from core.cosmos.universe import open_universe

    try:
        universe = open_universe(path)
        names = tuple(universe.fields)
        if not names:
            return Preview(path, described.kind, described.facts)
        chosen = next((name for name in (wanted, *_FIRST_FIELDS) if name in names), names[0])
        scale: Scale | None = "log" if chosen == "density" else None
        # across x a plane is contiguous in the file: 1 MB of a cube of 512^3, where across z it is all of it
        figure = slice_figure(universe.field(chosen), "x", scale=scale)
    except (HalodeckError, OSError, ValueError, IndexError) as error:
        return Preview(path, described.kind, described.facts, problem=str(error))
    return Preview(path, described.kind, described.facts, names, chosen, figure)


def _campaigns(folder: Path) -> tuple[Figure | None, str]:
    """How far the job arrays are that make the universes of a folder, or what is wrong with their records."""
    from core.cluster.array import FOLDER, campaigns, overview

    try:
        has_any = (folder / FOLDER).is_dir() and bool(campaigns(folder))
        return (overview(folder) if has_any else None), ""
    except (HalodeckError, OSError) as error:
        return None, str(error)
