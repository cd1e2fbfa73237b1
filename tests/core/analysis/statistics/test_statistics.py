import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from core.analysis.massfunction import THEORY_NAMES
from core.analysis.statistics import measure, rows
from core.analysis.statistics.measure import Known, statistics
from core.cosmos.box import lattice
from core.cosmos.measures.spectra import spectra
from core.cosmos.paint import paint
from core.cosmos.universe import Universe, write_universe
from core.errors import InputError, UsageError
from core.figures import Curves, Number, Report, dump_report


def curves(report: Report, name: str) -> Curves:
    figure = report.figures[name]
    assert isinstance(figure, Curves)
    return figure


def test_one_universe_beside_theory(universes: list[Universe]) -> None:
    universe = universes[0]
    report = statistics(universe)
    assert set(report.figures) == {"power", "pdf", "mass_function"}
    power = curves(report, "power")
    assert [series.name for series in power.series] == ["u1", "linear theory, z = 0"]
    assert power.ratio_to == "linear theory, z = 0"
    numbers = {number.key: number.value for number in report.numbers}
    assert numbers["variance"] == pytest.approx(float(np.std(universe.field("density").values)), rel=1e-5)
    assert numbers["halos.u1.fof"] == len(universe.catalogue("fof"))
    values = universe.field("density").values.astype(np.float64)
    assert numbers["skewness"] == pytest.approx((values**3).mean() / np.std(values) ** 3, rel=1e-3)
    functions = curves(report, "mass_function")
    assert [series.name for series in functions.series] == ["u1 fof", *THEORY_NAMES.values()]
    # the curve integrates to the catalogue: bins of 1/4 dex
    density = np.nansum(functions.series[0].y) / 4 * universe.box_size**3
    assert density == pytest.approx(len(universe.catalogue("fof")), rel=1e-6)
    assert dump_report(report)["facts"]["box"] == "25 Mpc/h, 16^3 cells"


def test_linear_field_follows_linear_theory(universes: list[Universe]) -> None:
    ratios = []
    for universe in universes:
        measured, theory = curves(statistics(universe, field="delta_linear"), "power").series
        ratios.append((measured.y / theory.y)[2:])
    # four boxes, some 2000 modes above the third shell: 5 % is three standard deviations
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.15)


def test_a_universe_beside_itself(universes: list[Universe]) -> None:
    twin = replace(universes[0], name="twin")
    report = statistics(universes[0], twin)
    np.testing.assert_allclose(curves(report, "correlation").series[0].y, 1, rtol=1e-5)
    np.testing.assert_allclose(curves(report, "transfer").series[0].y, 1, rtol=1e-5)
    assert curves(report, "power").ratio_to == "twin"
    assert len(curves(report, "mass_function").series) == 6
    assert report.title == "u1 and twin"


def test_a_universe_of_the_same_name_keeps_its_curves(universes: list[Universe]) -> None:
    report = statistics(universes[0], replace(universes[1], name="u1"))
    assert [series.name for series in curves(report, "power").series][:2] == ["u1", "u1 (2)"]
    assert len(curves(report, "pdf").series) == 2
    assert len(curves(report, "mass_function").series) == 6


def test_distribution_of_density_and_of_the_linear_field(universes: list[Universe]) -> None:
    density = universes[0].field("density").values
    (series,) = curves(statistics(universes[0]), "pdf").series
    edges = np.geomspace(1e-2, (1 + density.max()) * 1.001, 51)
    assert np.nansum(series.y * np.diff(np.log10(edges))) == pytest.approx(np.mean(density >= -0.99), rel=1e-5)
    linear, gaussian = curves(statistics(universes[0], field="delta_linear"), "pdf").series
    width = linear.x[1] - linear.x[0]
    assert np.nansum(linear.y) * width == pytest.approx(1, rel=1e-5)
    assert gaussian.y.sum() * width == pytest.approx(1, abs=0.02)
    # 4096 cells in 50 bins, and few long waves: bins scatter by some 20 %
    core = gaussian.y > 0.3 * gaussian.y.max()
    np.testing.assert_allclose(linear.y[core], gaussian.y[core], rtol=0.5)


