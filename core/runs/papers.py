"""The seed papers, each a file of configs/reproduce: what repeats it at which size, and its figures by their number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.config import CONFIGS
from core.errors import InputError, UsageError, did_you_mean
from core.figures import Figure, Report
from core.reading import read_toml
from core.typed import typed

FOLDER = CONFIGS / "reproduce"


@dataclass(frozen=True)
class Paper:
    """A paper at one size."""

    title: str
    figures: dict[str, str]
    """Where a figure of a report is in the paper, by its name in the report."""
    networks: tuple[str, ...] = ()
    """Networks that come along and are judged on what they have never seen."""
    train: dict[str, str] = field(default_factory=dict)
    """What is trained: tables of recipes, by recipe."""
    universes: dict[str, Any] = field(default_factory=dict)
    """The universes of that training: `make` is simulate or infall, the rest as the options of that command."""

    def told(self, reports: Mapping[str, Report]) -> Report:
        """All that was found, the figures of the paper first and by its numbers."""
        figures: dict[str, Figure] = {}
        for part, report in reports.items():
            many = len(reports) > 1
            order = sorted(
                report.figures, key=lambda name: (name not in self.figures, list(report.figures).index(name))
            )
            for name in order:
                figure = report.figures[name]
                where = f"{self.figures[name]}: " if name in self.figures else ""
                title = f"{where}{figure.title}" + (f" ({part})" if many else "")
                figures[f"{part}-{name}" if many else name] = replace(figure, title=title)
        notes = tuple(dict.fromkeys(note for report in reports.values() for note in report.notes))
        facts = {key: value for report in reports.values() for key, value in report.facts.items()}
        facts |= {"run": ", ".join(report.facts.get("run", "") for report in reports.values())}
        return Report(self.title, (), figures, notes, facts)


def papers() -> list[str]:
    """Their names."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read_paper(name: str, size: str) -> Paper:
    """A paper at a size. Raises: UsageError with a suggestion, InputError for a file that is damaged."""
    if name not in papers():
        raise UsageError(f"there is no paper {name!r}", did_you_mean(name, papers()))
    path = FOLDER / f"{name}.toml"
    data = read_toml(path)
    sizes = [key for key, value in data.items() if isinstance(value, dict) and key != "figures"]
    if size not in sizes:
        raise UsageError(f"{name} has no table [{size}]", did_you_mean(size, sizes))
    try:
        return typed(Paper, {**data[size], "title": data.get("title"), "figures": data.get("figures")})
    except ValueError as error:
        raise InputError(f"{path} is not understood ({error})", "install halodeck again") from error


def settings_of_universes(told: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The settings of the universes of a training, by name. Raises: InputError."""
    from core.cosmos.cosmology import preset
    from core.cosmos.infall.model import Infalls
    from core.cosmos.simulate import Simulation

    words = dict(told)
    make, seeds = words.pop("make", ""), _seeds(str(words.pop("seeds", "1")))
    if make == "simulate":
        words["cosmology"] = preset(str(words.get("cosmology", "planck2018")))
        words["box_size"] = words.pop("box", None)
        every = [Simulation(**words, seed=seed) for seed in seeds]
        return {each.name: each.settings() for each in every}
    if make == "infall":
        return {f"infall-s{seed}": Infalls(**words, seed=seed).settings() for seed in seeds}
    raise InputError(f"universes cannot be made by {make!r}", "write simulate or infall")


def paper_path(name: str) -> Path:
    """Its file."""
    return FOLDER / f"{name}.toml"


def _seeds(text: str) -> list[int]:
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))
