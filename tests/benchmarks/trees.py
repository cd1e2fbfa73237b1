"""How long and with how much memory merger trees are read: `make bench`.

    python tests/benchmarks/trees.py [--forests 10000] [--together 200000]

Forests of one host and four subhalos over 50 snapshots, 250 halos each, as one tree_0_0_0.dat and as hlist files. What
is left of a subhalo today is a tree of its own, as in consistent-trees. Each reading has a process of its own, so that
its peak memory is its own. Nothing here is asserted.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from core.cosmos.forests import TOGETHER
from core.cosmos.formats.trees import read_trees
from core.cosmos.infall.events import infall_columns

SNAPSHOTS, SUBHALOS = 50, 4
HEAD = (
    "#scale(0) id(1) desc_id(2) num_prog(3) pid(4) mvir(5) rs(6) x(7) y(8) z(9) vx(10) vy(11) vz(12) spin(13)\n"
    "#Omega_M = 0.300000; Omega_L = 0.700000; h0 = 0.700000\n#Full box size = 200.000000 Mpc/h\n"
)
FORM = "%.4f %d %d %d %d %.6e 50.0 %.5f %.5f %.5f %.2f %.2f %.2f 0.04"


def forest(number: int) -> list[np.ndarray]:
    """The branches of one forest, each (n, 13): a host, and subhalos that fall in and survive or merge."""
    random = np.random.default_rng(number)
    times = np.linspace(0.1, 1, SNAPSHOTS)
    first = number * SNAPSHOTS * (SUBHALOS + 1)
    centre, mass = random.uniform(20, 180, 3), 10 ** random.uniform(12.5, 14)

    def branch(k: int, masses: np.ndarray, place: np.ndarray, pid: np.ndarray, end: int) -> np.ndarray:
        ids = first + k * SNAPSHOTS + np.arange(SNAPSHOTS)
        after = np.where(np.arange(SNAPSHOTS) + 1 < SNAPSHOTS, ids + 1, -1)
        if end < SNAPSHOTS:
            after[end - 1] = first + end
        velocity = random.normal(0, 200, (SNAPSHOTS, 3))
        columns = (times, ids, after, ids % SNAPSHOTS > 0, pid, masses, *place.T, *velocity.T)
        return np.stack(columns, axis=1)[:end]

    nobody = np.full(SNAPSHOTS, -1)
    found = [branch(0, mass * times**1.5, np.tile(centre, (SNAPSHOTS, 1)), nobody, SNAPSHOTS)]
    for k in range(1, SUBHALOS + 1):
        entry, end = random.integers(10, 35), random.choice([SNAPSHOTS, random.integers(36, SNAPSHOTS)])
        inside = np.arange(SNAPSHOTS) >= entry
        light = 0.05 * mass * times[entry] ** 1.5 * np.where(inside, np.exp(-3 * (times - times[entry])), 1)
        away = np.where(inside, 0.2, 1.5 + 0.1 * (entry - np.arange(SNAPSHOTS)))[:, None] * random.normal(0, 0.5, 3)
        pid = np.where(inside, first + np.arange(SNAPSHOTS), -1)
        found.append(branch(k, light, centre + away, pid, int(end)))
    return found


def write(folder: Path, forests: int) -> tuple[Path, list[Path]]:
    """The same halos as trees and as snapshots."""
    path, rows, trees = folder / "tree_0_0_0.dat", [[] for _ in range(SNAPSHOTS)], 0
    with (folder / "body").open("w") as body:
        for number in range(forests):
            branches = forest(number)
            whole = [branch for branch in branches[1:] if len(branch) == SNAPSHOTS]
            merged = [branch for branch in branches[1:] if len(branch) < SNAPSHOTS]
            for parts in ([branches[0], *merged], *([branch] for branch in whole)):
                body.write(f"#tree {int(parts[0][-1, 1])}\n")
                np.savetxt(body, np.concatenate([part[::-1] for part in parts]), FORM)
                trees += 1
            for branch in branches:
                for snapshot, row in enumerate(branch):
                    rows[snapshot].append(FORM % tuple(row))
    with path.open("w") as file, (folder / "body").open() as body:
        file.write(f"{HEAD}{trees}\n")
        for line in body:
            file.write(line)
    (folder / "body").unlink()
    hlists = []
    for snapshot, lines in enumerate(rows):
        hlists.append(folder / f"hlist_{snapshot}.list")
        hlists[-1].write_text(HEAD + "\n".join(lines) + "\n")
    return path, hlists


def read(paths: list[Path], folder: Path, together: int) -> None:
    """Print one row: seconds, and the largest memory beyond that of the imports."""
    before, wall = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    forests = read_trees(paths, folder=folder, together=together)
    columns, _ = infall_columns(forests, 1e10)
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**10
    wall = time.perf_counter() - wall
    print(f"{paths[0].name:<20}{len(forests):>12,}{len(columns['survived']):>10,}{wall:10.1f}{peak:10.0f}", flush=True)


def main() -> None:
    """Measure both formats."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--forests", type=int, default=10_000)
    parser.add_argument("--together", type=int, default=TOGETHER, help="halos that are taken at once")
    parser.add_argument("--read", type=Path, nargs="*")
    chosen = parser.parse_args()
    if chosen.read:
        read(chosen.read, chosen.read[0].parent, chosen.together)
        return
    print(f"{'':<20}{'halos':>12}{'events':>10}{'wall s':>10}{'peak MiB':>10}")
    with tempfile.TemporaryDirectory() as folder:
        path, hlists = write(Path(folder), chosen.forests)
        for paths in ([path], hlists):
            subprocess.run(
                [sys.executable, __file__, "--together", str(chosen.together), "--read", *map(str, paths)], check=True
            )


if __name__ == "__main__":
    main()
