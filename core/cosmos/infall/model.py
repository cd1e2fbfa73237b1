"""Semi-analytic infall tables: hosts, accretion times, orbits and mass loss drawn, no simulation.

The fate follows from few causes, those that the thesis found: scale factor, mass ratio, host mass and orbit. Subhalos
lose mass as dm/dt = -A (m / tau) (m / M)^zeta (van den Bosch et al. 2005, Jiang & van den Bosch 2016), faster on radial
orbits. Spins, shapes, environment and inner subhalos are drawn beside it and tell nothing of the fate beyond what they
share with the host's mass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.cosmos.box import Array
from core.cosmos.cosmology import Cosmology
from core.cosmos.infall.drawn_orbits import drawn_orbits
from core.cosmos.infall.orbits import Host, carried_out, draw_orbits, radius_after
from core.cosmos.infall.stripping import growth_of, steps_of, strip
from core.cosmos.infall.table import (
    DRAWN,
    FEWEST_PARTICLES,
    VISHNU,
    VISHNU_BOX,
    VISHNU_PARTICLE,
    VISHNU_SOFTENING,
    age,
    circular_velocity,
    eccentricity,
    matter_share,
    radius_200b,
    write_table,
)
from core.cosmos.universe import Universe
from core.errors import UsageError

_HOSTS = (11.7, 15.0)
"""log10 of the masses of hosts today [Msun/h]."""
_FEWEST = 100
"""Subhalos drawn at once at least."""
_FIRST = 0.05
"""Scale factor before which nothing is accreted."""
_SLOPE = 1.9
"""Mass ratios follow q^-1.9."""
STRIPPING = 1.0
"""A of the mass loss on the mean orbit; with the scatter it makes 64 % of the subhalos merge and 90 % of the fates
follow from the scale factor alone."""
STRIPPING_ORBIT = 0.3
"""How much log10 A falls with V_t / V200."""
STRIPPING_SCATTER = 0.06
"""Scatter of log10 A that no feature tells."""
_ORBIT_STEPS = 1000


@dataclass(frozen=True)
class Infalls:
    """How many accretion events, of which least mass."""

    count: int = 20_000
    seed: int = 1
    cosmology: Cosmology = VISHNU
    least_mass: float = FEWEST_PARTICLES * VISHNU_PARTICLE
    """Mass of the smallest subhalo at accretion [Msun/h]."""

    def check(self) -> None:
        """Raises: UsageError."""
        if self.count < 10:
            raise UsageError(f"{self.count} subhalos are too few for a table", "make at least 10")
        if self.seed < 0:
            raise UsageError(f"the seed {self.seed} is negative", "use 0 or more")

    def settings(self) -> dict[str, Any]:
        return {
            "count": self.count,
            "seed": self.seed,
            "least_mass": self.least_mass,
            "particle_mass": VISHNU_PARTICLE,
            "softening": VISHNU_SOFTENING,
        }


def make_table(path: Path, infalls: Infalls, provenance: Mapping[str, Any]) -> Universe:
    """Draw a table and write it. Raises: UsageError."""
    infalls.check()
    columns = draw_infalls(infalls)
    facts = {**provenance, "settings": infalls.settings(), "kind": DRAWN}
    return write_table(path, columns, infalls.cosmology, VISHNU_BOX, facts, drawn_orbits(columns, infalls.cosmology))


def draw_infalls(infalls: Infalls) -> dict[str, Array]:
    """The columns of a table: every feature, outcome and interaction, and positions that mean nothing.

    Subhalos that survive but are outside their host today are no subhalos: others are drawn in their place.
    """
    random = np.random.default_rng(infalls.seed)
    drawn: list[dict[str, Array]] = []
    while (have := sum(len(columns["mass_ratio"]) for columns in drawn)) < infalls.count:
        columns = _draw(replace(infalls, count=max(_FEWEST, round(1.15 * (infalls.count - have)))), random)
        inside = ~(columns["final_distance"] > 1)
        drawn.append({name: values[inside] for name, values in columns.items()})
    return {name: np.concatenate([columns[name] for columns in drawn])[: infalls.count] for name in drawn[0]}


def _draw(infalls: Infalls, random: np.random.Generator) -> dict[str, Array]:
    cosmology, n = infalls.cosmology, infalls.count
    today = _draw_hosts(infalls, random)
    a, host = _draw_accretion(today, infalls.least_mass, random)
    ratio = _draw_ratios(infalls.least_mass / host, random)
    sub = ratio * host
    radius, sub_radius = radius_200b(host, cosmology), radius_200b(sub, cosmology)
    concentration = _draw_concentration(host, a, random)
    crossing, sideways = draw_orbits(host, ratio, random)
    speed, tangential = carried_out(crossing, sideways, concentration, matter_share(a, cosmology))
    v200 = circular_velocity(host, radius, a)
    # the last snapshot before the entry sees the subhalo a little outside
    distance = radius * (1 + 0.03 * random.exponential(size=n))
    angle = tangential / speed
    columns: dict[str, Array] = {
        "position": VISHNU_BOX * random.random((n, 3)),
        "scale_factor": a,
        "mass_ratio": ratio,
        "sub_mass": sub,
        "host_mass": host,
        "sub_radius": sub_radius,
        "host_radius": radius,
        "sub_concentration": _draw_concentration(sub, a, random),
        "host_concentration": concentration,
        "distance": distance,
        "velocity": speed * v200,
        "impact_angle": angle,
        "eccentricity": eccentricity(sub, host, distance, speed * v200, angle, a),
    }
    columns |= _draw_innocent(sub, host, infalls.least_mass, cosmology, random)
    strength = np.log10(STRIPPING) - STRIPPING_ORBIT * (sideways - sideways.mean())
    strength = strength + STRIPPING_SCATTER * random.standard_normal(n)
    fate = strip(sub, today, a, 10**strength, cosmology)
    columns |= fate
    alive = fate["survived"] == 1
    survivors = {name: values[alive] for name, values in columns.items()}
    columns["final_distance"] = np.full(n, np.nan)
    columns["final_distance"][alive] = _final_distance(
        survivors, today[alive], speed[alive], tangential[alive], cosmology
    )
    columns |= _draw_interactions(age(np.array(1.0), cosmology) - age(a, cosmology), fate, random)
    return columns


def _draw_hosts(infalls: Infalls, random: np.random.Generator) -> Array:
    """Masses today (N,), weighted by the subhalos above the least mass that each host accretes."""
    from core.cosmos.measures.massfunction import theory

    log_mass = np.linspace(*_HOSTS, 400)
    mass = 10**log_mass
    # what falls in while the host grows by dM: dM times the number of q above m / M for each unit of mass
    share = np.linspace(0.001, 1, 1000)
    now = share * mass[:, None]
    accreted = np.clip(now / infalls.least_mass, 1, None) ** (_SLOPE - 1) - 1
    weight = theory(mass, infalls.cosmology) * accreted.mean(axis=1)
    total = np.cumsum(weight)
    return np.asarray(10 ** np.interp(random.random(infalls.count), total / total[-1], log_mass))


def _draw_accretion(today: Array, least_mass: float, random: np.random.Generator) -> tuple[Array, Array]:
    """Scale factors and host masses at accretion: uniform in the host's mass, from twice the least mass on."""
    first = np.maximum(growth_of(today, np.full(len(today), _FIRST)), 2 * least_mass / today)
    share = first + (1 - first) * random.random(len(today))
    low, high = np.full(len(today), _FIRST), np.ones(len(today))
    for _ in range(40):
        middle = (low + high) / 2
        less = growth_of(today, middle) < share
        low, high = np.where(less, middle, low), np.where(less, high, middle)
    return (low + high) / 2, share * today


