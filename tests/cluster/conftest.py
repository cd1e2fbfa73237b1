"""A SLURM of two nodes, brought up once for all tests that need one."""

from collections.abc import Iterator

import pytest
from local_slurm import LocalSlurm, missing


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSlurm]:
    """The cluster; its jobs run in folders of their own."""
    if reason := missing():
        pytest.skip(reason)
    slurm = LocalSlurm(tmp_path_factory.mktemp("slurm"))
    try:
        slurm.start()
        yield slurm
    finally:
        slurm.stop()
