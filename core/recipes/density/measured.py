"""What is measured on held-out densities, for the report and its figures."""

from __future__ import annotations

from dataclasses import dataclass

from core.cosmos.box import Array
from core.cosmos.measures.bispectrum import Bispectrum
from core.cosmos.measures.spectra import Spectra
from core.cosmos.measures.voids import VoidProbability
from core.cosmos.universe import Universe


@dataclass(frozen=True)
class JudgedBox:
    """A held-out universe: densities in units of the mean and what was measured on them, by way."""

    universe: Universe
    prediction: Universe
    density: dict[str, Array]
    spectra: dict[str, Spectra]
    """Of each way with the truth."""
    bispectra: dict[str, Bispectrum]
    voids: dict[str, VoidProbability]


@dataclass(frozen=True)
class Measured:
    """Spectra of one way over all boxes: T(k) of the mean power, mean r(k), and their standard errors."""

    k: Array
    power: Array
    power_error: Array
    transfer: Array
    transfer_error: Array
    correlation: Array
    correlation_error: Array
