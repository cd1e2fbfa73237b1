"""How fast every network trains and predicts on a device. Nothing here is asserted.

    python tests/benchmarks/networks.py --on universes [--config cpu|gpu|paper|smoke] [--device cpu|cuda] [--steps 20]

Each recipe that is a network takes the steps of its own training on these universes (`halodeck simulate --truth both
--with-2lpt`), the first of them not counted; then its predictions of the validation data are timed. A recipe that these
universes cannot serve says so.
"""

from __future__ import annotations

import argparse
import statistics
import time
from itertools import islice
from pathlib import Path

import torch

from core.config import read_table, resolve
from core.cosmos.universe import Universe, open_universe
from core.device import choose_device
from core.errors import HalodeckError
from core.learning.learner import Learner
from core.runs import registry
from core.runs.launch_spec import universe_paths
from core.runs.recipe import Recipe

WARM_UP = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--on", type=Path, nargs="+", default=[Path("universes")])
    parser.add_argument("--config", default="cpu")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--recipes", nargs="+", default=registry.names())
    arguments = parser.parse_args()
    device = choose_device(arguments.device)
    universes = [open_universe(path) for path in universe_paths(arguments.on)]
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{torch.get_num_threads()} threads"
    print(f"{where}, {len(universes)} universes of {universes[0].cells}^3, table {arguments.config}")
    print(f"{'recipe':<18}{'parameters':>12}{'s/step':>10}{'samples/s':>12}{'Mcells/s':>12}{'predicted':>12}{'GiB':>8}")
    for name in arguments.recipes:
        settings = resolve(registry.load(name), read_table(name, arguments.config), [])
        try:
            print(f"{name:<18}{measure(settings, universes, device, arguments.steps)}", flush=True)
        except HalodeckError as error:
            print(f"{name:<18}{error}", flush=True)


def measure(settings: Recipe, universes: list[Universe], device: torch.device, steps: int) -> str:
    """Parameters, seconds a step, samples and million cells trained a second, million cells predicted a second, GiB."""
    settings.check(universes)
    samples, learner = settings.samples(universes, device), settings.learner(device)
    module = getattr(learner, "module", None) or getattr(learner, "generator", None)
    if module is None:
        return "no single network"
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    batch = samples.training(1).inputs
    many = batch.shape[0] * getattr(learner, "accumulate", 1)
    seconds = statistics.median(timed(learner, samples, device, steps)[WARM_UP:])
    with torch.no_grad():
        inputs = next(iter(samples.validation())).inputs
        learner.predict(inputs)
        start = time.perf_counter()
        learner.predict(inputs).cpu()
        predicted = inputs[:, 0].numel() / (time.perf_counter() - start) / 1e6
    peak = torch.cuda.max_memory_allocated(device) / 2**30 if device.type == "cuda" else 0.0
    trained = many * batch[0, 0].numel() / seconds / 1e6
    parameters = sum(parameter.numel() for parameter in module.parameters())
    return f"{parameters:12,}{seconds:10.3f}{many / seconds:12.2f}{trained:12.2f}{predicted:12.2f}{peak:8.1f}"


def timed(learner: Learner, samples: object, device: torch.device, steps: int) -> list[float]:
    """Seconds of each step, until the device has done it."""
    taken, start = [], time.perf_counter()
    for _ in islice(learner.fit(samples), steps + WARM_UP):
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        taken.append(time.perf_counter() - start)
        start = time.perf_counter()
    return taken


if __name__ == "__main__":
    main()
