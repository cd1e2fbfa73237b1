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
    assert "Poisson errors" in out
    assert "saved 5 figures" in err
    lines = Path("kept/power.csv").read_text().splitlines()
    assert {line.split(",")[0] for line in lines[1:]} == {"u1", "u2", "u3", '"linear theory'}
    assert json.loads(Path("kept/report.json").read_text())["figures"]["power"]["ratio_to"] == "u2"
    code, _, err = command("stats", *paths, "--reference", "u7")
    assert code == 2
    assert "u7 is not among the universes" in err
    code, out, _ = command("stats", *paths[:2], "--read", "power=0.7", "--read", "pdf=1")
    assert code == 0
    assert out.splitlines()[0].startswith("P(k=0.7 h/Mpc) = ")
    assert "P/P_u2 = " in out
    assert "(u1, z=0, " in out
    code, _, err = command("stats", paths[0], "--read", "power=1000")
    assert code == 2
    assert "beyond every curve: its curves reach from" in err
    code, _, err = command("stats", paths[0], "--read", "powre=0.7")
    assert code == 2
    assert "power" in err
