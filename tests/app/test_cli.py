"""What the commands do and print, when all is well."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import h5py
import pytest
from typer.testing import CliRunner

from app.cli.options import parse_numbers, parse_seeds
from app.cli.program import program
from app.cli.registry import commands
from app.cli.runs import duration
from core.cosmos.universe import Universe, open_universe
from core.errors import InputError, UsageError
from core.files import begun
from core.runs.launch_spec import LaunchSpec, universe_paths
from core.runs.listing import entries
from core.runs.run import Notes, Run, create_run

Command = Callable[..., tuple[int, str, str]]


def test_every_command_has_help() -> None:
    runner = CliRunner()
    whole = runner.invoke(program, ["--help"])
    assert whole.exit_code == 0
    for item in commands():
        words = item.name.split()
        assert f"  {words[0]} " in whole.output
        assert item.function.__doc__
        result = runner.invoke(program, [*words, "-h"])
        assert result.exit_code == 0
        assert item.function.__doc__.splitlines()[0] in " ".join(result.output.split())


def test_version() -> None:
    assert CliRunner().invoke(program, ["--version"]).output.startswith("halodeck ")


def test_simulate_keeps_what_is_there(command: Command) -> None:
    small = ("--cells", 8, "--box", 20, "--steps", 2, "--mesh-ratio", 1, "--minimum-particles", 2, "--device", "cpu")
    code, out, _ = command("simulate", *small, "--seeds", "1,3", "--out", "u")
    assert code == 0
    paths = sorted(Path("u").iterdir())
    assert [path.name for path in paths] == ["planck2018-8-L20-s0001.h5", "planck2018-8-L20-s0003.h5"]
    for path in paths:
        universe = open_universe(path)
        assert f"{path}  {universe.halos['fof']} halos (fof)" in out
        assert universe.provenance["command"].startswith("halodeck simulate --cells 8")
    before = paths[0].stat().st_mtime_ns
    assert command("simulate", *small, "--seeds", "1-3", "--out", "u")[0] == 0
    assert len(list(Path("u").iterdir())) == 3
    assert paths[0].stat().st_mtime_ns == before
    code, _, err = command("simulate", *small, "--integrator", "fastpm", "--out", "u")
    assert code == 1
    assert "exists with other settings: use --force" in err
    assert command("simulate", *small, "--integrator", "fastpm", "--out", "u", "--force")[0] == 0
    assert paths[0].stat().st_mtime_ns > before


def test_info(command: Command, universes: list[Universe], done_run: Run) -> None:
    code, out, _ = command("info", universes[0].path)
    assert code == 0
    assert "universe" in out
    assert "16^3" in out
    facts = json.loads(command("info", universes[0].path, "--json")[1])
    assert facts["kind"] == "universe"
    assert json.loads(command("info", done_run.path, "--json")[1])["kind"] == "run"


def test_view(command: Command, universes: list[Universe]) -> None:
    code, out, _ = command("view", universes[0].path, "--axis", "x", "--slice", 3, "--width", 60)
    assert code == 0
    assert "density at redshift 0, depth 4.688 Mpc/h along x" in out
    assert max(map(len, out.splitlines())) <= 60
    _, log, _ = command("view", universes[0].path, "--log", "--max", "--thickness", 4)
    assert "1 + overdensity" in log
    _, label, _ = command("view", universes[0].path, "--field", "label", "--asinh")
    assert "label at redshift 0, depth" in label
    assert command("view", universes[0].path, "--save", "slice.svg")[1] == "saved slice.svg\n"
    assert Path("slice.svg").stat().st_size > 0


def test_stats(command: Command, universes: list[Universe]) -> None:
    code, out, _ = command("stats", universes[0].path)
    assert code == 0
    assert "Power spectrum of density" in out
    assert "Halo mass function" in out
    report = json.loads(command("stats", universes[0].path, universes[1].path, "--json")[1])
    assert set(report["figures"]) == {"power", "correlation", "transfer", "pdf", "mass_function"}
    assert command("stats", universes[0].path, "--json", "--save", "saved")[0] == 0
    assert {"report.json", "power.png", "power.svg", "power.txt"} <= {path.name for path in Path("saved").iterdir()}


def test_recipes(command: Command) -> None:
    code, out, _ = command("recipes")
    assert code == 0
    assert "halonet" in out
    assert "smoke" in out
    code, out, _ = command("recipes", "halonet")
    assert "optimiser.learning_rate" in out
    assert "Ready tables for --config: paper" in out
    assert "halonet" in [found["name"] for found in json.loads(command("recipes", "--json")[1])["recipes"]]
    assert "optimiser" in json.loads(command("recipes", "halonet", "--json")[1])["settings"]["properties"]


def test_clean_removes_what_the_dead_have_left(command: Command, universes: list[Universe]) -> None:
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    Path("runs").mkdir()
    living = begun(Path("runs/u.h5"))
    left = living.with_name(living.name.replace(str(os.getpid()), dead.stdout.strip()))
    for path in (living, left):
        path.write_bytes(bytes(1 << 20))
    assert command("clean", "--dry-run")[1].splitlines() == [str(left), "1 files, 1.0 MiB to be removed"]
    assert left.exists()
    assert command("clean", "runs")[1].splitlines() == [str(left), "1 files, 1.0 MiB removed"]
    assert [path.name for path in Path("runs").iterdir()] == [living.name]
    code, _, err = command("clean", "nowhere")
    assert code == 1
    assert "nowhere is no folder" in err


def test_the_whole_loop(command: Command, universes: list[Universe]) -> None:
    folder = universes[0].path.parent
    code, out, err = command(
        "train", "halonet", "--config", "smoke", "--set", "steps=3", "--on", folder, "--device", "cpu"
    )
    assert code == 0
    assert out.startswith("run halonet-001 in runs/halonet-001")
    assert "area under ROC" in out
    assert "step 3/3" in err
    assert "command = " in Path("runs/halonet-001/config.toml").read_text()

    code, out, _ = command("runs")
    assert "halonet-001" in out
    assert "3/3" in out
    [listed] = json.loads(command("runs", "--json")[1])["runs"]
    assert (listed["name"], listed["state"], listed["steps"]) == ("halonet-001", "done", 3)

    code, out, _ = command("watch", "latest")
    assert code == 0
    assert "halonet-001  done  step 3/3  loss 0." in out
    assert "Loss" in out

    report = json.loads(command("report", "halonet-001", "--json")[1])
    assert {number["key"] for number in report["numbers"]} >= {"dice", "auc"}
    again = json.loads(command("report", "halonet-001", "--json", "--again")[1])
    assert again == report

    code, out, _ = command("predict", "halonet-001", universes[0].path)
    assert code == 0
    assert "prediction " in out
    assert "seen in training" in out
    assert "area under ROC" in out
    assert Path("runs/halonet-001/predictions/u1.h5").exists()

    shutil.copy(universes[0].path, "without_truth.h5")
    with h5py.File("without_truth.h5", "r+") as file:
        del file["halos"]
    code, out, _ = command("predict", "halonet-001", "without_truth.h5")
    assert code == 0
    assert "no report" in out
    assert "without_truth.h5 has no halos to learn from" in out

    code, out, _ = command("delete", "halonet-001", "--yes")
    assert code == 0
    assert "`halodeck undelete halonet-001` brings it back" in out
    assert not Path("runs/halonet-001").exists()
    assert "no runs in runs" in command("runs")[1]
    assert "halonet-001  deleted 0m" in command("undelete")[1]
    assert command("undelete", "halonet-001")[1] == "runs/halonet-001 is back\n"
    assert command("delete", "latest", "--yes")[0] == 0
    assert "stay in the trash; `halodeck clean --trash` empties it" in command("clean")[1]
    assert "1 deleted runs and universes" in command("clean", "--trash")[1]
    assert "0 in the trash" in command("undelete")[1]


def test_runs_in_another_place(command: Command, done_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HALODECK_RUNS", str(done_run.path.parent))
    assert done_run.name in command("runs")[1]


def test_colours(command: Command, universes: list[Universe]) -> None:
    _, plain, _ = command("--color", "none", "view", universes[0].path, "--width", 50)
    _, rich, _ = command("--color", "256", "view", universes[0].path, "--width", 50)
    assert "\x1b[" not in plain
    assert "\x1b[38;5;" in rich or "\x1b[48;5;" in rich


def test_requests_to_a_living_run(command: Command, tmp_path: Path) -> None:
    run = create_run(tmp_path / "runs", "halonet", {})
    run.write_status(state="running", step=1, steps=2)
    assert command("pause", "latest")[1] == "asked halonet-001 to pause: it answers after its current step\n"
    assert run.take_request() == "pause"
    assert command("stop", run.path)[1] == "asked halonet-001 to stop: it answers after its current step\n"
    assert run.take_request() == "stop"
    code, _, err = command("report", "halonet-001")
    assert code == 1
    assert "halonet-001 is at work and makes its report at the end" in err
    run.write_status(state="paused", step=1, steps=2)
    assert command("resume", "halonet-001")[1] == "asked halonet-001 to resume: it answers after its current step\n"
    assert run.take_request() == "resume"
    code, _, err = command("delete", "halonet-001", "--yes")
    assert code == 1
    assert "run halonet-001 is paused: stop it first" in err


def test_notes_and_tags(command: Command, tmp_path: Path) -> None:
    run = create_run(tmp_path / "runs", "halonet", {})
    assert command("note", "latest")[1].split() == ["run", "halonet-001", "notes", "-", "tags", "-"]
    _, out, _ = command("note", "latest", "--text", "a wider net", "--tag", "paper", "--tag", "base")
    assert "a wider net" in out
    assert run.notes() == Notes("a wider net", ("paper", "base"))
    code, out, _ = command("note", run.name, "--untag", "base", "--json")
    assert code == 0
    told = {"run": run.name, "text": "a wider net", "tags": ["paper"]}
    assert json.loads(out) == {"schema": 1, "command": "note", **told}
    assert "paper" in command("runs")[1]
    assert json.loads(command("runs", "--json")[1])["runs"][0]["tags"] == ["paper"]


def test_broken_runs_are_listed_and_can_be_deleted(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "runs" / "lost-001"
    path.mkdir(parents=True)
    (path / "status.json").write_text('{"state": "runn')
    code, out, _ = command("runs")
    assert code == 0
    assert "broken" in out
    assert "config.toml is missing: restore it or delete the run" in " ".join(out.split())
    [listed] = json.loads(command("runs", "--json")[1])["runs"]
    assert (listed["name"], listed["state"]) == ("lost-001", "broken")
    assert command("delete", "lost-001", "--yes")[0] == 0
    assert not path.exists()


def test_foreign_and_silent_runs_hide_no_other(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("good", "silent", "fifo", "huge"):
        create_run(tmp_path / "runs", name, {})
    (tmp_path / "runs" / "huge-001" / "config.toml").write_text('recipe = "x"\ncreated = 1e999\n[settings]\n')
    os.mkfifo(tmp_path / "runs" / "fifo-001" / "status.json")
    answers, config = threading.Event(), Run.config
    monkeypatch.setattr(Run, "config", lambda run: answers.wait() if run.name == "silent-001" else config(run))
    monkeypatch.setattr("app.cli.listing.entries", partial(entries, limit=0.05))
    try:
        listed = {run["name"]: run for run in json.loads(command("runs", "--json")[1])["runs"]}
        code, out, _ = command("runs")
    finally:
        answers.set()
    states = {name: run["state"] for name, run in listed.items()}
    assert states == {"good-001": "new", "silent-001": "not answering", "fifo-001": "failed", "huge-001": "broken"}
    assert "is no regular file" in listed["fifo-001"]["message"]
    assert code == 0
    assert "created is inf, a number is expected" in " ".join(out.split())
    assert "silent-001 does not answer within 0.05 s: check its disk" in " ".join(out.split())


@pytest.mark.parametrize("option", ["--runs", "--universes"])
def test_folders_of_the_workbench_are_not_those_of_a_command(command: Command, option: str) -> None:
    code, _, error = command(option, "elsewhere", "runs")
    assert code == 2
    assert f"{option} before a command is the workbench's: put it after runs" in error


@pytest.mark.parametrize("state", ["failed", "lost"])
def test_watching_a_run_that_ended_badly(command: Command, tmp_path: Path, state: str) -> None:
    run = create_run(tmp_path / "runs", "halonet", {})
    run.write_status(state="failed" if state == "failed" else "running", step=1, steps=2, message="no luck")
    if state == "lost":
        path = run.path / "status.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "born": "gone:1"}))
    code, out, err = command("watch")
    assert code == 1
    assert f"halonet-001  {state}  step 1/2" in out
    assert f"run halonet-001 {state}: see runs/halonet-001/worker.log" in err


def test_watching_until_the_end(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = create_run(tmp_path / "runs", "halonet", {})
    run.write_status(state="running", step=1, steps=4, values={"loss": 0.25}, speed=0.5, message="training")

    def time_passes(seconds: float) -> None:
        assert seconds == 2.5
        run.emit("step", step=4, loss=0.125)
        run.write_status(state="done", step=4, steps=4, message="done")

    monkeypatch.setattr("app.cli.runs.sleep", time_passes)
    code, out, _ = command("watch", "--interval", "2.5")
    assert code == 0
    first, second, *_ = out.splitlines()
    assert first == "halonet-001  running  step 1/4  loss 0.2500  0.50 steps/s, 0m06s to go"
    assert second == "halonet-001  done  step 4/4  done"


def test_import_asks_before_it_overwrites(command: Command, tmp_path: Path) -> None:
    (tmp_path / "ics").write_bytes(b"")
    (tmp_path / "universes").mkdir()
    (tmp_path / "universes" / "ics.h5").touch()
    code, _, err = command("import", "ics")
    assert code == 1
    assert "universes/ics.h5 exists: use --force or another --out" in err


def test_the_demo_in_miniature(command: Command, monkeypatch: pytest.MonkeyPatch, universes: list[Universe]) -> None:
    from app.cli import demo, training

    real: Callable[..., LaunchSpec] = training.spec_of
    monkeypatch.setattr(demo, "CELLS", 16)
    monkeypatch.setattr(demo, "BOX_SIZE", 25.0)
    monkeypatch.setattr(demo, "SEEDS", [1, 2, 3, 4, 5])
    monkeypatch.setattr(demo, "STEPS", 3)
    monkeypatch.setattr(
        demo, "spec_of", lambda *given: real(*given[:3], ["steps=2", "network.levels=2", "crop.size=16"], *given[4:])
    )
    shown: list[Universe] = []
    monkeypatch.setattr(demo, "show_network", lambda universe, runs: shown.append(universe))  # its cells are of 1 Mpc/h
    code, out, _ = command("demo", "--out", "u", "--runs", "r")
    assert code == 0
    assert [universe.name for universe in shown] == ["planck2015-16-L25-s0005"]
    assert len(list(Path("u").iterdir())) == 5
    assert "area under ROC" in out
    assert re.search(r"The demo took \d+m\d\ds", out)
    assert "The run is kept in r/halonet-001" in out


@pytest.mark.parametrize(
    ("text", "seeds"), [("7", [7]), ("1-4", [1, 2, 3, 4]), ("1,4,9", [1, 4, 9]), ("1-2,5", [1, 2, 5]), ("0", [0])]
)
def test_seeds(text: str, seeds: list[int]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "1-", "-1", "3-1", "1.5", "1,,2"])
def test_impossible_seeds(text: str) -> None:
    with pytest.raises(UsageError, match="write 7, 1-10 or 1,4,9"):
        parse_seeds(text)


def test_numbers() -> None:
    assert parse_numbers("1,0.5, 0", "--outputs") == (1.0, 0.5, 0.0)
    with pytest.raises(UsageError, match=r"--outputs '1;2' cannot be read"):
        parse_numbers("1;2", "--outputs")


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, None), (0.4, "0m00s"), (59.6, "1m00s"), (3599.4, "59m59s"), (7325, "2h02m")]
)
def test_durations(seconds: float | None, words: str | None) -> None:
    assert duration(seconds) == words


def test_files_and_folders_of_universes(tmp_path: Path, universes: list[Universe]) -> None:
    for name in ("b.h5", "a.h5", "notes.txt"):
        shutil.copy(universes[0].path, tmp_path / name)
    assert universe_paths([tmp_path, tmp_path / "b.h5"]) == [tmp_path / name for name in ("a.h5", "b.h5", "b.h5")]
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match="holds no universes"):
        universe_paths([tmp_path / "none"])


def test_universes_are_found_in_the_folder_below(tmp_path: Path) -> None:
    for name in ("demo/b.h5", "demo/a.h5", "demo/.trash/old.h5", ".hidden/c.h5"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert universe_paths([tmp_path]) == [tmp_path / "demo" / "a.h5", tmp_path / "demo" / "b.h5"]
    (tmp_path / "like").mkdir()
    (tmp_path / "like" / "c.h5").touch()
    with pytest.raises(InputError, match=r"demo \(2\), .*like \(1\): name one: --on .*demo"):
        universe_paths([tmp_path])
    (tmp_path / "d.h5").touch()
    assert universe_paths([tmp_path]) == [tmp_path / "d.h5"]
