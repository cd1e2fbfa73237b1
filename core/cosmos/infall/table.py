"""The infall table: what a subhalo is when it falls into its host, and what becomes of it (Petulante 2023, chapter 2).

A table is a universe file without fields whose catalogue `infall` has one row for each accretion event. Features are
measured at the last snapshot before the subhalo enters its host. Outcomes that a subhalo does not have, such as the
merge time of one that survives, are NaN.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.cosmos.box import Array, Catalogue
from core.cosmos.cosmology import Cosmology
from core.cosmos.infall.examples import CATALOGUE as EXAMPLES
from core.cosmos.infall.examples import Orbit, as_catalogue
from core.cosmos.universe import Universe, write_universe

CATALOGUE = "infall"
DEFINITION = "infall"

VISHNU = Cosmology(0.25, 0.04, 0.7, 0.8, 1.0, "vishnu")
"""WMAP-1 cosmology of the thesis's simulation (section 2.2)."""
VISHNU_PARTICLE = 3.215e7
"""Mass of a particle of the thesis's simulation [Msun/h]."""
VISHNU_BOX = 130.0
"""Side of the thesis's simulation [Mpc/h]."""
VISHNU_SOFTENING = 2.2e-3
"""Force resolution of the thesis's simulation [Mpc/h]."""
FEWEST_PARTICLES = 1000
"""Particles of the smallest subhalo at its accretion."""
MERGED_BELOW = 0.1
"""A subhalo that stays below this share of its mass at accretion counts as merged."""

DRAWN, READ = "drawn", "read"
"""Where a table comes from: a semi-analytic model, or the merger trees of a simulation."""

FEATURES: dict[str, tuple[str, str]] = {
    "scale_factor": ("a_acc", ""),
    "mass_ratio": ("q", ""),
    "sub_mass": ("M_sub", "Msun/h"),
    "host_mass": ("M_host", "Msun/h"),
    "sub_radius": ("R_sub", "Mpc/h"),
    "host_radius": ("R_host", "Mpc/h"),
    "sub_concentration": ("c_sub", ""),
    "host_concentration": ("c_host", ""),
    "sub_spin": ("λ_sub", ""),
    "host_spin": ("λ_host", ""),
    "sub_triaxiality": ("T_sub", ""),
    "host_triaxiality": ("T_host", ""),
    "sub_largest_subhalo": ("max M_subs,sub", "Msun/h"),
    "host_largest_subhalo": ("max M_subs,host", "Msun/h"),
    "sub_subhalos": ("N_subs,sub", ""),
    "host_subhalos": ("N_subs,host", ""),
    "distance": ("d_rel", "Mpc/h"),
    "velocity": ("v_rel", "km/s"),
    "eccentricity": ("ε", ""),
    "impact_angle": ("φ", ""),
    "tidal_force": ("F_tid", "Msun/h / (Mpc/h)^3"),
    "density_1": ("ρ_1", "Msun/h / (Mpc/h)^3"),
    "density_2": ("ρ_2", "Msun/h / (Mpc/h)^3"),
    "density_4": ("ρ_4", "Msun/h / (Mpc/h)^3"),
}
"""Sign and unit of every feature that section 2.2.1 defines, in its order. The thesis speaks of 26 and names these."""

INTERACTIONS: dict[str, tuple[str, str]] = {
    "became_subsubhalo": ("became a sub-subhalo", ""),
    "stayed_subsubhalo": ("stayed a sub-subhalo", ""),
    "subsubhalo_time": ("time as a sub-subhalo", "Gyr"),
}
"""What a subhalo goes through after its infall (section 2.4.6): no features to predict from, but to test."""

OUTCOMES: dict[str, tuple[str, str]] = {
    "survived": ("survival", ""),
    "final_mass": ("mass loss", "Msun/h"),
    "final_distance": ("position", "R_host"),
    "merge_time": ("merge time", "Gyr"),
}
"""The four outcomes (section 2.2.2): 1 or 0 for all; mass and distance today of those that survive, the distance in
radii of the host today; the time from accretion to the end of those that merge."""

_SCALES = {"host_final_radius": "Mpc/h", "crossing_time": "Gyr"}
"""What the tolerances of eqs 2.8 and 2.9 are measured in."""

GRAVITY = 4.30091e-9
"""Newton's constant [Mpc (km/s)^2 / Msun], CODATA 2018 G and IAU 2015 G Msun."""


def radius_200b(mass: Array, cosmology: Cosmology) -> Array:
    """Comoving radius [Mpc/h] within which the mean density is 200 times that of matter."""
    return np.asarray(np.cbrt(3 * mass / (4 * np.pi * 200 * cosmology.mean_density)))


def circular_velocity(mass: Array, radius: Array, a: Array) -> Array:
    """Circular velocity [km/s] at a comoving radius."""
    return np.asarray(np.sqrt(GRAVITY * mass / (a * radius)))


