"""Which universe a file is, wherever it lies: the same for its copies, and when it is made again in the same way."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

from core.cosmos.universe import Universe

LENGTH = 16
"""Hexadecimal digits of an identity."""
_VALUES = 4096
"""Values of each field that stand for all of them where no settings say how it was made."""


def identity(universe: Universe) -> str:
    """A short checksum of box, cosmology, fields, and the settings and seed or the sources that it was made from.

    Where the file names neither, values spread over the fields take their place; halos without fields count too.
    """
    made = universe.provenance
    sources = [item.get("sha256") for item in made.get("sources", ()) if isinstance(item, dict)]
    origin: Any = [made["settings"], sources] if made.get("settings") else sources or None
    known = {
        "box": [universe.box_size, universe.cells],
        "cosmology": universe.cosmology.told() | {"name": ""},
        "fields": sorted((info.name, info.redshift) for info in universe.fields.values()),
        "halos": universe.halos if origin is None else sorted(universe.halos),
        "origin": origin,
    }
    total = hashlib.sha256(json.dumps(known, sort_keys=True, default=str).encode())
    if origin is None:
        for name in sorted(universe.fields):
            values = np.asarray(universe.field(name).values).reshape(-1)
            total.update(np.ascontiguousarray(values[:: max(1, len(values) // _VALUES)]).tobytes())
    return total.hexdigest()[:LENGTH]


def is_of(prediction: Universe, universe: Universe) -> bool:
    """Whether a prediction was made for this universe.

    One that does not say so, of an earlier version, is of the universe with the checksum, else the path, of its
    source; the grids must be the same in any case.
    """
    if (prediction.cells, prediction.box_size) not in ((universe.cells, universe.box_size), (0, universe.box_size)):
        return False
    if "universe" in prediction.provenance:
        return bool(prediction.provenance["universe"] == identity(universe))
    paths = [str(item.get("path")) for item in prediction.provenance.get("sources", ()) if isinstance(item, dict)]
    return prediction.name == universe.name and (not paths or str(universe.path) in paths)
