"""Runs beside each other: on the same universes where they predict halos, by their reports otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.analysis.comparison.reports import compare_kept, minus
from core.cosmos.identity import identity
from core.errors import InputError, RunError, UsageError, did_you_mean
from core.figures import Report, Table
from core.progress import Progress, part, silent
from core.runs.job import has_seen, open_held_out, open_model, read_arrays, read_constants
from core.runs.predictions import kept
from core.runs.registry import open_recipe
from core.runs.reports import predict
from core.runs.run import Run

if TYPE_CHECKING:
    from core.analysis.comparison.halos import Method
    from core.cosmos.universe import Universe
    from core.protohalos.boosted import PhysicsTrees
    from core.protohalos.finder import Found
    from core.protohalos.truth import TruthSource
    from core.protohalos.without_network import WithoutNetwork
    from core.runs.recipe import Recipe


def compare(
    runs: Sequence[Run],
    universes: Sequence[Universe] = (),
    source: TruthSource = "auto",
    progress: Progress = silent,
    folders: Sequence[Path] = (),
    baseline: str = "",
) -> Report:
    """One report on several runs. Runs that predict halos are compared on the given universes, or on those that all
    of them held out, together with baselines that need no network; others by the numbers and curves of their reports.
    With `baseline`, the name of one of the runs, also what the others are above it.

    Raises: UsageError for fewer than two runs or runs that predict different things, InputError without a universe
    that none was trained on.
    """
    if len(runs) < 2:
        raise UsageError(f"{len(runs)} run cannot be compared", "name two or more")
    if len({run.path.resolve() for run in runs}) < len(runs):
        raise UsageError("a run is named twice", "name different runs")
    names = _names(runs)
    if baseline and baseline not in names:
        raise UsageError(f"--baseline {baseline} is none of the runs compared", did_you_mean(baseline, names))
    recipes = [open_recipe(run) for run in runs]
    products = {recipe.product for recipe in recipes}
    if len(products) > 1:
        what = ", ".join(f"{name}: {recipe.product}" for name, recipe in zip(names, recipes, strict=True))
        raise UsageError(f"these runs predict different things ({what})", "compare runs of one kind")
    if products == {"halos"}:
        chosen = list(universes) or held_out_by_all(runs, recipes, folders)
        report = _compare_halos(runs, recipes, chosen, source, progress)
        table = report.figures["table"]
        assert isinstance(table, Table)
        more = {"minus the baseline": minus(table, baseline)} if baseline else {}
        return replace(report, figures={"table": table, **more, **report.figures})
    if universes:
        raise UsageError(
            f"runs that predict {products.pop()} are compared by their reports",
            "leave --on away, or make the reports on other universes with `halodeck predict`",
        )
    return compare_kept(runs, names, baseline)


def _names(runs: Sequence[Run]) -> list[str]:
    """Names of runs, or their paths where runs of two folders have one name."""
    names = [run.name for run in runs]
    return names if len(set(names)) == len(names) else [str(run.path) for run in runs]


def held_out_by_all(runs: Sequence[Run], recipes: Sequence[Recipe], folders: Sequence[Path] = ()) -> list[Universe]:
    """The universes that every run keeps for its report. Raises: InputError when there are none."""
    kept = [open_held_out(run, recipe, folders) for run, recipe in zip(runs, recipes, strict=True)]
    ids = [{identity(universe) for universe in some} for some in kept]
    common = [universe for universe in kept[0] if all(identity(universe) in some for some in ids)]
    if not common:
        raise InputError("the runs have held out no universe in common", "name universes that none has seen with --on")
    return common


def _compare_halos(
    runs: Sequence[Run], recipes: Sequence[Recipe], universes: list[Universe], source: TruthSource, progress: Progress
) -> Report:
    from core.analysis.comparison import evolved, front
    from core.analysis.comparison import halos as compare_halos
    from core.protohalos.truth import true_halos

    cells = max(recipe.smallest_halo for recipe in recipes)
    minimum = 0.999 * cells * max(universe.particle_mass for universe in universes)
    truths = [true_halos(universe, source, cells) for universe in universes]
    truth = compare_halos.Method([t.halos for t in truths], [t.label for t in truths])
    methods: dict[str, Method] = {}
    for number, (name, run) in enumerate(zip(_names(runs), runs, strict=True)):
        stage = part(progress, 0.5 * number / len(runs), 0.5 * (number + 1) / len(runs), f"{name}: ")
        methods[name] = _of_run(run, universes, minimum, stage)
    progress(0.5, "baselines")
    of_nbody = "fof" in truths[0].halos.definition
    methods |= _baselines(runs, universes, cells, minimum, of_nbody)
    redshift = truths[0].halos.redshift
    if of_nbody:
        again = evolved.runs_for(universes)
        methods |= evolved.methods(universes, again, cells, minimum, redshift, part(progress, 0.6, 0.95))
    progress(0.95, "comparing")
    large = 100 / cells * minimum if cells < 100 else 10 * minimum
    scores = compare_halos.scores(truth, methods, minimum)
    report = Report(
        f"{len(runs)} runs on the same universes",
        (),
        {
            "table": compare_halos.table(truth, methods, minimum, large),
            "cost": front.figure(scores),
            **compare_halos.figures(truth, methods, universes[0].cosmology, redshift, minimum),
        },
        (
            *_other_truths(recipes, runs, universes[0], source),
            *_notes(runs, universes),
            front.words(scores, _names(runs)),
        ),
        {
            "universes": ", ".join(universe.name for universe in universes),
            "truth": f"{truths[0].halos.definition} halos of at least {minimum:.3g} Msun/h",
            **{
                name: f"{recipe.title}, {run.status().step} steps"
                for name, run, recipe in zip(_names(runs), runs, recipes, strict=True)
            },
        },
    )
    progress(1.0, "done")
    return report


def _notes(runs: Sequence[Run], universes: Sequence[Universe]) -> tuple[str, ...]:
    """Say which run has seen which universe in training: its numbers there are no test."""
    notes = []
    for name, run in zip(_names(runs), runs, strict=True):
        leaked = [universe.name for universe in universes if has_seen(run, universe)]
        if leaked:
            notes.append(f"{name} has seen {', '.join(leaked)} in training: its numbers there are no test.")
    return tuple(notes)


def _other_truths(recipes: Sequence[Recipe], runs: Sequence[Run], universe: Universe, source: TruthSource) -> list[str]:
    """Say which run has learnt other halos than those it is judged by."""
    from core.protohalos.truth import sources

    def held(wanted: str) -> str:
        return sources(universe)[0] if wanted == "auto" else wanted

    learnt = {name: held(recipe.learnt_truth) for name, recipe in zip(_names(runs), recipes, strict=True)}
    return [
        f"{name} has learnt {halos} halos and is judged by {held(source)} ones: choose with --truth."
        for name, halos in learnt.items()
        if halos != held(source)
    ]


def _of_run(run: Run, universes: Sequence[Universe], minimum: float, progress: Progress) -> Method:
    """Catalogues of a run, from its folder where they are there already."""
    from core.analysis.comparison.halos import Method

    model = None
    made = []
    for number, universe in enumerate(universes):
        prediction = kept_prediction(run, universe)
        if prediction is None:
            model = model or open_model(run)
            stage = part(progress, number / len(universes), (number + 1) / len(universes))
            prediction = predict(run, model, universe, stage)
        made.append(prediction)
    catalogues = [prediction.catalogue(next(iter(prediction.halos))) for prediction in made]
    steps = [event["seconds"] for event in run.events()[0] if event["event"] == "step" and "seconds" in event]
    costs = [prediction.provenance.get("cost", {}) for prediction in made]
    return Method(
        [catalogue.at_least(minimum) for catalogue in catalogues],
        [np.asarray(prediction.field("label").values) for prediction in made],
        run.status().step * float(np.median(steps)) if steps else float("nan"),
        float(np.mean([cost.get("seconds", np.nan) for cost in costs])),
        float(np.max([cost.get("memory", np.nan) for cost in costs])),
        float(np.median([_seconds(cost) for cost in costs])),
        any(cost.get("device", "cpu") != "cpu" for cost in costs),
    )


def _seconds(cost: Mapping[str, Any]) -> float:
    """CPU seconds of a prediction, those by the clock on a GPU; NaN where they were not measured."""
    return float(cost.get("seconds" if cost.get("device", "cpu") != "cpu" else "cpu_seconds", np.nan))


def kept_prediction(run: Run, universe: Universe) -> Universe | None:
    """The prediction for this universe in the run's folder, if it was made by the weights of now."""
    from core.cosmos.universe import open_universe

    path = kept(run, universe)
    if path is None:
        return None
    prediction = open_universe(path)
    current = prediction.provenance.get("step") == run.status().step
    newer = path.stat().st_mtime >= universe.path.stat().st_mtime
    return prediction if current and newer else None


