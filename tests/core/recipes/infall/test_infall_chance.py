"""What must fail: with the outcomes shuffled among the subhalos every judged number falls to chance."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from core.config import read_table, resolve
from core.cosmos.box import Array
from core.cosmos.infall.model import Infalls, draw_infalls
from core.cosmos.infall.table import INTERACTIONS, OUTCOMES, VISHNU, write_table
from core.cosmos.universe import Universe
from core.figures import Report, Table
from core.recipes.infall.recipe import Infall
from core.recipes.infall.rows import InfallRows, read_tables
from core.recipes.infall.scores import FURTHER, MIDDLE, TOLERANCES
from core.recipes.infall.subsets import ALONE, HARDEST
from core.runs import registry

UNJUDGED = {"merged", "mean_time"}
"""A share of the table, and a baseline."""


@dataclass(frozen=True)
class Judged:
    """A report, and the rows that it is of."""

    report: Report
    table: InfallRows

    @property
    def values(self) -> dict[str, float]:
        return {number.key: float(number.value or 0) for number in self.report.numbers}


def shuffled(columns: dict[str, Array]) -> dict[str, Array]:
    """The fates, with all that belongs to them, of other subhalos; of masses the share that is left."""
    order = np.random.default_rng(9).permutation(len(columns["survived"]))
    fates = (*OUTCOMES, *INTERACTIONS, "host_final_radius", "crossing_time")
    moved = {name: columns[name][order] for name in fates}
    moved["final_mass"] = moved["final_mass"] / columns["sub_mass"][order] * columns["sub_mass"]
    return columns | moved


def judged(universe: Universe) -> Judged:
    """A small training and its report."""
    import torch

    settings = resolve(registry.load("infall"), read_table("infall", "smoke"), ["addition.features=4"])
    assert isinstance(settings, Infall)
    device = torch.device("cpu")
    learner = settings.learner(device)
    for _ in learner.fit(settings.samples([universe], device)):
        pass
    report = settings.evaluate(learner, [(universe, universe)])
    return Judged(report, read_tables([universe], settings.parts()))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Judged, Judged]:
    """A table as it is drawn, and with its outcomes shuffled."""
    columns = draw_infalls(Infalls(2000, 4))
    folder = tmp_path_factory.mktemp("tables")
    facts = {"kind": "drawn", "settings": {"particle_mass": 3.2e7, "softening": 0.0}}
    tables = [
        write_table(folder / f"{name}.h5", found, VISHNU, 100.0, facts)
        for name, found in (("true", columns), ("shuffled", shuffled(columns)))
    ]
    return judged(tables[0]), judged(tables[1])


def chance(table: InfallRows, outcome: str, tolerance: float, rows: Array) -> float:
    """The accuracy of the best constant: the commoner fate, a share of the mass, a distance, a time."""
    true = table.targets[outcome][rows]
    if outcome == "survived":
        return float(max(true.mean(), 1 - true.mean()))
    if outcome == "final_mass":
        mass, particle = table.rest["sub_mass"][rows], table.rest["particle_mass"][rows]
        value, forgiven = 10**true / mass, 2 * np.sqrt(particle / mass)
    elif outcome == "final_distance":
        value, forgiven = true, np.zeros(len(rows))
    else:
        value, forgiven = true, np.zeros(len(rows))
    unit = table.rest["crossing_time"][rows] if outcome == "merge_time" else np.ones(len(rows))
    constants = np.linspace(value.min(), value.max(), 200)
    return float(max(np.mean(np.abs(value - constant) / unit - forgiven <= tolerance) for constant in constants))


def expected(one: Judged) -> dict[str, tuple[float, float]]:
    """Chance and its standard error for every judged number of a report."""
    table = one.table
    found: dict[str, tuple[float, float]] = {}

    def add(key: str, outcome: str, tolerance: float, which: Array) -> None:
        rows = table.rows(outcome, which)
        share = chance(table, outcome, tolerance, rows)
        found[key] = (share, float(np.sqrt(share * (1 - share) / len(rows))))

    for outcome, tolerances in TOLERANCES.items():
        for k, tolerance in enumerate(tolerances):
            add(outcome if outcome == "survived" else f"{outcome}_{k}", outcome, tolerance, table.test)
        for name in ("half", "quarter", "four", "histograms"):
            add(f"{name}_{outcome}", outcome, MIDDLE[outcome], table.test)
        found[f"interactions_{outcome}"] = (0.0, 0.02)
    for outcome, tolerance in FURTHER.items():
        add(f"{outcome}_further", outcome, tolerance, table.test)
    add("one_feature", "survived", 0.0, table.test)
    add("out_of_bag", "survived", 0.0, table.training)
    add("out_of_bag_three", "survived", 0.0, table.training)
    a = table.column("scale_factor")
    add("hardest", "survived", 0.0, table.test & (a >= HARDEST[0]) & (a <= HARDEST[1]))
    for outcome, (low, high) in ALONE.items():
        add(f"alone_{outcome}", outcome, MIDDLE[outcome], table.test & (a >= low) & (a <= high))
    return found


def test_shuffled_outcomes_bring_every_judged_number_to_chance(both: tuple[Judged, Judged]) -> None:
    _, wrong = both
    bounds = expected(wrong)
    assert bounds.keys() == wrong.values.keys() - UNJUDGED  # no number escapes
    above = {key: (wrong.values[key], share) for key, (share, error) in bounds.items()
             if wrong.values[key] > share + 3.5 * error}  # fmt: skip
    assert not above


def test_the_true_outcomes_are_told_better_than_by_chance(both: tuple[Judged, Judged]) -> None:
    right, _ = both
    bounds = expected(right)
    told = ("survived", "final_mass_1", "final_distance_1", "final_distance_further",
            "merge_time_0", "merge_time_1", "one_feature", "out_of_bag", "out_of_bag_three", "half_survived",
            "half_final_mass", "four_survived", "four_final_mass", "histograms_survived")  # fmt: skip
    below = {key: (right.values[key], bounds[key]) for key in told
             if right.values[key] < bounds[key][0] + 3.5 * bounds[key][1]}  # fmt: skip
    assert not below


def test_shuffled_outcomes_are_ranked_as_noise(both: tuple[Judged, Judged]) -> None:
    def ranges(one: Judged) -> list[list[float]]:
        table = one.report.figures["ranking"]
        assert isinstance(table, Table)
        return [[float(str(cell).split(" ")[-1]) for cell in row[1:5]] for row in table.rows]

    right, wrong = (ranges(one) for one in both)
    assert right[0][0] > 0.8
    # ten bins of 160 subhalos: the range of their means is some three standard errors
    assert wrong[0][0] < 0.25
    assert wrong[2][0] < 0.5 * right[2][0]  # the mass that is left still goes with the mass at accretion


def test_shuffled_outcomes_gain_nothing_from_more_features(both: tuple[Judged, Judged]) -> None:
    def gains(one: Judged) -> Array:
        table = one.report.figures["gains_survived"]
        assert isinstance(table, Table)
        return np.array([float(row[4] or 0) for row in table.rows])

    right, wrong = (gains(one) for one in both)
    assert right[0] > 0.85
    assert wrong[0] < 0.72
    assert np.abs(wrong[1:]).max() < 0.08


def test_no_number_of_the_paper_stands_beside_a_drawn_table(both: tuple[Judged, Judged], tmp_path: Path) -> None:
    from core.figures import dump

    report = both[0].report
    assert all(number.paper is None for number in report.numbers)
    assert not [number.key for number in report.numbers if "paper" in number.note]
    for name, figure in report.figures.items():
        words = str(dump(figure)).lower()
        assert "paper" not in words, name
        assert "thesis" not in words, name
    assert report.facts["tables"] == "true, drawn by a model"
    assert report.notes[0].startswith("true is drawn by a model: the paper's numbers are of a simulation")
