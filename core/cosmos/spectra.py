"""Power spectra of fields in a periodic box: P(k), cross-correlation r(k), transfer function T(k)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.cosmos.box import Array, Catalogue, Field
from core.errors import InputError


@dataclass(frozen=True)
class Spectra:
    """Spectra of two fields in shells one fundamental mode wide; `k` is the mean of each shell [h/Mpc].

    P in (Mpc/h)^3; `modes` counts independent complex modes twice (all k, not half of them).
    """

    k: Array
    power: Array
    other: Array
    cross: Array
    modes: Array

    @property
    def correlation(self) -> Array:
        """r(k) = P_ab / sqrt(P_a P_b)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.cross / np.sqrt(self.power * self.other))

    @property
    def transfer(self) -> Array:
        """T(k) = sqrt(P_a / P_b)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.sqrt(self.power / self.other))

    @property
    def relative_error(self) -> Array:
        """Standard deviation of P over P for a Gaussian field: sqrt(2 / modes)."""
        return np.asarray(np.sqrt(2 / self.modes))


def spectra(first: Field, second: Field | None = None, window_order: int = 0) -> Spectra:
    """P(k) of one field, or the three spectra of two.

    `window_order` divides by sinc^order per axis and amplitude: 2 for cloud-in-cell meshes, 0 for lattice fields.
    k reaches the Nyquist frequency; mass-assigned meshes are aliased beyond about 0.7 of it.
    Raises: InputError for different boxes or grids.
    """
    import scipy.fft

    from core.cosmos.kernels import shell_sums

    second = first if second is None else second
    if (first.cells, first.box_size) != (second.cells, second.box_size):
        raise InputError(
            f"{first.name} ({first.cells}^3, {first.box_size:g} Mpc/h) and {second.name} "
            f"({second.cells}^3, {second.box_size:g} Mpc/h) differ",
            "compare fields of one box and one grid",
        )
    cells, volume = first.cells, first.box_size**3
    a = scipy.fft.rfftn(np.asarray(first.values, dtype=np.float32), workers=-1)
    b = a if second is first else scipy.fft.rfftn(np.asarray(second.values, dtype=np.float32), workers=-1)
    sums = np.zeros((5, cells // 2))
    shell_sums(a, b, window_order, sums)
    power_a, power_b, cross, k, modes = sums[:, 1:]
    norm = volume / float(cells) ** 6 / modes
    return Spectra(
        k / modes * 2 * np.pi / first.box_size, power_a * norm, power_b * norm, cross * norm, modes.astype(np.int64)
    )


def halo_field(catalogue: Catalogue, cells: int, positions: str = "position") -> Field:
    """Number overdensity of halos on a mesh (cloud in cell: use window_order=2)."""
    from core.cosmos.paint import paint

    if len(catalogue) == 0:
        raise InputError("the catalogue has no halos", "lower the mass cut")
    values = paint(catalogue[positions], cells, catalogue.box_size)
    return Field("halo number density", values, catalogue.box_size, "", catalogue.redshift, "eulerian")