def _baselines(
    runs: Sequence[Run], universes: Sequence[Universe], cells: int, minimum: float, of_nbody: bool
) -> dict[str, Method]:
    """Smoothed density and trees (as the first runs that measured them have them), excursion sets, and Peak Patch where
    it is kept beside an N-body truth."""
    from core.analysis.comparison import excursion
    from core.analysis.comparison.halos import Method
    from core.protohalos.truth import sources, true_halos
    from core.protohalos.without_network import smoothed_density

    methods = {}
    measured = [told for run in runs if (told := _measured(run))]
    if measured:
        constants = measured[0].constants
        methods["smoothed density"] = _from_found(
            lambda universe: smoothed_density(universe, constants, cells).found, universes, minimum
        )
    for told in measured:
        if told.trees and (name := _trees_name(told.trees)) not in methods:
            methods[name] = _from_found(_halos_by(told, cells), universes, minimum)
    methods["EPS"] = _from_found(lambda universe: excursion.halos_of(universe, cells), universes, minimum)
    if all("peakpatch" in sources(universe) for universe in universes) and of_nbody:
        patches = [true_halos(universe, "peakpatch", cells) for universe in universes]
        cost = peak_patch_cost(universes[0])
        methods["Peak Patch"] = Method(
            [p.halos.at_least(minimum) for p in patches], [p.label for p in patches], cost=cost
        )
    return methods


