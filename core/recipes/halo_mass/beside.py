"""What stands beside the numbers of a network on all particles: trees as the baseline, another run of the truth above.

Both are judged as the network is, as if they had told the masses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.cosmos.box import Array, Catalogue
from core.cosmos.universe import Universe
from core.figures import Number, Report
from core.progress import silent
from core.protohalos.truth import TrueHalos
from core.recipes.halo_mass.information import jittered
from core.recipes.halo_mass.judged import JITTER, JudgedParticles, Sharing, judge
from core.recipes.halo_mass.numbers import EPS_BASELINE
from core.recipes.halo_mass.scores import correlation, half_range, median
from core.recipes.halo_mass.settings import MassRange
from core.recipes.halo_mass.without_network import COLUMN


@dataclass(frozen=True)
class Beside:
    """Judged particles, and log10 of the masses [Msun/h] (N,) that trees tell, and another run, -inf for no halo."""

    judged: JudgedParticles
    trees: Array | None
    again: Array | None


def gather(
    halos_of: Callable[[Universe], Catalogue],
    pairs: Sequence[tuple[Universe, Universe]],
    again: Sequence[TrueHalos] | None,
) -> Beside:
    """From pairs of (truth, prediction), and the halos of another run of each truth, if there is one."""
    found = [prediction.catalogue("particles") for _, prediction in pairs]
    # the order in which particles are judged
    orders = [np.argsort(some["id"]) for some in found]
    trees = repeated = None
    if all(COLUMN in some for some in found):
        trees = np.concatenate([np.log10(some[COLUMN][order]) for some, order in zip(found, orders, strict=True)])
    if again:
        told = [_masses(other, some["id"][order]) for other, some, order in zip(again, found, orders, strict=True)]
        repeated = np.concatenate(told)
    return Beside(judge(halos_of, pairs, silent), trees, repeated)


def beside(report: Report, what: Beside, masses: MassRange, bootstraps: int) -> Report:
    """The report with the trees' numbers as its baseline and those of the other run as its ceiling, and rms errors."""
    judged, sharing = what.judged, Sharing(masses.low, masses.high, what.judged.step, bootstraps)
    trees = _scores(judged, what.trees, sharing) if what.trees is not None else {}
    # masses of another run are as discrete as the true ones
    best = _scores(judged, what.again, sharing, JITTER) if what.again is not None else {}
    ours = float(np.sqrt(np.mean(np.square(judged.found - judged.true))))
    numbers = [*report.numbers, Number("rms", "rms residual", ours, "dex")]
    facts = dict(report.facts)
    if trees:
        numbers = [_with_baseline(number, trees) for number in numbers]
        facts["baseline"] = "trees on what theory says of the particle's own cell; a theory where the name says so"
    if best:
        numbers = [replace(number, ceiling=best.get(number.key)) for number in numbers]
        facts["ceiling"] = "another run of the truth, in twice the steps, where a particle is in a halo of both"
    return replace(report, numbers=tuple(numbers), facts=facts)


def _with_baseline(number: Number, trees: dict[str, float | None]) -> Number:
    if number.key not in trees:
        return number
    return replace(number, baseline=trees[number.key], note=number.note.replace(EPS_BASELINE, "").lstrip("; "))


def _scores(judged: JudgedParticles, told: Array, sharing: Sharing, jitter: float = 0.0) -> dict[str, float | None]:
    """Numbers by the keys of the network's own, of particles that are told a mass."""
    known = np.isfinite(told)
    residual = (told - judged.true)[known]
    smooth = jittered(told, jitter, seed=3) if jitter else told
    shared = sharing.network(replace(judged, found=smooth), known)
    return {
        "information": shared.information.value if shared.information else None,
        "noise": shared.noise,
        "bias": median(residual),
        "scatter": half_range(residual),
        "rms": float(np.sqrt(np.mean(np.square(residual)))) if len(residual) else None,
        "correlation": correlation(judged.true[known], told[known]),
    }


def _masses(other: TrueHalos, ids: Array) -> Array:
    """log10 of the mass [Msun/h] of the halo that each particle is in there, -inf for none."""
    masses = np.concatenate([[-np.inf], np.log10(other.halos["mass"])])
    return np.asarray(masses[other.label.reshape(-1)[ids]])
