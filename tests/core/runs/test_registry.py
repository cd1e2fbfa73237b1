import json
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from core.config import resolve
from core.cosmos.universe import Universe
from core.errors import UsageError
from core.runs import registry
from core.runs.recipe import Recipe
from core.runs.reports import read_report
from core.runs.run import create_run
from core.runs.worker import work


@pytest.mark.parametrize("name", registry.names())
def test_every_recipe_says_what_it_is(name: str) -> None:
    kind = registry.load(name)
    assert kind.name == name
    assert kind.title
    assert "arXiv" in kind.paper
    for method in ("samples", "learner", "held_out", "predict", "evaluate"):
        assert getattr(kind, method) is not getattr(Recipe, method)


def test_names_are_files() -> None:
    assert "halonet" in registry.names()
    assert not [name for name in registry.names() if name.startswith("_")]


@pytest.mark.parametrize(("name", "words"), [("halonett", "did you mean 'halonet'"), ("../run", "known: .*halonet")])
def test_unknown_recipes(name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        registry.load(name)


def test_seeds_fit_the_generators() -> None:
    with pytest.raises(ValueError, match="seed"):
        registry.load("halonet")(seed=2**63)
    with pytest.raises(ValueError, match="seed"):
        registry.load("halonet")(seed=-1)


MINE = """
from typing import ClassVar
from core.learning.learner import Learner
from core.runs.recipe import Recipe

class Mine(Recipe[Learner]):
    name: ClassVar[str] = "mine"
    title: ClassVar[str] = "Mine"
    paper: ClassVar[str] = "none"
    product: ClassVar[str] = "maps"
"""


@pytest.fixture
def brought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`brought(name=code)`: other distributions' modules by that name, each an entry point."""
    monkeypatch.syspath_prepend(tmp_path)

    def bring(**codes: str) -> None:
        for name, code in codes.items():
            monkeypatch.delitem(sys.modules, f"brought_{name}", raising=False)
            (tmp_path / f"brought_{name}.py").write_text(code)
        points = tuple(EntryPoint(name, f"brought_{name}", registry.GROUP) for name in codes)
        monkeypatch.setattr(registry, "_points", lambda: points)

    return bring


def test_recipes_of_other_distributions(brought: Callable[..., None]) -> None:
    brought(mine=MINE)
    assert "mine" in registry.names()
    assert registry.load("mine").title == "Mine"


def test_a_broken_recipe_is_a_row_with_its_reason(
    brought: Callable[..., None], command: Callable[..., tuple[int, str, str]]
) -> None:
    brought(mine=MINE, lacking="import nothing_of_that_name", empty="", torn="def", other=MINE)
    every = registry.every()
    assert not isinstance(every["mine"], str)
    assert "No module named 'nothing_of_that_name'" in str(every["lacking"])
    assert "defines 0 recipes (none): define one class" in str(every["empty"])
    assert "SyntaxError" in str(every["torn"])
    assert "calls itself 'mine'" in str(every["other"])
    code, output, _ = command("recipes")
    assert code == 0
    assert "halonet" in output
    assert "nothing_of_that_name" in output
    code, output, _ = command("recipes", "--json")
    assert {"name", "problem"} == set(next(row for row in json.loads(output)["recipes"] if row["name"] == "torn"))
    code, _, errors = command("train", "lacking")
    assert (code, errors.count("\n")) == (2, 1)
    assert "recipe lacking cannot be used" in errors


def test_ours_counts_of_two_with_one_name(brought: Callable[..., None]) -> None:
    brought(halonet=MINE)
    assert registry.load("halonet").__module__ == "core.recipes.halonet.recipe"


def test_the_recipe_of_the_document_trains_and_reports(
    brought: Callable[..., None], universes: list[Universe], tmp_path: Path
) -> None:
    text = (Path(__file__).parents[3] / "docs" / "recipes.md").read_text()
    brought(mine=text.partition("```python\n")[2].partition("```")[0])
    settings = resolve(registry.load("mine"), {}, ["steps=3", "validate_every=1", "optimiser.warmup=1"])
    paths = [str(universe.path) for universe in universes]
    run = create_run(tmp_path / "runs", "mine", settings.model_dump(mode="json"), universes=paths, device="cpu")
    work(run)
    assert [number.key for number in read_report(run).numbers] == ["accuracy"]
    assert run.config()["settings"]["optimiser"]["learning_rate"] == 0.01
