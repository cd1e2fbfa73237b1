"""Settings that no universe given can honour are refused before the first step, with a remedy that works."""

from typing import Any

import pytest

from core.config import read_table, resolve
from core.cosmos.universe import Universe
from core.errors import InputError
from core.runs import registry
from core.runs.recipe import Recipe


def recipe(name: str, *overrides: str) -> Recipe[Any]:
    found: Recipe[Any] = resolve(registry.load(name), read_table(name, "smoke"), list(overrides))
    return found


@pytest.mark.parametrize("name", ["halonet", "distance_map", "density", "density_gan"])
def test_a_crop_larger_than_the_box(name: str, universes: list[Universe]) -> None:
    with pytest.raises(InputError, match=r"crop\.size=64 is larger than a universe of 16\^3 cells: set crop\.size=16"):
        recipe(name, "crop.size=64").check(universes)
    for size in (16, 0):
        recipe(name, f"crop.size={size}").check(universes)


@pytest.mark.parametrize("name", ["halonet", "distance_map"])
def test_a_cut_below_the_smallest_halo(name: str, universes: list[Universe]) -> None:
    words = r"no halos of less than 8 particles, minimum_cells=5 asks for them: set minimum_cells=8"
    with pytest.raises(InputError, match=words):
        recipe(name, "minimum_cells=5").check(universes)
    recipe(name, "minimum_cells=8").check(universes)