def test_bispectrum_and_voids_on_request(universes: list[Universe]) -> None:
    report = statistics(universes[0], universes[1], also=["bispectrum", "voids"])
    assert {"bispectrum", "voids"} <= set(report.figures)
    triangles = curves(report, "bispectrum")
    assert [series.name for series in triangles.series] == [
        "u1, equilateral",
        "u1, squeezed",
        "u2, equilateral",
        "u2, squeezed",
        "equilateral, perturbation theory",
    ]
    # gravity makes it positive; three shells of a 25 Mpc/h box
    assert np.all(triangles.series[0].y > 0)
    voids = curves(report, "voids")
    assert [series.name for series in voids.series] == ["u1 fof", "u2 fof", "unclustered"]
    for series in voids.series:
        assert np.all(np.diff(series.y) <= 0)
        assert 1 >= series.y[0] > series.y[-1] >= 0
    few = statistics(universes[0], field="delta_linear", also=["bispectrum"])
    assert len(curves(few, "bispectrum").series) == 2  # perturbation theory speaks of evolved density
    assert dump_report(report)["figures"]["voids"]["kind"] == "Curves"


def test_different_universes_do_not_correlate(universes: list[Universe]) -> None:
    r = curves(statistics(universes[0], universes[1], field="delta_linear"), "correlation").series[0].y
    assert abs(np.mean(r[3:])) < 0.2


@pytest.mark.parametrize("field", ["velocity", "label", "densty"])
def test_fields_without_a_spectrum(universes: list[Universe], field: str) -> None:
    with pytest.raises(UsageError):
        statistics(universes[0], field=field)


def test_a_prediction_has_no_linear_theory(universes: list[Universe], tmp_path: Path) -> None:
    universe = universes[0]
    probability = replace(universe.field("delta_linear"), name="probability")
    empty = replace(universe.catalogue("fof"), columns={k: v[:0] for k, v in universe.catalogue("fof").columns.items()})
    prediction = write_universe(
        tmp_path / "p.h5",
        name="p",
        box_size=universe.box_size,
        cosmology=universe.cosmology,
        fields=[probability],
        catalogues={"halonet": empty},
        provenance={},
        kind="prediction",
    )
    with pytest.raises(UsageError, match="there are none"):
        statistics(prediction, also=["voids"])
    report = statistics(prediction)
    assert [series.name for series in curves(report, "power").series] == ["p"]
    assert curves(report, "power").ratio_to is None
    assert curves(report, "mass_function").series == ()
    with pytest.raises(InputError, match="differ"):
        statistics(prediction, replace(prediction, box_size=30.0), field="probability")


def test_several_beside_the_one_chosen(universes: list[Universe]) -> None:
    report = statistics(*universes[:3], reference="u2", errors="poisson")
    power = curves(report, "power")
    assert [series.name for series in power.series] == ["u1", "u2", "u3", "linear theory, z = 0"]
    assert power.ratio_to == "u2"
    assert power.ratio_bands == (0.01, 0.05, 0.1)
    alone = curves(statistics(universes[2]), "power").series[0]
    np.testing.assert_allclose(power.series[2].y, alone.y, rtol=1e-6)
    assert [series.name for series in curves(report, "correlation").series] == ["u1", "u3"]
    transfer = curves(report, "transfer").series[1]
    np.testing.assert_allclose(transfer.y**2, power.series[2].y / power.series[1].y, rtol=1e-6)
    halos = curves(report, "mass_function")
    assert halos.ratio_to == "u2 fof"
    first = halos.series[0]
    assert first.high is not None
    count = first.y * 0.25 * universes[0].box_size ** 3  # bins of 1/4 dex
    filled = np.isfinite(count)
    np.testing.assert_allclose((first.high / first.y - 1)[filled], 1 / np.sqrt(count[filled]), rtol=1e-5)
    assert curves(statistics(*universes[:3], reference="theory"), "power").ratio_to == "linear theory, z = 0"
    assert curves(statistics(*universes[:3], reference=str(universes[0].path)), "power").ratio_to == "u1"
    with pytest.raises(UsageError, match="u9 is not among the universes"):
        statistics(*universes[:2], reference="u9")


