"""Panels of a comparison against arrays subtracted by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.analysis.views.panels import Overlays, fields_beside, overlaid, panels, partners, view_figure
from core.analysis.views.slab_cache import SlabCache
from core.analysis.views.view import View
from core.cosmos.box import Catalogue, Field
from core.cosmos.universe import Universe, write_universe
from core.errors import InputError, UsageError
from core.figures import Row, Slice
from core.runs.predictions import predictions


def predicted(universe: Universe, path: Path, **fields: np.ndarray) -> Path:
    """A prediction for a universe with some fields and its ten largest halos."""
    halos = universe.catalogue("fof")
    few = Catalogue({name: values[:10] for name, values in halos.columns.items()}, halos.box_size)
    units = {"probability": "probability", "label": "halo"}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_universe(
        path,
        name=universe.name,
        box_size=universe.box_size,
        cosmology=universe.cosmology,
        fields=[Field(name, values, universe.box_size, units.get(name, "")) for name, values in fields.items()],
        catalogues={"shells": few},
        provenance={},
        kind="prediction",
    )
    return path


@pytest.fixture
def prediction(universes: list[Universe], tmp_path: Path) -> Path:
    probability = np.random.default_rng(3).random((16, 16, 16)).astype(np.float32)
    label = (probability > 0.5).astype(np.int32)
    path = tmp_path / "runs" / "halonet-001" / "predictions" / f"{universes[0].name}.h5"
    return predicted(universes[0], path, probability=probability, label=label)


def test_input_truth_prediction_difference(universes: list[Universe], prediction: Path) -> None:
    cache, view = SlabCache(), View("y", 4)
    theirs = cache.universe(prediction)
    shown = panels(universes[0], "delta_linear", theirs)
    assert [panel.role for panel in shown] == ["input", "truth", "prediction", "difference"]
    figures = [panel.figure(cache, view) for panel in shown]
    cut = (slice(None), 4)
    truth = np.asarray(universes[0].field("label").values)[cut].T > 0
    probability = np.asarray(theirs.field("probability").values)[cut].T
    np.testing.assert_array_equal(figures[0].values, np.asarray(universes[0].field("delta_linear").values)[cut].T)
    np.testing.assert_array_equal(figures[1].values, truth)
    np.testing.assert_array_equal(figures[2].values, probability)
    np.testing.assert_allclose(figures[3].values, probability - truth)
    assert [figure.colour_map for figure in figures] == ["diverging", "sequential", "sequential", "diverging"]
    low, high = figures[0].limits or (0.0, 0.0)
    assert low == -high < 0
    assert [figure.limits for figure in figures[1:]] == [(0, 1), (0, 1), (-1, 1)]
    # the same the other way round
    assert panels(theirs, "delta_linear", universes[0]) == shown
    assert len({panel.title for panel in shown}) == 4


def test_labels_stand_side_by_side_without_a_difference(universes: list[Universe], prediction: Path) -> None:
    shown = panels(universes[0], "label", SlabCache().universe(prediction))
    assert [(panel.role, panel.source.field) for panel in shown] == [("truth", "label"), ("prediction", "label")]


def test_what_the_universe_does_not_know_stands_beside_its_labels(universes: list[Universe], tmp_path: Path) -> None:
    distance = np.random.default_rng(3).random((16, 16, 16))
    theirs = SlabCache().universe(predicted(universes[0], tmp_path / "p.h5", distance=distance))
    shown = panels(universes[0], "delta_linear", theirs)
    assert [panel.title for panel in shown] == ["input: delta_linear", "truth: label", "prediction: distance"]


def test_two_universes_are_subtracted(universes: list[Universe]) -> None:
    cache = SlabCache()
    shown = panels(universes[0], "density", universes[1])
    assert len(shown) == 3
    figure = shown[2].figure(cache, View("z", 3, scale="log"))
    one, other = (np.asarray(universe.field("density").values)[:, :, 3].T for universe in universes[:2])
    np.testing.assert_allclose(figure.values, other - one, rtol=1e-5)
    assert figure.scale == "linear"


def test_what_has_another_grid_or_field_is_refused(universes: list[Universe]) -> None:
    with pytest.raises(InputError, match="another grid"):
        panels(universes[0], "density", replace(universes[1], box_size=9.0))
    with pytest.raises(InputError, match="no field 'density'"):
        panels(universes[0], "density", replace(universes[1], fields={}))


def test_partners_are_predictions_and_boxes_of_the_grid(universes: list[Universe], prediction: Path) -> None:
    cache, runs = SlabCache(), prediction.parents[2]
    assert predictions(runs, universes[0]) == [prediction]
    assert predictions(runs, universes[1]) == []
    broken = prediction.with_name("broken.h5")
    broken.write_bytes(b"nothing")
    candidates = [prediction, universes[0].path, universes[1].path, broken]
    assert partners(universes[0], candidates, cache) == [prediction, universes[1].path]
    # a prediction belongs to its universe alone
    assert partners(universes[1], candidates, cache) == [universes[0].path]


def test_fields_of_one_frame_stand_beside_a_prediction(universes: list[Universe], prediction: Path) -> None:
    theirs = SlabCache().universe(prediction)
    expected = ("delta_linear", "displacement", "label", "velocity")
    assert fields_beside(universes[0], theirs) == fields_beside(theirs, universes[0]) == expected
    assert fields_beside(universes[0], None) == tuple(universes[0].fields)
    assert fields_beside(universes[0], replace(universes[1], fields=theirs.fields)) == ("label",)


def test_overlays_of_both_sides(universes: list[Universe], prediction: Path) -> None:
    cache, view = SlabCache(), View("z", 4)
    shown = panels(universes[0], "delta_linear", cache.universe(prediction))
    figure = overlaid(shown[0].figure(cache, view), shown[0], shown, Overlays("fof", True), cache, view)
    assert [item.name for item in figure.contours] == ["truth", "prediction"]
    assert [item.name for item in figure.circles] == ["true halos", "predicted halos"]
    label = np.asarray(universes[0].field("label").values)
    np.testing.assert_array_equal(figure.contours[0].values, label[:, :, 4].T > 0)
    # nothing Lagrangian lies over an Eulerian field
    alone = panels(universes[0], "density")
    figure = overlaid(alone[0].figure(cache, view), alone[0], alone, Overlays("", True), cache, view)
    assert (figure.contours, figure.circles) == ((), ())


def test_the_figure_of_a_command(universes: list[Universe], prediction: Path) -> None:
    alone = view_figure(universes[0].path, View("z", 4), "velocity")
    assert isinstance(alone, Slice)
    assert alone.title.startswith("velocity at redshift 0, depth ")
    row = view_figure(universes[0].path, View("z", 4), None, prediction, Overlays("fof"))
    assert isinstance(row, Row)
    assert len(row.figures) == 4
    with pytest.raises(UsageError, match="no halo catalogue 'fob'"):
        view_figure(universes[0].path, View("z", 4), overlays=Overlays("fob"))
    with pytest.raises(UsageError, match="no field 'x'"):
        view_figure(universes[0].path, View("z", 4), "x")
