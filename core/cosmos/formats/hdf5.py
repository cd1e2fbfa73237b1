"""HDF5 snapshots of GADGET-2/3/4, AREPO and SWIFT: the header, without reading bulk data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.cosmos.formats.header import Header, complete, parts_of, positive, unreadable
from core.errors import InputError

SIGNATURE = b"\x89HDF\r\n\x1a\n"

_DARK = ("PartType1", "PartType2", "PartType3")
"""The groups pynbody takes for dark matter."""


def is_snapshot(file: Any) -> bool:
    """Whether an open HDF5 file is laid out like a snapshot."""
    return "Header" in file and any(name.startswith("PartType") for name in file)


def read_header(path: Path) -> Header:
    """The header of a snapshot of one or many files.

    Raises: InputError for a file that is cut off, or whose header and datasets disagree.
    """
    import h5py

    parts = parts_of(path)
    dark = others = 0
    header: Header | None = None
    for part in parts:
        try:
            with h5py.File(part, "r") as file:
                if not is_snapshot(file):
                    raise InputError(f"{part} is HDF5 but no snapshot", "`halodeck info` tells what it is")
                if header is None:
                    header = _header(file, parts)
                for name, count in _counts(file, part).items():
                    if name in _DARK:
                        dark += count
                    else:
                        others += count
        except (OSError, RuntimeError) as error:
            if isinstance(error, PermissionError):
                raise unreadable(part, error) from error
            raise InputError(f"{part} is cut off or damaged ({error})", "copy or make it again") from error
    assert header is not None
    return Header(**{**vars(header), "count": dark, "others": others})


def states_units(path: Path) -> bool:
    """Whether the file says what its units are; many initial conditions do not."""
    import h5py

    with h5py.File(parts_of(path)[0], "r") as file:
        return "InternalCodeUnits" in file or any(
            name in file and "UnitLength_in_cm" in file[name].attrs for name in ("Header", "Parameters", "Units")
        )


def _header(file: Any, parts: tuple[Path, ...]) -> Header:
    def number(*places: tuple[str, str]) -> float | None:
        for group, name in places:
            if group in file and name in file[group].attrs:
                return float(np.ravel(file[group].attrs[name])[0])
        return None

    box = np.ravel(file["Header"].attrs.get("BoxSize", 0.0))
    if box.min() != box.max():
        raise InputError(f"{parts[0]}: the box is not a cube ({', '.join(f'{side:g}' for side in box)})", "cut it")
    complete(parts, int(number(("Header", "NumFilesPerSnapshot")) or 1))
    omega = number(("Header", "Omega0"), ("Parameters", "Omega0"), ("Cosmology", "Omega_m"))
    baryon = number(("Header", "OmegaBaryon"), ("Parameters", "OmegaBaryon"), ("Cosmology", "Omega_b"))
    h = number(("Header", "HubbleParam"), ("Parameters", "HubbleParam"), ("Cosmology", "h"))
    return Header(
        format="hdf5-snapshot",
        count=0,
        box_size=positive(box[0]),
        redshift=number(("Header", "Redshift"), ("Cosmology", "Redshift")),
        omega_matter=positive(omega or 0),
        omega_lambda=number(("Header", "OmegaLambda"), ("Parameters", "OmegaLambda"), ("Cosmology", "Omega_lambda")),
        omega_baryon=positive(baryon or 0),
        h=positive(h or 0),
        parts=parts,
    )


def _counts(file: Any, path: Path) -> dict[str, int]:
    """Particles per group, as the datasets have them and as the header must say."""
    stated = np.ravel(file["Header"].attrs.get("NumPart_ThisFile", ()))
    counts = {}
    for index in range(7):
        name = f"PartType{index}"
        count = len(file[name]["Coordinates"]) if name in file and "Coordinates" in file[name] else 0
        if index < len(stated) and int(stated[index]) != count:
            raise InputError(
                f"{path}: the header says {int(stated[index])} particles of type {index}, the file holds {count}",
                "copy or make it again",
            )
        counts[name] = count
    return counts
