"""How long it takes to find halos in what a network predicts: `make bench`. Nothing here is asserted.

    python tests/benchmarks/halos.py [--cells 128 256 512]

A linear density with cells of 1 Mpc/h, smoothed and turned into probabilities of which a quarter is above one half,
stands in for a prediction. Each size has a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch

from core.cosmos.box import Array
from core.cosmos.cosmology import preset
from core.cosmos.initial import linear_modes, white_noise
from core.cosmos.lagrangian import normalised_distance
from core.cosmos.power import linear_power
from core.protohalos.baseline import smoothed
from core.protohalos.finder import ShellThreshold, find
from core.recipes.distance_map.cut import Relation, cut
from core.recipes.distance_map.watershed import watershed

PEAKS = (0.95, 0.85, 0.7, 0.5)
SMALLEST = 20
RELATION = Relation(np.array([20.0, 1e5]), np.array([0.3, 0.45]))

T = TypeVar("T")


def measure(name: str, cells: int, work: Callable[[], T]) -> T:
    """Print one row: CPU and wall seconds, and the largest memory of the process so far."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{f'{cells}^3':<8}{name:<32}{cpu:10.2f}{wall:10.2f}{peak:10.2f}", flush=True)
    return result


def probabilities(cells: int) -> Array:
    """What a network might say (n, n, n): the chance to collapse, a logistic curve of the smoothed linear density."""
    modes = linear_modes(white_noise(cells, 1), float(cells), linear_power(preset("planck2015")))
    delta = smoothed(torch.fft.irfftn(modes, s=(cells,) * 3).numpy(), 1.5)
    half = np.quantile(delta[:: max(1, cells // 128)], 0.75)
    return (1 / (1 + np.exp(-6 * (delta - half) / delta.std()))).astype(np.float32)


def run(cells: int) -> None:
    small = probabilities(32)
    labels = find(small, PEAKS, ShellThreshold(), SMALLEST).label  # compiles
    cut(small, watershed(normalised_distance(labels)), RELATION, SMALLEST)
    field = probabilities(cells)
    found = measure("finder", cells, lambda: find(field, PEAKS, ShellThreshold(), SMALLEST))
    measure("distance transform", cells, lambda: normalised_distance(found.label))
    basins = measure("watershed", cells, lambda: watershed(field, 0.3, 0.02))
    measure("cut", cells, lambda: cut(field, basins, RELATION, SMALLEST))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, nargs="+", default=[128, 256, 512])
    sizes = parser.parse_args().cells
    if len(sizes) == 1:
        run(sizes[0])
        return
    print(f"{'cells':<8}{'':<32}{'CPU s':>10}{'wall s':>10}{'peak GiB':>10}", flush=True)
    for cells in sizes:
        subprocess.run([sys.executable, __file__, "--cells", str(cells)], check=True)


if __name__ == "__main__":
    main()
