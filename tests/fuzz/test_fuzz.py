"""A few damaged files of every kind: the same values, other values where nothing could tell, or a refusal in one line.

`make fuzz` reads ten thousand. Never another exception, a warning, a file that holds its reader up or ends it.
"""

from collections.abc import Iterator

import pytest

from fuzz.kinds import KINDS
from fuzz.run import Reader

FILES = 17
FIRST = 20_000
"""HDF5 itself spins on one of some thousand files, which the helper process of halodeck is for: not on these."""


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    reader = Reader()
    yield reader
    reader.close()


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files(reader: Reader, kind: str) -> None:
    counted = reader.count(kind, FILES, FIRST)
    assert counted.failures == []
    assert counted.outcomes.total() == FILES
