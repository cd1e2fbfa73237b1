"""An examination finds what is wrong, and is not ended by it."""

import fcntl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from core.doctor.cluster import cluster
from core.doctor.convolutions import LARGEST_ERROR, convolutions, measured
from core.doctor.finding import Finding, examined
from core.doctor.gpus import gpus
from core.doctor.machine import machine
from core.doctor.storage import storage

Command = Callable[..., tuple[int, str, str]]


def test_what_breaks_is_a_finding_and_stops_no_other() -> None:
    def broken() -> Iterator[Finding]:
        yield Finding("x", "first", "well")
        raise OSError("no such device\nsecond line")

    def sound() -> Iterator[Finding]:
        yield Finding("x", "second", "well")

    found = examined("x", (broken, sound))
    assert [each.verdict for each in found] == ["good", "bad", "good"]
    assert found[1].found == "OSError: no such device"


def test_the_machine_and_its_gpus_are_told() -> None:
    assert {each.name for each in machine()} >= {"processor", "memory", "threads of torch", "threads of numba"}
    assert not torch.cuda.is_available() or any("GiB" in each.found for each in gpus())


@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_a_right_convolution_is_within_its_error(precision: str) -> None:
    error, speed = measured(torch.device("cpu"), precision, side=12)
    assert error < LARGEST_ERROR[precision]
    assert speed > 0


def test_a_wrong_convolution_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    real = torch.nn.functional.conv3d

    def wrong(x: torch.Tensor, weight: torch.Tensor, **how: Any) -> torch.Tensor:
        result = real(x, weight, **how)
        return result if x.dtype == torch.float64 else result * (1 + 0.1 * (result > 1))

    monkeypatch.setattr(torch.nn.functional, "conv3d", wrong)
    assert {each.verdict for each in convolutions()} == {"bad"}


def test_a_disk_without_locks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [each.verdict for each in storage({"runs": tmp_path / "not yet there"}) if "room" not in each.name] == [
        "good"
    ] * 3
    monkeypatch.setattr(fcntl, "flock", lambda file, kind: None)
    [locks] = [each for each in storage({"runs": tmp_path}) if "locks" in each.name]
    assert (locks.verdict, locks.found) == ("warning", "two processes get the same lock")
    assert not list(tmp_path.iterdir())


def test_wrong_sites_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert next(each for each in cluster() if each.name == "sites").verdict == "good"
    (tmp_path / "halodeck").mkdir()
    (tmp_path / "halodeck" / "sites.toml").write_text("[mine]\nacount = 1\n")
    [sites] = [each for each in cluster() if each.name == "sites"]
    assert sites.verdict == "bad"
    assert "acount" in sites.found


def test_the_command_ends_with_one_where_something_is_bad(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = command("doctor", "--json")
    assert code == 0
    assert '"part": "arithmetic"' in out
    monkeypatch.setitem(LARGEST_ERROR, "float32", 0.0)
    code, out, _ = command("doctor", "--json")
    assert code == 1
    assert "--set precision=float32" in out
