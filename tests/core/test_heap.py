"""Memory that is freed stays with the process while steps follow one another, and no longer."""

import os
import subprocess
import sys

import pytest

from core.heap import c_function

PROGRAM = """
import numpy as np, psutil
from core.heap import kept

def resident():
    return psutil.Process().memory_info().rss >> 20

def step():
    return np.ones(1 << 23).sum()  # 64 MiB

step()
before = resident()
with kept():
    step()
    with kept():
        step()
    inner = resident()
print(inner - before > 60, resident() - before < 10)
step()
print(resident() - before < 10)
"""


@pytest.mark.skipif(c_function("mallopt") is None, reason="another C library")
@pytest.mark.parametrize("ruled", [False, True])
def test_memory_is_kept_between_steps_and_given_back_after_them(ruled: bool) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    environment |= {"MALLOC_ARENA_MAX": "2"} if ruled else {}  # the user knows better
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert told.split() == ["False" if ruled else "True", "True", "True"]
