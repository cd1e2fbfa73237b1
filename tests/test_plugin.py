"""Another distribution brings a recipe and a reader, those that the documents show: installed by pip, used."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from core.cosmos.box import lattice
from core.cosmos.universe import Universe

ROOT = Path(__file__).resolve().parents[1]
Halodeck = Callable[..., list[str]]
END = "end of the command"


def shown(document: str) -> str:
    """The first block of Python in a document."""
    return (ROOT / "docs" / document).read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the sample distribution."""
    folder = tmp_path_factory.mktemp("plugin")
    wheel, info = folder / "halodeck_sample-0.1-py3-none-any.whl", "halodeck_sample-0.1.dist-info"
    points = "[halodeck.recipes]\nmine = sample_recipe\n[halodeck.readers]\nnpz = sample_reader:READER\n"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("sample_recipe.py", shown("recipes.md"))
        archive.writestr("sample_reader.py", shown("readers.md"))
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: halodeck-sample\nVersion: 0.1\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/entry_points.txt", points)
        archive.writestr(f"{info}/RECORD", "")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target"]
    subprocess.run([*pip, str(folder / "site"), str(wheel)], check=True, capture_output=True)
    return folder / "site"


@pytest.fixture
def halodeck(installed: Path, tmp_path: Path) -> Halodeck:
    """`halodeck(["recipes"], ["runs"])` is what each command prints, the sample distribution being installed.

    One process does all of them: to import torch takes longer than to do most.
    """
    code = (
        "import json, sys\nfrom app.main import main\n"
        "for words in json.loads(sys.argv[1]):\n"
        "    sys.argv = ['halodeck', *words]\n"
        "    try:\n        main()\n"
        "    except SystemExit as end:\n        assert not end.code, words\n"
        f"    print({END!r})\n"
    )

    def call(*commands: Sequence[object]) -> list[str]:
        path = os.pathsep.join([str(installed), str(ROOT)])
        done = subprocess.run(
            [sys.executable, "-P", "-c", code, json.dumps([[str(word) for word in words] for words in commands])],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": path, "NO_COLOR": "1", "COLUMNS": "120"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.split(END)[:-1]

    return call


def test_a_recipe_trains_and_reports(halodeck: Halodeck, universes: list[Universe]) -> None:
    on = [word for universe in universes for word in ("--on", universe.path)]
    recipes, mine, trained, again = halodeck(
        ["recipes"],
        ["recipes", "mine"],
        ["train", "mine", *on, "--set", "steps=3", "--device", "cpu"],
        ["report", "latest", "--again"],
    )
    assert "Mine: cells of halos by one" in recipes
    assert "optimiser.learning_rate" in mine
    assert "cells told right" in trained
    assert "cells told right" in again


def test_a_reader_is_known_and_imports(halodeck: Halodeck, tmp_path: Path) -> None:
    cells, box = 16, 25.0
    nodes = lattice(cells, box, np.float64)
    moved = nodes + 0.02 * np.sin(2 * np.pi * nodes / box)
    path = tmp_path / "run.npz"
    np.savez(
        path, pos=moved % box, vel=moved - nodes, ids=np.arange(1, cells**3 + 1), box_size=box, redshift=49.0,
        omega_matter=0.3, h=0.7,
    )  # fmt: skip
    given = ("--sigma8", "0.8", "--omega-baryon", "0.05", "--spectral-index", "0.96")
    known, _, imported = halodeck(
        ["info", path],
        ["import", path, "--out", tmp_path / "u.h5", *given, "--steps", "3", "--device", "cpu"],
        ["info", tmp_path / "u.h5"],
    )
    assert "npz-particles" in known
    assert "universe" in imported


def test_what_the_documents_show_is_typed(installed: Path) -> None:
    files = [str(installed / name) for name in ("sample_recipe.py", "sample_reader.py")]
    checker = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), *files]
    done = subprocess.run(checker, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
