from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.cosmos.box import Field
from core.cosmos.cosmology import preset
from core.cosmos.reionization.bubbles import Sources, temperature_scale
from core.cosmos.reionization.ionize import Ionization, displacements, evolved, ionize, linear
from core.cosmos.universe import Universe, write_universe
from core.errors import InputError, UsageError
from core.learning.metrics import correlation

START = Ionization(16, 16.0, preset("planck2015"), 8.0, 0.1)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Universe]:
    folder = tmp_path_factory.mktemp("ionized")
    items = [replace(START, redshift=z, escape_fraction=f) for z in (7.0, 8.0) for f in (0.05, 0.1)]
    return {universe.name: universe for universe in ionize(folder, items, {"note": "test"}, device="cpu")}


def test_each_holds_three_fields_of_its_redshift(made: dict[str, Universe]) -> None:
    assert list(made) == [f"planck2015-16-L16-s0001-z{z}-f{f}" for z in ("07.00", "08.00") for f in ("0.050", "0.100")]
    universe = made["planck2015-16-L16-s0001-z07.00-f0.100"]
    assert {name: (i.units, i.redshift, i.frame) for name, i in universe.fields.items()} == {
        "density": ("overdensity", 7.0, "eulerian"),
        "brightness_temperature": ("mK", 7.0, "eulerian"),
        "neutral_fraction": ("", 7.0, "eulerian"),
    }
    assert universe.provenance["seed"] == 1
    assert universe.provenance["note"] == "test"
    assert universe.provenance["settings"] == replace(START, redshift=7.0).settings()
    assert universe.provenance["settings"]["escape_fraction"] == 0.1


def test_temperature_is_that_of_the_neutral_density(made: dict[str, Universe]) -> None:
    for universe in made.values():
        neutral, delta, temperature = (
            universe.field(name).values for name in ("neutral_fraction", "density", "brightness_temperature")
        )
        scale = temperature_scale(universe.fields["density"].redshift, universe.cosmology)
        np.testing.assert_allclose(temperature, scale * neutral * (1 + delta), rtol=1e-5)


def test_dense_cells_are_ionized_by_their_own_sources(made: dict[str, Universe]) -> None:
    """As in 21cmFAST's real cube, whose brightest cell has 1.2 times the temperature of neutral gas."""
    universe = made["planck2015-16-L16-s0001-z07.00-f0.100"]
    scale = temperature_scale(7.0, universe.cosmology)
    assert float(universe.field("brightness_temperature").values.max()) < 1.5 * scale
    assert float(universe.field("density").values.max()) > 2


def test_escape_fractions_share_their_density(made: dict[str, Universe]) -> None:
    low, high = (made[f"planck2015-16-L16-s0001-z08.00-f{f}"] for f in ("0.050", "0.100"))
    np.testing.assert_array_equal(low.field("density").values, high.field("density").values)
    assert np.all(low.field("neutral_fraction").values >= high.field("neutral_fraction").values)
    assert low.field("neutral_fraction").values.mean() > high.field("neutral_fraction").values.mean()


def test_one_at_a_time_makes_the_same(made: dict[str, Universe], tmp_path: Path) -> None:
    [again] = ionize(tmp_path, [replace(START, redshift=8.0)], device="cpu")
    for name in again.fields:
        np.testing.assert_array_equal(again.field(name).values, made[again.name].field(name).values)


def test_the_density_has_grown_from_the_linear_one() -> None:
    item = replace(START, cells=32, box_size=64.0, redshift=8.0)
    delta, start = evolved(item, *displacements(item, "cpu")), linear(item, "cpu")
    assert float(delta.mean()) == pytest.approx(0, abs=1e-5)
    assert float(delta.min()) > -1
    agreement = [correlation(delta.numpy(), np.roll(start.numpy(), shift, 0)) for shift in (-1, 0, 1)]
    assert agreement[1] > 0.8
    # at its place, not half a cell beside it
    assert agreement[0] == pytest.approx(agreement[2], abs=0.05)


def test_a_given_density_is_used_as_it_is(made: dict[str, Universe], tmp_path: Path) -> None:
    given = made["planck2015-16-L16-s0001-z07.00-f0.100"]
    [again] = ionize(tmp_path, [replace(START, redshift=7.0, seed=9)], device="cpu", density=given)
    np.testing.assert_array_equal(again.field("density").values, given.field("density").values)
    assert "seed" not in again.provenance


def test_nothing_neutral_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing is neutral at z = 6 .* escape fraction of 0.9"):
        list(ionize(tmp_path, [replace(START, redshift=6.0, escape_fraction=0.9)], device="cpu"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cells": 15}, "15 cells"),
        ({"box_size": 0.0}, "a box of 0"),
        ({"redshift": 2.0}, "z = 2"),
        ({"escape_fraction": 1.5}, "escape fraction of 1.5"),
        ({"mesh_ratio": 9}, "9 particles"),
        ({"sources": Sources(virial_temperature=-1)}, "virial temperature of -1"),
        ({"sources": Sources(largest_bubble=0)}, "largest bubble of 0"),
    ],
)
def test_impossible_settings(change: dict[str, object], words: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=words):
        next(ionize(tmp_path, [replace(START, **change)]))  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_real_density(shared_data, tmp_path: Path) -> None:
    """Our excursion set on 21cmFAST's density (z = 6.5, escape fraction 0.07), both averaged over 8^3 cells."""

    def coarse(name: str) -> np.ndarray:
        values = np.load(shared_data(f"21cmfast-z6.5/{name}.npy"), mmap_mode="r")
        return values.reshape(25, 8, 25, 8, 25, 8).mean((1, 3, 5))[:24, :24, :24].astype(np.float32)

    box = 300 * 0.6774 * 24 / 25
    cosmology = replace(preset("planck2015"), name="")
    given = write_universe(
        tmp_path / "real.h5",
        name="real",
        box_size=box,
        cosmology=cosmology,
        fields=[Field("density", coarse("density_z6.5"), box, "overdensity", 6.5, "eulerian")],
        catalogues={},
        provenance={},
    )
    item = Ionization(24, box, cosmology, 6.5, 0.07)
    [ours] = ionize(tmp_path, [item], device="cpu", density=given)
    theirs = coarse("delta_T_z6.5_esc0.070")
    assert correlation(ours.field("brightness_temperature").values, theirs) > 0.7
