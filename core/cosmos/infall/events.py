"""Accretion events in merger trees, as an infall table (Petulante 2023, section 2.2).

The main branch of a halo is the chain of its most massive progenitors. An event is the first time that a branch lies in
the main branch of a halo that is itself in no other today; its features are those of the snapshot before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.cosmos.box import Array, nearest_image
from core.cosmos.forests import Forests
from core.cosmos.infall.examples import Orbit
from core.cosmos.infall.followed import followed, longest
from core.cosmos.infall.surroundings import subhalos, surroundings
from core.cosmos.infall.table import (
    FEATURES,
    FEWEST_PARTICLES,
    MERGED_BELOW,
    READ,
    age,
    crossing_time,
    eccentricity,
    radius_200b,
    write_table,
)
from core.cosmos.trees import NONE, Trees
from core.cosmos.universe import Universe
from core.errors import InputError

GROWN = 3.0
"""A subhalo that comes to weigh more than so many times its mass at accretion has taken another's name."""

_WHERE = np.dtype([("entry_time", np.float64), ("entry", np.int64), ("sub", np.int64), ("host", np.int64)])
"""The time of an entry, and the numbers in the files of the halo at its entry and of it and its host before."""


@dataclass(frozen=True)
class Cuts:
    """What a subhalo must be to count."""

    fewest_particles: int = FEWEST_PARTICLES
    particle_mass: float | None = None
    """Mass of a particle [Msun/h], where the trees do not say it."""
    softening: float | None = None
    """Of the force [Mpc/h], which blurs the last distances; no tree says it."""


@dataclass(frozen=True)
class Events:
    """Rows of halos (n,): at the snapshot before the entry, at the entry, at the end; and their hosts' then."""

    before: Array
    entry: Array
    host_before: Array
    host_today: Array

    def __len__(self) -> int:
        return len(self.before)

    def kept(self, keep: Array) -> Events:
        return Events(self.before[keep], self.entry[keep], self.host_before[keep], self.host_today[keep])


@dataclass(frozen=True)
class Branches:
    """Main branches: the branch (N,) of each halo, the most massive progenitor (N,) and the end (B,) of each branch."""

    of: Array
    progenitor: Array
    last: Array


@dataclass(frozen=True)
class _Found:
    """The events of some forests (n,): where they are, features, fates; and how many each cut removed."""

    where: Array
    features: dict[str, Array]
    fates: dict[str, Array]
    removed: dict[str, int]
    orbits: list[Orbit]
    """At most one of each fate."""


def make_table(path: Path, forests: Forests, cuts: Cuts, provenance: Mapping[str, Any]) -> Universe:
    """Find the events of merger trees and write their table.

    Raises: InputError where the mass of a particle is not known or no subhalo is left; ResourceError for a forest
    beyond memory.
    """
    trees = forests.raw
    particle = cuts.particle_mass or trees.particle_mass
    if particle is None:
        raise InputError("the trees do not say the mass of a particle", "give it with --particle-mass [Msun/h]")
    columns, removed, orbits = infall_table(forests, cuts.fewest_particles * particle)
    if not len(columns["mass_ratio"]):
        told = ", ".join(f"{name}: {number}" for name, number in removed.items())
        raise InputError(f"no accretion event is left ({told})", "give more trees, or lower --particles")
    settings = {
        "particle_mass": particle,
        "fewest_particles": cuts.fewest_particles,
        "softening": cuts.softening or 0.0,
    }
    absent = [name for name in FEATURES if name not in columns]
    remarks = {"trees": "; ".join(trees.remarks)} if trees.remarks else {}
    if cuts.softening is None:
        remarks["softening"] = "not known, taken as 0: give it with --softening [kpc/h]"
    if absent:
        remarks["left out"] = f"{', '.join(absent)}: their columns are not in the trees"
    facts = {**provenance, "settings": settings, "kind": READ, "cuts": removed, "remarks": remarks}
    return write_table(path, columns, trees.cosmology, trees.box_size, facts, orbits)


def infall_columns(forests: Forests, least_mass: float) -> tuple[dict[str, Array], dict[str, int]]:
    """The columns of a table, and how many events each cut removed, in the order of the cuts."""
    columns, removed, _ = infall_table(forests, least_mass)
    return columns, removed


def infall_table(forests: Forests, least_mass: float) -> tuple[dict[str, Array], dict[str, int], list[Orbit]]:
    """Columns, what the cuts removed, and of each fate the orbit that is seen at most snapshots.

    Rows are in the order of the entries in time, and at one time in that of the files.
    """
    found = [_events_of(trees, least_mass) for trees in forests]
    removed = {name: sum(part.removed[name] for part in found) for name in found[0].removed}
    where = np.concatenate([part.where for part in found])
    found_orbits = [orbit for part in found for orbit in part.orbits]
    order = np.lexsort((where["entry"], where["entry_time"]))
    where = where[order]
    features = _joined([part.features for part in found], order)
    around = surroundings(forests, features["scale_factor"], features["position"], where["sub"], where["host"])
    columns = features | around | _joined([part.fates for part in found], order)
    unknown = [name for name in FEATURES if name in columns and len(where) and np.isnan(columns[name]).all()]
    for name in unknown:
        del columns[name]
    known = [name for name in FEATURES if name in columns]
    finite = np.all([np.isfinite(columns[name]) for name in known], axis=0)
    removed["with features that are not known"] = int(np.count_nonzero(~finite))
    return {name: values[finite] for name, values in columns.items()}, removed, longest(found_orbits)


