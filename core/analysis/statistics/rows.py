"""The statistics that are measured on request: one row each, known to command line and workbench at no cost.

A new one is a function of a `Context` (core/analysis/statistics/context.py), and its row here.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.analysis.statistics.context import Measure


@dataclass(frozen=True)
class Statistic:
    """A statistic and how it is asked for."""

    name: str
    """Its option is --name."""
    help: str
    home: str
    """Where its function is, as "module:function"; imported when it is wanted."""

    def load(self) -> Measure:
        """The function that measures it."""
        module, name = self.home.split(":")
        found: Measure = getattr(import_module(module), name)
        return found


STATISTICS = (
    Statistic("bispectrum", "the reduced bispectrum", "core.analysis.statistics.on_request:of_triangles"),
    Statistic("voids", "the void probability of the halos", "core.analysis.statistics.on_request:of_voids"),
    Statistic(
        "first-crossing",
        "first-crossing masses (EPS, Sheth-Tormen) against true ones",
        "core.analysis.statistics.crossing:of_crossings",
    ),
)
