"""How much memory training will take, counted before any is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from core.errors import ResourceError
from core.limits import free_memory

if TYPE_CHECKING:
    import torch

    from core.learning.learner import Optimiser

GIB = 2**30


def saved_activations(module: torch.nn.Module, shape: tuple[int, ...]) -> list[int]:
    """Bytes in float32 of each tensor that a forward pass over inputs of this shape keeps for the backward pass.

    `module` lives on the meta device: shapes go through it, no numbers do.
    """
    import torch

    own = {parameter.untyped_storage()._cdata for parameter in module.parameters()}
    kept: dict[int, torch.Tensor] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()._cdata
        if storage not in own:
            # an activation in place shares its storage with the convolution's output: counted once
            kept[storage] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = module(torch.zeros(shape, device="meta"))
    kept[output.untyped_storage()._cdata] = output
    return [tensor.untyped_storage().nbytes() for tensor in kept.values()]


def training_memory(module: torch.nn.Module, shape: tuple[int, ...], optimiser: Optimiser, bf16: bool) -> int:
    """Bytes of weights, their gradients and moments, saved activations, and the two largest gradients of those."""
    parameters = sum(parameter.numel() for parameter in module.parameters())
    moments = {"sgd": int(optimiser.momentum > 0), "adamw": 2, "amsgrad": 3}[optimiser.name]
    saved = saved_activations(module, shape)
    activations = sum(saved) + 2 * max(saved)
    if bf16:
        # weights are kept in float32 and copied
        return parameters * (4 * (2 + moments) + 2) + activations // 2
    return parameters * 4 * (2 + moments) + activations


def cube_memory(
    build: Callable[[], torch.nn.Module], channels: int, optimiser: Optimiser, bf16: bool, context: int = 0
) -> Callable[[int, int], int]:
    """The bytes of training the network that `build` makes on (batch, side): cubes with `context` cells around them."""
    import torch

    with torch.device("meta"):
        module = build()

    def needed(batch: int, side: int) -> int:
        return training_memory(module, (batch, channels, *(side + 2 * context,) * 3), optimiser, bf16)

    return needed


def check_fits(
    needed: Callable[..., int],
    settings: Sequence[str],
    asked: tuple[int, ...],
    smaller: Iterable[tuple[int, ...]],
    otherwise: str,
    device: torch.device,
) -> None:
    """Refuse training that takes more bytes than a device has free: `needed` of the values asked for some settings.

    Raises: ResourceError with the first of the smaller choices that fits, or else with another remedy.
    """
    free, wanted = free_on(device), needed(*asked)
    if wanted <= free:
        return
    fits = next((values for values in smaller if needed(*values) <= free), None)
    choice = " ".join(f"{name}={value}" for name, value in zip(settings, fits or (), strict=False))
    raise ResourceError(
        f"training needs about {wanted / GIB:.2g} GiB, {device.type} has {free / GIB:.2g} GiB free",
        f"{choice} fits" if fits else otherwise,
    )


def free_on(device: torch.device) -> int:
    """Bytes that can be had on a device."""
    import torch

    return int(torch.cuda.mem_get_info(device)[0]) if device.type == "cuda" else free_memory()
