"""How long the parts of a universe take on this machine: `make bench`. Nothing here is asserted.

    python tests/benchmarks/universe.py [--cells 128] [--device cpu|cuda] [--compare]

Each part runs once to compile and warm up, then REPEATS times; the table shows medians. On a GPU it also shows the
peak memory, and with --cells 256 or 512 it is the measurement of a whole N-body run on that device. --compare adds
what one would take instead: numpy, and scipy's kd-tree with connected components.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch

from core.cosmos import nbody
from core.cosmos.box import Array, Field, wrap
from core.cosmos.cosmology import Growth, growth, preset
from core.cosmos.gravity import Work
from core.cosmos.halos import friends_of_friends
from core.cosmos.initial import linear_modes, white_noise
from core.cosmos.lpt import first_order, second_order
from core.cosmos.measures.spectra import spectra
from core.cosmos.paint import paint
from core.cosmos.peakpatch.search import peak_patch
from core.cosmos.power import linear_power

REPEATS = 3
STEPS = 20


def measure(name: str, device: torch.device, work: Callable[[], object]) -> None:
    """Print one row: CPU seconds, wall seconds, peak GPU memory."""

    def finish() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    work()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    cpu, wall = [], []
    for _ in range(REPEATS):
        finish()
        c, w = time.process_time(), time.perf_counter()
        work()
        finish()
        cpu.append(time.process_time() - c)
        wall.append(time.perf_counter() - w)
    peak = f"{torch.cuda.max_memory_allocated(device) / 2**30:10.1f}" if device.type == "cuda" else ""
    print(f"{name:<44}{statistics.median(cpu):10.3f}{statistics.median(wall):10.3f}{peak}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=128)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--compare", action="store_true")
    arguments = parser.parse_args()
    cells, device = arguments.cells, torch.device(arguments.device)
    box_size = float(cells)
    cosmology = preset("planck2015")
    power, functions = linear_power(cosmology), growth(cosmology.omega_matter)
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{torch.get_num_threads()} threads"
    print(f"{cells}^3 cells, box {box_size:g} Mpc/h, {where}")
    print(f"{'':<44}{'CPU s':>10}{'wall s':>10}{'peak GiB' if device.type == 'cuda' else '':>10}")

    modes = linear_modes(white_noise(cells, 1, str(device)), box_size, power)
    start = _start(modes, box_size, functions)
    measure("Gaussian modes", device, lambda: linear_modes(white_noise(cells, 1, str(device)), box_size, power))
    measure("2LPT (psi1 and psi2)", device, lambda: (first_order(modes, box_size), second_order(modes, box_size)))
    alpha = nbody.kick_factor(functions, start.first, 0.2, "bullfrog")
    for ratio in (1, 2):
        name = f"N-body step, mesh ratio {ratio}"
        work = Work.of(ratio * cells) if device.type == "cpu" else None
        measure(name, device, partial(nbody.step, start, 0.2, alpha, box_size, ratio * cells, work))

    begin = time.perf_counter()
    final = _evolve(start, box_size, 2 * cells, functions)
    print(f"{f'N-body, {STEPS} steps, mesh ratio 2':<44}{'':>10}{time.perf_counter() - begin:10.3f}")

    if device.type == "cuda":
        _agreement(final, start, box_size, functions)
    delta = Field("delta_linear", torch.fft.irfftn(modes, s=(cells,) * 3).cpu().numpy(), box_size)
    measure("Peak Patch", device, lambda: peak_patch(delta, cosmology, device=str(device)))

    positions = nbody.mesh_positions(final.displacement, box_size, cells).T.cpu().numpy().copy()
    cpu = torch.device("cpu")
    shuffled = np.random.default_rng(1).permutation(positions)
    density = Field("density", paint(positions, cells, box_size), box_size)
    measure("CIC painting, lattice order (CPU)", cpu, lambda: paint(positions, cells, box_size))
    measure("CIC painting, shuffled (CPU)", cpu, lambda: paint(shuffled, cells, box_size))
    measure("P(k) of a mesh (CPU)", cpu, lambda: spectra(density))
    if device.type == "cuda":
        measure("P(k) of a mesh", device, lambda: spectra(density, device=str(device)))
    measure("friends of friends (CPU)", cpu, lambda: friends_of_friends(positions, box_size))
    if arguments.compare:
        measure("  by kd-tree and connected components", cpu, lambda: _friends_by_scipy(positions, box_size))
        measure("  numpy.fft.rfftn of the mesh alone", cpu, lambda: np.fft.rfftn(density.values))
        measure("  CIC of the shuffled by numpy.bincount", cpu, lambda: _paint_by_numpy(shuffled, cells, box_size))


def _agreement(final: nbody.State, start: nbody.State, box_size: float, functions: Growth) -> None:
    """Print whether a second run on the GPU has the same bits, and how far one on the CPU, of up to 128^3, is off."""
    cells = final.displacement.shape[-1]
    again = _evolve(start, box_size, 2 * cells, functions)
    same = torch.equal(again.displacement, final.displacement)
    print(f"{'a second N-body has the same bits':<44}{same!s:>10}")
    if cells <= 128:
        on_cpu = nbody.State(start.displacement.cpu(), start.velocity.cpu(), start.first)
        other = _evolve(on_cpu, box_size, 2 * cells, functions).displacement
        error = (other - final.displacement.cpu()).square().mean().sqrt().item()
        print(f"{'rms position, GPU less CPU [Mpc/h]':<44}{error:10.2e}")


def _friends_by_scipy(positions: Array, box_size: float) -> Array:
    """Groups by scipy alone."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    count = len(positions)
    tree = cKDTree(wrap(positions.astype(np.float64), box_size), boxsize=np.full(3, box_size))
    pairs = tree.query_pairs(0.2 * box_size / count ** (1 / 3), output_type="ndarray")
    links = coo_matrix((np.ones(len(pairs), dtype=bool), pairs.T), shape=(count, count))
    return np.asarray(connected_components(links, directed=False)[1])


def _paint_by_numpy(positions: Array, cells: int, box_size: float) -> Array:
    """Cloud in cell by eight bincounts."""
    scaled = positions * (cells / box_size)
    low = np.floor(scaled).astype(np.int64)
    share = scaled - low
    mesh = np.zeros(cells**3)
    for corner in np.ndindex(2, 2, 2):
        i, j, k = ((low + corner) % cells).T
        weight = np.prod(np.where(corner, share, 1 - share), axis=1)
        mesh += np.bincount((i * cells + j) * cells + k, weight, cells**3)
    return mesh.reshape((cells,) * 3)


def _start(modes: torch.Tensor, box_size: float, functions: Growth) -> nbody.State:
    """2LPT at z = 9."""
    a = 0.1
    f = functions
    psi1, psi2 = first_order(modes, box_size), second_order(modes, box_size)
    return nbody.State(f.first(a) * psi1 + f.second(a) * psi2, psi1 + f.second_slope(a) * psi2, f.first(a))


def _evolve(state: nbody.State, box_size: float, mesh: int, functions: Growth) -> nbody.State:
    """To z = 0 in STEPS steps."""
    [edges] = nbody.edges(state.first, [1.0], STEPS)
    return nbody.follow(state, edges[1:], functions, box_size, mesh)


if __name__ == "__main__":
    main()