def peak_patch_cost(universe: Universe) -> float:
    """CPU seconds of Peak Patch in a box, by finding it again; NaN in large boxes, where that would take minutes."""
    import time

    from core.cosmos.peakpatch.search import PeakPatchSettings, peak_patch
    from core.protohalos.resimulated import LARGEST

    if universe.cells > LARGEST:
        return float("nan")
    busy = time.process_time()
    settings = PeakPatchSettings(redshift=universe.catalogue("peakpatch").redshift)
    peak_patch(universe.field("delta_linear"), universe.cosmology, settings)
    return time.process_time() - busy


def _measured(run: Run) -> WithoutNetwork | None:
    """The baselines that a run has measured, if it has."""
    from core.protohalos import without_network

    try:
        told = without_network.of(read_constants(run), read_arrays(run))
    except RunError:
        return None
    return told if "baseline.smoothing" in told.constants else None


def _halos_by(told: WithoutNetwork, cells: int) -> Callable[[Universe], Found]:
    return lambda universe: told.guess(universe, cells).found


def _trees_name(trees: PhysicsTrees) -> str:
    """Trees on the density alone, or on a cheap run with it."""
    return f"trees + N-body {trees.run.steps}/{trees.run.mesh_ratio:g}" if trees.run else "trees"


def _from_found(find: Callable[[Universe], Found], universes: Sequence[Universe], minimum: float) -> Method:
    import time

    from core.analysis.comparison.halos import Method
    from core.cosmos.displace import move

    found, wall, cpu = [], [], []
    for universe in universes:
        began, busy = time.perf_counter(), time.process_time()
        found.append(find(universe))
        wall.append(time.perf_counter() - began)
        cpu.append(time.process_time() - busy)
    catalogues = [
        move(
            item.catalogue(universe.box_size, universe.cosmology.mean_density).at_least(minimum),
            item.label,
            universe.field("delta_linear"),
            universe.cosmology,
        )
        for item, universe in zip(found, universes, strict=True)
    ]
    labels = [item.label for item in found]
    return Method(catalogues, labels, seconds=float(np.median(wall)), cost=float(np.median(cpu)))
