"""Slices of fields as Figures. Only the planes that are shown are read from the memory map."""

from __future__ import annotations

from typing import Literal

import numpy as np

from core.cosmos.box import Array, Field
from core.errors import UsageError
from core.figures import ColourMap, Scale, Slice

Axis = Literal["x", "y", "z"]


def slice_figure(
    field: Field, axis: Axis = "z", index: int | None = None, thickness: int = 1, scale: Scale | None = None
) -> Slice:
    """A slab of a field across an axis; a vector field is shown by its length.

    `index` counts cells from 0, None is the middle; a slab thicker than one cell shows its mean. Labels keep their
    own colours and are never averaged.
    Raises: UsageError for a plane outside the box.
    """
    cells = field.cells
    index = cells // 2 if index is None else index
    if not 0 <= index < cells:
        raise UsageError(f"there is no plane {index} in {cells} cells", f"choose 0 to {cells - 1}")
    if not 1 <= thickness <= cells:
        raise UsageError(f"a slab of {thickness} planes does not fit into {cells} cells", f"choose 1 to {cells}")
    labels = field.values.dtype.kind in "iu"
    plane = _slab(field.values, "xyz".index(axis), index, 1 if labels else thickness)
    if field.is_vector:
        plane = np.sqrt((plane**2).sum(axis=0))
    across = [name for name in "xyz" if name != axis]
    where = index * field.cell_size
    colours: ColourMap = "labels" if labels else "sequential"
    values, label = plane, f"{field.name} [{field.units}]" if field.units else field.name
    if not labels and not field.is_vector and field.name.startswith("density") and scale == "log":
        values, label = 1 + plane, "1 + overdensity"
    elif not labels and not field.is_vector and plane.min() < 0 and scale != "log":
        colours = "diverging"
    return Slice(
        f"{field.name} at {axis} = {where:.4g} Mpc/h" + (f", {thickness} cells thick" if thickness > 1 else ""),
        np.ascontiguousarray(values.T),
        (0.0, field.box_size, 0.0, field.box_size),
        f"{across[0]} [Mpc/h]",
        f"{across[1]} [Mpc/h]",
        label,
        colours,
        scale or "linear",
    )


def _slab(values: Array, axis: int, index: int, thickness: int) -> Array:
    """Mean of `thickness` planes from `index` on, wrapped; the leading component axis of a vector is kept."""
    planes = (index + np.arange(thickness)) % values.shape[-1]
    slab = values[(slice(None),) * (values.ndim - 3 + axis) + (planes,)]
    return np.asarray(slab[_take(values.ndim, axis)] if thickness == 1 else slab.mean(axis=values.ndim - 3 + axis))


def _take(dimensions: int, axis: int) -> tuple[slice | int, ...]:
    return (slice(None),) * (dimensions - 3 + axis) + (0,)
