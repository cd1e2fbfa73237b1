"""When a homogeneous ellipsoid collapses: Bond & Myers 1996 (ApJS 103, 1), tabulated for one cosmology.

The three axes a_i of an ellipsoid start as the universe and follow its own gravity and the linear tide outside,

    a_i'' = -a_i [3/2 (Delta - 1) b_i + 1/2 - R a^3 + 3/2 D (lambda_i - F/3)] / a^3 ,

with time in 1 / (H0 sqrt(Omega_m)), Delta = a^3 / (a1 a2 a3), R = Omega_Lambda / Omega_m and b_i the integrals of the
ellipsoid's shape, sum 1. Its strain today has the eigenvalues lambda_1 <= lambda_2 <= lambda_3 with the sum F (the
linear overdensity), ellipticity e = (lambda_3 - lambda_1) / 2F and prolateness p = (lambda_3 + lambda_1 - 2 lambda_2) /
2F. An axis that has shrunk to a fraction of the scale factor freezes; the longest one ends the collapse.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import numba
import numpy as np

from core.cosmos.box import Array
from core.cosmos.kernels import compiled, compiled_parallel
from core.errors import ResourceError
from core.files import appearing

LOWEST, HIGHEST = 1.5, 8.0
"""Linear overdensities today between which collapse is tabulated, in equal steps of the logarithm."""
ROUNDEST = 0.5
"""Largest tabulated ellipticity; rounder than this is never asked for, flatter never collapses."""
EDGE = 1 - 1e-4
"""Largest |p / e|: beyond 1 the eigenvalues change their order."""
SHAPE = (50, 20, 20)
"""Nodes in F, e and p / e."""

FROZEN_LONG, FROZEN = 0.01, 0.171
"""Where axes freeze, in units of the scale factor: axis 1, the last to collapse; axes 2 and 3, 0.171 = 178^(-1/3)."""
LAST = 2.0
"""Scale factor at which the integration gives up."""
_STEP = 0.01
"""Time step in units of the shortest free axis to the power 3/2, about its time of free fall. The axis counts as no
longer than the scale factor, so that no step leads far beyond `LAST`."""
Three: TypeAlias = tuple[float, float, float]
Six: TypeAlias = tuple[float, float, float, float, float, float]

_EARLY = 20.0
"""Ellipsoids start at a = 1 / (20 F), where the shortest axis lags by some percent."""


@dataclass(frozen=True)
class CollapseTable:
    """1 + z of collapse at the nodes of F (logarithmic), e and p / e; 0 where there is none by a = 2."""

    omega_matter: float
    values: Array

    def __call__(self, overdensity: Array, ellipticity: Array, prolateness: Array) -> Array:
        """1 + z of collapse by trilinear interpolation, any equal shapes; 0 for no collapse."""
        f, e, p = np.broadcast_arrays(overdensity, ellipticity, prolateness)
        out = np.empty(f.size)
        flat = [np.ascontiguousarray(x, dtype=np.float64).reshape(-1) for x in (f, e, p)]
        for index, (one, two, three) in enumerate(zip(*flat, strict=True)):
            out[index] = look_up(self.values, one, two, three)
        return out.reshape(f.shape)


@lru_cache(maxsize=8)
def collapse_table(omega_matter: float, shape: tuple[int, int, int] = SHAPE) -> CollapseTable:
    """The table of a flat universe, from the user's cache, or made (about 10 CPU seconds at full size) and kept."""
    size = "x".join(map(str, shape))
    path = cache_folder() / f"collapse-1-{omega_matter:.8g}-{size}.npz"
    with (
        suppress(Exception),  # a damaged file is as good as none
        path.open("rb") as kept,
        np.load(kept, allow_pickle=False) as file,
    ):
        values = file["values"]
        if values.shape == shape and float(file["omega_matter"]) == omega_matter and np.isfinite(values).all():
            return CollapseTable(omega_matter, values)
    f, e, ratio = np.meshgrid(*axes(shape), indexing="ij")
    table = CollapseTable(omega_matter, collapse(f, e, ratio * e, omega_matter).astype(np.float32))
    with suppress(ResourceError), appearing(path) as temporary, temporary.open("wb") as new:  # without: only slower
        np.savez(new, values=table.values, omega_matter=omega_matter)
    return table


