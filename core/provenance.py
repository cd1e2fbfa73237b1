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

from core import VERSION
from core.files import checksum

PACKAGES = ("torch", "numpy", "scipy", "numba", "h5py", "pynbody")


def provenance(sources: Iterable[Path] = (), **facts: Any) -> dict[str, Any]:
    """Command line, time, versions, and the SHA-256 of each source file."""
    return {
        "command": command_line(),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {
            "python": platform.python_version(),
            "halodeck": VERSION,
            **{name: _version(name) for name in PACKAGES},
        },
        "sources": [{"path": str(path), "sha256": checksum(path)} for path in sources],
        **facts,
    }


def command_line() -> str:
    """What was typed: a command of halodeck, or the program that imports it."""
    program = Path(sys.argv[0]).name
    own = program == "halodeck" or "app.main" in sys.modules
    return shlex.join(["halodeck" if own else program or "python", *sys.argv[1:]])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