def test_what_is_known_is_not_measured_again(universes: list[Universe]) -> None:
    said: list[str] = []
    known: Known = {}
    first = statistics(*universes[:2], known=known, progress=lambda fraction, doing: said.append(doing))
    assert said[0] == "spectrum of u1"
    measured = dict(known)
    again = statistics(*universes[:2], known=known)
    assert all(known[key] is value for key, value in measured.items())
    assert len(known) == len(measured)
    assert dump_report(again) == dump_report(first)
    statistics(*universes[:2], field="delta_linear", known=known)
    assert len(known) == 2 * len(measured)


def test_only_halos_where_no_field_is_shared(universes: list[Universe], tmp_path: Path) -> None:
    universe = universes[0]
    prediction = write_universe(
        tmp_path / "p.h5",
        name=universe.name,
        box_size=universe.box_size,
        cosmology=universe.cosmology,
        fields=[replace(universe.field("delta_linear"), name="probability")],
        catalogues={"halonet": universe.catalogue("fof")},
        provenance={"run": "/runs/halonet-007"},
        kind="prediction",
    )
    report = statistics(prediction, universe)
    assert set(report.figures) == {"mass_function"}
    assert [s.name for s in curves(report, "mass_function").series][:2] == ["u1 by halonet-007 halonet", "u1 fof"]
    assert curves(report, "mass_function").ratio_to == "u1 fof"


def test_each_density_loses_the_window_it_was_painted_with(universes: list[Universe], tmp_path: Path) -> None:
    """The same particles by cloud in cell and, as predictions are, by the trapezoid: one spectrum, T(k) = 1."""
    universe = universes[0]
    density = universe.field("density")
    positions = lattice(universe.cells, universe.box_size) + universe.field("displacement").values.reshape(3, -1).T
    values = paint(positions, universe.cells, universe.box_size, "trapezoid")
    other = write_universe(
        tmp_path / "trapezoid.h5",
        name="trapezoid",
        box_size=universe.box_size,
        cosmology=universe.cosmology,
        fields=[replace(density, values=values, assignment="trapezoid")],
        catalogues={},
        provenance={},
        kind="prediction",
    )
    expected = np.sqrt(spectra(other.field("density")).power / spectra(density).power)
    for one, two, power in ((other, universe, expected), (universe, other, 1 / expected)):
        transfer = curves(statistics(one, two), "transfer").series[0].y
        np.testing.assert_allclose(transfer, power, rtol=1e-5)
        np.testing.assert_allclose(transfer[:3], 1, atol=0.02)


def test_a_statistic_is_one_function_and_one_row(universes: list[Universe], monkeypatch: pytest.MonkeyPatch) -> None:
    """A toy is measured under its name, and only when it is asked for."""
    toy = ModuleType("toy_statistic")
    toy.measured = lambda context: ({}, [Number("toy", "fields", float(len(context.fields)))])  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "toy_statistic", toy)
    row = rows.Statistic("toy", "a toy", "toy_statistic:measured")
    monkeypatch.setattr(measure, "STATISTICS", (*rows.STATISTICS, row))
    assert "toy" in {number.key for number in statistics(*universes[:2], also=["toy"]).numbers}
    assert "toy" not in {number.key for number in statistics(universes[0]).numbers}


@pytest.mark.parametrize("row", rows.STATISTICS, ids=lambda row: row.name)
def test_every_row_has_its_function(row: rows.Statistic) -> None:
    assert callable(row.load())


def test_an_unknown_statistic(universes: list[Universe]) -> None:
    with pytest.raises(UsageError, match="unknown statistic 'void': did you mean 'voids'"):
        statistics(universes[0], also=["void"])


def test_what_was_asked_for_is_measured_once(universes: list[Universe], monkeypatch: pytest.MonkeyPatch) -> None:
    known: Known = {}
    first = statistics(universes[0], also=["bispectrum"], known=known)
    monkeypatch.setattr(rows.Statistic, "load", lambda row: lambda context: pytest.fail("measured again"))
    again = statistics(universes[0], also=["bispectrum"], known=known)
    assert dump_report(again) == dump_report(first)
