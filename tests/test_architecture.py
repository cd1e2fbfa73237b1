"""Who may import whom: no circle between modules, and what a fresh process has loaded. The layers: lint-imports."""

import subprocess
import sys
from functools import cache

import grimp
import pytest

HEAVY = {"torch", "scipy", "sklearn", "h5py", "numba", "pynbody", "colossus", "matplotlib"}


def loaded_by(code: str, *arguments: str) -> set[str]:
    """Top-level packages that a fresh interpreter has loaded after running the code."""
    report = (
        "import sys, atexit\n"
        "atexit.register(lambda: print('\\nLOADED', *sorted({m.partition('.')[0] for m in sys.modules})))\n"
    )
    result = subprocess.run(
        [sys.executable, "-P", "-c", report + code, *arguments], capture_output=True, text=True, check=True
    )
    return set(result.stdout.rsplit("LOADED", 1)[1].split())


MAIN = "from app.main import main; main()"


def test_the_probe_sees_imports() -> None:
    assert {"scipy", "numpy"} <= loaded_by("import scipy")


def test_help_loads_next_to_nothing() -> None:
    assert not loaded_by(MAIN, "--help") & (HEAVY | {"numpy", "pydantic", "textual", "plotext"})


@pytest.mark.parametrize("arguments", [["--version"], ["train", "--help"], ["simulate", "--help"]])
def test_commands_load_nothing_heavy_before_they_work(arguments: list[str]) -> None:
    assert not loaded_by(MAIN, *arguments) & (HEAVY | {"numpy", "textual", "plotext"})


def test_listing_runs_and_recipes_loads_no_torch() -> None:
    assert not loaded_by(MAIN, "runs", "--runs", "nowhere") & HEAVY


def test_listing_recipes_loads_nothing_heavy() -> None:
    assert not loaded_by(MAIN, "recipes") & HEAVY
    assert not loaded_by(MAIN, "recipes", "halo_mass") & HEAVY
    assert not loaded_by(MAIN, "networks") & HEAVY


def test_python_loads_nothing_before_it_is_used() -> None:
    light = HEAVY | {"numpy", "pydantic", "rich", "app"}
    assert not loaded_by("import halodeck; dir(halodeck); halodeck.__version__") & light
    assert not loaded_by("import halodeck; halodeck.simulate") & (HEAVY | {"textual", "typer"})


def test_first_paint_loads_nothing_heavy() -> None:
    assert not loaded_by("import app.tui.app") & HEAVY


def test_drawing_needs_no_engine() -> None:
    assert not loaded_by("import core.figures, app.draw") & (HEAVY | {"pydantic", "textual", "typer"})


@cache
def imports() -> dict[str, frozenset[str]]:
    """Which modules each module of ours imports anywhere in its text, those for the type checker too."""
    graph = grimp.build_graph(
        "halodeck", "app", "core", "models", "configs", cache_dir=None, exclude_type_checking_imports=False
    )
    return {name: frozenset(graph.find_modules_directly_imported_by(name)) for name in graph.modules}


def reached(start: str) -> set[str]:
    """What a module comes to import in the end."""
    found: set[str] = set()
    ahead = [start]
    while ahead:
        new = imports()[ahead.pop()] - found
        found |= new
        ahead += new
    return found


def test_the_graph_sees_imports_for_the_type_checker_and_inside_functions() -> None:
    assert "core.runs.protohalo_recipe" in imports()["core.recipes.halonet.recipe"]
    assert "core.learning.learner" in imports()["core.runs.recipe"]
    assert "core.analysis.protohalos.report" in imports()["core.recipes.halonet.recipe"]


@pytest.mark.parametrize("package", ["halodeck", "app", "core", "models"])
def test_no_circle_between_modules(package: str) -> None:
    ours = [name for name in imports() if name.startswith(package)]
    assert [name for name in ours if name in reached(name)] == []
