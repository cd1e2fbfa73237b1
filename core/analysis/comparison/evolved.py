"""Ways to halos that evolve the box: N-bodies of few steps, taken as they are, and the truth evolved again."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import numpy as np

from core.analysis.comparison.halos import Method
from core.cosmos.universe import Universe
from core.progress import Progress, each, silent
from core.protohalos.resimulated import LARGEST, Steps, others, resimulated, steps_of

CHEAP = (Steps(3, 1.0), Steps(5, 1.0), Steps(5, 2.0), Steps(10, 2.0))
"""Few steps on coarse meshes: from a fortieth to half of what the truth costs."""


def runs_for(universes: Sequence[Universe]) -> dict[str, Steps]:
    """The runs that are compared with an N-body truth, by their names: cheap ones; the truth's own, for its cost, and
    others of it where it was made by halodeck in boxes that are not large."""
    runs = {f"N-body {run.name}": run for run in CHEAP}
    made = {steps_of(universe) for universe in universes}
    truth = made.pop() if len(made) == 1 else None
    if truth and max(universe.cells for universe in universes) <= LARGEST:
        runs |= {f"truth, {truth.name}": truth, **others(truth)}
    return runs


def methods(
    universes: Sequence[Universe],
    runs: Mapping[str, Steps],
    cells: int,
    minimum: float,
    redshift: float,
    progress: Progress = silent,
) -> dict[str, Method]:
    """Halos of at least so many cells and of at least a mass [Msun/h] of each run of each universe."""
    return {
        name: _method(universes, run, cells, minimum, redshift)
        for name, run in each(progress, list(runs.items()), lambda item: item[0])
    }


def _method(universes: Sequence[Universe], run: Steps, cells: int, minimum: float, redshift: float) -> Method:
    made, wall, cpu = [], [], []
    for universe in universes:
        began, busy = time.perf_counter(), time.process_time()
        made.append(resimulated(universe, run, cells, redshift))
        wall.append(time.perf_counter() - began)
        cpu.append(time.process_time() - busy)
    return Method(
        [truth.halos.at_least(minimum) for truth in made],
        [truth.label for truth in made],
        seconds=float(np.median(wall)),
        cost=float(np.median(cpu)),
    )
