"""Where a run fails: by mass, by environment, by scale, and the places of its errors, the gravest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from core.analysis.lens.bins import Bin, Place, Point, What
from core.analysis.lens.failures import WORST, of_density, of_halos
from core.cosmos.universe import Universe, open_universe
from core.errors import InputError
from core.figures import Curves, Figure, Number, Report, Series, Table
from core.progress import Progress, silent
from core.runs.predictions import kept
from core.runs.run import Run


@dataclass(frozen=True)
class Residuals:
    """All of it: bins of each kind in order, places the gravest first."""

    name: str
    pairs: tuple[tuple[Path, Path], ...]
    bins: tuple[Bin, ...]
    places: tuple[Place, ...]
    of: Literal["halos", "density"]

    def of_kind(self, what: What) -> tuple[Bin, ...]:
        return tuple(one for one in self.bins if one.what == what)

    def in_bin(self, one: Bin) -> tuple[Place, ...]:
        """The places of a bin's failures; all for a scale, which is nowhere."""
        if one.what == "scale":
            return self.places
        return tuple(place for place in self.places if (one.what, one.number) in place.bins)

    def as_json(self) -> dict[str, Any]:
        return {
            "run": self.name,
            "of": self.of,
            "universes": [[str(path) for path in pair] for pair in self.pairs],
            "bins": [one.as_json() for one in self.bins],
            "errors": [place.as_json() for place in self.places],
        }


def from_json(data: dict[str, Any]) -> Residuals:
    """What `as_json` gave."""
    places = []
    for item in data["errors"]:
        x, y, z = item["at"]
        bins = tuple((what, number) for what, number in item["bins"])
        paths = Path(item["universe"]), Path(item["prediction"])
        places.append(Place(*paths, item["words"], item["size"], (x, y, z), bins))
    pairs = tuple((Path(one), Path(other)) for one, other in data["universes"])
    return Residuals(data["run"], pairs, tuple(Bin(**item) for item in data["bins"]), tuple(places), data["of"])


def predicted_pairs(run: Run, folders: Sequence[Path] = ()) -> list[tuple[Universe, Universe]]:
    """The universes that training never saw, each before what the run has predicted of it.

    Universes that have moved are looked for in `folders`. Raises: InputError for a run without any.
    """
    from core.runs.job import open_held_out
    from core.runs.registry import open_recipe

    held = open_held_out(run, open_recipe(run), folders)
    pairs = [(universe, open_universe(path)) for universe in held if (path := kept(run, universe))]
    if not pairs:
        raise InputError(
            f"{run.name} has no prediction of a universe that it never saw", f"`halodeck report {run.name} --again`"
        )
    return pairs


def residuals(name: str, pairs: Sequence[tuple[Universe, Universe]], progress: Progress = silent) -> Residuals:
    """Where predictions fail, over all pairs of a universe and what was predicted of it.

    Raises: InputError for predictions that hold neither halos nor a density.
    """
    paths = tuple((universe.path, made.path) for universe, made in pairs)
    if all(made.halos and universe.halos for universe, made in pairs):
        bins, places = of_halos(pairs, progress)
        kind: Literal["halos", "density"] = "halos"
    elif all("density" in made.fields and "density" in universe.fields for universe, made in pairs):
        bins, places = of_density(pairs, progress)
        kind = "density"
    else:
        raise InputError(f"{name} predicts neither halos nor a density", "look at its report: `halodeck report`")
    progress(1.0, "residuals")
    return Residuals(name, paths, tuple(bins), tuple(places[:WORST]), kind)


def residuals_report(found: Residuals) -> Report:
    """The residuals as numbers, curves and a table of the gravest errors."""
    label = {
        "mass": ("M [Msun/h]", "share of true halos not matched"),
        "environment": ("linear overdensity in 8 Mpc/h", "share of true halos not matched"),
        "density": ("1 + overdensity", "scatter of log10 predicted / true"),
        "scale": ("k [h/Mpc]", "1 - r(k)"),
    }
    figures: dict[str, Figure] = {}
    for what, (x_label, y_label) in label.items():
        bins = found.of_kind(what)  # type: ignore[arg-type]
        if not bins:
            continue
        log = what != "environment"
        x = np.array([np.sqrt(one.low * one.high) if log else (one.low + one.high) / 2 for one in bins])
        y = np.array([one.failing for one in bins])
        share = what in ("mass", "environment")
        error = np.sqrt(np.clip(y * (1 - y), 0, None) / np.maximum([one.count for one in bins], 1)) if share else None
        band = (np.clip(y - error, 0, 1), np.clip(y + error, 0, 1)) if error is not None else (None, None)
        limits = (0.0, 1.0) if share else None
        figures[what] = Curves(
            f"Where {found.name} fails, by {what}", (Series(found.name, x, y, *band),), x_label, y_label, log,
            y_limits=limits,
        )  # fmt: skip
    rows = tuple((number + 1, p.universe.stem, p.words, _at(p.at)) for number, p in enumerate(found.places[:20]))
    figures["errors"] = Table("The gravest errors", ("", "universe", "what", "at [Mpc/h]"), rows)
    numbers = [Number(f"{b.what}_{b.number}", b.words, b.failing) for b in found.bins if b.what != "scale"]
    facts = {"run": found.name, "universes": ", ".join(path.stem for path, _ in found.pairs)}
    return Report(f"Where {found.name} fails", tuple(numbers), figures, (), facts)


def _at(place: Point) -> str:
    return ", ".join(f"{coordinate:.3g}" for coordinate in place)
