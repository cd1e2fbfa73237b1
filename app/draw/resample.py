"""Images on other grids: pooled where they shrink, repeated where they grow."""

from __future__ import annotations

from typing import Literal

import numpy as np

from core.figures import Array

_LARGE = 4
"""Pixels across from which on a value has sharp edges: a mean on them would be sent for nothing."""


def resample(values: Array, rows: int, columns: int, pooling: Literal["mean", "max", "nearest"]) -> Array:
    """An image on another grid, shape (rows, columns): pooled where it shrinks, repeated where it grows.

    The mean weights pixels by their overlapping area and leaves missing ones (NaN, inf) out; where each is repeated at
    least four times the edges stay sharp.
    """
    if pooling == "mean" and min(rows / values.shape[0], columns / values.shape[1]) >= _LARGE:
        pooling = "nearest"
    if pooling == "mean":
        missing = ~np.isfinite(values)
        if not missing.any():
            return _along(_along(values, rows, 0, pooling), columns, 1, pooling)
        total = _along(_along(np.where(missing, 0, values), rows, 0, pooling), columns, 1, pooling)
        share = _along(_along((~missing).astype(np.float32), rows, 0, pooling), columns, 1, pooling)
        return np.where(share > 1e-6, total / np.maximum(share, 1e-6), np.nan)
    if pooling == "max" and np.issubdtype(values.dtype, np.floating):
        values = np.where(np.isfinite(values), values, np.nan)
    return _along(_along(values, rows, 0, pooling), columns, 1, pooling)


def most_frequent(labels: Array, rows: int, columns: int) -> Array:
    """Labels on another grid: where it shrinks the most frequent one of nine places in a pixel, the smallest of
    equals."""
    if rows >= labels.shape[0] and columns >= labels.shape[1]:
        return resample(labels, rows, columns, "nearest")
    places = resample(labels, 3 * rows, 3 * columns, "nearest").reshape(rows, 3, columns, 3)
    ranked = np.sort(places.transpose(0, 2, 1, 3).reshape(rows, columns, 9), axis=-1)
    votes = (ranked[..., :, None] == ranked[..., None, :]).sum(axis=-1)
    return np.asarray(np.take_along_axis(ranked, votes.argmax(axis=-1)[..., None], axis=-1)[..., 0])


def _along(values: Array, size: int, axis: int, pooling: str) -> Array:
    present = values.shape[axis]
    if size >= present or pooling == "nearest":
        chosen = ((np.arange(size) + 0.5) * (present / size)).astype(np.intp)
        return np.take(values, chosen, axis)
    if pooling == "max":
        starts = np.arange(size) * present // size
        return np.asarray(np.fmax.reduceat(values, starts, axis))
    # the integral of the image up to each edge of the new pixels
    integral = np.zeros_like(
        values, shape=(*values.shape[:axis], present + 1, *values.shape[axis + 1 :]), dtype=np.float64
    )
    np.cumsum(values, axis, out=integral[(slice(None),) * axis + (slice(1, None),)])
    edges = np.linspace(0, present, size + 1)
    whole = np.minimum(edges.astype(np.intp), present - 1)
    part = (edges - whole).reshape((-1, 1) if axis == 0 else (1, -1))
    up_to = (1 - part) * np.take(integral, whole, axis) + part * np.take(integral, whole + 1, axis)
    return np.asarray(np.diff(up_to, axis=axis) * (size / present))
