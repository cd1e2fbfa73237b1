"""The command stats on several universes."""

import json
from collections.abc import Callable
from pathlib import Path

from core.cosmos.universe import Universe

Command = Callable[..., tuple[int, str, str]]


def test_several_universes(command: Command, universes: list[Universe]) -> None:
    paths = [universe.path for universe in universes[:3]]
    code, out, err = command("stats", *paths, "--reference", paths[1], "--poisson", "--save", "kept")
    assert code == 0
    assert "u1 and u2 and u3" in out
    assert "over u2" in out
    assert "Poisson bands" in out
    assert "saved 5 figures" in err
    lines = Path("kept/power.csv").read_text().splitlines()
    assert {line.split(",")[0] for line in lines[1:]} == {"u1", "u2", "u3", '"linear theory'}
    assert json.loads(Path("kept/report.json").read_text())["figures"]["power"]["ratio_to"] == "u2"
    code, _, err = command("stats", *paths, "--reference", "u7")
    assert code == 2
    assert "u7 is not among the universes" in err
