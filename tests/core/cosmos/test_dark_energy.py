"""Growth with dark energy that changes and with radiation: against colossus, closed forms, and in an N-body run."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from colossus.cosmology import cosmology as colossus

from core.cosmos.cosmology import growth, preset
from core.cosmos.simulate import Evolution, Simulation, simulate
from core.cosmos.universe import open_universe
from core.errors import UsageError

PLANCK = preset("planck2018")


@pytest.mark.parametrize(("w0", "wa"), [(-0.7, 0.0), (-1.2, 0.0), (-1.0, 0.5), (-0.8, -0.6)])
def test_growth_against_colossus(w0: float, wa: float) -> None:
    other: dict[str, object] = {
        "flat": True,
        "H0": 67.36,
        "Om0": 0.3153,
        "Ob0": 0.0493,
        "sigma8": 0.8,
        "ns": 0.96,
        "relspecies": False,
    }
    other |= {"de_model": "w0wa", "w0": w0, "wa": wa}
    theirs = colossus.setCosmology("dark", params=other, persistence="")
    here = replace(PLANCK, w0=w0, wa=wa)
    for z in (0.0, 0.5, 1.0, 3.0, 9.0):
        a = 1 / (1 + z)
        assert here.hubble(a) == pytest.approx(100 * theirs.Ez(z), rel=1e-6)
        assert here.matter_share(a) == pytest.approx(theirs.Om(z), rel=1e-6)
        # their table is interpolated
        assert here.growth.first(a) == pytest.approx(theirs.growthFactor(z), rel=1e-3)


def test_what_dark_energy_does_to_initial_conditions() -> None:
    """D(z = 49) / D(0) is 1.119 times Lambda's for w0 = -0.7, omega_matter = 0.3."""
    assert growth(0.3, -0.7).first(1 / 50) / growth(0.3).first(1 / 50) == pytest.approx(1.119, abs=1e-3)


def test_growth_with_radiation() -> None:
    """Meszaros 1974: D ~ 1 + 3 a / (2 a_eq) while matter and radiation rule."""
    matter, radiation = 0.3, 9e-5
    equality = radiation / matter
    functions = growth(matter, omega_radiation=radiation)
    a, b = 0.01, 0.02
    expected = (1 + 1.5 * b / equality) / (1 + 1.5 * a / equality)
    # at these times Lambda is below 2e-5 of all
    assert functions.first(b) / functions.first(a) == pytest.approx(expected, rel=1e-4)
    assert growth(matter).first(b) / growth(matter).first(a) == pytest.approx(2, rel=1e-4)


def test_a_universe_remembers_its_dark_energy(tmp_path: Path) -> None:
    dark = replace(PLANCK, w0=-0.7, wa=0.1)
    evolution = Evolution(steps=3, device="cpu")
    made = simulate(tmp_path / "u.h5", Simulation(16, 32.0, dark, 1, evolution))
    assert open_universe(made.path).cosmology == dark
    plain = simulate(tmp_path / "v.h5", Simulation(16, 32.0, PLANCK, 1, evolution))
    assert open_universe(plain.path).cosmology == PLANCK
    # the same linear field today comes from a smaller past in Lambda
    a, b = (np.asarray(u.field("displacement").values).std() for u in (made, plain))
    assert a == pytest.approx(b, rel=0.02)
    assert made.provenance["settings"]["cosmology"]["w0"] == -0.7
    assert "w0" not in plain.provenance["settings"]["cosmology"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"w0": 0.1}, "dark energy would rule the early universe"),
        ({"wa": 0.95}, "dark energy would rule the early universe"),
        ({"omega_baryon": 0.4}, "is not below omega_matter"),
        ({"omega_matter": 1.2}, "in a flat universe"),
        ({"sigma8": 0.0}, "sigma8 = 0 is impossible"),
    ],
)
def test_impossible_universes(change: dict[str, float], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        replace(PLANCK, **change).check()  # type: ignore[arg-type]


def test_peak_patch_needs_a_constant() -> None:
    simulation = Simulation(32, 32.0, replace(PLANCK, w0=-0.9), truth="peakpatch")
    with pytest.raises(UsageError, match="Peak Patch needs a universe of matter and a cosmological constant"):
        simulation.check()
