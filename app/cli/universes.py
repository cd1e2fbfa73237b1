"""Commands on universes: simulate, import, info, view, stats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
from core.errors import InputError, UsageError

if TYPE_CHECKING:
    from core.cosmos.simulate import Simulation

UNIVERSES = Path("universes")

Steps = Annotated[int, typer.Option(help="Time steps of the N-body run, uniform in the growth factor.")]
MeshRatio = Annotated[float, typer.Option(help="Force-mesh cells per particle spacing: 1, 1.5, 2 or 3.")]
Outputs = Annotated[str, typer.Option(help="Redshifts to keep, e.g. 1,0; the last is the main one.")]
Minimum = Annotated[int, typer.Option(help="Particles of the smallest halo.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite what is there.")]


def simulate(
    cells: Annotated[int, typer.Option(help="Particles per side.")] = 64,
    box: Annotated[float, typer.Option(help="Side of the box in Mpc/h.")] = 64.0,
    cosmology: Annotated[str, typer.Option(help="planck2018, planck2015, halonet, wmap5 or petulante.")] = "planck2018",
    like: Annotated[
        Path | None, typer.Option(help="Take cells, box and cosmology from this universe, e.g. an imported one.")
    ] = None,
    seeds: Annotated[str, typer.Option(help="One universe a seed: 7, 1-10 or 1,4,9.")] = "1",
    steps: Steps = 20,
    mesh_ratio: MeshRatio = 2.0,
    outputs: Outputs = "0",
    minimum_particles: Minimum = 20,
    fixed: Annotated[bool, typer.Option("--fixed", help="Amplitudes exactly at the spectrum, random phases.")] = False,
    paired: Annotated[bool, typer.Option("--paired", help="All phases turned by pi: the opposite universe.")] = False,
    spectrum: Annotated[str, typer.Option(help="Linear spectrum: eh98, or camb where it is installed.")] = "eh98",
    truth: Annotated[str, typer.Option(help="Where halos come from: nbody, peakpatch or both.")] = "nbody",
    integrator: Annotated[str, typer.Option(help="bullfrog or fastpm.")] = "bullfrog",
    device: Device = "auto",
    out: Annotated[Path, typer.Option(help="Folder for the universes.")] = UNIVERSES,
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
    simulation = Simulation(cells, box, chosen, numbers[0], evolution, fixed, paired, spectrum, truth)  # type: ignore[arg-type]
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
    initial: Annotated[Path, typer.Argument(help="Snapshot of the initial conditions, or a cube.")],
    final: Annotated[
        Path | None, typer.Argument(help="Final snapshot of the same particles; none: evolve here.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The universe to write; default universes/<name>.h5.")] = None,
    box_size: Annotated[float | None, typer.Option(help="Side of the box [Mpc/h].")] = None,
    omega_matter: Annotated[float | None, typer.Option(help="Matter density today.")] = None,
    omega_baryon: Annotated[float | None, typer.Option(help="Baryon density today.")] = None,
    h: Annotated[float | None, typer.Option("--h", help="H0 / (100 km/s/Mpc).")] = None,
    cosmology: Annotated[str | None, typer.Option(help="A preset for all of these that are not given.")] = None,
    sigma8: Annotated[float | None, typer.Option(help="Linear rms in 8 Mpc/h spheres today.")] = None,
    spectral_index: Annotated[float | None, typer.Option(help="Slope of the primordial spectrum.")] = None,
    redshift: Annotated[float | None, typer.Option(help="Redshift of the initial snapshot or the cube.")] = None,
    length_unit: Annotated[
        str | None, typer.Option(help="Unit of length of the file: kpc/h, Mpc/h, kpc or Mpc.")
    ] = None,
    halos: Annotated[
        Path | None, typer.Option(help="Halo catalogue of the final snapshot, to take the place of our own halos.")
    ] = None,
    columns: Annotated[
        str | None, typer.Option(help="Columns of a CSV catalogue: mass=M_fof [Msun/h],x=X [Mpc/h],y=...,z=...")
    ] = None,
    total_matter: Annotated[
        bool, typer.Option("--total-matter", help="Paint gas, stars and dark matter, not the dark matter alone.")
    ] = False,
    field: Annotated[
        str | None, typer.Option(help="What a cube holds: density, delta_linear, brightness_temperature, ...")
    ] = None,
    dataset: Annotated[str | None, typer.Option(help="Path of the cube in an HDF5 file.")] = None,
    cells: Annotated[int | None, typer.Option(help="Cells per side of a cube of raw floats.")] = None,
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
    from core.cosmos.formats.given import Given, in_cosmology
    from core.cosmos.formats.recognise import is_catalogue, is_cube, recognise
    from core.cosmos.imports import TheirHalos, import_cube, import_initial, import_pair
    from core.cosmos.simulate import Evolution
    from core.provenance import provenance

    path = out or UNIVERSES / f"{initial.stem}.h5"
    if path.exists() and not force:
        raise InputError(f"{path} exists", "use --force or another --out")
    given = Given(box_size, omega_matter, omega_baryon, h, sigma8, spectral_index, redshift, length_unit)
    if cosmology:
        given = in_cosmology(given, cosmology)
    described = recognise(initial)
    if is_catalogue(described):
        raise UsageError(
            f"{initial} is a halo catalogue ({described.kind})",
            "give it with the snapshots: --halos, after ICS and FINAL",
        )
    if final is None and (halos or total_matter):
        raise UsageError(
            "--halos and --total-matter belong to a final snapshot", "give one after the initial conditions"
        )
    with progress_bar("import") as progress:
        if is_cube(described) or cells is not None:
            import_cube(initial, path, given, field, dataset, cells, provenance())
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
    thickness: Annotated[int, typer.Option(help="Planes to average.")] = 1,
    log: Annotated[bool, typer.Option("--log", help="Logarithmic colours (of 1 + overdensity).")] = False,
    asinh: Annotated[bool, typer.Option("--asinh", help="Colours linear near zero, logarithmic far from it.")] = False,
    peaks: Annotated[bool, typer.Option("--max", help="Show the highest value of a cell, not the mean.")] = False,
    width: Annotated[int | None, typer.Option(min=10, help="Columns; default the terminal's.")] = None,
    height: Annotated[int | None, typer.Option(min=3, help="Rows; default what the shape needs.")] = None,
    save: Annotated[Path | None, typer.Option(help="Write PNG, SVG, PDF, text or ANSI instead.")] = None,
) -> None:
    """Draw a slice of a field in the terminal."""
    from core.cosmos.universe import open_universe
    from core.views import slice_figure

    if axis not in ("x", "y", "z"):
        raise UsageError(f"unknown axis {axis!r}", "use x, y or z")
    universe = open_universe(path)
    names = list(universe.fields)
    chosen = field or next((name for name in ("density", "probability", "delta_linear") if name in names), names[0])
    scale = "log" if log else "asinh" if asinh else None
    figure = slice_figure(universe.field(chosen), axis, slice_, thickness, scale)  # type: ignore[arg-type]
    figure = replace(figure, pooling="max" if peaks else "mean")
    if save:
        from app.draw import save as save_figure

        save_figure(figure, save)
        print(f"saved {save}")
    else:
        print_figure(figure, width, height)


def stats(
    path: Annotated[Path, typer.Argument(help="A universe or prediction.")],
    other: Annotated[Path | None, typer.Argument(help="Another of the same box, to compare with.")] = None,
    field: Annotated[str | None, typer.Option(help="Which field; default the evolved density.")] = None,
    bispectrum: Annotated[bool, typer.Option("--bispectrum", help="Also the reduced bispectrum.")] = False,
    voids: Annotated[bool, typer.Option("--voids", help="Also the void probability of the halos.")] = False,
    as_json: JsonOption = False,
    save: SaveOption = None,
) -> None:
    """Power spectrum, cross-correlation, transfer function, pixel distribution and halo mass function."""
    from core.cosmos.universe import open_universe
    from core.figures import dump_report
    from core.statistics import statistics

    report = statistics(open_universe(path), open_universe(other) if other else None, field, bispectrum, voids)
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


COMMANDS: dict[str, Callable[..., None]] = {
    "simulate": simulate,
    "import": import_,
    "info": info,
    "view": view,
    "stats": stats,
}
