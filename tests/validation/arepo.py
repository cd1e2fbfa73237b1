"""Our N-body and friends-of-friends groups against AREPO's, from AREPO's own initial conditions.

The list of AREPO holds group masses alone, so halos are compared by number and by rank. Same phases: no sample
variance. AREPO's shortest group has 32 particles of 3.27e11 Msun/h.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.cosmos.formats.given import Given
from core.cosmos.imports.initial import import_initial
from core.cosmos.simulate import Evolution
from tests.validation.check import Check, within
from tests.validation.formats import DATA

GIVEN = Given(omega_baryon=0.0486, sigma8=0.831, spectral_index=0.9645)


def checks() -> Iterator[Check]:
    folder = DATA / "arepo-L50n32"
    if not folder.exists():
        yield Check("AREPO's groups", "-", "-", "-", True, f"not checked: no {folder.name} at hand")
        return
    with tempfile.TemporaryDirectory() as place:
        evolution = Evolution(steps=20, outputs=(1.0, 0.0), device="cpu")
        universe = import_initial(folder / "ics", Path(place) / "arepo.h5", GIVEN, evolution)
        for z, name in ((0, "fof"), (1, "fof_z1")):
            ours = universe.catalogue(name)["count"]
            theirs = np.loadtxt(folder / f"Masses_L50n32_z{z}.txt") / universe.particle_mass
            for least in (32, 50, 64, 100):
                a, b = int((ours >= least).sum()), int((theirs >= least * 0.999).sum())
                allowed = max(1, round(0.1 * b))
                yield Check(
                    f"groups of >= {least} particles, z = {z}",
                    str(a),
                    f"{b} (AREPO)",
                    f"+-{allowed}: 10 %, at least one halo",
                    abs(a - b) <= allowed,
                )
            mass = ours[ours >= 100].sum() / theirs[theirs >= 99.9].sum()
            yield within(f"mass in groups of >= 100 particles over AREPO's, z = {z}", mass, 0.92, 1.08, "1")
            ratios = ours[:10] / theirs[:10]
            note = "rank by rank " + " ".join(f"{ratio:.2f}" for ratio in ratios)
            yield within(
                f"median of the ten largest over AREPO's, z = {z}", float(np.median(ratios)), 0.94, 1.06, "1", note
            )
