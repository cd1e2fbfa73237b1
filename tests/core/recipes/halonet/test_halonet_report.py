"""The report: the truth as a prediction, its opposite, and boxes without halos."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.cosmos.box import Array, Catalogue, Field
from core.cosmos.universe import Universe, write_universe
from core.figures import Curves, Report, Row, Slice, dump_report, load_report
from core.learning.learner import Network
from tests.core.recipes.halonet.smoke import smoke


def prediction_of(universe: Universe, probability: Array, halos: Catalogue, path: Path) -> Universe:
    """A prediction as a run would write it; its halos are the first of the universe's own."""
    label = np.asarray(universe.field("label").values)
    return write_universe(
        path,
        name=universe.name,
        box_size=universe.box_size,
        cosmology=universe.cosmology,
        fields=[
            Field("probability", probability.astype(np.float32), universe.box_size),
            Field("label", np.where(label <= len(halos), label, 0), universe.box_size),
        ],
        catalogues={"halonet": halos},
        provenance={},
        kind="prediction",
    )


def none_of(halos: Catalogue) -> Catalogue:
    return replace(halos, columns={name: values[:0] for name, values in halos.columns.items()})


def value(report: Report, key: str) -> Any:
    return next(number for number in report.numbers if number.key == key).value


def test_the_truth_as_prediction_is_perfect(universes: list[Universe], learner: Network, tmp_path: Path) -> None:
    settings = smoke()
    truth = universes[3]
    halos = truth.catalogue("fof").at_least(settings.minimum_cells * truth.particle_mass * 0.999)
    prediction = prediction_of(truth, settings.true_halos(truth).mask, halos, tmp_path / "p.h5")
    report = settings.evaluate(learner, [(truth, prediction)])
    perfect = {
        "dice": 1.0,
        "foreground_dice": 1.0,
        "auc": 1.0,
        "collapsed_fraction": 1.0,
        "mass_function": 1.0,
        "matched": 1.0,
        "separation": 0.0,
        "power_ratio": 1.0,
        "correlation": 1.0,
        "power_ratio_third": 1.0,
        "correlation_third": 1.0,
        "mask_correlation": 1.0,
        "eulerian_power_ratio": 1.0,
        "eulerian_correlation": 1.0,
        "mass_bias": 0.0,
        "mass_scatter": 0.0,
        "overdensity": 1.0,
        "ellipticity": 1.0,
        "prolateness": 0.0,
        "auc_galaxies": 1.0,
        "auc_inner": 1.0,
        "auc_outer": 1.0,
        "true_positive_rate": 1.0,
        "false_positive_rate": 0.0,
        "halos": len(halos),
        "halos_true": len(halos),
    }
    assert {key: value(report, key) for key in perfect} == pytest.approx(perfect, rel=1e-6)
    # the baseline is not: the bar is above it
    baseline = {number.key: number.baseline for number in report.numbers}
    assert baseline["foreground_dice"] is not None
    assert 0.2 < baseline["foreground_dice"] < 0.95
    slices = report.figures["slices"]
    assert isinstance(slices, Row)
    assert load_report(dump_report(report)).figures.keys() == report.figures.keys()
    difference = slices.figures[-1]
    assert isinstance(difference, Slice)
    assert not difference.values.any()


def test_the_opposite_of_the_truth_is_worthless(universes: list[Universe], learner: Network, tmp_path: Path) -> None:
    settings, truth = smoke(), universes[3]
    prediction = prediction_of(truth, ~settings.true_halos(truth).mask, truth.catalogue("fof"), tmp_path / "p.h5")
    report = settings.evaluate(learner, [(truth, prediction)])
    assert value(report, "dice") == value(report, "auc") == value(report, "foreground_dice") == 0


def test_no_predicted_halos(universes: list[Universe], learner: Network, tmp_path: Path) -> None:
    settings, truth = smoke(), universes[3]
    prediction = prediction_of(
        truth, 0.1 * settings.true_halos(truth).mask, none_of(truth.catalogue("fof")), tmp_path / "p.h5"
    )
    report = settings.evaluate(learner, [(truth, prediction)])
    assert value(report, "halos") == value(report, "mass_function") == value(report, "matched") == 0
    assert value(report, "separation") is None
    assert value(report, "mass_bias") is None
    loaded = load_report(dump_report(report))
    assert value(loaded, "power_ratio") is None


def test_no_true_halos(universes: list[Universe], learner: Network, tmp_path: Path) -> None:
    settings, truth = smoke("minimum_cells=4000"), universes[3]
    halos = truth.catalogue("fof")
    prediction = prediction_of(truth, np.asarray(truth.field("label").values) > 0, halos, tmp_path / "p.h5")
    report = load_report(dump_report(settings.evaluate(learner, [(truth, prediction)])))
    assert value(report, "halos_true") == 0
    assert value(report, "matched") is None
    assert value(report, "collapsed_fraction") is None
    nobody = prediction_of(truth, 0 * settings.true_halos(truth).mask + np.eye(16), none_of(halos), tmp_path / "q.h5")
    assert value(settings.evaluate(learner, [(truth, nobody)]), "halos") == 0


def test_two_boxes_have_an_error(universes: list[Universe], learner: Network, tmp_path: Path) -> None:
    settings = smoke()
    pairs = []
    for number, truth in enumerate(universes[2:]):
        flipped = settings.true_halos(truth).mask ^ (
            np.random.default_rng(number).random((16,) * 3) < 0.1 * (number + 1)
        )
        pairs.append((truth, prediction_of(truth, flipped, truth.catalogue("fof"), tmp_path / f"{truth.name}.h5")))
    report = settings.evaluate(learner, pairs)
    single = [value(settings.evaluate(learner, [pair]), "dice") for pair in pairs]
    [dice] = [number for number in report.numbers if number.key == "dice"]
    assert dice.value == pytest.approx(np.mean(single))
    assert dice.error == pytest.approx(abs(single[0] - single[1]) / 2)
    # N-body halos are not the paper's
    assert dice.paper is None
    assert "paper, on Peak Patch halos: 0.93" in dice.note
    [empty] = [number for number in report.numbers if number.key == "dice_empty"]
    assert empty.value == pytest.approx(1 - np.mean([settings.true_halos(truth).mask.mean() for truth, _ in pairs]))
    assert f"no halos at all: {empty.value:.3f}" in dice.note
    assert report.facts["held-out universes"] == "u3, u4"
    for name in ("mass_function", "power", "correlation", "power_today", "correlation_today"):
        figure = report.figures[name]
        assert isinstance(figure, Curves)
        assert "network" in {series.name for series in figure.series}