def _joined(parts: list[dict[str, Array]], order: Array) -> dict[str, Array]:
    return {name: np.concatenate([part[name] for part in parts])[order] for name in parts[0]}


def _events_of(trees: Trees, least_mass: float) -> _Found:
    """The events of some forests that pass the cuts, with all but what other forests have a part in."""
    branches = main_branches(trees)
    events = first_infalls(trees, branches)
    removed: dict[str, int] = {"events found": len(events)}

    def cut(name: str, keep: Array) -> None:
        nonlocal events
        removed[name] = int(np.count_nonzero(~keep))
        events = events.kept(keep)

    cut("first seen inside their host", events.before != NONE)
    cut("host not seen before", events.host_before != NONE)
    cut("inside another halo when they fall in", _alone(trees, events))
    cut("lighter than the least mass", trees.mass[events.before] >= least_mass)
    cut("heavier than their host", trees.mass[events.before] < trees.mass[events.host_before])
    heaviest, _ = _later(trees, branches, events)
    cut(f"grown {GROWN:g} times or more", heaviest < GROWN * trees.mass[events.before])
    _, end = _later(trees, branches, events)
    outcome = _outcomes(trees, events, end)
    outside = outcome["final_distance"] > 1
    outcome = {name: values[~outside] for name, values in outcome.items()}
    cut("outside their host today", ~outside)
    where = np.empty(len(events), _WHERE)
    where["entry_time"] = trees.scale_factor[events.entry]
    for name, halos in (("entry", events.entry), ("sub", events.before), ("host", events.host_before)):
        where[name] = trees.row[halos]
    end = end[~outside]
    fates = outcome | _interactions(trees, branches, events, end)
    survived = outcome["survived"] == 1
    orbits = followed(trees, events.before, events.host_before, end, survived)
    return _Found(where, _features(trees, events), fates, removed, orbits)


def main_branches(trees: Trees) -> Branches:
    """Follow the most massive progenitors from the end of every branch back to its beginning."""
    count = len(trees)
    progenitor = np.full(count, NONE)
    has = np.flatnonzero(trees.descendant != NONE)
    # the heaviest progenitor of each descendant is written last
    order = has[np.lexsort((-has, trees.mass[has]))]
    progenitor[trees.descendant[order]] = order
    main = np.zeros(count, dtype=bool)
    main[progenitor[progenitor != NONE]] = True
    last = np.flatnonzero(~main)
    of = np.full(count, NONE)
    of[last] = np.arange(len(last))
    at, branch = last, np.arange(len(last))
    while len(at):
        at = progenitor[at]
        at, branch = at[at != NONE], branch[at != NONE]
        of[at] = branch
    return Branches(of, progenitor, last)


def first_infalls(trees: Trees, branches: Branches) -> Events:
    """Every first entry of a branch into the main branch of a halo that is in no other today."""
    final = branches.last[branches.of]
    inside = np.flatnonzero(trees.host != NONE)
    host = trees.host[inside]
    end = final[host]
    a_host = (trees.scale_factor[end] == trees.today) & (trees.host[end] == NONE)
    a_host &= branches.of[inside] != branches.of[host]
    inside, host = inside[a_host], host[a_host]
    # rows are in order of time: the first of each pair of branches is the entry
    pairs = np.stack([branches.of[inside], branches.of[host]])
    _, first = np.unique(pairs, axis=1, return_index=True)
    first = np.sort(first)
    entry, host = inside[first], host[first]
    return Events(branches.progenitor[entry], entry, branches.progenitor[host], final[host])


def _alone(trees: Trees, events: Events) -> Array:
    """Whether a subhalo is in no halo before its entry, at the snapshot of its host, and enters no deeper than this."""
    host_at_entry = trees.host[events.entry]
    same = trees.scale_factor[events.before] == trees.scale_factor[events.host_before]
    return np.asarray(same & (trees.host[events.before] == NONE) & (trees.host[host_at_entry] == NONE))


