"""All halos of a universe and, beside a prediction, of both sides: a row each, in any order."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from core.analysis.lens.matter import concentrations
from core.analysis.lens.surroundings import surroundings
from core.analysis.lens.verdicts import ERRORS, Verdicts, verdicts
from core.analysis.views.overlays import radii
from core.conditions import Value, conditions
from core.cosmos.box import Array, Catalogue, Frame, by_mass, nearest_image
from core.cosmos.universe import Universe
from core.errors import InputError, UsageError, did_you_mean
from core.figures import Table

Side = Literal["true", "predicted"]
Point = tuple[float, float, float]


@dataclass(frozen=True)
class HaloRow:
    """A halo: masses [Msun/h], lengths and places [Mpc/h]; NaN is unknown.

    `rank` counts by mass from 1 on its side; `radius` is R200m today, `patch` the Lagrangian radius, `environment` the
    linear overdensity in 8 Mpc/h around the protohalo. The verdict is empty without a prediction; `other` is the rank
    of the halo on the other side that it is about, 0 for none, `other_mass` its mass, `distance` that of the Lagrangian
    centres.
    """

    side: Side
    rank: int
    mass: float
    radius: float
    patch: float
    count: int
    concentration: float
    environment: float
    verdict: str
    other: int
    other_mass: float
    distance: float
    position: Point | None
    lagrangian_position: Point | None

    def place(self, frame: Frame) -> Point | None:
        """Where it is in a frame."""
        return self.lagrangian_position if frame == "lagrangian" else self.position

    @property
    def is_error(self) -> bool:
        return self.verdict in ERRORS

    @property
    def words(self) -> str:
        """ "halo 2, 2.48e+14 Msun/h: merged into predicted halo 2"."""
        side = "" if self.side == "true" else "predicted "
        about = {"merged": f" into predicted halo {self.other}", "split": f" from halo {self.other}"}
        verdict = f": {self.verdict}{about.get(self.verdict, '')}" if self.verdict else ""
        return f"{side}halo {self.rank}, {self.mass:.3g} Msun/h{verdict}"

    def as_json(self) -> dict[str, Any]:
        """Plain data; what is unknown becomes null."""
        data = asdict(self)
        return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in data.items()}


def from_json(data: dict[str, Any]) -> HaloRow:
    """The row that `as_json` gave."""
    unknown = {name: float("nan") for name, value in data.items() if value is None and name not in _PLACES}
    places = {name: tuple(data[name]) for name in _PLACES if data[name] is not None}
    return HaloRow(**{**data, **unknown, **places})


_PLACES = ("position", "lagrangian_position")

COLUMNS: dict[str, tuple[str, Callable[[HaloRow], Any]]] = {
    "mass": ("M [Msun/h]", lambda row: row.mass),
    "radius": ("R200m", lambda row: row.radius),
    "count": ("particles", lambda row: row.count),
    "concentration": ("c", lambda row: row.concentration),
    "verdict": ("verdict", lambda row: row.verdict),
    "environment": ("delta_8", lambda row: row.environment),
    "patch": ("R_L", lambda row: row.patch),
    "distance": ("off", lambda row: row.distance),
    "other_mass": ("M other", lambda row: row.other_mass),
}
"""What a table can be ordered by: its title and its value."""


def halo_rows(
    universe: Universe,
    halos: Catalogue,
    predicted: Catalogue | None = None,
    said: Verdicts | None = None,
    least: float = 0.0,
    held: bool = True,
) -> tuple[HaloRow, ...]:
    """The halos of at least a mass [Msun/h], the most massive first: the true ones, and predicted ones that are wrong.

    Their concentrations are not measured unless `held`. Raises: InputError for catalogues without Lagrangian centres
    beside a prediction.
    """
    if predicted is not None and said is None:
        for side in (halos, predicted):
            if not {"lagrangian_position", "lagrangian_radius"} <= set(side.columns):
                raise InputError(f"halos of {universe.name} have no Lagrangian centres", "choose another catalogue")
        said = verdicts(halos, predicted)
    rows = _side(universe, halos, "true", predicted, said, held)
    if predicted is not None and said is not None:
        rows += [row for row in _side(universe, predicted, "predicted", halos, said, False) if row.is_error]
    return ordered([row for row in rows if row.mass >= least], "mass", True)


def ordered(rows: Sequence[HaloRow], by: str, falling: bool = False) -> tuple[HaloRow, ...]:
    """Rows by a column, what is unknown last, equal ones by mass. Raises: UsageError for an unknown column."""
    if by not in COLUMNS:
        raise UsageError(f"no column {by!r}", did_you_mean(by, COLUMNS))
    value = COLUMNS[by][1]
    by_size = sorted(rows, key=lambda row: -row.mass)
    known = [row for row in by_size if not _unknown(value(row))]
    return (*sorted(known, key=value, reverse=falling), *(row for row in by_size if _unknown(value(row))))


def matching(rows: Sequence[HaloRow], line: str) -> tuple[HaloRow, ...]:
    """The rows that have all the words of a line, e.g. "missed", and meet its conditions, e.g. "mass>1e14"."""
    wanted, words = conditions(line)
    return tuple(
        row
        for row in rows
        if all(word in f"halo {row.rank} {row.side} {row.verdict}" for word in words)
        and all(each.holds(_said(row, each.name)) for each in wanted)
    )


def errors_by_mass(rows: Sequence[HaloRow]) -> tuple[HaloRow, ...]:
    """The rows that are wrong, the most massive first."""
    return ordered([row for row in rows if row.is_error], "mass", True)


def halo_table(title: str, rows: Sequence[HaloRow]) -> Table:
    """Rows as a table to be printed; columns of which nothing is known are left out."""
    shown = [name for name in COLUMNS if any(not _unknown(COLUMNS[name][1](row)) for row in rows)] or ["mass"]
    names = ("halo", *(COLUMNS[name][0] for name in shown))
    cells = tuple(
        (("" if row.side == "true" else "predicted ") + str(row.rank), *(_cell(COLUMNS[n][1](row)) for n in shown))
        for row in rows
    )
    note = "lengths in Mpc/h; R200m today, R_L of the protohalo; delta_8: linear overdensity in 8 Mpc/h around it"
    return Table(title, names, cells, note)


def _side(
    universe: Universe, halos: Catalogue, side: Side, others: Catalogue | None, said: Verdicts | None, held: bool
) -> list[HaloRow]:
    order = by_mass(halos)
    ranks = np.argsort(order) + 1
    other_ranks = np.argsort(by_mass(others)) + 1 if others is not None else np.zeros(0, dtype=np.int64)
    size = radii(halos, universe, "eulerian")
    patch = radii(halos, universe, "lagrangian")
    at = {name: _places(halos, name) for name in ("position", "lagrangian_position")}
    around = at["lagrangian_position"]
    dense = surroundings(universe, around) if around is not None else np.full(len(halos), np.nan)
    c = concentrations(universe, halos, np.arange(len(halos))) if held else np.full(len(halos), np.nan)
    rows = []
    for k in order.tolist():
        verdict, other, mass, away = "", -1, float("nan"), float("nan")
        if said is not None and others is not None:
            words, pairs = (said.true, said.true_with) if side == "true" else (said.predicted, said.predicted_with)
            verdict, other = words[k], int(pairs[k])
        if other >= 0 and others is not None:
            mass = float(others["mass"][other])
            there = np.asarray(others["lagrangian_position"][other], dtype=np.float64)
            if around is not None:
                away = float(np.linalg.norm(nearest_image(around[k] - there, universe.box_size)))
        rank = int(other_ranks[other]) if other >= 0 else 0
        rows.append(
            HaloRow(
                side, int(ranks[k]), float(halos["mass"][k]), float(size[k]), float(patch[k]),
                int(halos["count"][k]) if "count" in halos else 0, float(c[k]), float(dense[k]), verdict,
                rank, mass, away, _point(at["position"], k), _point(around, k),
            )
        )  # fmt: skip
    return rows


def _places(halos: Catalogue, name: str) -> Array | None:
    return np.asarray(halos[name], dtype=np.float64) if name in halos else None


def _point(places: Array | None, row: int) -> Point | None:
    if places is None:
        return None
    x, y, z = (float(place) for place in places[row])
    return x, y, z


def _unknown(value: Any) -> bool:
    return value in ("", 0) or (isinstance(value, float) and not math.isfinite(value))


def _said(row: HaloRow, name: str) -> Value:
    """What a row has under the name of a column; nothing where there is no such one."""
    value = row.rank if name == "halo" else COLUMNS[name][1](row) if name in COLUMNS else None
    return None if value is None or _unknown(value) else value if isinstance(value, str) else float(value)


def _cell(value: Any) -> str | float | None:
    return None if _unknown(value) else value
