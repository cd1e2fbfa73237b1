"""The functions of `import halodeck`. The commands of the same names call what these call.

Paths may be texts or Paths; in their place may stand what was opened already: a Universe, a Run. `progress` is called
with the share done and what is being done: `progress=print` tells it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from app.draw.notebook import display
from core.cosmos.universe import Universe, open_universe
from core.figures import Displayed, Figure, Report, Table
from core.progress import Progress, silent
from core.runs.launch_spec import LaunchSpec, folder_of
from core.runs.listing import look_at_run, open_run
from core.runs.run import Run

if TYPE_CHECKING:
    from core.cosmos.box import Catalogue
    from core.cosmos.cosmology import Cosmology

AnyPath: TypeAlias = str | Path
AnyUniverse: TypeAlias = AnyPath | Universe
AnyRun: TypeAlias = AnyPath | Run

Displayed.display = display
UNIVERSES, RUNS = folder_of("universes"), folder_of("runs")


class Figures(dict[str, Figure], Displayed):
    """Figures by name; as the last thing of a notebook's cell all of them are shown."""


def simulate(
    out: AnyPath = UNIVERSES,
    *,
    cells: int = 64,
    box: float = 64.0,
    seeds: int | Iterable[int] = 1,
    cosmology: str | Cosmology = "planck2018",
    numbers: Mapping[str, float] | None = None,
    force: bool = False,
    progress: Progress = silent,
    truth: str = "nbody",
    spectrum: str = "eh98",
    fixed: bool = False,
    paired: bool = False,
    with_2lpt: bool = False,
    **evolution: Any,
) -> list[Universe]:
    """Simulate one universe a seed into the folder `out`; those that exist with the same settings are kept.

    `cells` particles per side in a box of `box` [Mpc/h]. `cosmology` is a preset's name or a Cosmology, `numbers` what
    differs from it: omega_matter, omega_baryon, h, sigma8, spectral_index, w0, wa. `evolution` are the fields of
    core.cosmos.simulate.Evolution: steps, mesh_ratio, outputs [redshifts], integrator, minimum_particles, device.

    Raises: UsageError for settings that cannot work, InputError where a file has other settings, ResourceError.
    """
    from core.cosmos.campaign import varied
    from core.cosmos.cosmology import preset
    from core.cosmos.seeds import of_seeds, simulate_many
    from core.cosmos.simulate import Evolution, Simulation

    chosen = varied(preset(cosmology) if isinstance(cosmology, str) else cosmology, numbers or {})
    every = [seeds] if isinstance(seeds, int) else list(seeds)
    simulation = Simulation(
        cells,
        box,
        chosen,
        evolution=Evolution(**evolution),
        fixed=fixed,
        paired=paired,
        spectrum=spectrum,  # type: ignore[arg-type]  # names are checked with everything else
        truth=truth,  # type: ignore[arg-type]
        with_2lpt=with_2lpt,
    )
    return simulate_many(Path(out), of_seeds(simulation, every), force, progress)


def open(path: AnyPath, runs: AnyPath = RUNS) -> Universe | Run:
    """A universe or prediction by its path, or a run by its path, its name in the folder `runs`, "latest", or the name
    of a network that comes along.

    Raises: InputError for a file that is no universe, RunError where there is no such run.
    """
    path = Path(path)
    if path.is_file() or path.suffix == ".h5":
        return open_universe(path)
    return look_at_run(Path(runs), str(path))


def train(
    recipe: str,
    on: AnyUniverse | Sequence[AnyUniverse] = UNIVERSES,
    *,
    config: str | None = None,
    settings: Mapping[str, Any] | None = None,
    device: str = "auto",
    runs: AnyPath = RUNS,
    note: str = "",
    detach: bool = False,
    progress: Progress = silent,
) -> Run:
    """Train a recipe, predict the universes held out and report on them; returns the run.

    `on` are universes or folders of them. `config` is a table of the recipe, FILE or FILE:TABLE, and `settings` what
    differs from it, by dotted name: {"steps": 200, "optimiser.learning_rate": 0.01}. `device` is auto, cpu, cuda or
    cuda:N. With `detach` a worker trains in the background, and the run comes back when it has begun.

    Raises: ConfigError with every wrong setting, UsageError, InputError for universes that do not fit, ResourceError.
    """
    given = [on] if isinstance(on, (str, Path, Universe)) else on
    paths = tuple(_path(each) for each in given)
    changes = tuple(f"{name}={json.dumps(value)}" for name, value in (settings or {}).items())
    run = LaunchSpec(recipe, paths, config, changes, device, Path(runs), note).create()
    if detach:
        from app.background.workers import resume

        resume(run)
        return run
    from core.runs.worker import work

    def on_step(step: Any, steps: int) -> None:
        progress(step.step / steps, f"step {step.step}/{steps}  loss {step.values['loss']:.4f}")

    work(run, on_step, lambda fraction, doing: progress(1.0, doing))
    return run


