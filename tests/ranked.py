"""Trains recipes for some steps and keeps what they learnt: alone, or as one rank of many.

    python ranks.py JOB.pt OUT

The job says which recipes (name: settings) learn from which universes, for how many steps of how many batches.
"""

import sys
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from core.cosmos.universe import open_universe
from core.learning import parallel
from core.runs.registry import load


def learnt(name: str, settings: dict[str, Any], paths: list[str], steps: int, accumulate: int) -> dict[str, Any]:
    """What each step and a validation say, and all weights and moments after the last."""
    recipe, device = load(name).model_validate(settings), torch.device("cpu")
    samples = recipe.samples([open_universe(Path(path)) for path in paths], device)
    learner: Any = recipe.learner(device)
    learner.take_turns(accumulate)
    told = [step.values for step in islice(learner.fit(samples), steps)]
    for values in told:
        del values["seconds"]
    validation = {key: float(value) for key, value in learner.validate(samples).items()}
    return {"steps": told, "validation": validation, "state": learner.state()}


def main(job: Path, out: Path) -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    asked = torch.load(job, weights_only=True)
    with parallel.joined():
        ways = {name: learnt(name, *how) for name, how in asked.items()}
        if parallel.first():
            torch.save(ways, out)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
