"""Predictions and reports of a run, kept in its folder."""

from __future__ import annotations

import json
import resource
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

from core.cosmos.universe import Universe, write_universe
from core.errors import InputError, RunError
from core.figures import Curves, Report, Series, Style, dump_report, load_report
from core.files import write_json
from core.progress import Progress, part, silent
from core.provenance import provenance
from core.runs.run import Run

if TYPE_CHECKING:
    from core.learning.learner import Learner
    from core.runs.worker import Job


WIDE = 100
"""Losses that span more than this factor are drawn on a logarithmic axis."""


def predict(run: Run, job: Job, learner: Learner, universe: Universe, progress: Progress = silent) -> Universe:
    """Apply a trained run to a universe; the prediction is written to the run's folder."""
    start = time.perf_counter()
    fields, catalogues = job.recipe.predict(learner, universe, progress)
    cost = {"seconds": time.perf_counter() - start, "memory": peak_memory()}
    return write_universe(
        run.path / "predictions" / f"{universe.name}.h5",
        name=universe.name,
        box_size=universe.box_size,
        cosmology=universe.cosmology,
        fields=fields,
        catalogues=catalogues,
        provenance=provenance([universe.path], run=str(run.path), step=learner.step, cost=cost),
        kind="prediction",
    )


def peak_memory() -> float:
    """The most memory that this process has held so far [GiB]."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30


def make_report(
    run: Run, job: Job, learner: Learner, progress: Progress = silent, universes: list[Universe] | None = None
) -> Report:
    """Predict the held-out universes (or the given ones), evaluate, and keep the report with the run."""
    universes = universes or job.recipe.held_out(job.universes)
    names = [universe.name for universe in universes]
    if len(set(names)) < len(names):
        raise InputError(f"two universes are named {names[0]!r}", "rename one of the files and make it again")
    pairs = []
    for number, universe in enumerate(universes):
        stage = part(progress, 0.5 * number / len(universes), 0.5 * (number + 1) / len(universes), f"{universe.name}: ")
        pairs.append((universe, predict(run, job, learner, universe, stage)))
    report = job.recipe.evaluate(learner, pairs, part(progress, 0.5, 1.0, "comparing with the truth: "))
    facts = {"run": run.name, "steps": f"{learner.step} of {learner.steps}", **report.facts}
    report = Report(report.title, report.numbers, {**report.figures, "loss": loss_curves(run)}, report.notes, facts)
    write_json(run.report_path, dump_report(report))
    progress(1.0, "report written")
    return report


def read_report(run: Run) -> Report:
    """The report that was kept with a run. Raises: RunError when there is none or it cannot be read."""
    try:
        return load_report(json.loads(run.report_path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise RunError(
            f"run {run.name} has no report yet", f"make it with `halodeck report {run.name} --again`"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"{run.report_path} cannot be read ({error})", f"make it again with `halodeck report {run.name} --again`"
        ) from error


def loss_curves(run: Run) -> Curves:
    """The loss and every loss_<part> against step, in training and validation; repeated steps count once.

    The loss of one part at a time, told under that part's name too, is drawn once.
    """
    events, _ = run.events()
    series = []
    kinds: tuple[tuple[str, str, Style], ...] = (("step", "training", "line"), ("validation", "validation", "dashed"))
    for kind, name, style in kinds:
        points: dict[str, dict[int, float]] = {}
        for event in events:
            if event["event"] == kind:
                for key in event:
                    if key == "loss" or key.startswith("loss_"):
                        points.setdefault(key, {})[event["step"]] = event[key]
        parts = [steps.items() for key, steps in points.items() if key != "loss"]
        if parts and all(any(point in steps for steps in parts) for point in points.get("loss", {}).items()):
            points.pop("loss", None)
        for key, found in points.items():
            part = key.removeprefix("loss").replace("_", " ")
            steps = np.array(sorted(found))
            values = np.array([found[step] for step in steps])
            series.append(Series(f"{name}{part}", steps, values, style=style if parts else "line"))
    every = np.concatenate([item.y for item in series]) if series else np.ones(1)
    wide = bool(every.min() > 0 and every.max() > WIDE * every.min())
    return Curves("Loss", tuple(series), "step", "loss", y_log=wide)
