"""What a universe that was brought in remembers of the files it comes from, for its provenance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.cosmos.formats.given import Given
from core.cosmos.formats.snapshots import Snapshot
from core.cosmos.imports.linear import Linear
from core.files import checksum


def sources(parts: Sequence[Path], **said: str) -> list[dict[str, str]]:
    """The files that one name stands for, with their checksums and what else is said of each."""
    return [{"path": str(part), "sha256": checksum(part), **said} for part in parts]


def origin(snapshots: Sequence[Snapshot], given: Given, linear: Linear | None = None) -> dict[str, Any]:
    """Files with format and unit, which particles were read, the lattice and how the linear field was found."""
    files = [
        {"path": str(path), "sha256": checksum(path), "format": snapshot.format, "units": snapshot.units}
        for snapshot in snapshots
        for path in snapshot.sources
    ]
    told: dict[str, Any] = {
        "sources": files,
        "given": given.stated(),
        "initial_redshift": snapshots[0].particles.redshift,
        "particles": [snapshot.counted for snapshot in snapshots],
    }
    if linear:
        lattice = linear.lattice
        told["lattice"] = {
            "order": lattice.name,
            "ids": f"from {lattice.first_id}" if snapshots[0].numbered else "none, by the order of the file",
            "offset [Mpc/h]": lattice.offset,
            "rms displacement [Mpc/h]": lattice.rms_displacement,
        }
        told["linear_field"] = linear.found.words
    return told
