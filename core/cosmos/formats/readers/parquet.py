"""Halos in parquet, by the columns of Rockstar or consistent-trees, or any whose units stand in their names.

What the names of columns do not tell is said as of a CSV: `mass [Msun/h]`, or --columns. Box, redshift and cosmology
are not in such files. pyarrow reads them, an extra (`halodeck[parquet]`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from core.cosmos.box import Array
from core.cosmos.formats import columns as table
from core.cosmos.formats.given import Given
from core.cosmos.formats.header import Header
from core.cosmos.formats.reader import Facts, RawHalos, Reader
from core.errors import InputError, ResourceError

MAGIC = b"PAR1"
_INSTALL = "pip install 'halodeck[parquet]'"

_MOST_COLUMNS = 12
"""Columns named before the list ends in dots."""


def _open(path: Path, labels: Sequence[str] = ()) -> tuple[list[str], int, dict[str, Array]]:
    """Names of columns, rows, and the columns that are asked for.

    Raises: ResourceError without pyarrow; InputError for damaged files, and for columns of words.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise ResourceError(f"reading {path.name} needs pyarrow", f"install it with: {_INSTALL}") from error
    try:
        with parquet.ParquetFile(path, page_checksum_verification=True) as file:
            names, rows = list(file.schema_arrow.names), int(file.metadata.num_rows)
            read = file.read(columns=list(labels))
            found = {label: np.asarray(read.column(label).to_numpy()) for label in labels}
    except (OSError, ValueError, KeyError, NotImplementedError, pyarrow.ArrowException) as error:
        told = str(error).split("\n")[0]
        raise InputError(f"{path} is cut off or damaged ({told})", "copy or make it again") from error
    for label, values in found.items():
        if values.dtype.kind not in "iuf" or len(values) != rows:
            raise InputError(f"{path}: {label} is no column of numbers", "say with --columns which is what")
    return names, rows, found


def read_halos(path: Path, given: Given, columns: Mapping[str, str] | None) -> RawHalos:
    """All halos. Raises: ResourceError without pyarrow; InputError for damage, lacking columns or units."""
    names, _, _ = _open(path)
    named = [table.name_and_unit(name) for name in names]
    labels = {label: name for (label, _), name in zip(named, names, strict=True)}
    style = table.style_of(labels) or "csv"
    chosen = table.choose(path, style, list(labels), {label: unit for label, unit in named if unit}, columns or {})
    _, _, found = _open(path, [labels[label] for label in dict.fromkeys(chosen.labels.values())])
    values = {name: _typed(path, name, found[labels[label]]) for name, label in chosen.labels.items()}
    return table.halos_of(path, chosen, values, Header("parquet", 0, parts=(path,)))


def _typed(path: Path, name: str, values: Array) -> Array:
    if name not in table.WHOLE:
        return values.astype(np.float64)
    if values.dtype.kind == "f" and (values != np.round(values)).any():  # NaN too: nothing stands there
        raise InputError(f"{path}: {name} is not whole everywhere", "leave the column out, or give it whole numbers")
    return values.astype(np.int64)


def _sniff(path: Path, start: bytes) -> str:
    return "parquet" if start.startswith(MAGIC) else ""


def _describe(path: Path) -> Facts:
    if find_spec("pyarrow") is None:
        return {"not read": f"it needs pyarrow, install it with: {_INSTALL}"}
    names, rows, _ = _open(path)
    dots = ", ..." if len(names) > _MOST_COLUMNS else ""
    return {"halos": str(rows), "columns": f"{len(names)}: {', '.join(names[:_MOST_COLUMNS])}{dots}"}


READERS = (Reader(("parquet",), "halos", _sniff, _describe, order=24, halos=read_halos),)
