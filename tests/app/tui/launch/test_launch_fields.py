"""What the form of a launch makes of its values: one run or a sweep, and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli.where import Where
from app.tui.screens.launch import fields
from app.tui.screens.launch.fields import GPUS, LOSERS, NODES, PARALLEL, SITE, TIME, own, where_of
from app.tui.screens.launch.plan import Plan
from core.runs.launch_spec import LaunchSpec
from core.runs.registry import load


def problems(**changes: str) -> dict[str, str]:
    return fields.problems(load("halonet"), {}, {name.replace("__", "."): text for name, text in changes.items()})


def test_each_of_several_values_is_tried() -> None:
    assert problems(seed="1..3", optimiser__learning_rate="log 1e-4..1e-2 x 5") == {}
    assert problems(steps="10,-1")["steps"].startswith("-1: ")
    assert "does not say how many" in problems(optimiser__learning_rate="0.1..0.2")["optimiser.learning_rate"]
    assert problems(seed="1,x")["seed"].startswith("x: ")


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        (NODES, "0", "must be a whole number, 1 or more"),
        (GPUS, "two", "must be a whole number, 0 or more"),
        (GPUS, "2", "GPUs and processes are of jobs: choose a site"),
        (NODES, "2", "--nodes is for jobs"),
        (TIME, "90", "--time is for jobs"),
        (LOSERS, "2", "must be 0 to 1"),
        (PARALLEL, "-1", "must be a whole number"),
        (SITE, "nowhere", "unknown site 'nowhere'"),
    ],
)
def test_a_place_that_cannot_be_is_told_beside_its_field(path: str, text: str, words: str) -> None:
    assert words in fields.problems(load("halonet"), {}, {path: text})[path]


def test_a_plan_says_the_command_that_does_the_same() -> None:
    spec = LaunchSpec("halonet", config="smoke", overrides=("seed=1..3",))
    here = Plan(spec, where_of({}), 2, 0.5)
    words = "halodeck sweep halonet --config smoke --set seed=1..3 --stop-losers 0.5 --parallel 2 --detach"
    assert here.line() == words
    site = {SITE: "here", NODES: "2", GPUS: "4", TIME: "8:00:00"}
    assert problems(**{}) == fields.problems(load("halonet"), {}, site)
    there = Plan(LaunchSpec("halonet"), where_of(site))
    assert there.line() == "halodeck train halonet --submit here --nodes 2 --gpus 4 --time 8:00:00"
    assert there.where == Where.chosen("here", 2, 4, 0, "8:00:00", False)
    assert own({**site, "seed": "2"}) == {"seed": "2"}


def test_the_fields_of_a_place_know_the_sites() -> None:
    asked = fields.form_fields(load("halonet"), ("smoke",), (Path("u"),), ("mine", "here"))
    [site] = [field for field in asked if field.path == SITE]
    assert site.choices == (fields.HERE, "mine", "here")
