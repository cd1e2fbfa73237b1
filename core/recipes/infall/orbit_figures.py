"""The orbits of two subhalos, one of each fate (Petulante 2023, fig. 2.1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.cosmos.box import Array
from core.cosmos.cosmology import Cosmology
from core.cosmos.infall.examples import Orbit
from core.cosmos.infall.table import radius_200b
from core.figures import Circles, Row, Slice

_PIXELS = 120


def orbits(found: Sequence[Orbit], cosmology: Cosmology) -> Row | None:
    """Each subhalo as a disc of its R200b at every snapshot, coloured by the share of its mass that is left.

    Circles are the radii of the host at the beginning and the end, and of the subhalo then.
    """
    panels = tuple(_panel(orbit, cosmology) for orbit in found)
    return Row("Orbits about the host, comoving: one that survives, one that merges", panels) if panels else None


def _panel(orbit: Orbit, cosmology: Cosmology) -> Slice:
    x, y = _plane(orbit.position)
    radius = radius_200b(orbit.mass, cosmology)
    half = 1.05 * max(float(np.max(np.hypot(x, y) + radius)), float(orbit.host_radius.max()))
    edges = np.linspace(-half, half, _PIXELS + 1)
    middle = (edges[1:] + edges[:-1]) / 2
    image = np.full((_PIXELS, _PIXELS), np.nan)
    for at_x, at_y, size, share in zip(x, y, radius, orbit.mass / orbit.mass[0], strict=True):
        near = np.hypot(middle[None] - at_x, middle[:, None] - at_y) <= max(size, edges[1] - edges[0])
        image[near] = share
    ends = [0, -1]
    a = orbit.scale_factor
    circles = (
        Circles("host at infall", np.zeros(1), np.zeros(1), orbit.host_radius[:1]),
        Circles("host at the end", np.zeros(1), np.zeros(1), orbit.host_radius[-1:]),
        Circles("subhalo at infall and at the end", x[ends], y[ends], radius[ends]),
    )
    fate = "survives" if orbit.survived else "merges"
    title = f"{fate}, a = {a[0]:.2f} to {a[-1]:.2f}"
    extent = (-half, half, -half, half)
    return Slice(title, image, extent, "x [Mpc/h]", "y [Mpc/h]", "mass left", "viridis", limits=(0, 1), circles=circles)


def _plane(position: Array) -> tuple[Array, Array]:
    """Positions (T, 3) in the plane in which the orbit is widest: (T,) each."""
    _, _, axes = np.linalg.svd(position, full_matrices=False)
    flat = position @ axes[:2].T
    return flat[:, 0], flat[:, 1]
