"""The command inspect."""

import json
from collections.abc import Callable
from pathlib import Path

from core.cosmos.universe import Universe
from core.runs.run import Run

Command = Callable[..., tuple[int, str, str]]


def test_toy_shows_everything(command: Command) -> None:
    code, out, _ = command("inspect", "toy")
    assert code == 0
    assert "9 layers, 348 weights" in out
    assert "Padding and output size" in out
    assert "conv1: the horizontal and the vertical edge detector" in out
    assert "conv7: 1 channel" in out


def test_the_trained_example_shows_its_loss(command: Command) -> None:
    code, out, _ = command("inspect", "inversion")
    assert code == 0
    shown = (
        "348 weights",
        "Loss of the inversion",
        "mean squared error",
        "predicted output",
        "conv7: every filter, on",
    )
    for words in shown:
        assert words in out


def test_networks_that_come_along(command: Command) -> None:
    code, out, _ = command("inspect", "segmentation", "--layer", "conv1.0", "--filters")
    assert code == 0
    assert "conv1.0: filter 0 of 16" in out
    assert "conv1.0: channels 0 to 7 of 16" in out
    code, out, _ = command("inspect", "halonet@cpu")
    assert code == 0
    assert "HaloNet: protohalos by a V-Net, run halonet@cpu" in out
    assert "8 x 64^3" in out
    assert not Path("runs").exists()


def test_a_run(command: Command, done_run: Run, universes: list[Universe]) -> None:
    code, out, _ = command("inspect", done_run.path)
    assert code == 0
    assert "sees [Mpc/h]" in out
    options = ("--layer", "exit", "--filters", "--universe", universes[0].path)
    code, out, _ = command("inspect", done_run.path, *options, "--json")
    report = json.loads(out)
    assert list(report["figures"]) == ["filters", "input", "activations"]
    assert report["figures"]["activations"]["figures"][1]["title"] == "channel 1"
    assert next(n["value"] for n in report["numbers"] if n["key"] == "weights") > 100
    assert command("inspect", done_run.path, "--filters", "--save", "kept")[0] == 0
    assert {path.name for path in Path("kept").iterdir()} >= {"filters.png", "filters.txt", "report.json"}


def test_a_recipe(command: Command) -> None:
    code, out, _ = command("inspect", "--recipe", "halonet", "--config", "smoke", "--set", "network.levels=3")
    assert code == 0
    assert "HaloNet: protohalos by a V-Net, [smoke]" in out
    assert "down.2.convolution" in out


def test_mistakes_are_told_in_a_line(command: Command, done_run: Run) -> None:
    for arguments, words in (
        ((), "give a run, toy, another name of --help, or --recipe NAME"),
        (("nothing",), "there is no run 'nothing'"),
        (("toy", "--layer", "conv9"), "did you mean 'conv"),
        (("toy", "--layer", "pool"), ""),
        (("toy", "--layer", "pool", "--filters"), "without filters"),
        (("toy", "--config", "demo"), "belong to --recipe"),
        (("nothing.safetensors",), "there is no file nothing.safetensors: check the path"),
        (("--recipe", "halonet", "--cells", "33"), "--cells"),
        ((done_run.path, "--layer", "exit", "--channel", "7"), "choose 0 to 1"),
    ):
        code, _, err = command("inspect", *arguments)
        assert (code != 0) == bool(words)
        assert words in err
        assert "Traceback" not in err
