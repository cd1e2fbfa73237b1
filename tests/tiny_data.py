"""The smallest data that recipes learn from, besides the universes of conftest."""

from dataclasses import replace
from pathlib import Path

from core.cosmos.cosmology import preset
from core.cosmos.infall.model import Infalls, make_table
from core.cosmos.reionization.ionize import Ionization, ionize
from core.cosmos.universe import Universe


def infall_tables(folder: Path) -> list[Universe]:
    """One table of infalls, which the recipe splits by row."""
    return [make_table(folder / "drawn.h5", Infalls(600, 1), {})]


def ionization_cubes(folder: Path, redshifts: tuple[float, ...]) -> list[Universe]:
    """Four realisations of 24^3 cells at each redshift."""
    start = Ionization(24, 24.0, preset("planck2015"), 7.0, 0.07, mesh_ratio=1)
    items = [replace(start, seed=seed, redshift=redshift) for seed in range(1, 5) for redshift in redshifts]
    return list(ionize(folder, items, device="cpu"))


def data_for(product: str, universes: list[Universe], folder: Path) -> list[Universe]:
    """What a recipe with this product can learn from; new files are made in the folder."""
    if product == "table":
        return infall_tables(folder)
    if product in ("classes", "maps"):
        return ionization_cubes(folder, (7.0, 9.0) if product == "classes" else (7.0,))
    return universes
