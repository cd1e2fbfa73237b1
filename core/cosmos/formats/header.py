"""What a snapshot, halo catalogue or cube says about itself, and the files it consists of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from core.errors import HalodeckError, InputError


@dataclass(frozen=True)
class Header:
    """A file's header, numbers as the file has them; None is what it does not say.

    `box_size` is in the file's own unit of length, `count` are the dark matter particles (halos of a catalogue, cells
    of a cube) and `others` all other particles.
    """

    format: str
    count: int
    others: int = 0
    box_size: float | None = None
    redshift: float | None = None
    omega_matter: float | None = None
    omega_lambda: float | None = None
    omega_baryon: float | None = None
    h: float | None = None
    sigma8: float | None = None
    spectral_index: float | None = None
    w0: float | None = None
    wa: float | None = None
    omega_radiation: float | None = None
    omega_neutrino: float | None = None
    """Of massive neutrinos."""
    omega_curvature: float | None = None
    parts: tuple[Path, ...] = ()


def parts_of(path: Path) -> tuple[Path, ...]:
    """The files of a snapshot: `path` itself, or path.0, path.1, ... (path.0.hdf5, ...) when only those exist.

    Raises: InputError for a missing path, a folder or FIFO, an empty file.
    """
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder", "name the snapshot in it")
        if path.exists():
            if not path.is_file():
                raise InputError(f"{path} is no regular file", "name a file on a disk")
            if path.stat().st_size == 0:
                raise InputError(f"{path} is empty", "copy or make it again")
            return (path,)
        for ending in ("", ".hdf5"):
            if path.with_name(f"{path.name}.0{ending}").is_file():
                return _numbered(path, ending)
    except OSError as error:
        raise unreadable(path, error) from error
    raise InputError(f"{path} does not exist", "check the path")


def blocks_of(path: Path, pattern: str) -> tuple[Path, ...]:
    """All files whose names differ from this one's in a number, in order: `pattern` has it between two other groups.

    Only `path` where its name is another. Raises: InputError where one between the first and the last is missing.
    """
    found = re.fullmatch(pattern, path.name)
    if not found:
        return (path,)
    try:
        names = [re.fullmatch(pattern, other.name) for other in path.parent.iterdir()]
    except OSError as error:
        raise unreadable(path.parent, error) from error
    blocks = {int(name[2]): path.with_name(name[0]) for name in names if name and name.group(1, 3) == found.group(1, 3)}
    missing = next((number for number in range(max(blocks) + 1) if number not in blocks), None)
    if missing is not None:
        raise InputError(f"{found[1]}{missing}{found[3]} is missing beside {path}", "copy all files of the snapshot")
    return tuple(blocks[number] for number in sorted(blocks))


def complete(parts: tuple[Path, ...], files: int) -> None:
    """Compare the parts found with the number of files the header speaks of. Raises InputError."""
    if len(parts) == max(files, 1):
        return
    if len(parts) < files and (missing := _missing(parts)):
        raise InputError(f"{missing} is missing, one of {files} files", "copy all of them")
    if len(parts) == 1:
        raise InputError(
            f"{parts[0]} is one of {files} files of a snapshot", "give their common name, without the number at its end"
        )
    raise InputError(f"{parts[0]} and its like are {len(parts)} files, the header says {files}", "copy all of them")


def unreadable(path: Path, error: OSError) -> HalodeckError:
    """The operating system's refusal to let us read `path`."""
    if isinstance(error, PermissionError):
        return InputError(f"no permission to read {path}", "ask its owner, or copy it")
    return InputError(f"{path} cannot be read ({error.strerror or error})", "check the path and the disk")


def positive(value: float) -> float | None:
    """A header's number, None for the 0 (or nonsense) that stands for 'not stated'."""
    number = float(value)
    return number if 0 < number < float("inf") else None


def _missing(parts: tuple[Path, ...]) -> Path | None:
    """The first part that is not there of files that were found by their common name."""
    found = re.search(r"\.0(\.hdf5)?$", parts[0].name)
    if not found:
        return None
    stem, ending = parts[0].name[: found.start()], found[1] or ""
    after = parts[0].with_name(f"{stem}.{len(parts)}{ending}")
    return None if after.exists() else after


def _numbered(path: Path, ending: str) -> tuple[Path, ...]:
    found: list[Path] = []
    while (part := path.with_name(f"{path.name}.{len(found)}{ending}")).is_file():
        found.append(part)
    return tuple(found)
