"""Threads that wait spin on a quiet machine and sleep on a busy one, unless the user says how long."""

from __future__ import annotations

import os

import pytest

from app.waiting import let_threads_wait

VARIABLES = ("GOMP_SPINCOUNT", "HALODECK_SPINCOUNT")


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.setenv(name, "")  # so that what the test sets is undone
        monkeypatch.delenv(name)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


def load(monkeypatch: pytest.MonkeyPatch, processes: float) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (processes, 0.0, 0.0))


@pytest.mark.parametrize(("processes", "spins"), [(0.1, "5000"), (2.5, "5000"), (4.0, "0")])
def test_a_busy_machine_lets_none_spin(monkeypatch: pytest.MonkeyPatch, processes: float, spins: str) -> None:
    load(monkeypatch, processes)
    let_threads_wait()
    assert os.environ["GOMP_SPINCOUNT"] == spins


def test_a_process_that_is_started_later_looks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker of a workbench that was opened when the machine was quiet."""
    load(monkeypatch, 0)
    let_threads_wait()
    load(monkeypatch, 16)
    let_threads_wait()
    assert os.environ["GOMP_SPINCOUNT"] == "0"


def test_a_system_that_tells_no_load_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> tuple[float, float, float]:
        raise OSError("Load averages are unobtainable")

    monkeypatch.setattr(os, "getloadavg", none)
    let_threads_wait()
    assert os.environ["GOMP_SPINCOUNT"] == "5000"


def test_what_the_user_sets_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOMP_SPINCOUNT", "77")
    load(monkeypatch, 16)
    let_threads_wait()
    assert os.environ["GOMP_SPINCOUNT"] == "77"
    assert "HALODECK_SPINCOUNT" not in os.environ
