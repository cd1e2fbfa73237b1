"""Ids as texts write them."""

from pathlib import Path

import numpy as np
import pytest
from three_halos import BESIDE, halos, write_csv

from core.cosmos.formats.catalogues import read_catalogue
from core.cosmos.formats.integers import integers
from core.errors import InputError


def test_the_ways_to_write_27() -> None:
    np.testing.assert_array_equal(integers(["27", "27.0", "2.7e1", " 27"]), 27)
    np.testing.assert_array_equal(integers(["-1", "-1.0"]), -1)


def test_ids_of_64_bits() -> None:
    words = [str(2**63 - 1), str(2**63), str(2**64 - 1), "9007199254740993"]
    found = integers(words).view(np.uint64)
    assert [str(value) for value in found] == words


@pytest.mark.parametrize("word", ["27.5", "x", "", "1e300", str(2**64), "nan", "9.1e15"])
def test_what_is_no_id(word: str) -> None:
    with pytest.raises(ValueError, match=r"could not convert|is no whole number|more than 64 bits|cannot convert"):
        integers([word, "1.0"])


@pytest.mark.parametrize("ids", [("27.0", "2.8e1", "29"), (str(2**63), str(2**63 + 1), "3")])
def test_in_a_catalogue(tmp_path: Path, ids: tuple[str, ...]) -> None:
    path = write_csv(tmp_path / "c.csv", halos())
    lines = path.read_text().splitlines()
    rows = [f"{lines[0]},id"] + [f"{line},{word}" for line, word in zip(lines[1:], ids, strict=True)]
    path.write_text("\n".join(rows) + "\n")
    found = read_catalogue(path, BESIDE).catalogue
    order = np.argsort(-halos().masses)
    np.testing.assert_array_equal(found["id"], integers(ids)[order])
    path.write_text(path.read_text().replace(ids[0], "27.5"))
    with pytest.raises(InputError, match=r"'27\.5' is no whole number"):
        read_catalogue(path, BESIDE)
