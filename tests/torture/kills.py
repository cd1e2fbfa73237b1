"""kill -9 at random moments: training repeats every step afterwards, and no command leaves a file that is half one."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from identical import MAKE, TRAIN, datasets, of, steady

from core.cosmos.universe import open_universe
from core.files import left_behind
from core.runs.run import Run
from torture.program import ended, run, start
from torture.row import Row

LONGEST = 4.0
"""Seconds after which a process is killed at the latest."""


def prepare(folder: Path) -> None:
    """Make what every recipe trains on, and a linear field. Raises: RuntimeError."""
    for out, command in MAKE.items():
        code, text = run(folder, *command.split(), "--out", out)
        if code:
            raise RuntimeError(f"{command} ended with {code}: {text[-300:]}")
    universe = next(iter(sorted((folder / "boxes").glob("*.h5"))))
    np.save(folder / "delta.npy", open_universe(universe).field("delta_linear").values)


def training(folder: Path, kills: int, seed: int) -> Row:
    """Kill the training of every learner, and compare its end with one that was left alone."""
    row, draw = Row("kill -9 in training"), np.random.default_rng(seed)
    for number, (name, command) in enumerate(TRAIN.items()):
        whole, killed = (new_run(folder, command, f"{name}-{which}") for which in ("whole", "killed"))
        row.expect(ended(start(folder, "resume", whole.path)) == 0, f"{name} does not train")
        for _ in range(kills // len(TRAIN) + (number < kills % len(TRAIN))):
            if killed.status().state == "done":
                killed = new_run(folder, command, f"{name}-killed")
            process = start(folder, "resume", killed.path)
            time.sleep(float(draw.uniform(0.1, LONGEST)))
            process.kill()
            process.join()
            row.tried += 1
            state = killed.status().state
            row.expect(state in ("new", "lost", "done", "failed"), f"{name} is {state} after a kill")
        if killed.status().state != "done":
            row.expect(ended(start(folder, "resume", killed.path)) == 0, f"{name} does not go on after kills")
        row.expect(_told(whole) == _told(killed), f"{name} is another after kills")
        row.expect(not left_behind(killed.path), f"{name} leaves {left_behind(killed.path)[:2]}")
    return row


def new_run(folder: Path, command: str, runs: str) -> Run:
    """A run that has not begun, of a line of TRAIN."""
    from core.runs.launch_spec import LaunchSpec

    recipe, on, *sets = command.replace("--on ", "").replace("--set ", "").split()
    overrides = (*sets, "validate_every=1", "checkpoint_every=2")
    spec = LaunchSpec(recipe, (folder / on,), "smoke", overrides, "cpu", folder / runs, "")
    return spec.create("torture")


def _told(run: Run) -> dict[str, str]:
    """Checksums of what a run has come to."""
    import torch

    losses = {event["step"]: event["loss"] for event in run.events()[0] if event["event"] == "validation"}
    sums = {"losses": of(losses), "weights": of(steady(torch.load(run.path / "model.pt", weights_only=True)))}
    for path in sorted((run.path / "predictions").glob("*.h5")):
        sums |= {f"{path.name}:{name}": value for name, value in datasets(path)}
    return sums


def commands(folder: Path, kills: int, seed: int) -> Row:
    """Kill what writes files, and look at the files; then let it end and compare."""
    row, draw = Row("kill -9 in simulate, import, predict, report --save"), np.random.default_rng(seed)
    trained = new_run(folder, TRAIN["halonet"], "for-commands")
    ended(start(folder, "resume", trained.path))
    universe = next(iter(sorted((folder / "boxes").glob("*.h5"))))
    given = ("--cosmology", "planck2018", "--box-size", 25, "--steps", 10)
    lines = {
        "simulate": ("simulate", "--cells", 32, "--box", 32, "--seeds", "1-2", "--steps", 10, "--out", "made"),
        "import": ("import", "delta.npy", "--evolve", *given, "--force", "--out", "made/imported.h5"),
        "predict": ("predict", trained.path, universe),
        "report": ("report", trained.path, "--again", "--save", "made/figures"),
    }
    for name, line in lines.items():
        longest = time.monotonic()
        code, text = run(folder, *line)
        longest = time.monotonic() - longest
        row.expect(code == 0, f"{name} ended with {code}: {text[-300:]}")
        whole = _files(folder, trained)
        for _ in range(kills // len(lines)):
            process = start(folder, *line)
            time.sleep(float(draw.uniform(0.05, longest)))
            process.kill()
            process.join()
            row.tried += 1
            for path in [*(folder / "made").rglob("*.h5"), *trained.path.rglob("*.h5")]:
                if not path.name.startswith("."):
                    open_universe(path)
        row.expect(ended(start(folder, *line)) == 0, f"{name} does not end well after kills")
        row.expect(_files(folder, trained) == whole, f"{name} makes other files after kills")
    code, _ = run(folder, "clean", "made", trained.path)
    left = [*(folder / "made").rglob("*.part"), *trained.path.rglob("*.part")]
    row.expect(code == 0 and not left, f"clean leaves {left[:2]}")
    return row


def _files(folder: Path, run: Run) -> dict[str, str]:
    """Checksums of every dataset that was made, and the names of all whole files."""
    found = {}
    for path in [*(folder / "made").rglob("*"), *(run.path / "predictions").rglob("*")]:
        if path.is_file() and not path.name.startswith("."):
            found[str(path)] = of(list(datasets(path))) if path.suffix == ".h5" else ""
    return found
