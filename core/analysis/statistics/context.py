"""What a statistic that is asked for gets to measure, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from core.cosmos.box import Catalogue, Field
from core.cosmos.universe import Universe
from core.figures import Figure, Number


@dataclass(frozen=True)
class Context:
    """Universes by name, the one field of those that have it, and all their halo catalogues."""

    universes: dict[str, Universe]
    fields: dict[str, Field]
    catalogues: dict[str, Catalogue]


Measure: TypeAlias = Callable[[Context], tuple[dict[str, Figure], list[Number]]]
"""Figures by key, and numbers. Raises: UsageError, InputError where there is nothing to measure."""
