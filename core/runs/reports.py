"""Predictions and reports of a run, kept in its folder."""

from __future__ import annotations

import hashlib
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.cosmos.identity import identity
from core.cosmos.universe import Universe, write_universe
from core.errors import HalodeckError, RunError
from core.figures import Curves, Figure, Report, Row, Series, Style, dump_report
from core.files import write_json
from core.learning import parallel
from core.learning.tiling import FirstGoesOn, kept_in
from core.progress import Progress, part, silent
from core.provenance import provenance
from core.runs.fits import check_fits
from core.runs.history import History, Track
from core.runs.job import Model, newest_weights, open_held_out, open_model
from core.runs.predictions import path_for
from core.runs.report_file import read_report as read_report
from core.runs.run import Run

WIDE = 100
"""Losses that span more than this factor are drawn on a logarithmic axis."""


def predict(run: Run, model: Model, universe: Universe, progress: Progress = silent) -> Universe:
    """Apply a trained run to a universe; the prediction is written to the run's folder.

    What a network has made of a large box is kept tile by tile until then. Raises: FirstGoesOn in all ranks but the
    first of those that share the tiles.
    """
    with kept_in(_tiles(run, model, universe)):
        return _predict(run, model, universe, progress)


def _tiles(run: Run, model: Model, universe: Universe) -> Path:
    """Where tiles are kept: those of other weights, or of another universe, are not taken for these."""
    weights = newest_weights(run)
    words = f"{identity(universe)} {model.learner.step} {weights.stat().st_mtime_ns if weights else 0}"
    return run.path / "predictions" / f".tiles-{hashlib.sha256(words.encode()).hexdigest()[:12]}"


def _predict(run: Run, model: Model, universe: Universe, progress: Progress) -> Universe:
    size = universe.box_size / universe.cells if universe.cells else None
    check_fits(run, str(universe.path), universe.cosmology, size)
    start, busy = time.perf_counter(), time.process_time()
    fields, catalogues = model.recipe.predict(model.learner, universe, progress)
    if parallel.rank():
        raise FirstGoesOn
    cost = {
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - busy,
        "device": model.device.type,
        "memory": peak_memory(),
    }
    return write_universe(
        path_for(run, universe),
        name=universe.name,
        box_size=universe.box_size,
        cosmology=universe.cosmology,
        fields=fields,
        catalogues=catalogues,
        provenance=provenance(
            [universe.path], run=str(run.path), step=model.learner.step, cost=cost, universe=identity(universe)
        ),
        kind="prediction",
        within=run.path,
    )


def peak_memory() -> float:
    """The most memory that this process has held so far [GiB]."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30


def make_report(run: Run, model: Model, universes: Sequence[Universe], progress: Progress = silent) -> Report:
    """Predict universes, as a rule those held out, evaluate, and keep the report with the run."""
    learner, pairs = model.learner, []
    for number, universe in enumerate(universes):
        stage = part(progress, 0.5 * number / len(universes), 0.5 * (number + 1) / len(universes), f"{universe.name}: ")
        pairs.append((universe, predict(run, model, universe, stage)))
    report = model.recipe.evaluate(learner, pairs, part(progress, 0.5, 1.0, "comparing with the truth: "))
    facts = {"run": run.name, "steps": f"{learner.step} of {learner.steps}", **report.facts}
    figures = {**report.figures, **_training(run)}
    report = Report(report.title, report.numbers, figures, report.notes, facts)
    write_json(run.report_path, dump_report(report), run.path)
    progress(1.0, "report written")
    return report


def report_of(run: Run, again: bool = False, folders: Sequence[Path] = (), progress: Progress = silent) -> Report:
    """The report of a run: the one that was kept, or, `again` or where there is none, one made afresh.

    Universes that have moved are looked for in `folders`. Raises: RunError for a run at work or without its weights.
    """
    if run.report_path.exists() and not again:
        return read_report(run)
    if run.status().alive:
        raise RunError(f"{run.name} is at work and makes its report at the end", "see `halodeck watch`")
    model = open_model(run, finished=True)
    return make_report(run, model, open_held_out(run, model.recipe, folders), progress)


def _training(run: Run) -> dict[str, Figure]:
    """How a run was trained; of one that came trained what its report told of that."""
    if run.came_trained:
        try:
            return {name: figure for name, figure in read_report(run).figures.items() if name in ("loss", "validation")}
        except HalodeckError:
            return {}
    measured = validation_curves(run)
    return {"loss": loss_curves(run), **({"validation": measured} if measured else {})}


def validation_curves(run: Run) -> Row | None:
    """What validation measured besides the loss against step, a panel each; None where it measured nothing."""
    history = History()
    history.add(run.events()[0])
    panels = []
    for name, track in history.validation.items():
        if name != "loss" and not name.startswith("loss_"):
            series = Series("validation", np.array(track.steps), np.array(track.values))
            panels.append(Curves(name.replace("_", " "), (series,), "step", name.replace("_", " ")))
    return Row("What validation measured", tuple(panels)) if panels else None


def loss_curves(run: Run) -> Curves:
    """The loss and every loss_<part> against step, in training and validation, as the last worker went through them.

    The loss of one part at a time, told under that part's name too, is drawn once.
    """
    history = History()
    history.add(run.events()[0])
    series = []
    kinds: tuple[tuple[str, dict[str, Track], Style], ...] = (
        ("training", history.train, "line"),
        ("validation", history.validation, "dashed"),
    )
    for name, tracks, style in kinds:
        points = {
            key: dict(zip(track.steps, track.values, strict=True))
            for key, track in tracks.items()
            if key == "loss" or key.startswith("loss_")
        }
        parts = [steps.items() for key, steps in points.items() if key != "loss"]
        if parts and all(any(point in steps for steps in parts) for point in points.get("loss", {}).items()):
            points.pop("loss", None)
        for key, found in points.items():
            part = key.removeprefix("loss").replace("_", " ")
            steps, values = np.array(list(found)), np.array(list(found.values()))
            series.append(Series(f"{name}{part}", steps, values, style=style if parts else "line"))
    every = np.concatenate([item.y for item in series]) if series else np.ones(1)
    wide = bool(every.min() > 0 and every.max() > WIDE * every.min())
    return Curves("Loss", tuple(series), "step", "loss", y_log=wide)
