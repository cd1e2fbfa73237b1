"""Where a file comes from: what made it, with which versions, out of which sources."""

from __future__ import annotations

import platform
import shlex
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from core.files import checksum

PACKAGES = ("halodeck", "torch", "numpy", "scipy", "numba", "h5py", "pynbody")


def provenance(sources: Iterable[Path] = (), **facts: Any) -> dict[str, Any]:
    """Command line, time, versions, and the SHA-256 of each source file."""
    return {
        "command": shlex.join(["halodeck", *sys.argv[1:]]),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
        "sources": [{"path": str(path), "sha256": checksum(path)} for path in sources],
        **facts,
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