def cache_folder() -> Path:
    """Where tables are kept: $XDG_CACHE_HOME/halodeck, by default ~/.cache/halodeck."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "halodeck"


def axes(shape: tuple[int, int, int] = SHAPE) -> tuple[Array, Array, Array]:
    """The nodes of F, e and p / e."""
    return (
        np.geomspace(LOWEST, HIGHEST, shape[0]),
        np.linspace(0, ROUNDEST, shape[1]),
        np.linspace(-EDGE, EDGE, shape[2]),
    )


def collapse(overdensity: Array, ellipticity: Array, prolateness: Array, omega_matter: float) -> Array:
    """1 + z at which ellipsoids of these F, e, p (equal shapes) collapse, 0 for those that have not at a = 2."""
    f, e, p = (np.asarray(x, dtype=np.float64).reshape(-1) for x in (overdensity, ellipticity, prolateness))
    strain = f[:, None] / 3 * np.stack([1 - 3 * e + p, 1 - 2 * p, 1 + 3 * e + p], axis=1)
    start = 1 / (_EARLY * f)
    first, rate = linear_growth(start, omega_matter)
    # D / a is smooth: linear interpolation on this grid errs by 1e-7
    grid = np.linspace(0, 1.1 * LAST, 2201)
    ratio = linear_growth(np.maximum(grid, 1e-6), omega_matter)[0] / np.maximum(grid, 1e-6)
    out = np.empty(f.size)
    _evolve_all(strain, start, first, rate, 1 / omega_matter - 1, ratio, grid[1], out)
    return out.reshape(np.shape(overdensity))


def linear_growth(a: Array, omega_matter: float) -> tuple[Array, Array]:
    """D(a), 1 today, and dlnD/dlna of a flat universe at any a, also beyond today (Heath 1977 in closed form)."""
    from scipy.special import hyp2f1

    vacuum = 1 / omega_matter - 1
    unnormalised = a * hyp2f1(1 / 3, 1, 11 / 6, -vacuum * a**3)
    matter = 1 / (1 + vacuum * a**3)
    first = unnormalised / hyp2f1(1 / 3, 1, 11 / 6, -vacuum)
    return np.asarray(first), np.asarray(matter * (2.5 * a / unnormalised - 1.5))


@compiled
def look_up(values: Array, overdensity: float, ellipticity: float, prolateness: float) -> float:
    """1 + z of collapse from a table's values; 0 below and beside the table.

    Above it matter dominates when the ellipsoid collapses: 1 + z grows in proportion to F.
    """
    if overdensity < LOWEST or ellipticity > ROUNDEST:
        return 0.0
    scale = max(1.0, overdensity / HIGHEST)
    ratio = prolateness / ellipticity if ellipticity > 1e-5 else 0.0
    x = np.log(overdensity / scale / LOWEST) / np.log(HIGHEST / LOWEST) * (values.shape[0] - 1)
    y = ellipticity / ROUNDEST * (values.shape[1] - 1)
    z = (min(max(ratio, -EDGE), EDGE) / EDGE + 1) / 2 * (values.shape[2] - 1)
    i, j, k = min(int(x), values.shape[0] - 2), min(int(y), values.shape[1] - 2), min(int(z), values.shape[2] - 2)
    x, y, z = x - i, y - j, z - k
    total = 0.0
    for di in range(2):
        for dj in range(2):
            for dk in range(2):
                weight = (x if di else 1 - x) * (y if dj else 1 - y) * (z if dk else 1 - z)
                total += weight * values[i + di, j + dj, k + dk]
    return scale * total


@compiled
def carlson_rd(x: float, y: float, z: float) -> float:
    """Carlson's elliptic integral R_D by duplication (Carlson 1979), relative error below 1e-7."""
    total, power = 0.0, 1.0
    while True:
        sx, sy, sz = np.sqrt(x), np.sqrt(y), np.sqrt(z)
        shift = sx * (sy + sz) + sy * sz
        total += power / (sz * (z + shift))
        power *= 0.25
        x, y, z = 0.25 * (x + shift), 0.25 * (y + shift), 0.25 * (z + shift)
        mean = 0.2 * (x + y + 3 * z)
        dx, dy, dz = 1 - x / mean, 1 - y / mean, 1 - z / mean
        if max(abs(dx), abs(dy), abs(dz)) < 0.05:  # the series errs by its sixth power
            break
    ea, eb = dx * dy, dz * dz
    ec, ed = ea - eb, ea - 6 * eb
    ee = ed + 2 * ec
    series = 1 + ed * (-3 / 14 + 9 / 88 * ed - 9 / 52 * dz * ee)
    series += dz * (ee / 6 + dz * (-9 / 22 * ec + dz * 3 / 26 * ea))
    return 3 * total + power * series / (mean * np.sqrt(mean))