def _draw_ratios(least: Array, random: np.random.Generator) -> Array:
    """Mass ratios (N,) between `least` and 1 from q^-1.9."""
    power = 1 - _SLOPE
    return np.asarray((least**power + random.random(len(least)) * (1 - least**power)) ** (1 / power))


def _draw_concentration(mass: Array, a: Array, random: np.random.Generator) -> Array:
    """Concentrations of Dutton & Maccio 2014, arXiv:1402.7073, eqs 10 and 11, with 0.1 dex of scatter."""
    z = 1 / a - 1
    normal = 0.537 + 0.488 * np.exp(-0.718 * z**1.08)
    slope = -0.097 + 0.024 * z
    scatter = 0.1 * random.standard_normal(len(mass))
    return np.asarray(10 ** (normal + slope * np.log10(mass / 1e12) + scatter))


def _draw_innocent(
    sub: Array, host: Array, least_mass: float, cosmology: Cosmology, random: np.random.Generator
) -> dict[str, Array]:
    """What has no part in the fate: spins, shapes, inner subhalos and surroundings, these correlated with the host."""
    n = len(sub)
    columns: dict[str, Array] = {}
    for name, mass in (("sub", sub), ("host", host)):
        columns[f"{name}_spin"] = 0.035 * np.exp(0.5 * random.standard_normal(n))
        columns[f"{name}_triaxiality"] = random.beta(3.0, 1.5, n)
        count = random.poisson(0.1 * (mass / least_mass) ** 0.9)
        columns[f"{name}_subhalos"] = count.astype(float)
        largest = mass * 0.3 * np.maximum(random.random(n), 1e-3)
        columns[f"{name}_largest_subhalo"] = np.where(count > 0, np.maximum(largest, 0.03 * least_mass), 0.0)
    richness = np.log10(host) - np.log10(host).mean()
    for name, contrast, scatter in (("density_1", 30, 0.9), ("density_2", 12, 0.7), ("density_4", 6, 0.5)):
        log_density = np.log10(contrast * cosmology.mean_density) + 0.3 * richness
        columns[name] = 10 ** (log_density + scatter * random.standard_normal(n))
    columns["tidal_force"] = columns["density_2"] * 10 ** (0.4 * random.standard_normal(n))
    return columns


def _final_distance(
    columns: Mapping[str, Array], today: Array, speed: Array, tangential: Array, cosmology: Cosmology
) -> Array:
    """Distance today (N,) in radii of the host today: the orbit in the growing host, without friction."""
    a = steps_of(columns["scale_factor"], _ORBIT_STEPS)
    mass = today * growth_of(today, a)
    host = Host(age(a, cosmology), mass, a * radius_200b(mass, cosmology), columns["host_concentration"])
    v200 = columns["velocity"] / speed
    inwards = v200 * np.sqrt(np.maximum(speed**2 - tangential**2, 0))
    physical = columns["scale_factor"] * columns["distance"]
    return radius_after(physical, inwards, v200 * tangential, host, cosmology.h) / host.radius[-1]


def _draw_interactions(available: Array, fate: Mapping[str, Array], random: np.random.Generator) -> dict[str, Array]:
    """Stays inside other subhalos, as frequent as in the thesis (57 % at all, 23.5 % to the end), of no consequence."""
    span = np.where(fate["survived"] == 1, available, fate["merge_time"])
    became = random.random(len(span)) < 0.57
    stayed = became & (random.random(len(span)) < 0.235 / 0.57)
    time = np.where(became, span * random.beta(1.0, 2.0, len(span)), 0.0)
    return {
        "became_subsubhalo": became.astype(float),
        "stayed_subsubhalo": stayed.astype(float),
        "subsubhalo_time": time,
    }
