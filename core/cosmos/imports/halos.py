"""Halo catalogues of others that come with a snapshot, in the place of our own halos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.cosmos.formats.catalogues import read_catalogue
from core.cosmos.formats.given import Given
from core.cosmos.formats.membership import Membership, assign
from core.cosmos.formats.snapshots import Snapshot
from core.cosmos.imports.origin import sources


@dataclass(frozen=True)
class TheirHalos:
    """A halo catalogue of a snapshot."""

    path: Path
    columns: Mapping[str, str] | None = None
    """Columns of a CSV, as formats.catalogues.read_catalogue takes them."""
    members: Path | None = None
    """A list of the particles in each halo, as formats.members reads it."""


def taken(halos: TheirHalos, given: Given, snapshot: Snapshot) -> tuple[Membership, dict[str, Any]]:
    """Labels by somebody's catalogue of this snapshot, and what the provenance says of it."""
    known = Given(
        box_size=snapshot.particles.box_size,
        omega_matter=snapshot.cosmology.omega_matter,
        h=snapshot.cosmology.h,
        redshift=snapshot.particles.redshift,
        length_unit=given.length_unit,
    )
    catalogue = read_catalogue(halos.path, known, halos.columns)
    found = assign(halos.path, catalogue, snapshot.particles, beside=halos.members)
    return found, {
        "halos": {
            "sources": sources((*catalogue.header.parts, *([halos.members] if halos.members else []))),
            "definition": found.catalogue.definition,
            "labels": found.source,
            "repairs": list(found.repairs),
        }
    }
