"""What a universe says of its making: files read, what was taken from them, what was repaired, what it lacks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.cosmos.formats.reader import Facts

_DIGITS = 12
"""Of a checksum that are shown."""


def made_of(provenance: Mapping[str, Any]) -> Facts:
    """The facts of a provenance in the order to be read, "" for none; foreign or older ones may lack any of them."""
    facts: Facts = {}
    _add_sources(facts, "source", provenance.get("sources"))
    for name, key in (("particles", "particles"), ("density", "density"), ("linear field", "linear_field")):
        _add(facts, name, provenance.get(key))
    if isinstance(lattice := provenance.get("lattice"), dict):
        offset, rms = (_numbers(lattice.get(key)) for key in ("offset [Mpc/h]", "rms displacement [Mpc/h]"))
        redshift = provenance.get("initial_redshift")
        facts["lattice"] = (
            f"{lattice.get('order', '')}; ids {lattice.get('ids', '')}; offset {offset} Mpc/h; "
            f"rms displacement {rms} Mpc/h at z = {f'{redshift:g}' if isinstance(redshift, int | float) else '?'}"
        )
    if isinstance(halos := provenance.get("halos"), dict):
        _add_sources(facts, "halos from", halos.get("sources"))
        _add(facts, "halos defined", halos.get("definition"))
        _add(facts, "labels", halos.get("labels"))
        _add(facts, "halos repaired", halos.get("repairs"))
    if isinstance(given := provenance.get("given"), dict) and given:
        facts["given by option"] = ", ".join(f"{name} {value}" for name, value in given.items())
    _add(facts, "repaired", provenance.get("repairs"))
    _add(facts, "lacks", provenance.get("lacks"))
    return facts


def _add_sources(facts: Facts, name: str, sources: Any) -> None:
    found = [item for item in sources if isinstance(item, dict)] if isinstance(sources, list) else []
    for number, item in enumerate(found, 1):
        words = [Path(str(item.get("path", ""))).name]
        words += [str(item[key]) for key in ("format", "units") if item.get(key)]
        words += [f"sha256 {str(item['sha256'])[:_DIGITS]}"] if item.get("sha256") else []
        facts[f"{name} {number}" if len(found) > 1 else name] = ", ".join(words)


def _numbers(values: Any) -> str:
    return ", ".join(f"{x:.4g}" for x in values if isinstance(x, int | float)) if isinstance(values, list) else "?"


def _add(facts: Facts, name: str, value: Any) -> None:
    words = "; ".join(map(str, value)) if isinstance(value, list) else str(value or "")
    if words:
        facts[name] = words
