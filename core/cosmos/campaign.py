"""Cosmologies for many universes: the rows of a table, or a latin hypercube between limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.cosmos.cosmology import Cosmology
from core.cosmos.formats.header import unreadable
from core.errors import InputError, UsageError, did_you_mean

NUMBERS = ("omega_matter", "omega_baryon", "h", "sigma8", "spectral_index", "w0", "wa")

_OTHER_NAMES = {
    "omega_matter": ("omega_m", "om", "om0"),
    "omega_baryon": ("omega_b", "ob", "ob0"),
    "h": ("hubble",),
    "sigma8": ("sigma_8", "s8"),
    "spectral_index": ("n_s", "ns"),
    "w0": ("w_0", "w"),
    "wa": ("w_a",),
}
"""How tables of others call them, in lower case; the latin hypercube of Quijote is one."""


def varied(base: Cosmology, changes: Mapping[str, float]) -> Cosmology:
    """A cosmology with other numbers, and a name that says which. Raises: UsageError for impossible ones."""
    if not changes:
        return base
    told = [f"{name.replace('_', '')}{value:g}" for name, value in changes.items()]
    found = replace(base, **changes, name="-".join([base.name, *told]))
    found.check()
    return found


def read_table(path: Path, base: Cosmology) -> list[Cosmology]:
    """One cosmology a row; columns named in the first line, divided by commas or blanks. `base` has all else.

    Raises: InputError for a table that cannot be read; UsageError for impossible numbers.
    """
    try:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no text", "give a table with names in its first line") from error
    if not lines:
        raise InputError(f"{path} is empty", "give a table with names in its first line")
    names = [_known(path, word) for word in _words(lines[0].lstrip("#"))]
    if len(set(names)) < len(names):
        raise InputError(f"{path} names a column twice", "correct its first line")
    rows = lines[1:]
    if not rows:
        raise InputError(f"{path} has no rows", "one row for each universe is needed")
    return [
        _row(path, number, dict(zip(names, _numbers(path, number, row, len(names)), strict=True)), base)
        for number, row in enumerate(rows, 1)
    ]


def latin_hypercube(
    count: int, ranges: Mapping[str, tuple[float, float]], base: Cosmology, seed: int = 0
) -> list[Cosmology]:
    """Cosmologies spread evenly over ranges: each range is cut into `count` strata, and each stratum met once.

    McKay, Beckman & Conover 1979. Raises: UsageError for impossible ranges.
    """
    from scipy.stats import qmc

    if count < 1:
        raise UsageError(f"a latin hypercube of {count} points", "give at least 1")
    for name, (low, high) in ranges.items():
        if name not in NUMBERS:
            raise UsageError(f"unknown range {name!r}", did_you_mean(name, NUMBERS))
        if not low < high:
            raise UsageError(f"the range {name}={low:g}:{high:g} is empty", "give the smaller number first")
    if not ranges:
        raise UsageError("a latin hypercube needs ranges", "give --ranges omega_matter=0.1:0.5,sigma8=0.6:1")
    points = qmc.LatinHypercube(len(ranges), seed=np.random.default_rng(seed)).random(count)
    low, high = np.array(list(ranges.values())).T
    return [
        _named(number, varied(base, dict(zip(ranges, map(float, row), strict=True))))
        for number, row in enumerate(low + points * (high - low), 1)
    ]


def parse_ranges(text: str) -> dict[str, tuple[float, float]]:
    """omega_matter=0.1:0.5,sigma8=0.6:1 as limits by name. Raises: UsageError."""
    found: dict[str, tuple[float, float]] = {}
    for item in filter(None, text.split(",")):
        match = re.fullmatch(r"\s*(\w+)\s*=\s*([^:]+):([^:]+)", item)
        try:
            if match is None:
                raise ValueError
            found[match[1]] = (float(match[2]), float(match[3]))
        except ValueError:
            raise UsageError(f"--ranges {item!r} cannot be read", "write omega_matter=0.1:0.5,sigma8=0.6:1") from None
    return found


def table_text(cosmologies: list[Cosmology]) -> str:
    """The table that `read_table` reads back."""
    rows = [",".join(f"{getattr(item, name):.17g}" for name in NUMBERS) for item in cosmologies]
    return "\n".join([",".join(NUMBERS), *rows]) + "\n"


def _known(path: Path, word: str) -> str:
    lowered = word.lower()
    for name, others in _OTHER_NAMES.items():
        if lowered == name or lowered in others:
            return name
    raise InputError(f"{path} has a column {word!r}", did_you_mean(lowered, NUMBERS))


def _words(line: str) -> list[str]:
    return [word.strip() for word in (line.split(",") if "," in line else line.split())]


def _numbers(path: Path, number: int, line: str, count: int) -> list[float]:
    words = _words(line)
    try:
        if len(words) != count:
            raise ValueError
        return [float(word) for word in words]
    except ValueError:
        raise InputError(f"{path}: row {number} is not {count} numbers", "correct it") from None


def _row(path: Path, number: int, numbers: dict[str, float], base: Cosmology) -> Cosmology:
    try:
        return _named(number, varied(base, numbers))
    except UsageError as error:
        raise InputError(f"{path}: row {number}: {error.problem}", error.remedy) from None


def _named(number: int, cosmology: Cosmology) -> Cosmology:
    return replace(cosmology, name=f"c{number:04d}")
