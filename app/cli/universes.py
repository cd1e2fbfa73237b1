"""Commands on universes: simulate, import, info, view, stats."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.command import Command, CommandForm, with_flags
from app.cli.show import (
    JsonOption,
    SaveOption,
    print_facts,
    print_figure,
    print_json,
    print_report,
    progress_bar,
    save_report,
)
from core.analysis.statistics.rows import STATISTICS
from core.cosmos.presets import PRESET_NAMES
from core.errors import InputError, UsageError
from core.forms import Ask

if TYPE_CHECKING:
    from core.cosmos.simulate import Simulation

UNIVERSES = Path("universes")

SIMULATE_FORM = CommandForm(
    "simulate universes",
    "simulate {cells}^3, seeds {seeds}",
    {
        "universe": "What is simulated: 64 Mpc/h with 64^3 particles take seconds, 256^3 some minutes.",
        "evolution": "How it is evolved.",
        "output": "Where the universes go; those that exist with the same settings are kept.",
    },
)
IMPORT_FORM = CommandForm(
    "import a snapshot or a cube",
    "import {initial}",
    {
        "files": "Initial conditions, a later snapshot of the same particles, its halos, or a cube.",
        "cosmology": "Only what the file does not say.",
        "cube": "What a cube holds and where.",
        "evolution": "Of initial conditions without a later snapshot.",
        "output": "Where the universe goes.",
    },
    folded=("evolution",),
    first="initial",
)

Steps = Annotated[
    int, typer.Option(help="Time steps of the N-body run, uniform in the growth factor."), Ask("evolution")
]
MeshRatio = Annotated[
    float,
    typer.Option(help="Force-mesh cells per particle spacing: 1, 1.5, 2 or 3."),
    Ask("evolution", ("1", "1.5", "2", "3")),
]
Outputs = Annotated[
    str,
    typer.Option(help="Redshifts to keep, e.g. 1,0; the last is the main one."),
    Ask("evolution", parse=lambda text: parse_numbers(text, "outputs")),
]
Minimum = Annotated[int, typer.Option(help="Particles of the smallest halo."), Ask("evolution")]
Preset = Annotated[
    str, typer.Option(help=f"{', '.join(PRESET_NAMES[:-1])} or {PRESET_NAMES[-1]}."), Ask("universe", PRESET_NAMES)
]
Device = Annotated[
    str, typer.Option(help="auto, cpu, cuda or cuda:N."), Ask("evolution", ("auto", "cpu", "cuda"), others=True)
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite what is there."), Ask("output")]


def simulate(
    cells: Annotated[int, typer.Option(help="Particles per side."), Ask("universe")] = 64,
    box: Annotated[float, typer.Option(help="Side of the box in Mpc/h."), Ask("universe")] = 64.0,
    cosmology: Preset = "planck2018",
    like: Annotated[
        Path | None,
        typer.Option(help="Take cells, box and cosmology from this universe, e.g. an imported one."),
        Ask("universe", exists=True),
    ] = None,
    seeds: Annotated[
        str, typer.Option(help="One universe a seed: 7, 1-10 or 1,4,9."), Ask("universe", parse=parse_seeds)
    ] = "1",
    steps: Steps = 20,
    mesh_ratio: MeshRatio = 2.0,
    outputs: Outputs = "0",
    minimum_particles: Minimum = 20,
    fixed: Annotated[
        bool, typer.Option("--fixed", help="Amplitudes exactly at the spectrum, random phases."), Ask("universe")
    ] = False,
    paired: Annotated[
        bool, typer.Option("--paired", help="All phases turned by pi: the opposite universe."), Ask("universe")
    ] = False,
    spectrum: Annotated[
        str,
        typer.Option(help="Linear spectrum: eh98, or camb where it is installed."),
        Ask("universe", ("eh98", "camb")),
    ] = "eh98",
    truth: Annotated[
        str,
        typer.Option(help="Where halos come from: nbody, peakpatch or both."),
        Ask("universe", ("nbody", "peakpatch", "both")),
    ] = "nbody",
    with_2lpt: Annotated[
        bool,
        typer.Option("--with-2lpt", help="Keep the damped 2LPT density today too: the input of an emulator."),
        Ask("universe"),
    ] = False,
    integrator: Annotated[
        str, typer.Option(help="bullfrog or fastpm."), Ask("evolution", ("bullfrog", "fastpm"))
    ] = "bullfrog",
    device: Device = "auto",
    out: Annotated[Path, typer.Option(help="Folder for the universes."), Ask("output")] = UNIVERSES,
    force: Force = False,
) -> None:
    """Simulate universes: initial conditions, 2LPT, N-body, halos and their Lagrangian labels.

    What exists with the same settings is kept, so an interrupted range goes on where it was.
    """
    from core.cosmos.cosmology import preset
    from core.cosmos.universe import open_universe

    chosen = preset(cosmology)
    if like:
        model = open_universe(like)
        cells, box, chosen = model.cells, model.box_size, replace(model.cosmology, name=model.name)
    numbers, redshifts = parse_seeds(seeds), parse_numbers(outputs, "--outputs")
    from core.cosmos.simulate import Evolution, Simulation

    # names of integrators and spectra are checked with everything else
    evolution = Evolution(
        steps,
        mesh_ratio,
        redshifts,
        integrator,  # type: ignore[arg-type]
        minimum_particles=minimum_particles,
        device=device,
    )
    simulation = Simulation(cells, box, chosen, numbers[0], evolution, fixed, paired, spectrum, truth, with_2lpt)  # type: ignore[arg-type]
    for path in simulate_many(out, simulation, numbers, force):
        halos = open_universe(path).halos
        print(f"{path}  {', '.join(f'{count} halos ({name})' for name, count in halos.items())}")


def simulate_many(out: Path, simulation: Simulation, seeds: list[int], force: bool = False) -> list[Path]:
    """Simulate one universe for each seed; those that exist with the same settings are kept."""
    from core.cosmos.simulate import simulate as run_simulation
    from core.cosmos.universe import open_universe
    from core.progress import part
    from core.provenance import provenance

    simulation.check()
    paths = []
    with progress_bar("simulate") as progress:
        for number, seed in enumerate(seeds):
            this = replace(simulation, seed=seed)
            path = out / f"{this.name}.h5"
            paths.append(path)
            if path.exists() and not force:
                if open_universe(path).provenance.get("settings") == this.settings():
                    continue
                raise InputError(f"{path} exists with other settings", "use --force, another --out or other seeds")
            stage = part(progress, number / len(seeds), (number + 1) / len(seeds), f"seed {seed}: ")
            run_simulation(path, this, provenance(), stage)
    return paths


def import_(
    initial: Annotated[
        Path, typer.Argument(help="Snapshot of the initial conditions, or a cube."), Ask("files", exists=True)
    ],
    final: Annotated[
        Path | None,
        typer.Argument(
            help="Final snapshot of the same particles; none: evolve here. Or another cube of the same box."
        ),
        Ask("files", exists=True),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The universe to write; default universes/<name>.h5."), Ask("output")
    ] = None,
    box_size: Annotated[float | None, typer.Option(help="Side of the box [Mpc/h]."), Ask("cosmology")] = None,
    omega_matter: Annotated[float | None, typer.Option(help="Matter density today."), Ask("cosmology")] = None,
    omega_baryon: Annotated[float | None, typer.Option(help="Baryon density today."), Ask("cosmology")] = None,
    h: Annotated[float | None, typer.Option("--h", help="H0 / (100 km/s/Mpc)."), Ask("cosmology")] = None,
    cosmology: Annotated[
        str | None, typer.Option(help="A preset for all of these that are not given."), Ask("cosmology", PRESET_NAMES)
    ] = None,
    sigma8: Annotated[float | None, typer.Option(help="Linear rms in 8 Mpc/h spheres today."), Ask("cosmology")] = None,
    spectral_index: Annotated[
        float | None, typer.Option(help="Slope of the primordial spectrum."), Ask("cosmology", signed=True)
    ] = None,
    redshift: Annotated[
        float | None, typer.Option(help="Redshift of the initial snapshot or the cube."), Ask("cosmology", signed=True)
    ] = None,
    length_unit: Annotated[
        str | None,
        typer.Option(help="Unit of length of the file: kpc/h, Mpc/h, kpc or Mpc."),
        Ask("cosmology", ("kpc/h", "Mpc/h", "kpc", "Mpc")),
    ] = None,
    halos: Annotated[
        Path | None,
        typer.Option(
            help="Halo catalogue of the final snapshot, in the place of our own halos; .pksc: of a linear field."
        ),
        Ask("files", exists=True),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(help="Columns of a CSV catalogue: mass=M_fof [Msun/h],x=X [Mpc/h],y=...,z=..."),
        Ask("files", parse=parse_columns),
    ] = None,
    total_matter: Annotated[
        bool,
        typer.Option("--total-matter", help="Paint gas, stars and dark matter, not the dark matter alone."),
        Ask("files"),
    ] = False,
    field: Annotated[
        str | None,
        typer.Option(help="What a cube holds: density, delta_linear, brightness_temperature, ..."),
        Ask("cube"),
    ] = None,
    dataset: Annotated[str | None, typer.Option(help="Path of the cube in an HDF5 file."), Ask("cube")] = None,
    cells: Annotated[int | None, typer.Option(help="Cells per side of a cube of raw floats."), Ask("cube")] = None,
    escape_fraction: Annotated[
        float | None, typer.Option(help="Of a 21-cm cube, where its name does not say it (_esc0.070)."), Ask("cube")
    ] = None,
    steps: Steps = 20,
    mesh_ratio: MeshRatio = 2.0,
    outputs: Outputs = "0",
    minimum_particles: Minimum = 20,
    device: Device = "auto",
    force: Force = False,
) -> None:
    """Bring in a snapshot (GADGET-1/2, GADGET-HDF5, AREPO, SWIFT, tipsy, RAMSES) or a cube (.npy, HDF5, 21cmFAST,
    raw floats) as a universe.

    Units and cosmology come from the file; what it lacks must be given by an option.
    """
    from core.cosmos.cube_imports import import_cube
    from core.cosmos.formats.given import Given, in_cosmology
    from core.cosmos.formats.recognise import recognise
    from core.cosmos.imports import TheirHalos, import_initial, import_pair
    from core.cosmos.simulate import Evolution
    from core.provenance import provenance

    path = out or UNIVERSES / f"{initial.stem}.h5"
    if path.exists() and not force:
        raise InputError(f"{path} exists", "use --force or another --out")
    given = Given(box_size, omega_matter, omega_baryon, h, sigma8, spectral_index, redshift, length_unit)
    if cosmology:
        given = in_cosmology(given, cosmology)
    described = recognise(initial)
    if described.holds == "halos":
        raise UsageError(
            f"{initial} is a halo catalogue ({described.kind})",
            "give it by --halos: after the linear field it was found in"
            if described.kind == "pksc"
            else "give it with the snapshots: --halos, after ICS and FINAL",
        )
    cube = described.holds == "cube" or cells is not None
    if final is None and (total_matter or (halos and not cube)):
        raise UsageError(
            "--halos and --total-matter belong to a final snapshot", "give one after the initial conditions"
        )
    with progress_bar("import") as progress:
        if cube:
            import_cube(initial, path, given, field, dataset, cells, halos, provenance(), final, escape_fraction)
        elif final is None:
            redshifts = parse_numbers(outputs, "--outputs")
            evolution = Evolution(steps, mesh_ratio, redshifts, minimum_particles=minimum_particles, device=device)
            import_initial(initial, path, given, evolution, provenance(), progress)
        else:
            theirs = TheirHalos(halos, parse_columns(columns)) if halos else None
            import_pair(initial, final, path, given, minimum_particles, theirs, total_matter, provenance(), progress)
    info(path)


def info(
    path: Annotated[Path, typer.Argument(help="Any file or folder.")],
    as_json: JsonOption = False,
) -> None:
    """Say what a file, universe, prediction or run is."""
    from core.cosmos.formats.recognise import recognise

    described = recognise(path)
    facts = {"path": str(path), "kind": described.kind, **described.facts}
    print_json(facts) if as_json else print_facts(facts)


def view(
    path: Annotated[Path, typer.Argument(help="A universe or prediction.")],
    field: Annotated[str | None, typer.Option(help="Which field; default the first there is.")] = None,
    axis: Annotated[str, typer.Option(help="Axis to look along: x, y or z.")] = "z",
    slice_: Annotated[int | None, typer.Option("--slice", help="Plane in cells from 0; default the middle.")] = None,
    thickness: Annotated[int, typer.Option(help="Planes of the slab.")] = 1,
    peaks: Annotated[bool, typer.Option("--max", help="The highest value of slab and cell, not the mean.")] = False,
    component: Annotated[str, typer.Option(help="Of a vector field: length, x, y or z.")] = "length",
    log: Annotated[bool, typer.Option("--log", help="Logarithmic colours (of 1 + overdensity).")] = False,
    asinh: Annotated[bool, typer.Option("--asinh", help="Colours linear near zero, logarithmic far from it.")] = False,
    colours: Annotated[
        str | None, typer.Option(help="sequential, viridis, cividis, grey or diverging; default the field's own.")
    ] = None,
    limits: Annotated[str | None, typer.Option(help="Range of the colours: 0,1.")] = None,
    zoom: Annotated[float, typer.Option(help="So many times less than the box is shown.")] = 1.0,
    centre: Annotated[
        str | None, typer.Option(help="Middle of the window in its two coordinates [Mpc/h]: 32,40.")
    ] = None,
    halos: Annotated[str | None, typer.Option(help="Draw the halos of this catalogue as circles, e.g. fof.")] = None,
    smallest: Annotated[float, typer.Option(help="Mass of the smallest halo drawn [Msun/h].")] = 0.0,
    outlines: Annotated[bool, typer.Option("--outlines", help="Outline what is in halos, or predicted to be.")] = False,
    compare: Annotated[
        Path | None, typer.Option(help="A prediction for the universe, or another one: draw both and the difference.")
    ] = None,
    width: Annotated[int | None, typer.Option(min=10, help="Columns; default the terminal's.")] = None,
    height: Annotated[int | None, typer.Option(min=3, help="Rows; default what the shape needs.")] = None,
    save: Annotated[
        Path | None, typer.Option(help="Write PNG, SVG, PDF, text, ANSI or the numbers (.npy) instead.")
    ] = None,
) -> None:
    """Draw a slice of a field in the terminal."""
    from core.analysis.views.panels import Overlays, view_figure
    from core.analysis.views.view import View

    if limits and len(parse_numbers(limits, "--limits")) != 2:
        raise UsageError(f"--limits {limits!r} is no range", "write two numbers: 0,1")
    if centre and len(parse_numbers(centre, "--centre")) != 2:
        raise UsageError(f"--centre {centre!r} is no place in an image", "write two numbers: 32,40")
    view = View(
        axis,  # type: ignore[arg-type]  # names are checked with everything else
        slice_,
        thickness,
        "max" if peaks else "mean",
        component,  # type: ignore[arg-type]
        "log" if log else "asinh" if asinh else "linear",
        colours,  # type: ignore[arg-type]
        parse_numbers(limits, "--limits") if limits else None,  # type: ignore[arg-type]
        zoom,
        parse_numbers(centre, "--centre") if centre else None,  # type: ignore[arg-type]
    )
    figure = view_figure(path, view, field, compare, Overlays(halos or "", outlines, smallest))
    if save:
        from app.draw import save as save_figure

        save_figure(figure, save)
        print(f"saved {save}")
    else:
        print_figure(figure, width, height)


def stats(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Universes and predictions to compare.")],
    reference: Annotated[
        str | None, typer.Option(help="Compare with this one of them, or with theory; default the last of several.")
    ] = None,
    field: Annotated[str | None, typer.Option(help="Which field; default the evolved density.")] = None,
    poisson: Annotated[bool, typer.Option("--poisson", help="Poisson errors of the mass function.")] = False,
    as_json: JsonOption = False,
    save: SaveOption = None,
    **extra: bool,
) -> None:
    """Power spectrum, cross-correlation, transfer function, pixel distribution and halo mass function."""
    from core.analysis.statistics.measure import statistics
    from core.cosmos.universe import open_universe
    from core.figures import dump_report

    with progress_bar("statistics") as progress:
        report = statistics(
            *map(open_universe, paths),
            field=field,
            reference=reference,
            also=[row.name for row in STATISTICS if extra[row.name.replace("-", "_")]],
            errors="poisson" if poisson else "jackknife",
            progress=progress,
        )
    if save:
        save_report(report, save)
    print_json(dump_report(report)) if as_json else print_report(report)


def parse_seeds(text: str) -> list[int]:
    """7, 1-10, 1,4,9 or mixtures. Raises: UsageError."""
    seeds: list[int] = []
    try:
        for item in text.split(","):
            first, dash, last = item.partition("-")
            seeds += range(int(first), int(last) + 1) if dash else [int(first)]
    except ValueError:
        raise UsageError(f"--seeds {text!r} cannot be read", "write 7, 1-10 or 1,4,9") from None
    if not seeds or min(seeds) < 0:
        raise UsageError(f"--seeds {text!r} holds no seed", "write 7, 1-10 or 1,4,9")
    return seeds


def parse_numbers(text: str, option: str) -> tuple[float, ...]:
    """Numbers separated by commas. Raises: UsageError."""
    try:
        return tuple(float(item) for item in text.split(","))
    except ValueError:
        raise UsageError(f"{option} {text!r} cannot be read", "write numbers separated by commas") from None


def parse_columns(text: str | None) -> dict[str, str]:
    """mass=M_fof [Msun/h],x=X [Mpc/h],... as a mapping. Raises: UsageError."""
    pairs = [item.partition("=") for item in text.split(",")] if text else []
    if not all(name.strip() and column.strip() for name, _, column in pairs):
        raise UsageError(f"--columns {text!r} cannot be read", "write mass=M_fof [Msun/h],x=X [Mpc/h],...")
    return {name.strip(): column.strip() for name, _, column in pairs}


COMMANDS = (
    Command("simulate", simulate, 1, SIMULATE_FORM),
    Command("import", import_, 2, IMPORT_FORM),
    Command("info", info, 3),
    Command("view", view, 4),
    Command("stats", with_flags(stats, {row.name: f"Also {row.help}." for row in STATISTICS}), 5),
)
