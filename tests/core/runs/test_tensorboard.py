"""A run's curves for TensorBoard."""

import struct
from pathlib import Path

import pytest

from core.errors import InputError, RunError
from core.runs.run import Run, create_run
from core.runs.tensorboard import write_events


def records(path: Path) -> list[bytes]:
    """The records of an event file: length, its check, bytes, their check."""
    data, found = path.read_bytes(), []
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        found.append(data[12 : 12 + length])
        data = data[16 + length :]
    return found


def test_a_run_without_curves_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="has no curves"):
        write_events(create_run(tmp_path, "halonet", {}), tmp_path / "events")
    assert not (tmp_path / "events").exists()


def test_every_value_is_an_event(done_run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "events" / "run"
    folder.parent.mkdir()
    count = write_events(done_run, folder)
    [file] = folder.iterdir()
    scalars = [record for record in records(file) if b"training/" in record or b"validation/" in record]
    assert len(scalars) == count
    assert sum(b"training/loss" in record for record in scalars) >= 2
    assert sum(b"validation/loss" in record for record in scalars) == 3
    assert [path.name for path in folder.parent.iterdir()] == ["run"]
    with pytest.raises(InputError, match="exists: name another folder"):
        write_events(done_run, folder)
