"""Universes without any halo are refused before the first step."""

from dataclasses import replace

import pytest

from core.cosmos.universe import Universe
from core.errors import InputError
from core.runs import registry


@pytest.mark.parametrize("name", ["halonet", "distance_map", "halo_mass"])
def test_nothing_to_learn_from(name: str, universes: list[Universe]) -> None:
    recipe = registry.load(name).model_validate({"truth": "auto", "split": {"validation": 1, "test": 1}})
    empty = [replace(universe, halos=dict.fromkeys(universe.halos, 0)) for universe in universes]
    with pytest.raises(InputError, match="none of the universes has a halo to learn from: use larger boxes"):
        recipe.check(empty)
