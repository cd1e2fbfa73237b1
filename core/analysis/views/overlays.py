"""What is laid over an image of a field: halos as circles where a slab cuts them, the outlines of masks."""

from __future__ import annotations

import numpy as np

from core.analysis.views.view import View, cut
from core.cosmos.box import Array, Catalogue, Frame, nearest_image, position_in
from core.cosmos.universe import Universe
from core.figures import Circles, Contours

MEAN_OVERDENSITY = 200.0
"""Of a halo over the mean, where the catalogue gives no radius."""


def halo_circles(
    halos: Catalogue,
    universe: Universe,
    frame: Frame,
    view: View,
    name: str,
    smallest: float = 0.0,
    kin: int | None = None,
) -> Circles | None:
    """The circles in which a slab cuts the halos, with every periodic image that reaches into the window.

    A halo is a sphere: in the Lagrangian frame of its Lagrangian radius where its matter came from, in the Eulerian
    one of its radius R200m where it is. Halos below the mass `smallest` [Msun/h] are left out. None for a catalogue
    without positions in this frame.
    """
    position = position_in(frame)
    if position not in halos:
        return None
    halos = halos.at_least(smallest)
    box, cell = universe.box_size, universe.box_size / universe.cells
    places = np.asarray(halos[position], dtype=np.float64)
    sizes = radii(halos, universe, frame)
    thickness = view.thickness * cell
    middle = (view.plane(universe.cells) - 0.5) * cell + thickness / 2
    away = np.abs(nearest_image(places[:, "xyz".index(view.axis)] - middle, box)) - thickness / 2
    reaching = away < sizes
    u, v = (places[reaching, "xyz".index(axis)] for axis in view.across)
    # inside the slab a sphere shows its full radius, beside it the circle in which the face cuts it
    radius = np.sqrt(sizes[reaching] ** 2 - np.maximum(away[reaching], 0.0) ** 2)
    x, y = view.window(universe.cells, box)
    u = u + box * np.rint(((x[0] + x[-1]) / 2 - u) / box)
    v = v + box * np.rint(((y[0] + y[-1]) / 2 - v) / box)
    images = [(u + i * box, v + j * box) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    u, v, radius = (
        np.concatenate([image[0] for image in images]),
        np.concatenate([image[1] for image in images]),
        np.tile(radius, len(images)),
    )
    inside = (u + radius > x[0] - cell / 2) & (u - radius < x[-1] + cell / 2)
    inside &= (v + radius > y[0] - cell / 2) & (v - radius < y[-1] + cell / 2)
    return Circles(name, u[inside], v[inside], radius[inside], kin)


def outline(
    plane: Array, universe: Universe, view: View, name: str, level: float = 0.5, kin: int | None = None
) -> Contours:
    """The line where a plane (n, n) rises above a level, in the window of a view."""
    x, y = view.window(universe.cells, universe.box_size)
    return Contours(name, cut(plane, x, y, universe.box_size), (level,), kin)


def radii(halos: Catalogue, universe: Universe, frame: Frame) -> Array:
    """Radii of halos in a frame [Mpc/h]: the column of the catalogue, or the sphere of the halo's mass."""
    column = "lagrangian_radius" if frame == "lagrangian" else "radius_200m"
    overdensity = 1.0 if frame == "lagrangian" else MEAN_OVERDENSITY
    mean = universe.cosmology.mean_density * overdensity
    sphere = np.cbrt(3 * np.asarray(halos["mass"], dtype=np.float64) / (4 * np.pi * mean))
    if column not in halos:
        return np.asarray(sphere)
    given = np.asarray(halos[column], dtype=np.float64)
    return np.where(np.isfinite(given) & (given > 0), given, sphere)