def age(a: Array, cosmology: Cosmology) -> Array:
    """Age [Gyr] of a flat universe of matter and a cosmological constant; Peebles 1993, eq. 13.20."""
    cosmology.require_constant("the age of the universe")
    lambda_ = 1 - cosmology.omega_matter
    ratio = np.sqrt(lambda_ / cosmology.omega_matter) * np.asarray(a, float) ** 1.5
    return np.asarray(hubble_time(cosmology) * 2 / (3 * np.sqrt(lambda_)) * np.arcsinh(ratio))


def matter_share(a: Array, cosmology: Cosmology) -> Array:
    """Omega_m at a scale factor."""
    matter = cosmology.omega_matter * np.asarray(a) ** -3.0
    return np.asarray(matter / (matter + 1 - cosmology.omega_matter))


def hubble_time(cosmology: Cosmology) -> float:
    """1 / H0 [Gyr]."""
    return 9.777922 / cosmology.h


def crossing_time(mass: Array, a: Array, cosmology: Cosmology) -> Array:
    """Time [Gyr] in which a body at the circular velocity crosses the radius R200b of a host."""
    radius = radius_200b(mass, cosmology)
    per_gyr = 1.022712e-3 * cosmology.h  # Mpc/h in Gyr at 1 km/s
    return np.asarray(a * radius / (circular_velocity(mass, radius, a) * per_gyr))


def eccentricity(
    sub_mass: Array, host_mass: Array, distance: Array, velocity: Array, impact_angle: Array, a: Array
) -> Array:
    """Eccentricity of the two-body orbit, eq. 2.2; `distance` is comoving."""
    reduced = sub_mass * host_mass / (sub_mass + host_mass)
    coupling = GRAVITY * sub_mass * host_mass
    physical = a * distance
    energy = 0.5 * reduced * velocity**2 - coupling / physical
    momentum = reduced * physical * velocity * impact_angle
    squared = 1 + 2 * energy * momentum**2 / (coupling**2 * reduced)
    return np.asarray(np.sqrt(np.maximum(squared, 0)))  # rounding of a circular orbit


def write_table(
    path: Path,
    columns: Mapping[str, Array],
    cosmology: Cosmology,
    box_size: float,
    provenance: Mapping[str, Any],
    orbits: Sequence[Orbit] = (),
) -> Universe:
    """Write an infall table. `columns` are features, outcomes, scales and `position` (N, 3), in any order of rows.

    `orbits` are examples that are shown beside it.
    """
    order = np.argsort(-columns["sub_mass"], kind="stable")
    sorted_columns = {"mass": columns["sub_mass"][order], **{name: values[order] for name, values in columns.items()}}
    units = {"mass": "Msun/h", "position": "Mpc/h", **_SCALES}
    units |= {name: unit for name, (_, unit) in (FEATURES | INTERACTIONS | OUTCOMES).items()}
    catalogue = Catalogue(sorted_columns, box_size, 0.0, DEFINITION, units)
    return write_universe(
        path,
        name=path.stem,
        box_size=box_size,
        cosmology=cosmology,
        fields=[],
        catalogues={CATALOGUE: catalogue, **({EXAMPLES: as_catalogue(orbits, box_size)} if orbits else {})},
        provenance=provenance,
    )


def is_table(universe: Universe) -> bool:
    """Whether a universe file holds accretion events."""
    return CATALOGUE in universe.halos


def origin(universe: Universe) -> str:
    """DRAWN or READ; empty where a table does not say."""
    kind = universe.provenance.get("kind")
    return str(kind) if kind in (DRAWN, READ) else ""


def origin_in_words(universe: Universe) -> str:
    """Where a table comes from, for people."""
    words = {DRAWN: "drawn by a model", READ: "read from a simulation"}
    return words.get(origin(universe), "of an origin that it does not say")


def described(universe: Universe) -> dict[str, str]:
    """The facts of a table in the order to be read: rows, fates, what is missing, what was cut."""
    catalogue = universe.catalogue(CATALOGUE)
    survived = catalogue["survived"]
    count = len(survived)
    merged = f"{np.count_nonzero(survived == 0)} ({np.mean(survived == 0):.1%})" if count else "0"
    facts = {"origin": origin_in_words(universe)}
    facts |= {"subhalos": str(count), "survive": str(np.count_nonzero(survived == 1)), "merge": merged}
    missing = [name for name in FEATURES if name not in catalogue]
    facts["features"] = str(len(FEATURES) - len(missing))
    if missing:
        facts["missing"] = ", ".join(missing)
    cuts, remarks = (universe.provenance.get(key) for key in ("cuts", "remarks"))
    if isinstance(cuts, dict):
        facts |= {f"cut: {name}": str(number) for name, number in cuts.items()}
    if isinstance(remarks, dict):
        facts |= {name: str(words) for name, words in remarks.items()}
    return facts
