"""A universe of a halo catalogue alone: its halos, and their density painted on a mesh."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.cosmos.box import Field
from core.cosmos.formats.catalogues import distinct, read_catalogue
from core.cosmos.formats.given import Given, settle
from core.cosmos.imports.origin import sources
from core.cosmos.paint import paint
from core.cosmos.universe import Universe, write_universe
from core.errors import InputError

LACKS = "matter: no density, displacements or labels, so nothing that learns from them"


def import_catalogue(
    path: Path,
    output: Path,
    given: Given,
    cells: int = 64,
    columns: Mapping[str, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Universe:
    """Make a universe of a catalogue's distinct halos, and the overdensity of their number on a mesh of cells^3.

    Raises: InputError for what cannot be read, or does not say all that is needed.
    """
    found = read_catalogue(path, given, columns)
    halos = distinct(found)
    known = settle(found.header, given)
    catalogue = halos.catalogue
    if len(catalogue) < 2:
        raise InputError(f"{path} holds {len(catalogue)} halo", "a universe needs more")
    number = paint(catalogue["position"], cells, catalogue.box_size)
    return write_universe(
        output,
        name=output.stem,
        box_size=catalogue.box_size,
        cosmology=known.cosmology,
        fields=[Field("halo_density", number, catalogue.box_size, "overdensity", known.redshift, "eulerian", "cic")],
        catalogues={"halos": catalogue},
        provenance={
            **(provenance or {}),
            "sources": sources(found.header.parts, format=found.header.format),
            "given": given.stated(),
            "halos": {"definition": catalogue.definition},
            "settings": {"cells": cells},
            "repairs": list(halos.repairs),
            "lacks": LACKS,
        },
    )
