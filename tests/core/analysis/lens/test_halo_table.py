"""Rows of halos, their order, what is measured of them; where predictions fail."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.analysis.lens.card import card
from core.analysis.lens.halo_here import halo_here
from core.analysis.lens.halo_table import errors_by_mass, from_json, halo_rows, halo_table, ordered
from core.analysis.lens.matter import concentration, lagrangian_cube, nfw_mass
from core.analysis.lens.residuals import from_json as residuals_from_json
from core.analysis.lens.residuals import residuals, residuals_report
from core.analysis.lens.surroundings import coarsened, surroundings
from core.cosmos.box import Catalogue, Field
from core.cosmos.universe import Universe, open_universe, write_universe
from core.errors import InputError, UsageError
from core.figures import Curves, Slice


@pytest.fixture
def prediction(universes: list[Universe], tmp_path: Path) -> Universe:
    """All but the third halo, and one where none is."""
    universe = universes[0]
    halos = universe.catalogue("fof")
    kept = np.delete(np.arange(len(halos)), 2)
    columns = {name: values[kept].copy() for name, values in halos.columns.items()}
    columns["lagrangian_position"][-1] = (columns["lagrangian_position"][-1] + 12) % 25
    path = tmp_path / "runs" / "halonet-001" / "predictions" / "u1.h5"
    path.parent.mkdir(parents=True)
    label = np.asarray(universe.field("label").values)
    fields = [Field("probability", (label > 0).astype(np.float32), universe.box_size, "probability")]
    write_universe(
        path,
        name=universe.name,
        box_size=universe.box_size,
        cosmology=universe.cosmology,
        fields=fields,
        catalogues={"shells": Catalogue(columns, halos.box_size)},
        provenance={},
        kind="prediction",
    )
    return open_universe(path)


def test_every_halo_is_a_row_and_errors_are_walked_by_mass(universes: list[Universe], prediction: Universe) -> None:
    halos = universes[0].catalogue("fof")
    rows = halo_rows(universes[0], halos, prediction.catalogue("shells"))
    true = [row for row in rows if row.side == "true"]
    assert [row.rank for row in true] == list(range(1, len(halos) + 1))
    assert true[2].verdict in ("missed", "merged")
    assert true[0].verdict == "matched"
    assert true[0].distance == pytest.approx(0, abs=1e-6)
    errors = errors_by_mass(rows)
    assert errors[0] == true[2]
    assert all(row.is_error for row in errors)
    assert any(row.side == "predicted" for row in errors)
    assert [row.mass for row in errors] == sorted((row.mass for row in errors), reverse=True)
    again = [from_json(row.as_json()) for row in rows]
    assert [row.words for row in again] == [row.words for row in rows]
    assert again[0] == replace(rows[0], concentration=again[0].concentration, other_mass=again[0].other_mass)
    assert "missed" in errors[0].words or "merged" in errors[0].words


def test_rows_in_any_order(universes: list[Universe]) -> None:
    rows = halo_rows(universes[0], universes[0].catalogue("fof"))
    dense = ordered(rows, "environment", True)
    assert [row.environment for row in dense] == sorted((row.environment for row in rows), reverse=True)
    # what is unknown comes last, whichever way round
    assert np.isnan(ordered(rows, "concentration")[-1].concentration)
    with pytest.raises(UsageError, match="no column 'mas'"):
        ordered(rows, "mas")
    table = halo_table("t", rows)
    assert len(table.rows) == len(rows)
    assert "verdict" not in table.columns
    bare = Catalogue({"mass": np.ones(1), "position": np.zeros((1, 3))}, 25.0)
    with pytest.raises(InputError, match="no Lagrangian centres"):
        halo_rows(universes[0], bare, bare)


def test_concentration_of_particles_of_an_nfw_halo() -> None:
    rng, c = np.random.default_rng(1), 7.0
    x = np.linspace(1e-3, 1, 4000)
    distances = np.sort(np.interp(rng.random(20000), nfw_mass(c * x) / nfw_mass(np.array(c)), x))
    assert concentration(1.3 * distances, 1.3) == pytest.approx(c, rel=0.05)
    assert np.isnan(concentration(distances[:50], 1.0))
    half = float(np.median(distances))
    assert np.isnan(concentration(distances, 1.0, 1.01 * half))
    assert concentration(distances, 1.0, 0.99 * half) == pytest.approx(c, rel=0.05)
    assert np.isnan(concentration(np.sort(np.cbrt(rng.random(20000))), 1.0))  # a ball of one density


def test_a_cube_around_a_cell_goes_around_the_box() -> None:
    values = np.arange(6**3).reshape(6, 6, 6)
    cube = lagrangian_cube(values, np.array([0, 5, 3]), 1)
    assert cube.shape == (3, 3, 3)
    assert cube[1, 1, 1] == values[0, 5, 3]
    assert cube[0, 2, 1] == values[5, 0, 3]


def test_surroundings_are_the_mean_of_a_sphere(universes: list[Universe]) -> None:
    universe = universes[0]
    cell = universe.box_size / universe.cells
    found = surroundings(universe, np.array([[5 * cell, 6 * cell, 7 * cell]]))[0]
    values = np.asarray(universe.field("delta_linear").values, dtype=np.float64)
    side = (np.arange(16) - np.array([5, 6, 7])[:, None] + 8) % 16 - 8
    r = cell * np.sqrt(side[0][:, None, None] ** 2 + side[1][:, None] ** 2 + side[2] ** 2)
    assert found == pytest.approx(values[r < 8].mean(), abs=0.15 * values.std())
    np.testing.assert_allclose(coarsened(values, 8)[1, 2, 3], values[2:4, 4:6, 6:8].mean())


def test_the_halo_at_a_point(universes: list[Universe]) -> None:
    halos = universes[0].catalogue("fof")
    x, y, z = (float(place) for place in halos["position"][1])
    here = halo_here(halos, universes[0], "eulerian", (x, y, z), "fof")
    assert here is not None
    assert (here.row, here.rank) == (1, 2)
    assert "halo 2 of" in here.words
    assert halo_here(halos.at_least(1e20), universes[0], "eulerian", (x, y, z), "fof") is None


def test_the_card_of_a_halo(universes: list[Universe], prediction: Universe) -> None:
    facts, row = card(universes[0], "fof", 1, prediction)
    assert facts["particles"] == str(universes[0].catalogue("fof")["count"][0])
    kinds = [type(figure) for figure in row.figures]
    assert kinds == [Curves, Slice, Curves]
    patch = row.figures[1]
    assert isinstance(patch, Slice)
    assert [item.name for item in patch.contours] == ["ended in it", "predicted"]
    with pytest.raises(UsageError, match="no halo 99"):
        card(universes[0], "fof", 99)


def test_where_a_run_fails(universes: list[Universe], prediction: Universe) -> None:
    found = residuals("halonet-001", [(universes[0], prediction)])
    assert {one.what for one in found.bins} == {"mass", "environment", "scale"}
    true = len(universes[0].catalogue("fof"))
    assert sum(one.count for one in found.of_kind("mass")) == true
    assert sum(one.count for one in found.of_kind("environment")) == true
    failing = sum(one.count * one.failing for one in found.of_kind("mass"))
    assert failing == pytest.approx(sum(place.words.startswith("halo") for place in found.places))
    # a bin leads to its own errors
    worst = max(found.of_kind("mass"), key=lambda one: one.failing)
    assert all((worst.what, worst.number) in place.bins for place in found.in_bin(worst))
    # the probability is the truth: nothing fails by scale
    assert max(one.failing for one in found.of_kind("scale")) == pytest.approx(0, abs=1e-4)
    assert residuals_from_json(found.as_json()) == found
    report = residuals_report(found)
    assert {"mass", "environment", "scale", "errors"} == set(report.figures)


def test_where_a_density_fails(universes: list[Universe], tmp_path: Path) -> None:
    universe = universes[0]
    density = np.asarray(universe.field("density").values).copy()
    density[3, 4, 5] += 100
    path = tmp_path / "p.h5"
    write_universe(
        path,
        name=universe.name,
        box_size=universe.box_size,
        cosmology=universe.cosmology,
        fields=[Field("density", density, universe.box_size, "overdensity", 0.0, "eulerian")],
        catalogues={},
        provenance={},
        kind="prediction",
    )
    found = residuals("density-001", [(universe, open_universe(path))])
    cell = universe.box_size / universe.cells
    assert found.of == "density"
    assert found.places[0].at == pytest.approx((3 * cell, 4 * cell, 5 * cell))
    assert found.places[0].size == pytest.approx(100, rel=1e-4)
    assert {one.what for one in found.bins} == {"density", "scale"}
    with pytest.raises(InputError, match="neither halos nor a density"):
        residuals("x", [(universe, replace(universe, halos={}, fields={}))])
