"""Universes made again from what their files say of their making: the settings and the seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cosmos.universe import Universe
from core.errors import InputError
from core.files import file_name
from core.progress import Progress, part, silent
from core.typed import typed

if TYPE_CHECKING:
    from core.cosmos.infall.model import Infalls
    from core.cosmos.reionization.ionize import Ionization
    from core.cosmos.simulate import Simulation

    Making = Simulation | Ionization | Infalls


def settings_of(universe: Universe) -> dict[str, Any] | None:
    """The settings that make a universe again; None for one that was imported or emulated."""
    made = universe.provenance
    settings = made.get("settings")
    if made.get("sources") or not isinstance(settings, dict):
        return None
    try:
        _making(settings)
    except InputError:
        return None
    return settings


def make_again(
    folder: Path,
    wanted: Mapping[str, Mapping[str, Any]],
    provenance: Mapping[str, Any],
    progress: Progress = silent,
) -> Iterator[Universe]:
    """Make universes, each whole or not at all, `folder`/<name>.h5, from their settings by name.

    Raises: InputError for settings of nothing that can be made, UsageError for impossible ones, ResourceError.
    """
    from core.cosmos.infall.model import Infalls, make_table
    from core.cosmos.reionization.ionize import Ionization, ionize
    from core.cosmos.simulate import Simulation, simulate

    makings = {name: _making(settings) for name, settings in wanted.items()}
    paths = {
        # those in reionization are named by their settings
        name: folder / f"{making.name if isinstance(making, Ionization) else file_name(name)}.h5"
        for name, making in makings.items()
    }
    for name, making in makings.items():
        making.check()
        if paths[name].exists():
            raise InputError(f"{paths[name]} is another universe", "choose another folder: --out")
    bubbles = [making for making in makings.values() if isinstance(making, Ionization)]
    for number, (name, making) in enumerate(makings.items()):
        path = paths[name]
        stage = part(progress, number / len(makings), (number + 1) / len(makings), f"{path.stem}: ")
        if isinstance(making, Simulation):
            yield simulate(path, making, provenance, stage)
        elif isinstance(making, Infalls):
            yield make_table(path, making, provenance)
    # those of one seed share their displacements
    yield from ionize(folder, bubbles, provenance, progress)


def _making(settings: Mapping[str, Any]) -> Making:
    """What has these settings. Raises: InputError where nothing has them, be it only in another version."""
    from core.cosmos.infall.model import Infalls
    from core.cosmos.reionization.ionize import Ionization
    from core.cosmos.simulate import Simulation

    try:
        made: Making
        if "escape_fraction" in settings:
            made = typed(Ionization, {**settings, "sources": dict(settings)})
        elif "count" in settings:
            made = typed(Infalls, dict(settings))
        else:
            made = typed(Simulation, {**settings, "evolution": dict(settings)})
    except ValueError as error:
        raise InputError(f"its settings make no universe ({error})", "bring the file itself along") from error
    if made.settings() != settings:
        raise InputError("its settings are those of another version of halodeck", "bring the file itself along")
    return _as_told(made, settings)


def _as_told(made: Any, settings: Mapping[str, Any]) -> Any:
    """The same with its numbers as they were given: the identity of a universe tells 2 from 2.0."""
    changes: dict[str, Any] = {}
    for item in fields(made):
        value, told = getattr(made, item.name), settings.get(item.name)
        if is_dataclass(value):
            changes[item.name] = _as_told(value, told if isinstance(told, dict) else settings)
        elif told is not None and not isinstance(told, dict):
            changes[item.name] = tuple(told) if isinstance(value, tuple) else told
    return replace(made, **changes)
