"""What an emulator of the N-body starts from: the density of second-order displacements of the damped linear field."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from core.cosmos.box import Array, Assignment, Field, lattice
from core.cosmos.cosmology import Cosmology
from core.cosmos.initial import squared_wavenumber
from core.cosmos.lpt import first_order, second_order
from core.cosmos.paint import paint
from core.cosmos.power import damping, linear_power
from core.cosmos.universe import check_field


def damped_2lpt(
    delta: Field,
    cosmology: Cosmology,
    assignment: Assignment = "trapezoid",
    power: Callable[[Array], Array] | None = None,
    device: str = "cpu",
) -> tuple[Field, Field]:
    """The fields density_2lpt (Eulerian) and displacement_2lpt [Mpc/h] at z = 0 of a linear density at z = 0.

    Its waves are damped as `power.damped` damps a spectrum, by the root of that, phases kept: as if drawn from the
    damped spectrum with the same white noise. `power`, which sets the scale, defaults to that of Eisenstein & Hu.
    Petulante 2023, chapter 3. Raises: InputError for an unusable field.
    """
    check_field(delta)
    cells, box_size = delta.cells, delta.box_size
    modes = torch.fft.rfftn(torch.from_numpy(np.array(delta.values, dtype=np.float32)).to(device))
    squared = squared_wavenumber(cells, modes.device)
    k = 2 * np.pi / box_size * np.sqrt(np.arange(int(squared.max()) + 1))
    factor = np.sqrt(damping(power or linear_power(cosmology))(k))
    modes *= torch.as_tensor(factor, dtype=torch.float32, device=modes.device)[squared]
    # D = 1 today
    moved = first_order(modes, box_size) + cosmology.growth.second(1.0) * second_order(modes, box_size)
    displacement = moved.cpu().numpy()
    positions = lattice(cells, box_size) + displacement.reshape(3, -1).T
    density = paint(positions, cells, box_size, assignment)
    return (
        Field("density_2lpt", density, box_size, "overdensity", 0.0, "eulerian", assignment),
        Field("displacement_2lpt", displacement, box_size, "Mpc/h", 0.0),
    )
