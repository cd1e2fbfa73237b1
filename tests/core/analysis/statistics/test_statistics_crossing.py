"""First crossings beside true masses: each cell counted once, fractions by their definition."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.analysis.statistics.crossing import Crossings, crossing_figure, crossing_medians, crossing_numbers, crossings
from core.analysis.statistics.measure import statistics
from core.cosmos.measures.crossing import first_crossing
from core.cosmos.universe import Universe, write_universe
from core.errors import InputError, UsageError
from core.figures import Slice


@pytest.fixture(scope="module")
def measured(universes: list[Universe]) -> Crossings:
    return crossings(universes[0])


def test_cells_of_halos_and_their_masses(universes: list[Universe], measured: Crossings) -> None:
    universe = universes[0]
    label, mass = universe.field("label").values, universe.catalogue()["mass"]
    inside = label > 0
    np.testing.assert_allclose(10**measured.true, mass[label[inside] - 1])
    result = first_crossing(universe.field("delta_linear"), universe.cosmology)
    for name, field in {"eps": result.eps, "sheth_tormen": result.sheth_tormen}.items():
        np.testing.assert_allclose(10 ** measured.found[name], field.values[inside], rtol=1e-5)
        counted = np.isin(label, np.flatnonzero((mass >= 1e11 * 0.6736) & (mass <= 10**13.4 * 0.6736)) + 1)
        assert counted.any()
        assert measured.fractions[name] == pytest.approx(np.mean(field.values[counted] == 0))
    # the higher barrier is crossed by fewer, on smaller scales
    assert measured.fractions["sheth_tormen"] > measured.fractions["eps"]
    assert np.all(measured.found["sheth_tormen"] <= measured.found["eps"])
    assert measured.resolved == pytest.approx(8 * 4 / 3 * np.pi * universe.particle_mass)


def test_shares_and_what_never_crosses_make_one(measured: Crossings) -> None:
    bins = np.digitize(measured.true, measured.edges) - 1
    panels = crossing_figure(measured).figures
    for panel, values in zip(panels, measured.found.values(), strict=True):
        assert isinstance(panel, Slice)
        for column in np.unique(bins):
            crossed = np.mean(np.isfinite(values[bins == column]))
            assert panel.values[:, column].sum() == pytest.approx(crossed)
        assert panel.values.shape == (len(measured.scales) - 1, len(measured.edges) - 1)


def test_medians_are_those_of_the_cells_that_cross(measured: Crossings) -> None:
    eps, sheth_tormen, true = crossing_medians(measured).series
    bins = np.digitize(measured.true, measured.edges) - 1
    for series, values in ((eps, measured.found["eps"]), (sheth_tormen, measured.found["sheth_tormen"])):
        column = int(np.bincount(bins).argmax())
        crossed = np.sort(values[(bins == column) & np.isfinite(values)])
        assert crossed[0] <= np.log10(series.y[column]) == pytest.approx(np.median(crossed))
        assert series.low is not None
        assert series.high is not None
        assert series.low[column] <= series.y[column] <= series.high[column]
    np.testing.assert_array_equal(true.x, true.y)


def test_on_request(universes: list[Universe]) -> None:
    report = statistics(universes[0], also=["first-crossing"])
    assert {"crossing", "crossing_medians"} <= set(report.figures)
    numbers = {number.key: number for number in report.numbers}
    assert numbers["never.eps"].paper == 0.30
    assert numbers["never.sheth_tormen"].value == crossings(universes[0]).fractions["sheth_tormen"]
    assert "crossing" not in statistics(universes[0]).figures


def test_halos_beyond_the_paper_s_masses_give_no_fraction(measured: Crossings) -> None:
    nothing = replace(measured, fractions=dict.fromkeys(measured.fractions, np.nan))
    assert [number.value for number in crossing_numbers(nothing)] == [None, None]


def test_what_has_no_crossings_to_compare(universes: list[Universe], tmp_path: Path) -> None:
    universe = universes[0]
    halos, label, delta = universe.catalogue(), universe.field("label"), universe.field("delta_linear")
    empty = replace(halos, columns={name: values[:0] for name, values in halos.columns.items()})
    nowhere = replace(label, values=np.zeros_like(label.values))
    cases = [
        ([delta], {}, InputError, "has no halos"),
        ([delta, nowhere], {"fof": empty}, UsageError, "has no halos to compare"),
        ([label], {"fof": halos}, UsageError, "has no field 'delta_linear'"),
        ([delta, label], {"fof": replace(halos, redshift=1.0)}, InputError, "are of z = 1"),
    ]
    for number, (fields, catalogues, error, said) in enumerate(cases):
        path = tmp_path / f"u{number}.h5"
        about = {"name": "u", "box_size": universe.box_size, "cosmology": universe.cosmology, "provenance": {}}
        written = write_universe(path, fields=fields, catalogues=catalogues, **about)  # type: ignore[arg-type]
        with pytest.raises(error, match=said):
            crossings(written)
