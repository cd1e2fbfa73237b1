"""How long the parts of a universe take on this machine: `make bench`. Nothing here is asserted.

Each part runs once to compile and warm up, then `REPEATS` times; the table shows the median of CPU and wall seconds.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from core.cosmos import nbody
from core.cosmos.cosmology import growth, preset
from core.cosmos.halos import friends_of_friends
from core.cosmos.initial import linear_field
from core.cosmos.lpt import first_order, second_order
from core.cosmos.paint import paint
from core.cosmos.power import linear_power
from core.cosmos.simulate import Evolution, evolve
from core.cosmos.spectra import spectra

REPEATS = 3


def measure(name: str, work: Callable[[], object]) -> None:
    """Print one row."""
    work()
    cpu, wall = [], []
    for _ in range(REPEATS):
        c, w = time.process_time(), time.perf_counter()
        work()
        cpu.append(time.process_time() - c)
        wall.append(time.perf_counter() - w)
    print(f"{name:<44}{statistics.median(cpu):10.3f}{statistics.median(wall):10.3f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=128)
    cells = parser.parse_args().cells
    box_size = float(cells)
    cosmology = preset("planck2015")
    power = linear_power(cosmology)
    print(f"{cells}^3 cells, box {box_size:g} Mpc/h, {torch.get_num_threads()} threads")
    print(f"{'':<44}{'CPU s':>10}{'wall s':>10}")

    delta = linear_field(cells, box_size, power, 1)
    modes = torch.fft.rfftn(torch.from_numpy(delta.values))
    functions = growth(cosmology.omega_matter)
    psi1, psi2 = first_order(modes, box_size), second_order(modes, box_size)
    a = 0.1
    start = nbody.State(
        functions.first(a) * psi1 + functions.second(a) * psi2,
        psi1 + functions.second_slope(a) * psi2,
        functions.first(a),
    )
    alpha = nbody.kick_factor(functions, start.first, 0.2, "bullfrog")
    fields, _ = evolve(delta, cosmology, Evolution(steps=10))
    displacement = next(f.values for f in fields if f.name == "displacement")
    positions = nbody.mesh_positions(torch.from_numpy(displacement.copy()), box_size, cells).T.numpy().copy()
    shuffled = np.random.default_rng(1).permutation(positions)

    measure("Gaussian field", lambda: linear_field(cells, box_size, power, 1))
    measure("2LPT (psi1 and psi2)", lambda: (first_order(modes, box_size), second_order(modes, box_size)))
    for ratio in (1, 2):
        measure(f"N-body step, mesh ratio {ratio}", lambda r=ratio: nbody.step(start, 0.2, alpha, box_size, r * cells))  # type: ignore[misc]
    measure("CIC painting, lattice order", lambda: paint(positions, cells, box_size))
    measure("CIC painting, shuffled", lambda: paint(shuffled, cells, box_size))
    measure("P(k)", lambda: spectra(delta))
    measure("friends of friends", lambda: friends_of_friends(positions, box_size))


if __name__ == "__main__":
    main()
