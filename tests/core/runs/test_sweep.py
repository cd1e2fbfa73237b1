"""Sweeps: several values, all combinations of them, who has lost, and what is seen in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.analysis.comparison.sweeps import metrics, overview, sweep_report
from core.cluster.script import Size
from core.cluster.sites import Site
from core.cosmos.universe import Universe
from core.errors import ConfigError, RunError, UsageError
from core.figures import Curves, Matrix, Table
from core.files import write_json
from core.runs.history import Track
from core.runs.launch_spec import LaunchSpec
from core.runs.listing import measured, read_entry
from core.runs.rivals import Rivals, rivals_of
from core.runs.run import Run, create_run
from core.runs.submission import sweep_script
from core.runs.sweep import create_sweep, expanded, line_of, open_sweep, sweeps, swept, values_of
from core.runs.worker import work


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.001,0.003, 0.01", ["0.001", "0.003", "0.01"]),
        ("log 1e-4..1e-2 x 5", ["0.0001", "0.000316228", "0.001", "0.00316228", "0.01"]),
        ("log 8..64 x 4", ["8", "16", "32", "64"]),
        ("0..1 x 3", ["0", "0.5", "1"]),
        ("3..5", ["3", "4", "5"]),
        ("adamw,sgd", ["adamw", "sgd"]),
        ("[0.9, 0.5]", ["[0.9, 0.5]"]),
        ("[1,2],[3]", ["[1,2]", "[3]"]),
        ('"a,b"', ['"a,b"']),
        ("0.5", ["0.5"]),
        ("density+nbody", ["density+nbody"]),
        ("1,", ["1,"]),
        ("", [""]),
    ],
)
def test_several_values(text: str, values: list[str]) -> None:
    assert values_of(text) == values


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("0.1..0.5", "does not say how many"),
        ("log 1..5", "does not say how many"),
        ("5..3", "no or too many"),
        ("1..100000", "no or too many"),
        ("log 0..1 x 3", "cannot be spaced"),
        ("1..2 x 1", "cannot be spaced"),
        ("log 1e-3..x x 5", "is no range"),
        ("1..x", "is no range"),
        ("lin 3", "is no range"),
    ],
)
def test_ranges_that_cannot_be(text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        values_of(text)


def spec(universes: list[Universe], tmp_path: Path, *overrides: str) -> LaunchSpec:
    paths = tuple(universe.path for universe in universes)
    return LaunchSpec("halonet", paths, "smoke", overrides, "cpu", tmp_path / "runs")


def test_a_run_for_each_combination(universes: list[Universe], tmp_path: Path) -> None:
    wanted = spec(universes, tmp_path, "seed=1..2", "optimiser.learning_rate=0.1,0.01", "steps=3")
    assert swept(wanted.overrides) == {"seed": ["1", "2"], "optimiser.learning_rate": ["0.1", "0.01"]}
    assert "halodeck sweep halonet" in line_of(wanted, 0.5, 2)
    assert "--stop-losers 0.5 --parallel 2" in line_of(wanted, 0.5, 2)
    sweep = create_sweep(wanted, losers=0.5)
    entries = [read_entry(run.path) for run in sweep.runs]
    told = [(entry.settings["seed"], entry.settings["optimiser.learning_rate"]) for entry in entries]
    assert told == [("1", "0.1"), ("1", "0.01"), ("2", "0.1"), ("2", "0.01")]
    assert {entry.sweep for entry in entries} == {"sweep-001"}
    assert [each.name for each in sweeps(tmp_path / "runs")] == ["sweep-001"]
    assert len(sweep.open_runs()) == 4
    sweep.runs[0].write_status(state="done", step=3, steps=3)
    sweep.runs[1].write_status(state="stopped", step=3, steps=3, message="outrun at step 3")
    sweep.runs[2].write_status(state="stopped", step=3, steps=3, message="stopped on request")
    again = open_sweep(tmp_path / "runs", "latest")
    assert again.losers == 0.5
    assert [run.name for run in again.open_runs()] == ["halonet-003", "halonet-004"]
    assert overview([again]).rows[0][:4] == (
        "sweep-001",
        "halonet",
        "learning_rate, seed",
        "1 done, 2 stopped, 1 new",
    )
    script = sweep_script(again, again.open_runs(), Site(), Size(), 1)
    assert "#SBATCH --array=0-1%1\n" in script
    assert 'RUN="${RUNS[$SLURM_ARRAY_TASK_ID]}"' in script
    assert str(again.runs[2].path.resolve()) in script


def test_what_is_wrong_with_one_of_the_values_makes_nothing(universes: list[Universe], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="steps"):
        create_sweep(spec(universes, tmp_path, "steps=3,-1"))
    with pytest.raises(UsageError, match="no setting has several values"):
        create_sweep(spec(universes, tmp_path, "steps=3"))
    with pytest.raises(UsageError, match="make 10000 runs"):
        expanded(spec(universes, tmp_path, "seed=1..100", "steps=1..100"))
    assert not (tmp_path / "runs").exists()
    with pytest.raises(RunError, match="there is no sweep 'sweep-9'"):
        open_sweep(tmp_path / "runs", "sweep-9")


def a_rival(root: Path, *losses: float, seed: int = 1, rate: float = 0.1) -> Run:
    run = create_run(root, "halonet", {"seed": seed, "optimiser": {"learning_rate": rate}})
    for step, loss in enumerate(losses, start=1):
        run.emit("validation", step=step, loss=loss, dice=1 - loss)
    run.write_status(state="done", step=len(losses), steps=len(losses))
    return run


def test_the_median_decides(tmp_path: Path) -> None:
    others = [a_rival(tmp_path, 0.5, 0.3, 0.1), a_rival(tmp_path, 0.5, 0.4), a_rival(tmp_path, 0.9)]
    rivals = Rivals(create_run(tmp_path, "halonet", {}), others, 0.25)
    own = Track()
    own.add(1, 0.6)
    assert rivals.verdict(own, 8) == ""  # too early
    assert "the median of 3 others of its sweep 0.5" in rivals.verdict(own, 4)
    own.add(2, 0.35)
    assert rivals.verdict(own, 8) == ""  # as good as the median of two
    own.add(3, 0.35)
    assert rivals.verdict(own, 12) == ""  # one alone is no rival
    others[1].emit("validation", step=3, loss=0.3)
    assert rivals.verdict(own, 12).startswith("outrun at step 3: validation 0.35")
    assert rivals.verdict(own, 3) == ""  # it is done


def test_a_loser_stops_and_may_be_resumed(new_run: Callable[..., Run]) -> None:
    run = new_run("steps=4", "validate_every=1")
    root = run.path.parent
    others = [a_rival(root, *[1e-9] * 4), a_rival(root, *[1e-9] * 4)]
    config = (run.path / "config.toml").read_text()
    (run.path / "config.toml").write_text('sweep = "sweep-001"\n' + config)
    record = {"runs": [run.name, *(other.name for other in others)], "losers": 0.5}
    (root / ".sweeps" / "sweep-001").mkdir(parents=True)
    write_json(root / ".sweeps" / "sweep-001" / "sweep.json", record)
    work(run)
    status = run.status()
    assert (status.state, status.step) == ("stopped", 2)
    assert status.message.startswith("outrun at step 2: validation")
    assert (run.path / "checkpoint.pt").exists()
    assert rivals_of(run) is None  # resumed by somebody who knows


def test_a_metric_against_the_settings(tmp_path: Path) -> None:
    runs = [
        a_rival(tmp_path, 1.0, loss, seed=seed, rate=rate)
        for rate, losses in ((0.1, (0.5, 0.7)), (0.01, (0.2, 0.4)))
        for seed, loss in enumerate(losses)
    ]
    report = sweep_report(runs)
    curves = report.figures["against optimiser.learning_rate"]
    assert isinstance(curves, Curves)
    [series] = curves.series
    assert series.x.tolist() == [0.01, 0.1]
    np.testing.assert_allclose(series.y, [0.3, 0.6])
    assert series.low is not None
    np.testing.assert_allclose(series.low, series.y - np.sqrt(0.02))
    training = report.figures["training"]
    assert isinstance(training, Curves)
    assert [one.name for one in training.series] == ["learning_rate 0.01, 2 seeds", "learning_rate 0.1, 2 seeds"]
    table = report.figures["runs"]
    assert isinstance(table, Table)
    assert table.rows[0] == ("* halonet-003", "0.01", "0", 0.2, 2.0, "done")
    dice = sweep_report(runs, "dice").figures["runs"]
    assert isinstance(dice, Table)
    assert dice.rows[0][0] == "* halonet-003"
    assert "validation.dice" in metrics([measured(read_entry(run.path)) for run in runs])
    with pytest.raises(UsageError, match=r"did you mean 'validation\.dice'"):
        sweep_report(runs, "validation.dise")
    with pytest.raises(RunError, match="differ in no setting"):
        sweep_report(runs[:1])


def test_two_settings_make_a_matrix(tmp_path: Path) -> None:
    runs = []
    for rate in (0.1, 0.01):
        for steps, loss in ((9, rate), (10, 2 * rate)):
            run = create_run(tmp_path, "halonet", {"optimiser": {"learning_rate": rate}, "steps": steps})
            run.emit("validation", step=1, loss=loss)
            runs.append(run)
    matrix = sweep_report(runs).figures["steps and optimiser.learning_rate"]
    assert isinstance(matrix, Matrix)
    assert (matrix.row_names, matrix.column_names) == (("9", "10"), ("0.01", "0.1"))
    np.testing.assert_allclose(matrix.values, [[0.01, 0.1], [0.02, 0.2]])
