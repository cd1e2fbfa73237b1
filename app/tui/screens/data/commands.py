"""The commands that have a form: simulate and import, described by their own signatures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.cli.universes import import_, parse_columns, parse_numbers, parse_seeds, simulate
from core.cosmos.presets import PRESET_NAMES
from core.errors import UsageError
from core.forms import FormField, command_fields, problem_of

CHOICES = {
    "cosmology": PRESET_NAMES,
    "spectrum": ("eh98", "camb"),
    "truth": ("nbody", "peakpatch", "both"),
    "integrator": ("bullfrog", "fastpm"),
    "mesh_ratio": ("1", "1.5", "2", "3"),
    "length_unit": ("kpc/h", "Mpc/h", "kpc", "Mpc"),
}
"""What the engine takes where the command line says only text: to ask the engine would be to load it."""
_DEVICES = ("auto", "cpu", "cuda")
_PARSERS: dict[str, Callable[[str], object]] = {
    "seeds": parse_seeds,
    "outputs": lambda text: parse_numbers(text, "outputs"),
    "columns": parse_columns,
}
_MUST_EXIST = ("initial", "final", "halos", "like")
_MAY_BE_ZERO_OR_LESS = ("spectral_index", "redshift")


@dataclass(frozen=True)
class CommandForm:
    """A command, its fields, and what its groups are about."""

    name: str
    title: str
    fields: tuple[FormField, ...]
    groups: Mapping[str, str]
    folded: tuple[str, ...] = ()

    def problems(self, values: Mapping[str, str]) -> dict[str, str]:
        """What the values alone tell is wrong, by parameter."""
        found = {field.path: _problem(field, values.get(field.path, field.default)) for field in self.fields}
        return {path: words for path, words in found.items() if words}


def simulate_form() -> CommandForm:
    """`halodeck simulate`."""
    groups = {
        "universe": "What is simulated: 64 Mpc/h with 64^3 particles take seconds, 256^3 some minutes.",
        "evolution": "How it is evolved.",
        "output": "Where the universes go; those that exist with the same settings are kept.",
    }
    members = {
        "universe": "cells box cosmology like seeds fixed paired spectrum truth with_2lpt",
        "evolution": "steps mesh_ratio outputs minimum_particles integrator device",
        "output": "out force",
    }
    return CommandForm("simulate", "simulate universes", _fields(simulate, members), groups)


def import_form() -> CommandForm:
    """`halodeck import`."""
    groups = {
        "files": "Initial conditions, a later snapshot of the same particles, its halos, or a cube.",
        "cosmology": "Only what the file does not say.",
        "cube": "What a cube holds and where.",
        "evolution": "Of initial conditions without a later snapshot.",
        "output": "Where the universe goes.",
    }
    members = {
        "files": "initial final halos columns total_matter",
        "cosmology": "box_size omega_matter omega_baryon h cosmology sigma8 spectral_index redshift length_unit",
        "cube": "field dataset cells escape_fraction",
        "evolution": "steps mesh_ratio outputs minimum_particles device",
        "output": "out force",
    }
    return CommandForm("import", "import a snapshot or a cube", _fields(import_, members), groups, ("evolution",))


def _fields(command: Callable[..., Any], members: Mapping[str, str]) -> tuple[FormField, ...]:
    """The fields of a command, group by group."""
    group_of = {name: group for group, names in members.items() for name in names.split()}
    order = list(group_of)
    fields = []
    for field in command_fields(command):
        choices = _DEVICES if field.path == "device" else CHOICES.get(field.path, field.choices)
        if choices and not field.default:
            choices = ("", *choices)
        closed = "choice" if field.path in CHOICES else field.kind
        fields.append(replace(field, kind=closed, choices=choices, group=group_of.get(field.path, order[-1])))
    return tuple(sorted(fields, key=lambda field: order.index(field.path) if field.path in order else len(order)))


def _problem(field: FormField, text: str) -> str:
    if words := problem_of(field, text):
        return words
    if text and field.kind in ("int", "float") and field.path not in _MAY_BE_ZERO_OR_LESS and float(text) <= 0:
        return "must be above 0"
    if text and field.path in _MUST_EXIST and not Path(text).expanduser().exists():
        return f"{text} does not exist"
    try:
        if text and field.path in _PARSERS:
            _PARSERS[field.path](text)
    except UsageError as error:
        return error.remedy
    return ""
