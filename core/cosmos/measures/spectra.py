"""Power spectra of fields and particles in a periodic box: P(k), cross-correlation r(k), transfer function T(k)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.cosmos.box import Array, Assignment, Field
from core.errors import InputError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Spectra:
    """Spectra of two fields in shells one fundamental mode wide; `k` is the mean of each shell [h/Mpc].

    P in (Mpc/h)^3; `modes` counts independent complex modes twice (all k, not half of them). Errors are one standard
    deviation of Gaussian fields. `shot_noise` is V/N of each set of particles, part of `power` and `other`; matter
    that started on a lattice has none, whatever the formula says.
    """

    k: Array
    power: Array
    other: Array
    cross: Array
    modes: Array
    shot_noise: tuple[float, float] = (0.0, 0.0)

    @property
    def correlation(self) -> Array:
        """r(k) = P_ab / sqrt(P_a P_b)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.cross / np.sqrt(self.power * self.other))

    @property
    def correlation_error(self) -> Array:
        """(1 - r^2) / sqrt(modes)."""
        return np.asarray(np.maximum(0, 1 - self.correlation**2) / np.sqrt(self.modes))

    @property
    def transfer(self) -> Array:
        """T(k) = sqrt(P_a / P_b)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.sqrt(self.power / self.other))

    @property
    def transfer_error(self) -> Array:
        """T sqrt((1 - r^2) / modes): what both fields share does not scatter."""
        return np.asarray(self.transfer * np.sqrt(np.maximum(0, 1 - self.correlation**2) / self.modes))

    @property
    def relative_error(self) -> Array:
        """Standard deviation of P over P: sqrt(2 / modes)."""
        return np.asarray(np.sqrt(2 / self.modes))


def spectra(first: Field, second: Field | None = None, device: str = "cpu", below: float | None = None) -> Spectra:
    """P(k) of one field, or the three spectra of two.

    Amplitudes are divided by the window that each field was painted with, its `assignment`.
    k reaches the Nyquist frequency; mass-assigned meshes are aliased beyond about 0.7 of it. With `below` [h/Mpc] all
    modes with |k| up to there are one shell. Raises: InputError for different boxes or grids.
    """
    if second is not None and (first.cells, first.box_size) != (second.cells, second.box_size):
        raise InputError(
            f"{first.name} ({first.cells}^3, {first.box_size:g} Mpc/h) and {second.name} "
            f"({second.cells}^3, {second.box_size:g} Mpc/h) differ",
            "compare fields of one box and one grid",
        )
    a = fourier(first, device)
    b = a if second is None or second is first else fourier(second, device)
    return _binned(a, b, first.box_size, first.assignment, (second or first).assignment, below)


def particle_spectra(
    positions: Array,
    box_size: float,
    cells: int,
    other: Array | None = None,
    assignment: Assignment = "pcs",
    interlaced: bool = True,
    device: str = "cpu",
    below: float | None = None,
) -> Spectra:
    """Spectra of the number overdensity of particles, positions (N, 3) [Mpc/h], or of two sets of them.

    k reaches the Nyquist frequency of a mesh of cells^3; with `below` [h/Mpc] all modes with |k| up to there are one
    shell. Interlacing (Sefusatti et al. 2016, arXiv:1512.07295) averages two meshes half a cell apart, on which odd
    aliases cancel: with PCS, P(k) is good to 0.9 of Nyquist, and so is the shot noise in it: V/N at every k.
    """
    a = particle_modes(positions, box_size, cells, assignment, interlaced, device)
    b = a if other is None else particle_modes(other, box_size, cells, assignment, interlaced, device)
    second = positions if other is None else other
    noise = (box_size**3 / len(positions), box_size**3 / len(second))
    return _binned(a, b, box_size, assignment, assignment, below, noise)


def inverse_window(assignment: Assignment | None, cells: int) -> Array:
    """1 / W (n/2+1) along one axis at the modes 0 ... n/2 of a mesh; ones where nothing was painted."""
    from core.cosmos.paint import window

    frequency = np.arange(cells // 2 + 1) / cells
    return 1 / window(assignment, frequency) if assignment else np.ones_like(frequency)


def fourier(field: Field, device: str = "cpu") -> torch.Tensor:
    """The unnormalised transform of a scalar field, rfftn layout (n, n, n/2+1), complex64."""
    import scipy.fft
    import torch

    if device == "cpu":
        values = np.asarray(field.values, dtype=np.float32)
        return torch.from_numpy(scipy.fft.rfftn(values, workers=-1))  # takes a memory map as it is
    return torch.fft.rfftn(torch.tensor(field.values, dtype=torch.float32, device=device))


def particle_modes(
    positions: Array, box_size: float, cells: int, assignment: Assignment, interlaced: bool, device: str = "cpu"
) -> torch.Tensor:
    """delta(k) of particles as `fourier` gives it, the window of the mesh still in it."""
    import torch

    from core.cosmos.paint import overdensity

    modes = torch.fft.rfftn(overdensity(positions, cells, box_size, assignment, device=device))
    if not interlaced:
        return modes
    shifted = torch.fft.rfftn(overdensity(positions, cells, box_size, assignment, shift=0.5, device=device))
    # particles moved by half a cell along each axis: undo with exp(i k h/2) per axis
    axis = torch.polar(torch.tensor(1.0), torch.pi * torch.fft.fftfreq(cells)).to(device)
    last = torch.polar(torch.tensor(1.0), torch.pi * torch.fft.rfftfreq(cells)).to(device)
    shifted *= axis[:, None, None]
    shifted *= axis[:, None] * last
    return (modes + shifted) / 2


def _binned(
    a: torch.Tensor,
    b: torch.Tensor,
    box_size: float,
    first_assignment: Assignment | None,
    second_assignment: Assignment | None,
    below: float | None,
    noise: tuple[float, float] = (0.0, 0.0),
) -> Spectra:
    """Means over the modes of each shell, or over all that lie `below`."""
    cells = a.shape[0]
    inverse_a, inverse_b = inverse_window(first_assignment, cells), inverse_window(second_assignment, cells)
    if below is not None:
        sums = _low_sums(a, b, inverse_a, inverse_b, below * box_size / (2 * np.pi))
    elif a.device.type == "cpu":
        from core.cosmos.kernels import shell_sums

        planes = np.zeros((cells, 5, cells // 2))
        shell_sums(a.numpy(), b.numpy(), inverse_a, inverse_b, planes)
        sums = planes.sum(axis=0)
    else:
        sums = _shell_sums_torch(a, b, inverse_a, inverse_b)
    power_a, power_b, cross, k, modes = sums[:, 1:]
    norm = box_size**3 / float(cells) ** 6 / modes
    return Spectra(
        k / modes * 2 * np.pi / box_size, power_a * norm, power_b * norm, cross * norm, modes.astype(np.int64), noise
    )


def _low_sums(a: torch.Tensor, b: torch.Tensor, inverse_a: Array, inverse_b: Array, below: float) -> Array:
    """The sums (5, 2) of `kernels.shell_sums`, the second column over 0 < |k| <= below [fundamental modes]."""
    cells = a.shape[0]
    reach = min(int(below), cells // 2 - 1)
    axis = np.arange(-reach, reach + 1)
    k = np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis[reach:] ** 2)
    used = (k > 0) & (k <= below)

    def low(modes: torch.Tensor, inverse: Array) -> Array:
        corner = modes[axis % cells][:, axis % cells][:, :, : reach + 1].cpu().numpy().astype(np.complex128)
        one = inverse[abs(axis)]
        return np.asarray((corner * one[:, None, None] * one[:, None] * inverse[: reach + 1])[used])

    va, vb, count = low(a, inverse_a), low(b, inverse_b), np.broadcast_to(np.where(axis[reach:] == 0, 1, 2), k.shape)
    terms = abs(va) ** 2, abs(vb) ** 2, (va * vb.conj()).real, k[used], np.ones(len(va))
    sums = np.array([(count[used] * term).sum() for term in terms])
    return np.stack([np.zeros(5), sums], axis=1)


def _shell_sums_torch(a: torch.Tensor, b: torch.Tensor, inverse_a: Array, inverse_b: Array) -> Array:
    """The sums (5, n/2) of `kernels.shell_sums`, on any device, one plane of modes at a time."""
    import torch

    cells, half, device = a.shape[0], a.shape[0] // 2, a.device
    axis = torch.fft.fftfreq(cells, 1 / cells, dtype=torch.float64, device=device)
    last = torch.arange(half + 1, dtype=torch.float64, device=device)
    count = torch.where(last == 0, 1.0, 2.0)
    ia, ib = (torch.as_tensor(inverse, device=device) for inverse in (inverse_a, inverse_b))
    rows = axis.abs().long()
    sums = torch.zeros((5, half + 1), dtype=torch.float64, device=device)
    for i in range(cells):
        k = torch.sqrt(axis[i] ** 2 + axis[:, None] ** 2 + last**2)
        shell = (k + 0.5).to(torch.int64).clamp(max=half)  # the last bin collects what is beyond Nyquist
        wa, wb = (inverse[rows[i]] * inverse[rows][:, None] * inverse for inverse in (ia, ib))
        va, vb = torch.view_as_real(a[i]).double(), torch.view_as_real(b[i]).double()
        products = (wa**2 * (va * va).sum(-1), wb**2 * (vb * vb).sum(-1), wa * wb * (va * vb).sum(-1))
        terms = [count * product for product in products] + [count * k, count.expand_as(k)]
        for row, term in enumerate(terms):
            sums[row] += torch.bincount(shell.flatten(), term.flatten(), minlength=half + 1)
    return sums[:, :half].cpu().numpy()