@compiled
def shape_integrals(a1: float, a2: float, a3: float) -> tuple[float, float, float]:
    """b_i of an ellipsoid: its own pull along axis i is 3/2 Delta b_i a_i. A sphere has 1/3 each."""
    r2, r3 = a2 / a1, a3 / a1
    b2 = r2 * r3 / 3 * carlson_rd(r3 * r3, 1.0, r2 * r2)
    b3 = r2 * r3 / 3 * carlson_rd(r2 * r2, 1.0, r3 * r3)
    return 1 - b2 - b3, b2, b3


@compiled
def _slopes(a: float, state: Six, free: Three, strain: Three, vacuum: float, ratio: Array, spacing: float) -> Six:
    """d/da of the axes (state[:3]) and their velocities (state[3:])."""
    a3 = a * a * a
    time = 1 / np.sqrt((1 + vacuum * a3) / a)
    at = a / spacing
    node = int(at)
    growth = a * (ratio[node] + (at - node) * (ratio[node + 1] - ratio[node]))
    contrast = a3 / (state[0] * state[1] * state[2]) - 1
    third = (strain[0] + strain[1] + strain[2]) / 3
    b1, b2, b3 = shape_integrals(state[0], state[1], state[2])
    cosmic = 0.5 - vacuum * a3
    pull1 = 1.5 * contrast * b1 + cosmic + 1.5 * growth * (strain[0] - third)
    pull2 = 1.5 * contrast * b2 + cosmic + 1.5 * growth * (strain[1] - third)
    pull3 = 1.5 * contrast * b3 + cosmic + 1.5 * growth * (strain[2] - third)
    return (
        free[0] * state[3] * time,
        free[1] * state[4] * time,
        free[2] * state[5] * time,
        -free[0] * state[0] * pull1 * time / a3,
        -free[1] * state[1] * pull2 * time / a3,
        -free[2] * state[2] * pull3 * time / a3,
    )


@compiled
def _moved(state: Six, slopes: Six, step: float) -> Six:
    return (
        state[0] + step * slopes[0],
        state[1] + step * slopes[1],
        state[2] + step * slopes[2],
        state[3] + step * slopes[3],
        state[4] + step * slopes[4],
        state[5] + step * slopes[5],
    )


@compiled
def _evolve(strain: Three, a: float, first: float, rate: float, vacuum: float, ratio: Array, spacing: float) -> float:
    """1 + z at which one ellipsoid's longest axis freezes, 0 for none: Runge-Kutta of fourth order in a."""
    speed = np.sqrt((1 + vacuum * a * a * a) / a)
    early, late = first, (1 + rate) * first
    state = (
        a * (1 - early * strain[0]),
        a * (1 - early * strain[1]),
        a * (1 - early * strain[2]),
        speed * (1 - late * strain[0]),
        speed * (1 - late * strain[1]),
        speed * (1 - late * strain[2]),
    )
    free = (1.0, 1.0, 1.0)
    while a < LAST:
        shortest = min(a, state[0])  # a free axis may outgrow the universe
        if free[1] > 0:
            shortest = min(shortest, state[1])
        if free[2] > 0:
            shortest = min(shortest, state[2])
        step = _STEP * shortest * np.sqrt(shortest * (1 + vacuum * a * a * a) / a)
        k1 = _slopes(a, state, free, strain, vacuum, ratio, spacing)
        k2 = _slopes(a + step / 2, _moved(state, k1, step / 2), free, strain, vacuum, ratio, spacing)
        k3 = _slopes(a + step / 2, _moved(state, k2, step / 2), free, strain, vacuum, ratio, spacing)
        k4 = _slopes(a + step, _moved(state, k3, step), free, strain, vacuum, ratio, spacing)
        state = _moved(_moved(_moved(_moved(state, k1, step / 6), k2, step / 3), k3, step / 3), k4, step / 6)
        a += step
        free = (1.0, free[1] if state[1] > FROZEN * a else 0.0, free[2] if state[2] > FROZEN * a else 0.0)
        if state[0] <= FROZEN_LONG * a:
            return 1 / a
    return 0.0


@compiled_parallel
def _evolve_all(
    strain: Array, start: Array, first: Array, rate: Array, vacuum: float, ratio: Array, spacing: float, out: Array
) -> None:
    for n in numba.prange(out.size):
        axes = (strain[n, 0], strain[n, 1], strain[n, 2])
        out[n] = _evolve(axes, start[n], first[n], rate[n], vacuum, ratio, spacing)
