"""What the figures of several recipes on halos have in common."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.cosmos.box import Array
from core.figures import Contours


def equality(x: Sequence[float] | Array, y: Sequence[float] | Array) -> Contours:
    """Where predicted equals true, over an image whose axes run between these two edges or more each."""
    return Contours("equal", np.linspace(y[0], y[-1], 256)[:, None] - np.linspace(x[0], x[-1], 256), (0.0,))
