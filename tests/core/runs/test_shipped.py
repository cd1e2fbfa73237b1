"""Networks that come with halodeck: whole, small, taken by name, and refused where a universe does not fit."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.cosmos.cosmology import preset
from core.cosmos.universe import Universe
from core.errors import InputError, RunError
from core.files import checksum
from core.runs import shipped as networks
from core.runs.crate import verify
from core.runs.fits import check_fits, learnt
from core.runs.job import has_seen, open_model
from core.runs.listing import entries, look_at_run, open_run
from core.runs.report_file import read_report
from core.runs.shipped import FOLDER, shipped
from core.runs.weights_file import MODEL

MOST = 8_000_000
"""Bytes of all networks together, reports and all."""
RECIPES = {"density", "density_gan", "distance_map", "emulator", "halo_instances", "halo_mass", "halonet"} | {
    "ionization",
    "ionization_map",
}


def test_every_recipe_that_learns_fields_has_one() -> None:
    assert {run.recipe for run in shipped().values()} == RECIPES
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < MOST


@pytest.mark.parametrize("name", shipped())
def test_each_is_whole_and_loads(name: str) -> None:
    run = shipped()[name]
    verify(run.path)
    model = open_model(run, torch.device("cpu"), finished=True)
    assert model.learner.step == run.status().step == model.learner.steps
    assert name.startswith(f"{model.recipe.name}@")
    assert any(number.error for number in read_report(run).numbers)
    card = (run.path / "card.md").read_text()
    assert checksum(run.path / MODEL) in card
    for words in ("learnt from", "held out", "licence", "## Limits", "seed"):
        assert words in card
    # nothing of the machine that trained it
    text = "".join(
        path.read_text() for path in run.path.rglob("*.*") if path.suffix != ".safetensors" and path.is_file()
    )
    assert "/tmp/" not in text
    assert "/home/" not in text


def test_a_name_is_a_run_that_is_laid_out_once(tmp_path: Path) -> None:
    assert look_at_run(tmp_path, "halonet@cpu").path.parent == FOLDER
    assert not list(tmp_path.iterdir())
    run = open_run(tmp_path / "runs", "halonet@cpu")
    assert run.path == tmp_path / "runs" / "halonet@cpu"
    run.write_notes(replace(run.notes(), text="mine"))
    assert open_run(tmp_path / "runs", "halonet@cpu").notes().text == "mine"
    assert look_at_run(tmp_path / "runs", "halonet@cpu").path == run.path
    [entry] = entries(tmp_path / "runs")
    assert (entry.state, entry.recipe, entry.problem) == ("done", "halonet", "")
    with pytest.raises(RunError, match="did you mean 'halonet@cpu'"):
        open_run(tmp_path, "halonet@cpi")


def test_one_that_was_changed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(FOLDER / "density@cpu", tmp_path / "box" / "density@cpu")
    monkeypatch.setattr(networks, "FOLDER", tmp_path / "box")
    path = tmp_path / "box" / "density@cpu" / MODEL
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"model\.safetensors of .* has another checksum"):
        open_run(tmp_path / "runs", "density@cpu")
    assert not (tmp_path / "runs" / "density@cpu").exists()


def test_universes_that_do_not_fit_are_refused_by_name() -> None:
    run, known = shipped()["halonet@cpu"], preset("planck2018")
    check_fits(run, "mine.h5", known, 1.0)
    check_fits(run, "mine.h5", preset("planck2015"), 1.0)
    with pytest.raises(InputError, match=r"mine\.h5 has cells of 2 Mpc/h, halonet@cpu has learnt from cells of 1"):
        check_fits(run, "mine.h5", known, 2.0)
    with pytest.raises(
        InputError, match=r"mine\.h5 is of another cosmology than halonet@cpu .* sigma8 = 0\.9 \(learnt"
    ):
        check_fits(run, "mine.h5", replace(known, sigma8=0.9), 1.0)
    with pytest.raises(InputError, match=r"w0 = -0\.8"):
        check_fits(run, "mine.h5", replace(known, w0=-0.8), 1.0)


def test_what_was_learnt_may_be_anything_in_a_file() -> None:
    assert learnt({}) is None
    with pytest.raises(RunError, match=r"config\.toml is not understood \(learnt\.cosmology"):
        learnt({"learnt": {"cosmology": 3}})


def test_strange_universes_were_not_seen(universes: list[Universe]) -> None:
    assert not has_seen(shipped()["halonet@cpu"], universes[0])
