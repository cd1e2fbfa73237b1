"""`halodeck import`: universes from what others made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.answers import INFO
from app.cli.command import Command, CommandForm
from app.cli.looking import info
from app.cli.options import (
    UNIVERSES,
    Device,
    Force,
    MeshRatio,
    Minimum,
    Outputs,
    Steps,
    parse_columns,
    parse_numbers,
)
from app.cli.show import progress_bar
from core.cosmos.presets import PRESET_NAMES
from core.errors import InputError, UsageError
from core.forms import Ask

FORM = CommandForm(
    "import a snapshot or a cube",
    "import {initial}",
    {
        "files": "Initial conditions, a later snapshot of the same particles, its halos, or a cube.",
        "cosmology": "Only what the file does not say.",
        "alone": "One evolved snapshot or catalogue by itself: no initial conditions are needed, nothing is evolved.",
        "cube": "What a cube holds and where.",
        "evolution": "Of initial conditions without a later snapshot.",
        "output": "Where the universe goes.",
    },
    folded=("alone", "evolution"),
    first="initial",
    out="{universes}/{stem}.h5",
)


def import_(
    initial: Annotated[
        Path,
        typer.Argument(help="Snapshot of the initial conditions, a cube, or a catalogue alone."),
        Ask("files", exists=True),
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
    w0: Annotated[
        float | None,
        typer.Option("--w0", help="Equation of state of dark energy; default -1."),
        Ask("cosmology", signed=True),
    ] = None,
    wa: Annotated[
        float | None, typer.Option("--wa", help="Its change: w(a) = w0 + wa (1 - a)."), Ask("cosmology", signed=True)
    ] = None,
    redshift: Annotated[
        float | None, typer.Option(help="Redshift of the initial snapshot or the cube."), Ask("cosmology", signed=True)
    ] = None,
    redshift_final: Annotated[
        float | None, typer.Option(help="Redshift of the final snapshot."), Ask("cosmology", signed=True)
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
    members: Annotated[
        Path | None,
        typer.Option(help="Who is in which of --halos: columns halo and particle, of ids, as CSV, .npz or HDF5."),
        Ask("files", exists=True),
    ] = None,
    total_matter: Annotated[
        bool,
        typer.Option(
            "--total-matter", help="Density of gas, stars and dark matter; all else stays that of the dark matter."
        ),
        Ask("files"),
    ] = False,
    evolved: Annotated[
        bool,
        typer.Option("--evolved", help="Take one evolved snapshot as it is: density and halos, no linear field."),
        Ask("alone"),
    ] = False,
    field: Annotated[
        str | None,
        typer.Option(help="What a cube holds: density, delta_linear, displacement, brightness_temperature, ..."),
        Ask("cube"),
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="Which cube, of several in HDF5, Nyx or Enzo."), Ask("cube")
    ] = None,
    evolve: Annotated[
        bool, typer.Option("--evolve", help="Evolve a cube of the linear density at z = 0."), Ask("cube")
    ] = False,
    cells: Annotated[
        int | None,
        typer.Option(help="Cells per side: of a cube of raw floats; of the mesh of --evolved or a catalogue."),
        Ask("cube"),
    ] = None,
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
    """Bring in a snapshot (GADGET, AREPO, SWIFT, tipsy, RAMSES, your own .npz), a halo catalogue, or a cube (.npy,
    HDF5, 21cmFAST, Nyx, Enzo, raw floats) as a universe.

    Units and cosmology come from the file; what it lacks must be given by an option. An early snapshot is evolved here,
    or beside a later one of its run; --evolved takes one as it is.
    """
    from app.background.describing import describer
    from core.cosmos.formats.given import Given, in_cosmology
    from core.cosmos.imports.catalogue import import_catalogue
    from core.cosmos.imports.cube import evolve_cube, import_cube
    from core.cosmos.imports.displacements import import_displacements
    from core.cosmos.imports.evolved import import_evolved
    from core.cosmos.imports.halos import TheirHalos
    from core.cosmos.imports.initial import import_initial
    from core.cosmos.imports.pair import import_pair
    from core.cosmos.simulate import Evolution
    from core.provenance import provenance

    path = out or UNIVERSES / f"{initial.stem}.h5"
    if path.exists() and not force:
        raise InputError(f"{path} exists", "use --force or another --out")
    given = Given(
        box_size=box_size,
        omega_matter=omega_matter,
        omega_baryon=omega_baryon,
        h=h,
        sigma8=sigma8,
        spectral_index=spectral_index,
        redshift=redshift,
        redshift_final=redshift_final,
        w0=w0,
        wa=wa,
        length_unit=length_unit,
    )
    if cosmology:
        given = in_cosmology(given, cosmology)
    described = describer().describe(initial)
    if "not read" in described.facts:
        raise InputError(f"{initial} is {described.kind}, which is not read", described.facts["not read"])
    if described.kind == "pksc":
        raise UsageError(f"{initial} holds Peak Patch halos", "give it by --halos, after the linear field they are of")
    if described.holds == "trees":
        raise UsageError(f"{initial} holds merger trees", "give it to `halodeck infall read`")
    cube = described.holds == "cube" or (cells is not None and described.holds is None)
    alone = evolved or described.holds == "halos"
    if final is not None and alone:
        raise UsageError(f"{initial} is taken alone, but {final} is given too", "leave one of the two out")
    if final is None and not evolved and (total_matter or (halos and not cube)):
        raise UsageError(
            "--halos and --total-matter belong to an evolved snapshot",
            "give one after the initial conditions, or --evolved for one by itself",
        )
    if members and (cube or not halos):
        raise UsageError("--members lists who is in the --halos of a snapshot", "give both, or leave it out")
    theirs = TheirHalos(halos, parse_columns(columns), members) if halos else None
    evolution = Evolution(
        steps, mesh_ratio, parse_numbers(outputs, "--outputs"), minimum_particles=minimum_particles, device=device
    )
    if evolve and (not cube or final is not None):
        raise UsageError("--evolve takes one cube of a linear density", "leave it out: initial conditions are evolved")
    with progress_bar("import") as progress:
        if cube and field == "displacement":
            import_displacements(initial, path, given, final, minimum_particles, provenance(), progress)
        elif evolve:
            evolve_cube(initial, path, given, evolution, dataset, cells, provenance(), progress)
        elif cube:
            import_cube(initial, path, given, field, dataset, cells, halos, provenance(), final, escape_fraction)
        elif described.holds == "halos":
            import_catalogue(initial, path, given, cells or 64, parse_columns(columns), provenance())
        elif evolved:
            import_evolved(initial, path, given, cells, minimum_particles, theirs, total_matter, provenance(), progress)
        elif final is None:
            import_initial(initial, path, given, evolution, provenance(), progress)
        else:
            import_pair(initial, final, path, given, minimum_particles, theirs, total_matter, provenance(), progress)
    info(path)


COMMANDS = (Command("import", import_, 2, FORM, INFO),)
