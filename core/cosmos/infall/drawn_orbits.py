"""The orbits of two drawn subhalos, one of each fate, from the same model as their fates."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.cosmos.box import Array
from core.cosmos.cosmology import Cosmology
from core.cosmos.infall.examples import Orbit
from core.cosmos.infall.orbits import Host, path_of
from core.cosmos.infall.stripping import STEPS, growth_of, log_masses, steps_of, strip
from core.cosmos.infall.table import age, radius_200b

_ROUNDS, _TRIED = 4, 200
_RANGE = (-1.5, 1.5)
"""log10 A between which that of a fate is looked for."""


def drawn_orbits(columns: Mapping[str, Array], cosmology: Cosmology) -> list[Orbit]:
    """Of each fate the subhalo that has the median time in its host, followed to its end."""
    found = []
    for fate in (1, 0):
        rows = np.flatnonzero(columns["survived"] == fate)
        if len(rows):
            spent = 1 - columns["scale_factor"][rows] if fate else columns["merge_time"][rows]
            row = rows[np.argsort(spent, kind="stable")[len(rows) // 2]]
            found.append(_followed({name: values[[row]] for name, values in columns.items()}, fate == 1, cosmology))
    return found


def _followed(one: Mapping[str, Array], survived: bool, cosmology: Cosmology) -> Orbit:
    a_accretion = one["scale_factor"]
    today = cosmology.mean_density * 200 * 4 / 3 * np.pi * one["host_final_radius"] ** 3
    a = steps_of(a_accretion)
    strength = _strength(one, today, survived, cosmology)
    masses = np.exp(list(log_masses(one["sub_mass"], today, a_accretion, strength, cosmology)))
    masses = np.concatenate([one["sub_mass"][None], masses])[:, 0]
    host_mass = today * growth_of(today, a)
    radius = radius_200b(host_mass, cosmology)
    host = Host(age(a, cosmology), host_mass, a * radius, one["host_concentration"])
    speed, angle = one["velocity"], one["impact_angle"]
    inwards = speed * np.sqrt(np.maximum(1 - angle**2, 0))
    path = path_of(a_accretion * one["distance"], inwards, speed * angle, host, cosmology.h)
    flat = np.concatenate([places[:, 0][None] for places in path]) / a
    position = np.column_stack([flat, np.zeros(len(flat))])
    times = host.times[:, 0]
    last = STEPS if survived else int(np.searchsorted(times, times[0] + one["merge_time"][0]))
    kept = slice(0, min(last, STEPS) + 1)
    return Orbit(survived, a[kept, 0], position[kept], masses[kept], radius[kept, 0])


def _strength(one: Mapping[str, Array], today: Array, survived: bool, cosmology: Cosmology) -> Array:
    """The strength A of the mass loss (1,) that leads to this fate: many values of log A at once, then closer ones."""
    low, high = _RANGE
    for _ in range(_ROUNDS):
        tried = np.linspace(low, high, _TRIED)
        sub, now, a = (np.repeat(values, _TRIED) for values in (one["sub_mass"], today, one["scale_factor"]))
        fate = strip(sub, now, a, 10**tried, cosmology)
        if survived:
            weaker = (fate["survived"] == 1) & (fate["final_mass"] > one["final_mass"])
        else:
            weaker = (fate["survived"] == 1) | (fate["merge_time"] > one["merge_time"])
        last = min(int(np.count_nonzero(weaker)), _TRIED - 1)
        low, high = float(tried[max(last - 1, 0)]), float(tried[last])
    return np.array([10 ** ((low + high) / 2)])