def _later(trees: Trees, branches: Branches, events: Events) -> tuple[Array, Array]:
    """The largest mass (n,) from the entry on, and the last halo (n,) of the branch that keeps a tenth of its mass."""
    heaviest = trees.mass[events.entry].copy()
    limit = MERGED_BELOW * trees.mass[events.before]
    end = events.before.copy()
    at = events.entry.copy()
    moving = np.arange(len(events))
    while len(moving):
        here = at[moving]
        heaviest[moving] = np.maximum(heaviest[moving], trees.mass[here])
        heavy = trees.mass[here] >= limit[moving]
        end[moving[heavy]] = here[heavy]
        following = trees.descendant[here]
        on = following != NONE
        on[on] = branches.of[following[on]] == branches.of[here[on]]
        at[moving[on]] = following[on]
        moving = moving[on]
    return heaviest, end


def _outcomes(trees: Trees, events: Events, end: Array) -> dict[str, Array]:
    cosmology, a = trees.cosmology, trees.scale_factor
    survived = a[end] == trees.today
    today = events.host_today
    radius = radius_200b(trees.mass[today], cosmology)
    distance = np.linalg.norm(_apart(trees, end, today), axis=1) / radius
    time = age(a[end], cosmology) - age(a[events.before], cosmology)
    host_then = _host_at(trees, events, end)
    return {
        "survived": survived.astype(float),
        "final_mass": np.where(survived, trees.mass[end], np.nan),
        "final_distance": np.where(survived, distance, np.nan),
        "merge_time": np.where(survived, np.nan, time),
        "host_final_radius": radius,
        "crossing_time": crossing_time(trees.mass[host_then], a[host_then], cosmology),
    }


def _host_at(trees: Trees, events: Events, end: Array) -> Array:
    """The host (n,) when its subhalo ends: the last of its main branch that is not later."""
    at = events.host_before.copy()
    while True:
        following = trees.descendant[at]
        on = (following != NONE) & (at != events.host_today)
        on[on] = trees.scale_factor[following[on]] <= trees.scale_factor[end[on]]
        if not on.any():
            return at
        at[on] = following[on]


def _features(trees: Trees, events: Events) -> dict[str, Array]:
    sub, host, cosmology = events.before, events.host_before, trees.cosmology
    a, mass = trees.scale_factor[sub], trees.mass
    apart = _apart(trees, sub, host)
    moving = trees.velocity[sub] - trees.velocity[host]
    # the Hubble flow belongs to the relative velocity
    hubble = np.array([cosmology.hubble(x) for x in a])
    moving = moving + (hubble * a)[:, None] * apart
    distance, speed = np.linalg.norm(apart, axis=1), np.linalg.norm(moving, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        angle = np.linalg.norm(np.cross(apart, moving), axis=1) / (distance * speed)
    columns = {
        "position": trees.position[sub],
        "scale_factor": a,
        "mass_ratio": mass[sub] / mass[host],
        "sub_mass": mass[sub],
        "host_mass": mass[host],
        "sub_radius": radius_200b(mass[sub], cosmology),
        "host_radius": radius_200b(mass[host], cosmology),
        "distance": distance,
        "velocity": speed,
        "impact_angle": angle,
        "eccentricity": eccentricity(mass[sub], mass[host], distance, speed, angle, a),
    }
    for name, rows in (("sub", sub), ("host", host)):
        if trees.scale_radius is not None:
            scale = np.where(trees.scale_radius[rows] > 0, trees.scale_radius[rows], np.nan)
            columns[f"{name}_concentration"] = columns[f"{name}_radius"] / scale
        if trees.spin is not None:
            columns[f"{name}_spin"] = trees.spin[rows]
        if trees.triaxiality is not None:
            columns[f"{name}_triaxiality"] = trees.triaxiality[rows]
        number, largest = subhalos(trees, rows)
        columns[f"{name}_subhalos"], columns[f"{name}_largest_subhalo"] = number, largest
    return columns


def _apart(trees: Trees, sub: Array, host: Array) -> Array:
    """Separations (n, 3) [Mpc/h], comoving."""
    apart = trees.position[sub] - trees.position[host]
    return nearest_image(apart, trees.box_size) if trees.box_size > 0 else apart


def _interactions(trees: Trees, branches: Branches, events: Events, end: Array) -> dict[str, Array]:
    """Whether a subhalo lies in another one after its entry, does so to its end, and for how long (section 2.4.6)."""
    became, stayed = np.zeros(len(events)), np.zeros(len(events))
    time = np.zeros(len(events))
    ages = age(trees.scale_factor, trees.cosmology)
    target = branches.of[events.host_today]
    at = events.entry.copy()
    moving = np.flatnonzero(trees.scale_factor[at] <= trees.scale_factor[end])
    while len(moving):
        here = at[moving]
        host = trees.host[here]
        deeper = host != NONE
        deeper[deeper] = branches.of[host[deeper]] != target[moving[deeper]]
        following = trees.descendant[here]
        on = (here != end[moving]) & (following != NONE)
        became[moving[deeper]] = 1
        stayed[moving] = deeper
        both = deeper & on
        time[moving[both]] += ages[following[both]] - ages[here[both]]
        at[moving[on]] = following[on]
        moving = moving[on]
    return {"became_subsubhalo": became, "stayed_subsubhalo": stayed, "subsubhalo_time": time}
