"""`halodeck simulate`: universes from initial conditions to halos."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from app.cli.answers import JOB, in_short, tell
from app.cli.answers import UNIVERSES as UNIVERSES_TOLD
from app.cli.campaigns import submit_campaign
from app.cli.command import Command, CommandForm
from app.cli.options import (
    UNIVERSES,
    W0,
    Device,
    Force,
    Hubble,
    MeshRatio,
    Minimum,
    OmegaBaryon,
    OmegaMatter,
    Outputs,
    Preset,
    Sigma8,
    SpectralIndex,
    Steps,
    Wa,
    parse_numbers,
    parse_seeds,
    varied,
)
from app.cli.show import progress_bar, say
from core.errors import UsageError
from core.forms import Ask

FORM = CommandForm(
    "simulate universes",
    "simulate {cells}^3, seeds {seeds}",
    {
        "universe": "What is simulated: 64 Mpc/h with 64^3 particles take seconds, 256^3 some minutes.",
        "cosmology": "Numbers other than those of the preset.",
        "campaign": "Other cosmologies for other seeds.",
        "evolution": "How it is evolved.",
        "output": "Where the universes go; those that exist with the same settings are kept.",
        "cluster": "As the tasks of a job array.",
    },
    folded=("cosmology", "campaign", "cluster"),
    out="{universes}",
)


def simulate(
    cells: Annotated[int, typer.Option(help="Particles per side."), Ask("universe")] = 64,
    box: Annotated[float, typer.Option(help="Side of the box in Mpc/h."), Ask("universe")] = 64.0,
    cosmology: Preset = "planck2018",
    omega_matter: OmegaMatter = None,
    omega_baryon: OmegaBaryon = None,
    h: Hubble = None,
    sigma8: Sigma8 = None,
    spectral_index: SpectralIndex = None,
    w0: W0 = None,
    wa: Wa = None,
    like: Annotated[
        Path | None,
        typer.Option(help="Take cells, box and cosmology from this universe, e.g. an imported one."),
        Ask("universe", exists=True),
    ] = None,
    seeds: Annotated[
        str,
        typer.Option(help="One universe a seed: 7, 1-10 or 1,4,9; of a campaign as many as cosmologies."),
        Ask("universe", parse=parse_seeds),
    ] = "1",
    cosmology_table: Annotated[
        Path | None,
        typer.Option(help="A cosmology for each seed: a table with names in its first line, one row a seed."),
        Ask("campaign", exists=True),
    ] = None,
    latin_hypercube: Annotated[
        int | None, typer.Option(help="So many cosmologies spread over --ranges, one a seed."), Ask("campaign")
    ] = None,
    ranges: Annotated[
        str, typer.Option(help="Of the latin hypercube: omega_matter=0.1:0.5,sigma8=0.6:1."), Ask("campaign")
    ] = "",
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
    submit: Annotated[
        str | None,
        typer.Option("--submit", metavar="SITE", help="As a job array, a task a seed; `halodeck sites`."),
        Ask("cluster"),
    ] = None,
    parallel: Annotated[
        int, typer.Option(min=0, help="Tasks of the array at a time; 0: as many as there is room for."), Ask("cluster")
    ] = 0,
    gpus: Annotated[int, typer.Option(min=0, help="GPUs of each task."), Ask("cluster")] = 0,
    time: Annotated[str, typer.Option(help="Time of a task: 90 (minutes), 1:30:00."), Ask("cluster")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the job script and do nothing."), Ask("cluster")
    ] = False,
    part: Annotated[
        int | None, typer.Option(min=0, hidden=True, help="Of all seeds only this one, counted from 0.")
    ] = None,
) -> None:
    """Simulate universes: initial conditions, 2LPT, N-body, halos and their Lagrangian labels.

    What exists with the same settings is kept, so an interrupted range goes on where it was.
    """
    from core.cosmos import campaign
    from core.cosmos.cosmology import preset
    from core.cosmos.seeds import of_seeds, simulate_many
    from core.cosmos.universe import open_universe

    chosen = preset(cosmology)
    if like:
        model = open_universe(like)
        cells, box, chosen = model.cells, model.box_size, replace(model.cosmology, name=model.name)
    chosen = varied(chosen, omega_matter, omega_baryon, h, sigma8, spectral_index, w0, wa)
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
    if cosmology_table and latin_hypercube is not None:
        raise UsageError("--cosmology-table and --latin-hypercube are two campaigns", "leave one of the two out")
    cosmologies = None
    if cosmology_table:
        cosmologies = campaign.read_table(cosmology_table, chosen)
    elif latin_hypercube is not None:
        cosmologies = campaign.latin_hypercube(latin_hypercube, campaign.parse_ranges(ranges), chosen)
        out.mkdir(parents=True, exist_ok=True)
        (out / "cosmologies.csv").write_text(campaign.table_text(cosmologies), encoding="utf-8")
        say(f"{out / 'cosmologies.csv'}  {latin_hypercube} cosmologies")
    if cosmologies is not None:
        numbers = list(range(1, len(cosmologies) + 1)) if seeds == "1" else numbers
        if len(numbers) != len(cosmologies):
            raise UsageError(
                f"{len(cosmologies)} cosmologies for {len(numbers)} seeds", f"give --seeds 1-{len(cosmologies)}"
            )
    if submit is not None or dry_run or parallel or time:
        names = [f"{this.name}.h5" for this in of_seeds(simulation, numbers, cosmologies)]
        submit_campaign(out, names, submit, gpus, time, parallel, dry_run)
        return
    if part is not None:
        numbers = numbers[part : part + 1]
        cosmologies = cosmologies[part : part + 1] if cosmologies else None
    with progress_bar("simulate") as progress:
        made = simulate_many(out, of_seeds(simulation, numbers, cosmologies), force, progress)
    tell(universes=[in_short(universe) for universe in made])
    for universe in made:
        say(f"{universe.path}  {', '.join(f'{count} halos ({name})' for name, count in universe.halos.items())}")


COMMANDS = (Command("simulate", simulate, 1, FORM, UNIVERSES_TOLD | JOB),)
