import hashlib
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from core.provenance import provenance


def test_what_made_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "ics.dat"
    source.write_bytes(b"particles")
    monkeypatch.setattr(sys, "argv", ["/somewhere/halodeck", "import", "my file.dat"])
    made = provenance([source], seed=3)
    assert made["command"] == "halodeck import 'my file.dat'"
    assert made["seed"] == 3
    assert made["sources"] == [{"path": str(source), "sha256": hashlib.sha256(b"particles").hexdigest()}]
    assert made["versions"]["numpy"] == np.__version__
    assert datetime.fromisoformat(made["time"]).tzinfo is not None


def test_a_package_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.provenance.PACKAGES", ("no-such-distribution",))
    assert provenance()["versions"]["no-such-distribution"] == "not installed"
