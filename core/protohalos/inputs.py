"""What networks on the initial lattice are fed, in units of the training set, and what is refused.

The linear density; with it, if asked for, what it is around each cell, the Zel'dovich displacement or the outcome of a
cheap N-body.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from core.aside import empty
from core.cosmos.universe import Universe, sound_field
from core.errors import InputError
from core.learning.training_set import Split, check_cell_sizes
from core.protohalos import context
from core.protohalos.dynamics import CONTRACTIONS, CheapRun, outcome, told_by
from core.protohalos.truth import TruthSource, check_smallest, check_truth, count, redshift_of, sources

if TYPE_CHECKING:
    import torch

Inputs = Literal["density", "density+context", "density+displacement", "density+nbody"]
"""The linear density alone; with what it is around each cell; with the Zel'dovich displacement; with the outcome of a
cheap N-body of the same phases."""


def channel_count(inputs: Inputs, run: CheapRun) -> int:
    """Fields that the network sees."""
    beside = {
        "density": 0,
        "density+context": context.count(),
        "density+displacement": 3,
        "density+nbody": run.channels,
    }
    return 1 + beside[inputs]


def run_seen(inputs: Inputs, run: CheapRun) -> CheapRun | None:
    """The cheap N-body that the network sees, if it sees one."""
    return run if inputs == "density+nbody" else None


def vectors_of(inputs: Inputs) -> tuple[int, ...]:
    """The first of the three channels of each vector among them."""
    return (1,) if inputs == "density+displacement" else ()


def scales(training: Sequence[Universe], inputs: Inputs, truth: TruthSource = "auto") -> dict[str, float]:
    """Standard deviations of the inputs over the training universes, their cell size [Mpc/h], and the redshift of their
    halos, to which a cheap N-body goes."""
    variance = np.mean([np.var(u.field("delta_linear").values, dtype=np.float64) for u in training])
    constants = {"sigma": float(np.sqrt(variance)), "cell_size": training[0].box_size / training[0].cells}
    if inputs == "density+context":
        constants |= {f"sigma_context.{number}": sigma for number, sigma in enumerate(context.scale(training))}
    if inputs == "density+displacement":
        square = np.mean([float(displacement(universe).double().square().mean()) for universe in training])
        constants["sigma_displacement"] = float(np.sqrt(square))
    if inputs == "density+nbody":
        constants["redshift"] = redshift_of(training[0], truth)
    return constants


def channels(
    universe: Universe,
    inputs: Inputs,
    constants: dict[str, float],
    run: CheapRun | None = None,
    device: torch.device | str = "cpu",
    moved: torch.Tensor | None = None,
) -> torch.Tensor:
    """(`channel_count`, n, n, n) on the host: the density, then context, displacement or what is told of the run.

    The cheap N-body is computed on the device, unless its outcome `moved` [Mpc/h] is given.
    """
    import torch

    values = empty((1, *(universe.cells,) * 3), np.float32)
    values[0] = universe.field("delta_linear").values
    density = torch.from_numpy(values).div_(constants["sigma"])
    if inputs == "density":
        return density
    if inputs == "density+context":
        known = [constants[f"sigma_context.{number}"] for number in range(context.count())]
        return torch.cat([density, context.context(universe) / torch.tensor(known).view(-1, 1, 1, 1)])
    if inputs == "density+displacement":
        return torch.cat([density, displacement(universe) / constants["sigma_displacement"]])
    run = run or CheapRun()
    moved = outcome(universe, run, constants["redshift"], device) if moved is None else moved
    told = told_by(moved, universe.box_size, run).cpu()
    told[CONTRACTIONS] /= constants["sigma"]
    return torch.cat([density, told])


def where_it_lies(universe: Universe, sigma: float) -> tuple[torch.Tensor, Callable[[torch.Tensor], torch.Tensor]]:
    """The linear density (1, n, n, n) as it lies in its file, and what makes of a part of it what networks are fed:
    every process may read the same file, and none holds the box."""
    import torch

    info = universe.fields["delta_linear"]
    # "c": a page that is written to is copied; nothing writes, but a read-only array is no tensor
    values = np.memmap(universe.path, info.dtype, "c", info.offset, info.shape)
    return torch.from_numpy(values)[None], lambda part: part.float() / sigma


def displacement(universe: Universe) -> torch.Tensor:
    """The Zel'dovich displacement (3, n, n, n) [Mpc/h] of the linear density.

    The linear velocity is proportional to it, so that the one holds what the other does.
    """
    import torch

    from core.cosmos.lpt import first_order

    modes = torch.fft.rfftn(torch.from_numpy(np.array(universe.field("delta_linear").values)))
    return first_order(modes, universe.box_size)


def check_set(
    universes: Sequence[Universe], split: Split, truth: TruthSource, minimum_cells: int | None = None
) -> None:
    """Refuse a set that leaves none to train on, lacks true halos, or mixes cell sizes. Raises: InputError."""
    split.parts(universes)
    for universe in universes:
        check_linear(universe)
        check_truth(universe, truth)
        if minimum_cells is not None:
            check_smallest(universe, truth, minimum_cells)
    if truth == "auto" and len({sources(universe)[0] for universe in universes}) > 1:
        raise InputError("some universes have N-body halos, some have not", "set truth=peakpatch")
    if not any(count(universe, truth) for universe in universes):
        raise InputError("none of the universes has a halo to learn from", "use larger boxes or more particles")
    check_cell_sizes(universes)


def check_cell_size(universe: Universe, constants: dict[str, float]) -> None:
    """Refuse cells of another size than those trained on. Raises: InputError."""
    trained, given = constants["cell_size"], universe.box_size / universe.cells
    if not np.isclose(trained, given, rtol=1e-3):
        raise InputError(
            f"{universe.path} has cells of {given:g} Mpc/h, the network was trained on {trained:g}",
            "train on universes of that cell size, see `halodeck simulate --like`",
        )


def check_predictable(universe: Universe, constants: dict[str, float]) -> None:
    """Refuse what a network that was trained with these constants cannot be applied to. Raises: InputError."""
    check_linear(universe)
    check_density(universe)
    check_cell_size(universe, constants)


def check_linear(universe: Universe) -> None:
    """Refuse what has no linear density. Raises: InputError."""
    if "delta_linear" not in universe.fields:
        raise InputError(
            f"{universe.path} is a {universe.kind} without delta_linear", "give a universe with initial conditions"
        )


def check_density(universe: Universe) -> None:
    """Read the linear density through and refuse what would only show as a strange loss. Raises: InputError."""
    sound_field(universe, "delta_linear")
