"""Every screen as it is to look, beside the pictures in snapshots/: `SNAPSHOTS=write pytest THIS_FILE` draws them anew.

Everything shown is made here and the same on every machine: universes from a seed, runs, times, names of hosts.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from screen_svg import as_svg, cells_of, differences, from_svg
from textual.pilot import Pilot
from tui_pilot import a_report, a_run, opened, sees, text

from app.draw import Depth
from app.tui.frame import machine
from app.tui.frame.preferences import Preferences
from core.cosmos.box import Array, Catalogue, Field
from core.cosmos.cosmology import preset
from core.cosmos.universe import write_universe
from core.figures import dump_report
from core.files import write_json
from core.runs import run as core_run
from core.runs.run import Notes

SNAPSHOTS = Path(__file__).parent / "snapshots"
SMALL, USUAL, LARGE = (80, 24), (120, 40), (200, 50)
CELLS, BOX = 8, 16.0
QUIET, PATIENCE = 0.5, 40.0  # seconds


@dataclass(frozen=True)
class Scene:
    """A picture: its name, and what to press; a key may be followed by words to wait for, as in "2:density"."""

    name: str
    keys: tuple[str, ...]
    size: tuple[int, int] = SMALL
    depth: Depth = "truecolor"
    theme: str = ""


REPORT = "5:loss of", "end:halonet-001", "f:Halo power"
SCENES = (
    Scene("data", ("1:u1.h5", "j:u1.h5──", "space:1 marked"), USUAL),
    Scene("data-small", ("1:u1.h5", "j:u1.h5──")),
    Scene("simulate", ("1:u1.h5", "ctrl+n:cells")),
    Scene("slices-no-colours", ("2:field", "t:halos (fof)"), depth="none"),
    Scene("slices-compare", ("2:field", "c:with halonet-001", "D:△ prediction"), USUAL),
    Scene("slices-light", ("2:field", "t:halos (fof)"), theme="light"),
    Scene("statistics", ("3:Power spectrum", "right:k [h/Mpc] ="), LARGE),
    Scene("statistics-small", ("3:Power spectrum", "right:choose what y copies")),
    Scene("launch", ("4:settings of", "tab:‹ none ›"), USUAL),
    Scene("runs", ("5:loss of",), LARGE),
    Scene("runs-marked", ("5:loss of", "space", "j", "space", *"oooo", "slash", *"net", "enter"), USUAL),
    Scene("runs-none", ("5:There are no runs",)),
    Scene("note", ("5:loss of", "j:stopped", "number_sign:Note")),
    Scene("report", REPORT, USUAL),
    Scene("figure", (*REPORT, "down", "down", "enter:truth")),
    Scene(
        "comparison",
        ("5:loss of", "end:─halonet-001─", "space", "up:─infall-001─", "up:─halonet-002─", "c:Density slice"),
        USUAL,
    ),
    Scene("network", ("6:network", "m:filter 0 of 2", "v:channel 1"), USUAL),
    Scene("help", ("5:loss of", "question_mark:Keys", *"run")),
    Scene("palette", ("5:loss of", "ctrl+p", *"pau", "s:pause the chosen run")),
)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
async def test_a_screen_looks_as_it_did(scene: Scene, deck: Path) -> None:
    runs = deck / ("none" if scene.name in ("runs-none", "network") else "runs")
    preferences = Preferences(theme=scene.theme)
    async with opened(runs, scene.size, preferences, deck / "universes", depth=scene.depth) as pilot:
        for key in scene.keys:
            name, _, words = key.partition(":")
            await pilot.press(name)
            if words:
                await sees(pilot, words)
        await matches(pilot, f"{scene.name}-{scene.size[0]}x{scene.size[1]}")


async def matches(pilot: Pilot[None], name: str) -> None:
    """Wait until the screen looks as it did."""
    path = SNAPSHOTS / f"{name}.svg"
    if os.environ.get("SNAPSHOTS") == "write":
        await settled(pilot, lambda: text(pilot))
        path.parent.mkdir(exist_ok=True)
        path.write_text(as_svg(cells_of(pilot.app.screen._compositor.render_strips())), encoding="utf-8")
    expected = from_svg(path.read_text(encoding="utf-8"))
    deadline = time.monotonic() + PATIENCE
    while wrong := differences(expected, cells_of(pilot.app.screen._compositor.render_strips())):
        assert time.monotonic() < deadline, "\n".join([f"{path.name} looked otherwise:", *wrong])
        await pilot.pause(0.05)


async def settled(pilot: Pilot[None], now: Callable[[], str]) -> None:
    """Wait until nothing has changed for a while."""
    before, since = now(), time.monotonic()
    while time.monotonic() - since < QUIET or "ing ..." in before:
        await pilot.pause(0.05)
        if now() != before:
            before, since = now(), time.monotonic()


@pytest.fixture
def deck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two universes, a prediction for the first, and four runs."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(socket, "gethostname", lambda: "node1")
    monkeypatch.setattr(core_run, "own_process", lambda: {"host": "node2", "pid": 4711, "born": ""})
    monkeypatch.setattr(machine.Gauge, "follow", lambda self: self.say("", "no GPU"))
    work = tmp_path / "deck"
    work.mkdir()
    monkeypatch.chdir(work)
    for seed in (1, 2):
        a_universe(Path("universes") / f"u{seed}.h5", seed)
    four_runs(Path("runs"))
    a_prediction(Path("runs") / "halonet-001" / "predictions" / "u1.h5")
    return Path()


def a_universe(path: Path, seed: int) -> None:
    """Waves of a seed, and what is dense in them."""
    waves = smooth_noise(seed)
    density = np.exp(waves) / np.exp(waves).mean() - 1
    label = np.where(density > 1, 1, 0).astype(np.int32)
    rng = np.random.default_rng(seed)
    halos = {
        "mass": np.array([3e14, 5e13, 2e13]),
        "position": rng.uniform(0, BOX, (3, 3)),
        "lagrangian_position": rng.uniform(0, BOX, (3, 3)),
        "radius": np.array([3.0, 2.0, 1.5]),
    }
    units = {"mass": "Msun/h", "position": "Mpc/h", "lagrangian_position": "Mpc/h", "radius": "Mpc/h"}
    write_universe(
        path,
        name=path.stem,
        box_size=BOX,
        cosmology=preset("planck2018"),
        fields=[
            Field("delta_linear", waves, BOX),
            Field("density", density.astype(np.float32), BOX, "overdensity", 0.0, "eulerian"),
            Field("label", label, BOX, "halo"),
        ],
        catalogues={"fof": Catalogue(halos, BOX, 0.0, "fof", units)},
        provenance={"seed": seed},
    )


def a_prediction(path: Path) -> None:
    """What a network might make of the first universe."""
    probability = 1 / (1 + np.exp(-smooth_noise(1) - 0.5 * smooth_noise(3)))
    write_universe(
        path,
        name=path.stem,
        box_size=BOX,
        cosmology=preset("planck2018"),
        fields=[Field("probability", probability.astype(np.float32), BOX, "probability")],
        catalogues={},
        provenance={},
        kind="prediction",
    )


def smooth_noise(seed: int) -> Array:
    """The sum of the few longest waves in the box, with a standard deviation of 1; (8, 8, 8)."""
    modes = np.fft.rfftn(np.random.default_rng(seed).normal(size=(CELLS,) * 3))
    k = np.fft.fftfreq(CELLS, 1 / CELLS)
    modes[np.sqrt(k[:, None, None] ** 2 + k[:, None] ** 2 + k[: CELLS // 2 + 1] ** 2) > 2.5] = 0
    waves = np.fft.irfftn(modes, (CELLS,) * 3, axes=(0, 1, 2))
    return np.asarray(waves / waves.std(), dtype=np.float32)


def four_runs(here: Path) -> None:
    """One done, one failed, one stopped, one running; three with reports."""
    a_run(here, "halonet", "done", 500)
    a_run(here, "infall", "failed", 120)
    noted = a_run(here, "halonet", "stopped", 300)
    noted.write_notes(Notes("a wider net", ("paper",)))
    a_run(here, "halonet", "running", 200)
    for run, dice in zip(sorted(here.iterdir()), (0.75, 0.5, 0.25), strict=False):
        report = a_report()
        number = replace(report.numbers[0], value=dice)
        write_json(run / "report" / "report.json", dump_report(replace(report, numbers=(number,))))
