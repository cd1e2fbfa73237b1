"""Theory of a cosmology: against colossus, and where CAMB is installed against its limits."""

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
from colossus.cosmology import cosmology as colossus

from core.analysis.theory import MODELS, theory_report
from core.cosmos.cosmology import preset
from core.cosmos.measures.massfunction import theory
from core.cosmos.power import camb_power, hmcode_power, linear_power
from core.errors import UsageError
from core.figures import Curves

PLANCK = preset("planck2018")


def curves(name: str, **options: object) -> Curves:
    found = theory_report(PLANCK, spectrum="eh98", **options).figures[name]  # type: ignore[arg-type]
    assert isinstance(found, Curves)
    return found


def test_against_colossus() -> None:
    parameters = {"flat": True, "H0": 67.36, "Om0": 0.3153, "Ob0": 0.0493, "sigma8": 0.8111, "ns": 0.9649}
    other = colossus.setCosmology("p", params=parameters | {"relspecies": False}, persistence="")
    (sigma,) = curves("sigma", redshift=1.0).series
    radii = (3 * np.asarray(sigma.x) / (4 * np.pi * PLANCK.mean_density)) ** (1 / 3)
    # two implementations of the same fit, theirs interpolated
    np.testing.assert_allclose(sigma.y, other.sigma(radii, z=1.0), rtol=5e-3)
    (power,) = curves("power").series
    np.testing.assert_allclose(power.y, other.matterPowerSpectrum(np.asarray(power.x)), rtol=1e-2)


def test_what_a_report_holds() -> None:
    report = theory_report(replace(PLANCK, w0=-0.8), 1.0, "eh98")
    numbers = {number.key: number.value for number in report.numbers if number.value is not None}
    assert numbers["growth_1"] == pytest.approx(replace(PLANCK, w0=-0.8).growth.first(0.5))
    assert numbers["sigma8"] == pytest.approx(0.8111 * numbers["growth_1"], rel=1e-3)
    assert report.facts["w0"] == "-0.8"
    assert "Eisenstein" in report.facts["linear spectrum"]
    functions = report.figures["mass_function"]
    assert isinstance(functions, Curves)
    assert len(functions.series) == len(MODELS)
    assert all(np.all(np.asarray(series.y) > 0) for series in functions.series)


@pytest.mark.parametrize("model", MODELS)
def test_mass_functions_on_a_given_spectrum(model: str) -> None:
    mass = np.geomspace(1e10, 1e15, 6)
    for z in (0.0, 2.0):
        ours, theirs = (theory(mass, PLANCK, z, model, power) for power in (linear_power(PLANCK), None))
        # the same fit of the spectrum: theirs interpolates sigma, which the exponential tail multiplies
        np.testing.assert_allclose(ours, theirs, rtol=0.03)


def test_a_spectrum_with_less_small_scales_makes_fewer_small_halos() -> None:
    power = linear_power(PLANCK)
    warm = replace(power, transfer=lambda k: power.transfer(k) / (1 + (k / 5) ** 2))
    fewer = theory(np.array([1e9, 1e14]), PLANCK, power=warm) / theory(np.array([1e9, 1e14]), PLANCK, power=power)
    assert fewer[0] < 0.5
    assert fewer[1] == pytest.approx(1, abs=0.05)


@pytest.mark.skipif(find_spec("camb") is None, reason="camb is not installed")
def test_mass_functions_are_on_the_sigma_of_camb() -> None:
    by_camb, by_fit = (
        theory_report(PLANCK, spectrum=spectrum).figures["mass_function"] for spectrum in ("camb", "eh98")
    )
    assert isinstance(by_camb, Curves)
    assert isinstance(by_fit, Curves)
    ratio = np.asarray(by_camb.series[0].y) / np.asarray(by_fit.series[0].y)
    # sigma at 1e10 Msun/h differs by some percent between the two spectra
    assert 0.005 < abs(ratio[0] - 1) < 0.1


@pytest.mark.parametrize(
    ("options", "words"),
    [({"redshift": -1.0}, "give a redshift"), ({"lowest": 1e15, "highest": 1e10}, "give the smaller one first")],
)
def test_what_cannot_be(options: dict[str, float], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        theory_report(PLANCK, spectrum="eh98", **options)


@pytest.mark.skipif(find_spec("camb") is None, reason="camb is not installed")
def test_hmcode_is_linear_on_large_scales() -> None:
    k = np.array([3e-3, 1e-2])
    for z in (0.0, 2.0):
        linear = PLANCK.growth.first(1 / (1 + z)) ** 2 * camb_power(PLANCK)(k)
        np.testing.assert_allclose(hmcode_power(PLANCK, k, z), linear, rtol=0.01)
    assert hmcode_power(PLANCK, np.array([1.0]))[0] > 1.5 * camb_power(PLANCK)(np.array([1.0]))[0]
