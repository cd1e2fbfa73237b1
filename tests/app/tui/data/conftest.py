"""A folder to browse."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from app.tui.frame import follow
from app.tui.screens.data import file_tree, task_pane
from core.cosmos.universe import Universe


@pytest.fixture
def folder(tmp_path: Path, universes: list[Universe], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two universes and what else may lie there."""
    monkeypatch.setattr(follow, "EVERY", 0.1)
    monkeypatch.setattr(task_pane, "LOOK_EVERY", 0.1)
    monkeypatch.setattr(file_tree, "WATCH_EVERY", 0.1)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "boxes"
    folder.mkdir()
    for universe in universes[:2]:
        shutil.copy(universe.path, folder)
    (folder / "cut.h5").write_bytes(universes[0].path.read_bytes()[:5000])
    (folder / "empty.h5").touch()
    np.save(folder / "cube.npy", np.zeros((4, 4, 4), np.float32))
    return folder
