"""What was deleted comes back, the last first, and over nothing that is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import InputError
from core.files import files_below
from core.trash import below, remove, restore, size, throw, thrown


def test_what_was_thrown_away_comes_back(tmp_path: Path) -> None:
    run, file = tmp_path / "net-001", tmp_path / "u.h5"
    run.mkdir()
    (run / "model.pt").write_bytes(b"12345")
    file.write_text("first")
    throw(run)
    throw(file)
    file.write_text("second")
    throw(file)
    assert [each.name for each in thrown(tmp_path)] == ["u.h5", "u.h5", "net-001"]
    assert files_below(tmp_path, ".h5") == ()
    assert restore(tmp_path).read_text() == "second"
    with pytest.raises(InputError, match="is there again"):
        restore(tmp_path, "u.h5")
    assert (restore(tmp_path, "net-001") / "model.pt").read_bytes() == b"12345"
    with pytest.raises(InputError, match="no 'net-001' in the trash"):
        restore(tmp_path, "net-001")
    with pytest.raises(InputError, match="nothing has been deleted"):
        restore(tmp_path / "net-001")


def test_a_trash_is_emptied_by_folder_and_those_below(tmp_path: Path) -> None:
    for name in ("a", "inner/b"):
        path = tmp_path / name
        path.mkdir(parents=True)
        (path / "file").write_bytes(b"123")
        throw(path)
    (tmp_path / ".trash" / "no time").touch()
    inside = below(tmp_path)
    assert [(each.name, size(each)) for each in inside] == [("a", 3), ("b", 3)]
    for each in inside:
        remove(each)
    assert below(tmp_path) == []
