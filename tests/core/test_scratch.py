"""Rows put aside by key."""

from pathlib import Path

import numpy as np
import pytest

from core.errors import ResourceError
from core.scratch import Scratch

KIND = np.dtype([("a", np.int64), ("b", np.float64, 2)])


@pytest.mark.parametrize("most_bytes", [0, 100, 10**6])
def test_rows_come_back_in_order(most_bytes: int, tmp_path: Path) -> None:
    scratch = Scratch(KIND, tmp_path / "new", most_bytes)
    expected: dict[int, list[int]] = {}
    for number in range(20):
        rows = np.zeros(number % 4, KIND)
        rows["a"], rows["b"] = number, [number, -number]
        scratch.add(number % 3, rows)
        expected.setdefault(number % 3, []).extend([number] * len(rows))
    for key, numbers in expected.items():
        found = scratch.read(key)
        assert found["a"].tolist() == numbers
        np.testing.assert_array_equal(found["b"], np.stack([found["a"], -found["a"]], axis=1))
        assert sum(map(len, scratch.blocks(key))) == len(numbers)
    assert len(scratch.read("never")) == 0
    # nothing is to be seen of it, and nothing is made for what memory holds
    assert (tmp_path / "new").exists() == (most_bytes < 10**6)
    assert not list(tmp_path.glob("new/*"))


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ResourceError):
        Scratch(KIND, tmp_path / "file", 0).add(0, np.zeros(1, KIND))
