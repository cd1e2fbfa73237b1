"""A folder of runs that the workbench looks at often."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.tui import follow


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(follow, "EVERY", 0.1)
    return tmp_path / "runs"
