"""Networks computed in bf16, but for the 3-D convolutions whose gradients would be wrong there.

Over a box with a side smaller than the kernel's, oneDNN leaves some of the weights' gradient unwritten: it is what lay
in that memory before, finite, infinite or no number (torch 2.13 on a CPU with AVX512-bf16; outputs and the gradient of
the input are right). The lowest level of a V-Net with kernels of 5^3 is such a box, where 64^3 cells are halved four
times. There they are computed in single precision, which costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@contextmanager
def bf16(module: torch.nn.Module, device: torch.device, wanted: bool) -> Iterator[None]:
    """Compute a module on a device in bf16 where that is wanted."""
    import torch

    endangered = wanted and device.type == "cpu" and torch.is_grad_enabled()
    with torch.autocast(device.type, torch.bfloat16, enabled=wanted), ExitStack() as hooks:
        for layer in module.modules() if endangered else ():
            if isinstance(layer, torch.nn.Conv3d | torch.nn.ConvTranspose3d):
                before, after = _hooks(layer.kernel_size)
                hooks.enter_context(layer.register_forward_pre_hook(before))
                hooks.enter_context(layer.register_forward_hook(after, always_call=True))
        yield


def _hooks(kernel: tuple[int, ...]) -> tuple[Any, Any]:
    """What leaves bf16 before a convolution whose box is smaller than its kernel, and comes back to it afterwards."""
    import torch

    left: list[torch.autocast] = []

    def before(_layer: Any, inputs: tuple[torch.Tensor]) -> tuple[torch.Tensor] | None:
        (x,) = inputs
        if all(side >= width for side, width in zip(x.shape[2:], kernel, strict=True)):
            return None
        left.append(torch.autocast("cpu", enabled=False))
        left[-1].__enter__()
        return (x.float(),)

    def after(_layer: Any, _inputs: object, _output: object) -> None:
        if left:
            left.pop().__exit__(None, None, None)

    return before, after
