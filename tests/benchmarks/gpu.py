"""Everything about a device in one call: trainings and predictions of every network, N-body, P(k), memory.

    python tests/benchmarks/gpu.py [--device cuda] [--cells 256] [--nbody 256 512] [--tables gpu paper] [--steps 20]

It simulates the universes that the trainings need into a folder that goes with it. Nothing here is asserted.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
BOXES = ("halonet", "halo_instances", "distance_map", "halo_mass", "density", "density_gan", "emulator")
SEEDS = 8
"""Universes: enough for the splits of all tables but those that ask for more, which say so."""


def call(*words: object) -> None:
    """Run a program in this environment and say how long it took; what it refuses it says itself."""
    start = time.perf_counter()
    print(f"$ {' '.join(map(str, words))}", flush=True)
    done = subprocess.run([sys.executable, *map(str, words)])
    print(f"{time.perf_counter() - start:.0f} s, exit code {done.returncode}\n", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--cells", type=int, default=256)
    parser.add_argument("--nbody", type=int, nargs="*", default=[256, 512])
    parser.add_argument("--tables", nargs="+", default=["gpu", "paper"])
    parser.add_argument("--steps", type=int, default=20)
    told = parser.parse_args()
    call("-m", "app", "doctor")
    for cells in told.nbody:
        call(HERE / "universe.py", "--device", told.device, "--cells", cells)
    with tempfile.TemporaryDirectory() as folder:
        made, cubes, maps = (Path(folder) / name for name in ("made", "cubes", "maps"))
        size = ("--cells", told.cells, "--box", told.cells, "--device", told.device)
        halos = ("--seeds", f"1-{SEEDS}", "--truth", "both", "--with-2lpt", "--minimum-particles", 8)
        call("-m", "app", "simulate", *size, *halos, "--out", made)
        for redshifts, out in (("7,9", cubes), ("7", maps)):
            call("-m", "app", "ionize", *size, "--seeds", "1-4", "--redshifts", redshifts, "--out", out)
        for table in told.tables:
            more = ("--config", table, "--device", told.device, "--steps", told.steps)
            for on, recipes in ((made, BOXES), (cubes, ("ionization",)), (maps, ("ionization_map",))):
                call(HERE / "networks.py", "--on", on, *more, "--recipes", *recipes)


if __name__ == "__main__":
    main()
