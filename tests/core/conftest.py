"""Real data made by others, used where it is at hand."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """`shared_data("arepo-L50n32/ics")` is that file, or skips the test with the reason.

    Looked for under $HALODECK_SHARED, else in shared/data beside the checkout.
    """

    def find(name: str) -> Path:
        beside = Path(__file__).parents[2].parent / "shared" / "data"
        path = Path(os.environ.get("HALODECK_SHARED", beside)) / name
        if not path.exists():
            pytest.skip(f"no real data at {path} (set HALODECK_SHARED)")
        return path

    return find
