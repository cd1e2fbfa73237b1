"""A network may come to tell one value everywhere: its run ends with a report that says how bad that is."""

import math
from pathlib import Path

import pytest
import torch

from core.config import read_table, resolve
from core.cosmos.universe import Universe
from core.figures import Report
from core.runs import registry
from core.runs.job import Model
from core.runs.reports import make_report, read_report
from core.runs.run import create_run

CPU = torch.device("cpu")


def report_of_a_constant(name: str, universes: list[Universe], folder: Path) -> Report:
    """The report of a recipe whose network says 0 of every cell; of two channels that the second is impossible."""
    recipe = resolve(registry.load(name), read_table(name, "smoke"), [])
    learner = recipe.learner(CPU)
    learner.constants.update(recipe.samples(universes, CPU).constants)
    told = learner.predict

    def one_value(inputs: torch.Tensor) -> torch.Tensor:
        output = torch.zeros_like(told(inputs))
        if output.shape[1] == 2:
            output[:, 0] = 1000.0
        return output

    learner.predict = one_value  # type: ignore[method-assign]
    recipe.finish(learner, universes)
    paths = [str(universe.path) for universe in universes]
    run = create_run(folder, name, recipe.model_dump(mode="json"), universes=paths, device="cpu")
    make_report(run, Model(recipe, learner, CPU), recipe.held_out(universes))
    return read_report(run)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("halonet", {"foreground_dice": 0, "auc": 0.5, "halos": 0, "matched": 0, "correlation": None}),
        ("distance_map", {"foreground_dice": 0, "halos": 0, "matched": 0, "correlation": None}),
        (
            "density",
            {"mean_density": 0, "power_high": 0, "reach": 0, "cell_correlation": None, "bispectrum_equilateral_1": 0},
        ),
    ],
)
def test_a_prediction_may_be_constant(
    name: str, expected: dict[str, float | None], universes: list[Universe], tmp_path: Path
) -> None:
    report = report_of_a_constant(name, universes, tmp_path)
    numbers = {number.key: number.value for number in report.numbers}
    assert {key: numbers[key] for key in expected} == expected
    assert all(value is None or math.isfinite(value) for value in numbers.values())
