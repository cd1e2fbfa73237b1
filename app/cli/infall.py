"""Commands on infall tables: make one, read one from merger trees, search the best trees."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.answers import tell
from app.cli.command import Command, CommandForm
from app.cli.options import parse_numbers
from app.cli.show import print_facts, print_figure, progress_bar
from core.errors import InputError
from core.forms import Ask

if TYPE_CHECKING:
    from core.cosmos.universe import Universe

TABLES = Path("tables")

GROUPS = {"infall": "Infall tables: what subhalos are when they fall in, and what becomes of them."}

Force = Annotated[bool, typer.Option("--force", help="Overwrite what is there.")]
Out = Annotated[Path | None, typer.Option(help="The table to write.")]


def make(
    count: Annotated[int, typer.Option(help="Subhalos."), Ask("table")] = 20_000,
    seed: Annotated[int, typer.Option(help="Seed of everything that is drawn."), Ask("table", signed=True)] = 1,
    out: Annotated[Out, Ask("output")] = None,
    force: Annotated[Force, Ask("output")] = False,
) -> None:
    """Draw a table from a semi-analytic model: no simulation is needed."""
    from core.cosmos.infall.model import Infalls, make_table
    from core.provenance import provenance

    path = free(out or TABLES / f"infall-s{seed}.h5", force)
    print_table(make_table(path, Infalls(count, seed), provenance()))


def free(path: Path, force: bool) -> Path:
    """The path, if nothing is there. Raises: InputError."""
    if path.exists() and not force:
        raise InputError(f"{path} exists", "use --force or another --out")
    return path


def print_table(universe: Universe) -> None:
    """What a table holds."""
    from core.cosmos.infall.table import described

    facts = described(universe)
    tell(path=str(universe.path), facts=facts)
    print_facts({"table": str(universe.path), **facts})


def read(
    trees: Annotated[
        list[Path],
        typer.Argument(
            help="tree_*.dat, the hlist or parents files of all snapshots, SubLink, LHaloTree, or Galacticus' HDF5."
        ),
        Ask("trees", exists=True),
    ],
    out: Annotated[Out, Ask("output")] = None,
    particle_mass: Annotated[
        float | None,
        typer.Option(min=0, help="Mass of a particle [Msun/h], where the trees do not say it."),
        Ask("trees"),
    ] = None,
    softening: Annotated[
        float | None, typer.Option(min=0, help="Softening of the force [kpc/h], which no tree says."), Ask("trees")
    ] = None,
    times: Annotated[
        Path | None,
        typer.Option(
            help="Redshifts or scale factors of all snapshots, one a line: SubLink and Millennium trees have none."
        ),
        Ask("simulation", exists=True),
    ] = None,
    box_size: Annotated[
        float | None, typer.Option(min=0, help="Side of the box [Mpc/h], for SubLink and LHaloTree."), Ask("simulation")
    ] = None,
    omega_matter: Annotated[float | None, typer.Option(min=0, help="Omega_m, for the same."), Ask("simulation")] = None,
    h: Annotated[
        float | None,
        typer.Option("--h", min=0, help="H0 / (100 km/s/Mpc), for the same."),
        Ask("simulation"),
    ] = None,
    particles: Annotated[
        int, typer.Option(min=1, help="Particles of the smallest subhalo at accretion."), Ask("trees")
    ] = 1000,
    force: Annotated[Force, Ask("output")] = False,
) -> None:
    """Find the accretion events in merger trees and what became of them."""
    from core.cosmos.formats.trees import read_trees
    from core.cosmos.formats.trees_given import Told
    from core.cosmos.infall.events import Cuts, make_table
    from core.provenance import provenance

    path = free(out or TABLES / f"{trees[0].stem}.h5", force)
    found = read_trees(trees, Told(omega_matter, h, box_size, particle_mass, times), path.parent)
    print_table(
        make_table(
            path,
            found,
            Cuts(particles, particle_mass, None if softening is None else softening / 1000),
            provenance(trees),
        )
    )


def search(
    tables: Annotated[list[Path], typer.Argument(help="Infall tables.")],
    outcome: Annotated[str, typer.Option(help="survived, final_mass, final_distance or merge_time.")] = "survived",
    trees: Annotated[str, typer.Option(help="Numbers of trees to try.")] = "25,50,100",
    depth: Annotated[str, typer.Option(help="Depths to try.")] = "3,5,7",
    learning_rate: Annotated[str, typer.Option(help="Learning rates to try; votes have none.")] = "0.05,0.1",
    folds: Annotated[int, typer.Option(help="Parts of the rows, each left out once.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the folds and the trees.")] = 1,
) -> None:
    """Try forests of many sizes by cross-validation, best first; the rows kept for reports are left alone."""
    from core.cosmos.universe import open_universe
    from core.figures import dump
    from core.recipes.infall.recipe import Infall
    from core.recipes.infall.rows import check_tables, read_tables
    from core.recipes.infall.search import Grid, as_table, grid_search

    split = Infall(seed=seed).parts()
    universes = [open_universe(path) for path in tables]
    check_tables(universes, split)
    grid = Grid(
        tuple(int(number) for number in parse_numbers(trees, "--trees")),
        tuple(int(number) for number in parse_numbers(depth, "--depth")),
        parse_numbers(learning_rate, "--learning-rate"),
    )
    with progress_bar("search") as progress:
        found = grid_search(read_tables(universes, split), outcome, grid, folds, seed, progress)
    figure = as_table(outcome, found, folds)
    tell(table=dump(figure))
    print_figure(figure)


_TABLE = {"path": "of the table", "facts": "what it holds, by name"}
COMMANDS = (
    Command(
        "infall make",
        make,
        34,
        CommandForm(
            "draw an infall table",
            "draw {count} subhalos",
            {
                "table": "Subhalos drawn from a model, without a simulation: the data of infall.",
                "output": "The table to write.",
            },
        ),
        _TABLE,
    ),
    Command(
        "infall read",
        read,
        35,
        CommandForm(
            "read infalls from merger trees",
            "read {trees}",
            {
                "trees": "Files of consistent-trees, Rockstar, SubLink, LHaloTree, Galacticus, several between blanks.",
                "simulation": "What SubLink and LHaloTree do not say.",
                "output": "The table to write.",
            },
            first="trees",
        ),
        _TABLE,
    ),
    Command("infall search", search, 36, answer={"table": "columns and rows: each forest that was tried, best first"}),
)
