"""What many tests share: tiny universes and runs of the recipe halonet on them."""

import gc
import json
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:
    # one thread for each test process and its children: threads that wait for each other by spinning on a busy machine
    # are a hundred times slower; numba's would also wake torch's
    os.environ |= {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # a shell's background job ignores ctrl+c, and so would every process that the tests start and interrupt
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    # the same of nohup and a lost terminal
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

from core.cosmos.universe import Universe, open_universe
from core.runs.run import Run, create_run


def pytest_configure() -> None:
    """A terminal that is known to draw finer blocks than most would have other screens."""
    os.environ["TERM"] = "xterm-256color"
    for name in ("TERM_PROGRAM", "VTE_VERSION", "TMUX"):
        os.environ.pop(name, None)


def pytest_collection_finish() -> None:
    """What imports have made stays to the end: a full garbage collection need not look through it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def universes(tmp_path_factory: pytest.TempPathFactory) -> list[Universe]:
    """Four universes of 16^3 particles in 25 Mpc/h with halos of at least 8 particles, seeds 1 to 4."""
    from core.cosmos.cosmology import preset
    from core.cosmos.simulate import Evolution, Simulation, simulate

    folder = tmp_path_factory.mktemp("universes")
    evolution = Evolution(steps=5, mesh_ratio=2, minimum_particles=8, device="cpu")
    for seed in range(1, 5):
        simulate(folder / f"u{seed}.h5", Simulation(16, 25.0, preset("planck2018"), seed, evolution))
    return [open_universe(path) for path in sorted(folder.glob("*.h5"))]


@pytest.fixture(scope="session")
def run_in(universes: list[Universe]) -> Callable[..., Run]:
    """`run_in(folder, "steps=5", ...)` is a new run of halonet's table [smoke] with these settings on the universes."""

    def create(folder: Path, *overrides: str) -> Run:
        from core.config import read_table, resolve
        from core.runs import registry

        settings = resolve(registry.load("halonet"), read_table("halonet", "smoke"), list(overrides))
        paths = [str(universe.path) for universe in universes]
        return create_run(folder, "halonet", settings.model_dump(mode="json"), universes=paths, device="cpu")

    return create


@pytest.fixture
def new_run(run_in: Callable[..., Run], tmp_path: Path) -> Callable[..., Run]:
    """`new_run("steps=5", ...)` is such a run in a folder of the test's own."""
    return partial(run_in, tmp_path / "runs")


@pytest.fixture(scope="session")
def done_run(run_in: Callable[..., Run], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run: read it, never change it."""
    from core.runs.worker import work

    run = run_in(tmp_path_factory.mktemp("done"))
    work(run)
    return run


def _check_keys(answer: dict[str, object]) -> None:
    """Every key that a command tells machines is one that it declares."""
    from app.cli.answers import EVERY
    from app.cli.registry import command

    declared = command(str(answer["command"])).answer
    assert answer.keys() <= {*EVERY, *declared}, f"{answer['command']} declares {', '.join(declared)}"


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """`command("runs", "--json")` does what `halodeck runs --json` would in an empty folder: code, output, errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # Typer sets its own

    def call(*arguments: object) -> tuple[int, str, str]:
        from app.main import main

        monkeypatch.setattr(sys, "argv", ["halodeck", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        output = capsys.readouterr()
        if "--json" in arguments and output.out:
            _check_keys(json.loads(output.out))
        return int(ended.value.code or 0), output.out, output.err

    return call