def predict(run: AnyRun, universe: AnyUniverse, *, runs: AnyPath = RUNS, progress: Progress = silent) -> Universe:
    """Apply a trained run to a universe of its cell size; the prediction is kept in the run's folder and comes back.

    Its fields and catalogues are what the recipe predicts, in the universe's box and units.

    Raises: RunError for a run without weights, InputError for a universe that does not fit.
    """
    from core.runs.job import open_model
    from core.runs.reports import predict as predict_by

    chosen = _run(run, runs)
    return predict_by(chosen, open_model(chosen), _universe(universe), progress)


def report(
    run: AnyRun,
    *,
    again: bool = False,
    universes: Sequence[AnyPath] = (),
    runs: AnyPath = RUNS,
    progress: Progress = silent,
) -> Report:
    """A run's numbers and figures on universes held out, beside the paper's; `again` predicts and evaluates afresh.

    Each number has its unit, its error (one standard deviation), a baseline, and the paper's value. Universes that have
    moved are looked for in the folders `universes`.

    Raises: RunError for a run at work or without weights, InputError for universes that are nowhere.
    """
    from core.runs.reports import report_of

    chosen = run if isinstance(run, Run) else (open_run if again else look_at_run)(Path(runs), str(run))
    return report_of(chosen, again, [Path(folder) for folder in universes], progress)


def stats(
    *universes: AnyUniverse,
    field: str | None = None,
    reference: str | None = None,
    also: Sequence[str] = (),
    errors: str = "jackknife",
    progress: Progress = silent,
) -> Report:
    """P(k) [(Mpc/h)^3] against k [h/Mpc], pixel distribution and mass function of one universe or prediction; of
    several also r(k) and T(k) against `reference`.

    `also` names what is measured on request: the options of `halodeck stats`, without their dashes. `errors` of the
    mass function are jackknife or poisson.

    Raises: UsageError for an unknown field, reference or statistic, InputError for boxes that differ.
    """
    from core.analysis.statistics.measure import statistics

    return statistics(
        *map(_universe, universes),
        field=field,
        reference=reference,
        also=also,
        errors=errors,  # type: ignore[arg-type]
        progress=progress,
    )


def halos(universe: AnyUniverse, name: str | None = None) -> Catalogue:
    """A halo catalogue, most massive first: mass [Msun/h], position (N, 3) [Mpc/h], velocity (N, 3) [km/s], and what
    else its `units` name; by default the first that there is.

    Raises: UsageError for an unknown name.
    """
    opened = _universe(universe)
    return opened.catalogue(name or next(iter(opened.halos), "fof"))


def view(
    universe: AnyUniverse,
    field: str | None = None,
    compare: AnyUniverse | None = None,
    *,
    halos: str = "",
    outlines: bool = False,
    smallest: float = 0.0,
    **look: Any,
) -> Figure:
    """A slice of a field, or, with a prediction or another universe to `compare` with, both and their difference.

    `look` are the fields of core.analysis.views.view.View: axis, index (plane from 0), thickness (planes), scale
    (linear, log, asinh), colours, limits, zoom, centre [Mpc/h]. `halos` is a catalogue whose halos of at least the mass
    `smallest` [Msun/h] are drawn as circles; `outlines` are drawn around what is in halos.

    Raises: UsageError for an unknown field, catalogue or plane, InputError for files that cannot be compared.
    """
    from core.analysis.views.panels import Overlays, view_figure
    from core.analysis.views.view import View

    partner = None if compare is None else _path(compare)
    return view_figure(_path(universe), View(**look), field, partner, Overlays(halos, outlines, smallest))


def figures(of: Report | AnyRun | Universe) -> Figures:
    """The figures of a report, of a run's report, or of a universe: the middle slice of each of its fields.

    Raises: RunError, InputError.
    """
    if isinstance(of, (str, Path)):
        of = open(of)
    if isinstance(of, Universe):
        return Figures({name: view(of, name) for name in of.fields})
    return Figures((report(of) if isinstance(of, Run) else of).figures)


def networks() -> Table:
    """The trained networks that come with halodeck, to be given by name where a run is."""
    from core.runs.shipped import networks_table

    return networks_table()


def save(figure: Figure, path: AnyPath) -> None:
    """Write a figure as .png, .svg, .pdf, .txt or .ansi, or its numbers as .csv, .json or, of a slice, .npy.

    Raises: UsageError for another suffix, ResourceError without matplotlib, room or permission.
    """
    from app.draw import save as save_figure

    save_figure(figure, Path(path))


def _path(universe: AnyUniverse) -> Path:
    return universe.path if isinstance(universe, Universe) else Path(universe)


def _universe(universe: AnyUniverse) -> Universe:
    return universe if isinstance(universe, Universe) else open_universe(Path(universe))


def _run(run: AnyRun, runs: AnyPath) -> Run:
    return run if isinstance(run, Run) else open_run(Path(runs), str(run))
