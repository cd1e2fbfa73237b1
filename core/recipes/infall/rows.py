"""Infall tables as learning data: which features can be used, which rows are kept from training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.cosmos.box import Array, Catalogue
from core.cosmos.infall.table import CATALOGUE, FEATURES, INTERACTIONS, OUTCOMES, is_table
from core.errors import InputError
from core.learning.samples import mix

if TYPE_CHECKING:
    from core.cosmos.universe import Universe
    from core.learning.forest import Forest

FEWEST = 10
"""Subhalos of each fate that training, validation and test need."""


@dataclass(frozen=True)
class InfallRows:
    """Rows of one or more infall tables: features (N, F) by name, outcomes as they are learnt, and the rest by name."""

    names: tuple[str, ...]
    features: Array
    targets: dict[str, Array]
    """As in the file, but the final mass as log10."""
    rest: dict[str, Array]
    """Interactions, scales, masses: what measures and tests need."""
    training: Array
    validation: Array
    test: Array
    """Which rows: booleans (N,) that exclude each other and leave none."""

    def __len__(self) -> int:
        return len(self.features)

    def column(self, name: str) -> Array:
        """A feature (N,)."""
        return np.asarray(self.features[:, self.names.index(name)])

    def rows(self, outcome: str, which: Array) -> Array:
        """Indices of those rows that have the outcome."""
        return np.flatnonzero(which & np.isfinite(self.targets[outcome]))


@dataclass(frozen=True)
class RowSplit:
    """Shares of the rows: `test` of all, `validation` of what is left."""

    test: float
    validation: float
    seed: int


def usable(universes: Sequence[Universe]) -> tuple[tuple[str, ...], dict[str, str]]:
    """The features that all tables have and that are not constant; those left out, each with its reason."""
    catalogues = [universe.catalogue(CATALOGUE) for universe in universes]
    names, left_out = [], {}
    for name in FEATURES:
        missing = [u.name for u, c in zip(universes, catalogues, strict=True) if name not in c]
        if missing:
            left_out[name] = f"not in {', '.join(missing)}"
            continue
        values = np.concatenate([catalogue[name] for catalogue in catalogues])
        if values.min() == values.max():
            left_out[name] = f"always {values[0]:g}"
        else:
            names.append(name)
    return tuple(names), left_out


def read_tables(universes: Sequence[Universe], split: RowSplit, names: Sequence[str] | None = None) -> InfallRows:
    """Tables put together; each is split by itself. `names` are the features, by default all that can be used.

    Raises: InputError for a table that lacks one of them, or has values that are not finite.
    """
    chosen = tuple(names) if names is not None else usable(universes)[0]
    parts = [_read(universe, chosen, split) for universe in universes]
    shared = set.intersection(*(set(part.rest) for part in parts))
    return InfallRows(
        chosen,
        np.concatenate([part.features for part in parts]),
        {name: np.concatenate([part.targets[name] for part in parts]) for name in OUTCOMES},
        {name: np.concatenate([part.rest[name] for part in parts]) for name in parts[0].rest if name in shared},
        *(np.concatenate([getattr(part, which) for part in parts]) for which in ("training", "validation", "test")),
    )


def check_tables(universes: Sequence[Universe], split: RowSplit) -> None:
    """Refuse tables from which nothing can be learnt. Raises: InputError."""
    if not universes:
        raise InputError("no infall table was given", "make one with `halodeck infall make`")
    for universe in universes:
        if not is_table(universe):
            raise InputError(
                f"{universe.path} holds no infall table",
                "make one with `halodeck infall make` or `halodeck infall read`",
            )
        if missing := [name for name in OUTCOMES if name not in universe.catalogue(CATALOGUE)]:
            raise InputError(f"{universe.path} lacks {', '.join(missing)}", "make the table again")
    names, left_out = usable(universes)
    if not names:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in list(left_out.items())[:3])
        reasons += f"; and {len(left_out) - 3} more" if len(left_out) > 3 else ""
        raise InputError(f"no feature varies ({reasons})", "give more tables")
    table = read_tables(universes, split, names)
    survived = table.targets["survived"]
    for fate, rows in (("survived", survived == 1), ("merged", survived == 0)):
        if (count := int(np.count_nonzero(rows))) < FEWEST:
            subhalos = "subhalo has" if count == 1 else "subhalos have"
            raise InputError(
                f"{count} {subhalos} {fate} in {', '.join(u.name for u in universes)}",
                f"at least {FEWEST} of each fate are needed: give more or larger tables",
            )
        for part in ("training", "validation", "test"):
            if not np.any(rows & getattr(table, part)):
                raise InputError(f"no subhalo that {fate} is in the {part} rows", "give more or larger tables")


def _read(universe: Universe, names: tuple[str, ...], split: RowSplit) -> InfallRows:
    catalogue = universe.catalogue(CATALOGUE)
    if missing := [name for name in names if name not in catalogue]:
        raise InputError(
            f"{universe.path} lacks {', '.join(missing)}, which the forest learnt from",
            "train on tables with the same features",
        )
    features = np.stack([catalogue[name] for name in names], axis=1)
    if not np.isfinite(features).all():
        bad = [name for name, values in zip(names, features.T, strict=True) if not np.isfinite(values).all()]
        raise InputError(f"{universe.path} holds values that are not finite in {', '.join(bad)}", "make it again")
    targets = {name: catalogue[name] for name in OUTCOMES}
    targets["final_mass"] = np.log10(targets["final_mass"])
    known = {*INTERACTIONS, "host_final_radius", "crossing_time", "sub_mass", "final_mass"}
    rest = {name: catalogue[name] for name in catalogue.columns if name in known}
    for name in ("particle_mass", "softening"):
        rest[name] = np.full(len(catalogue), float(universe.provenance.get("settings", {}).get(name, 0.0)))
    return InfallRows(names, features, targets, rest, *_split(catalogue, split))


def _split(catalogue: Catalogue, split: RowSplit) -> tuple[Array, Array, Array]:
    """Training, validation and test rows: the same for the same table and seed."""
    count = len(catalogue)
    order = np.random.default_rng(mix(split.seed, count)).permutation(count)
    test = round(split.test * count)
    validation = test + round(split.validation * (count - test))
    place = np.empty(count, dtype=np.int64)
    place[order] = np.arange(count)
    return place >= validation, (place >= test) & (place < validation), place < test


def feature_names(learner: Forest) -> tuple[str, ...]:
    """The features that the trees ask for, in their order."""
    return tuple(name.removesuffix(".mean") for name in learner.constants if name.endswith(".mean"))


def scaled(table: InfallRows, constants: dict[str, float]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Features (N, F) of zero mean and unit variance over the training rows (eq. 2.6)."""
    mean = np.array([constants[f"{name}.mean"] for name in table.names])
    std = np.array([constants[f"{name}.std"] for name in table.names])
    return np.asarray((table.features - mean) / std, dtype=np.float64)
