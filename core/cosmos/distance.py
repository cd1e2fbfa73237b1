"""The exact Euclidean distance transform of many labels at once in a periodic box, compiled by numba.

The square of the distance to the nearest cell of another label is found axis by axis, as by Felzenszwalb & Huttenlocher
2012 (doi:10.4086/toc.2012.v008a019): along a line it is the least of s^2 for the first other label at distance s and of
what the cells of the same label in between know of the axes before, plus s^2. A scan that goes outwards and ends where
s^2 exceeds the least so far visits about as many cells as the distance itself.
"""

from __future__ import annotations

import numba
import numpy as np

from core.cosmos.box import Array
from core.cosmos.kernels import compiled_parallel

_FAR = 1 << 30


def squared_distance(labels: Array) -> Array:
    """Squared distance [cells^2] (n, n, n) int32 from each labelled cell to the nearest of another label; 0 where 0.

    Cells of no label count as another label; distances go across the periodic boundary.
    """
    squared = np.full(labels.shape, _FAR, dtype=np.int32)
    for axis in (2, 1, 0):
        _along_last(np.moveaxis(labels, axis, 2), np.moveaxis(squared, axis, 2))
    return squared


@compiled_parallel
def _along_last(labels: Array, squared: Array) -> None:
    n = labels.shape[2]
    for i in numba.prange(labels.shape[0]):
        own, known = np.empty(n, dtype=labels.dtype), np.empty(n, dtype=np.int32)
        for j in range(labels.shape[1]):
            own[:] = labels[i, j]
            known[:] = squared[i, j]
            for k in range(n):
                if own[k] == 0:
                    squared[i, j, k] = 0
                    continue
                least = known[k]
                for direction in (-1, 1):
                    m = k
                    for s in range(1, n):
                        if s * s >= least:
                            break
                        m += direction
                        if m == n:
                            m = 0
                        elif m < 0:
                            m = n - 1
                        if own[m] != own[k]:
                            least = s * s
                            break
                        least = min(least, known[m] + s * s)
                squared[i, j, k] = least
