"""What networks on the initial lattice are fed: density and displacement in units of the training set, and checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from core.cosmos.universe import Universe, check_field
from core.errors import InputError, ResourceError
from core.truth import Source, sources

if TYPE_CHECKING:
    import torch

Inputs = Literal["density", "density+displacement"]


def scales(training: Sequence[Universe], inputs: Inputs) -> dict[str, float]:
    """Standard deviations of the inputs over the training universes, and their cell size [Mpc/h]."""
    variance = np.mean([np.var(u.field("delta_linear").values, dtype=np.float64) for u in training])
    constants = {"sigma": float(np.sqrt(variance)), "cell_size": training[0].box_size / training[0].cells}
    if inputs == "density+displacement":
        square = np.mean([float(displacement(universe).double().square().mean()) for universe in training])
        constants["sigma_displacement"] = float(np.sqrt(square))
    return constants


def channels(universe: Universe, inputs: Inputs, constants: dict[str, float]) -> torch.Tensor:
    """(1, n, n, n) or (4, n, n, n): density, then the components of the displacement, divided by the scales."""
    import torch

    density = torch.from_numpy(np.array(universe.field("delta_linear").values))[None] / constants["sigma"]
    if inputs == "density":
        return density
    return torch.cat([density, displacement(universe) / constants["sigma_displacement"]])


def displacement(universe: Universe) -> torch.Tensor:
    """The Zel'dovich displacement (3, n, n, n) [Mpc/h] of the linear density.

    The linear velocity is proportional to it, so that the one holds what the other does.
    """
    import torch

    from core.cosmos.lpt import first_order

    modes = torch.fft.rfftn(torch.from_numpy(np.array(universe.field("delta_linear").values)))
    return first_order(modes, universe.box_size)


def check_set(universes: Sequence[Universe], validation: int, test: int, truth: Source) -> None:
    """Refuse a set that leaves none to train on, lacks true halos, or mixes cell sizes. Raises: InputError."""
    needed = validation + test + 1
    if len(universes) < needed:
        raise InputError(
            f"{len(universes)} universes leave none to train on ({validation} validate, {test} test)",
            f"give at least {needed}",
        )
    for universe in universes:
        check_linear(universe)
        if not sources(universe) or truth not in ("auto", *sources(universe)):
            wanted = "halos" if truth == "auto" else f"{truth} halos"
            raise InputError(f"{universe.path} has no {wanted} to learn from", "simulate it with `--truth both`")
    if truth == "auto" and len({sources(universe)[0] for universe in universes}) > 1:
        raise InputError("some universes have N-body halos, some have not", "set truth=peakpatch")
    sizes = {round(universe.box_size / universe.cells, 6) for universe in universes}
    if len(sizes) > 1:
        raise InputError(
            f"the universes have cells of {', '.join(f'{size:g}' for size in sorted(sizes))} Mpc/h",
            "train on one cell size",
        )


def check_cell_size(universe: Universe, constants: dict[str, float]) -> None:
    """Refuse cells of another size than those trained on. Raises: InputError."""
    trained, given = constants["cell_size"], universe.box_size / universe.cells
    if not np.isclose(trained, given, rtol=1e-3):
        raise InputError(
            f"{universe.path} has cells of {given:g} Mpc/h, the network was trained on {trained:g}",
            "train on universes of that cell size, see `halodeck simulate --like`",
        )


def check_linear(universe: Universe) -> None:
    """Refuse what has no linear density. Raises: InputError."""
    if "delta_linear" not in universe.fields:
        raise InputError(f"{universe.path} is a {universe.kind} without delta_linear", "give a universe")


def check_density(universe: Universe) -> None:
    """Read the linear density through and refuse what would only show as a strange loss. Raises: InputError."""
    field = universe.field("delta_linear")
    check_field(replace(field, name=f"{field.name} of {universe.path}"))


def check_memory(needed: Callable[[int, int], int], batch: int, size: int, factor: int, device: torch.device) -> None:
    """Refuse training that will not fit. Raises: ResourceError with a batch and a crop size that do.

    `needed(batch, size)` tells the bytes of training on crops of this side, of which only multiples of `factor` do.
    """
    from core.memory import GIB, free_memory

    free, wanted = free_memory(device), needed(batch, size)
    if wanted <= free:
        return
    smaller = [(b, size) for b in range(batch - 1, 0, -1)] + [(1, s) for s in range(size - factor, 0, -factor)]
    fits = next(((b, s) for b, s in smaller if needed(b, s) <= free), None)
    remedy = f"crop.batch={fits[0]} crop.size={fits[1]} fits" if fits else "choose fewer network.filters"
    raise ResourceError(
        f"training needs about {wanted / GIB:.2g} GiB, {device.type} has {free / GIB:.2g} GiB free", remedy
    )
