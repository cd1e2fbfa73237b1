"""Whether a change of the code changed a number: `python -m tests.identical write FILE`, later `... check FILE`.

It knows commands and files alone, no module: universes are made, every recipe trains at smoke size, predicts and
reports, and every loss, weight, predicted value and number of a report goes into FILE as a checksum. `check` does it
again with the code that is here now and tells what differs. Some minutes on one core.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import h5py
import torch

ROOT = Path(__file__).resolve().parent.parent
MAKE = {
    "boxes": "simulate --cells 16 --box 25 --seeds 1-4 --steps 5 --mesh-ratio 2 --minimum-particles 8 --truth both"
    " --with-2lpt",
    "classes": "ionize --cells 24 --box 24 --seeds 1-4 --redshifts 7,9 --escape-fractions .07 --mesh-ratio 1",
    "maps": "ionize --cells 24 --box 24 --seeds 1-4 --redshifts 7 --escape-fractions .07 --mesh-ratio 1",
    "tables/drawn.h5": "infall make --count 600 --seed 1",
}
"""What is made, and by which command."""
TRAIN = {
    "halonet": "halonet --on boxes",
    "halonet-individual": "halonet --on boxes --set normalisation=individual",
    "distance_map": "distance_map --on boxes",
    "halo_mass": "halo_mass --on boxes",
    "density": "density --on boxes",
    "density_gan": "density_gan --on boxes",
    "infall": "infall --on tables/drawn.h5",
    "ionization": "ionization --on classes",
    "ionization_map": "ionization_map --on maps",
}
CHANGING = ("time", "seconds", "created", "command", "path", "memory", "speed", "sources", "run", "remaining", "cost")
"""What differs from run to run, by a part of its name."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=["write", "check"])
    parser.add_argument("file", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder))
    if asked.task == "write":
        asked.file.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
        print(f"{len(found)} checksums in {asked.file}")
        return
    known = json.loads(asked.file.read_text())
    differs = sorted(name for name in known.keys() | found.keys() if known.get(name) != found.get(name))
    print(f"{len(known) - len(differs)} of {len(known)} checksums are the same", *differs, sep="\n  differs: ")
    sys.exit(bool(differs))


def measure(folder: Path) -> dict[str, str]:
    """A checksum of every dataset, loss, weight and reported number, by name."""
    sums: dict[str, str] = {}
    for out, command in MAKE.items():
        halodeck(folder, *command.split(), "--out", out)
    for path in sorted(folder.rglob("*.h5")):
        sums |= {f"{path.relative_to(folder)}:{name}": value for name, value in datasets(path)}
    for name, command in TRAIN.items():
        runs = folder / name
        halodeck(folder, "train", *command.split(), "--config", "smoke", "--runs", str(runs), "--device", "cpu")
        [run] = runs.iterdir()
        print(f"trained {name}", flush=True)
        events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
        # which steps are told depends on the clock; validations are told every time
        sums[f"{name}: validations"] = of([steady(event) for event in events if event["event"] == "validation"])
        sums[f"{name}: last step"] = of([steady(event) for event in events if event["event"] == "step"][-1])
        for part in ("model.pt", "checkpoint.pt"):
            sums[f"{name}: {part}"] = of(steady(torch.load(run / part, weights_only=True)))
        report = json.loads((run / "report" / "report.json").read_text())
        for key in ("numbers", "notes"):
            sums[f"{name}: {key}"] = of(steady(report[key]))
        for key, figure in report["figures"].items():
            if key != "loss":  # holds the steps that were told
                sums[f"{name}: figure {key}"] = of(steady(figure))
        for path in sorted((run / "predictions").glob("*.h5")):
            sums |= {f"{name}: {path.name}:{part}": value for part, value in datasets(path)}
    return sums


def halodeck(folder: Path, *arguments: str) -> None:
    """Run `halodeck ARGUMENTS` of this checkout on one thread, which sums in one order."""
    one = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "NO_COLOR": "1", "PYTHONPATH": str(ROOT)}
    program = [sys.executable, "-P", "-c", "from app.main import main; main()", *arguments]
    done = subprocess.run(program, cwd=folder, env={**os.environ, **one}, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"halodeck {' '.join(arguments)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")


def datasets(path: Path) -> Iterable[tuple[str, str]]:
    """Name and checksum of every dataset of a file."""
    found: list[tuple[str, str]] = []
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: found.append((name, of(item[...]))) if isinstance(item, h5py.Dataset) else None
        )
    return found


def steady(value: Any) -> Any:
    """The value without what differs from run to run."""
    if isinstance(value, dict):
        return {key: steady(item) for key, item in value.items() if not any(word in str(key) for word in CHANGING)}
    return [steady(item) for item in value] if isinstance(value, (list, tuple)) else value


def of(value: Any) -> str:
    """SHA-256 of arrays, tensors and plain values."""
    total = hashlib.sha256()

    def add(item: Any) -> None:
        if isinstance(item, torch.Tensor):
            item = item.detach().cpu().contiguous().numpy()
        if isinstance(item, dict):
            for key in sorted(item, key=str):
                total.update(str(key).encode())
                add(item[key])
        elif isinstance(item, (list, tuple)):
            total.update(str(len(item)).encode())
            for each in item:
                add(each)
        elif hasattr(item, "tobytes"):
            total.update(f"{item.dtype}{item.shape}".encode() + item.tobytes())
        else:
            total.update(repr(item).encode())

    add(value)
    return total.hexdigest()[:16]


if __name__ == "__main__":
    main()
