import pytest

from core.runs import recipe
from core.errors import UsageError
from core.runs.recipe import Recipe


@pytest.mark.parametrize("name", recipe.names())
def test_every_recipe_says_what_it_is(name: str) -> None:
    kind = recipe.load(name)
    assert kind.name == name
    assert kind.title
    assert "arXiv" in kind.paper
    for method in ("samples", "learner", "held_out", "predict", "evaluate"):
        assert getattr(kind, method) is not getattr(Recipe, method)


def test_names_are_files() -> None:
    assert "halonet" in recipe.names()
    assert not [name for name in recipe.names() if name.startswith("_")]


@pytest.mark.parametrize(("name", "words"), [("halonett", "did you mean 'halonet'"), ("../run", "known: .*halonet")])
def test_unknown_recipes(name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        recipe.load(name)


def test_seeds_fit_the_generators() -> None:
    with pytest.raises(ValueError, match="seed"):
        recipe.load("halonet")(seed=2**63)
    with pytest.raises(ValueError, match="seed"):
        recipe.load("halonet")(seed=-1)
