"""Whether the devices compute what they should: 3-D convolutions of each precision against float64.

Some versions of cuDNN gave wrong bf16 and TF32 3-D convolutions (pytorch issues 163539 and 167024).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import nullcontext
from typing import TYPE_CHECKING

from core.doctor.finding import Finding, examined

if TYPE_CHECKING:
    import torch

LARGEST_ERROR = {"float32": 1e-5, "tf32": 3e-3, "bf16": 2e-2}
"""Root mean square of the difference over that of the result: a convolution sums 432 products whose factors have 24, 11
and 8 bits."""


def convolutions() -> list[Finding]:
    """Each device in each precision."""
    return examined("arithmetic", (_on_processor, _on_gpus))


def _on_processor() -> Iterator[Finding]:
    import torch

    yield _judged(torch.device("cpu"), "float32")
    yield _judged(torch.device("cpu"), "bf16")


def _on_gpus() -> Iterator[Finding]:
    import torch

    for number in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        for precision in LARGEST_ERROR:
            yield _judged(torch.device("cuda", number), precision)


def _judged(device: torch.device, precision: str) -> Finding:
    from core.learning.learner import has_bf16

    error, speed = measured(device, precision)
    wrong = not error <= LARGEST_ERROR[precision]
    slow = precision == "bf16" and device.type == "cpu" and not has_bf16(device)
    found = f"error {error:.1e}, {speed:.0f} GFLOP/s" + (", emulated: not used" if slow else "")
    remedy = "use --set precision=float32, or another version of torch" if wrong else ""
    return Finding("arithmetic", f"{precision} convolution on {device}", found, "bad" if wrong else "good", remedy)


def measured(device: torch.device, precision: str, side: int = 32, channels: int = 16) -> tuple[float, float]:
    """Relative error against float64 on the processor, and billions of operations a second."""
    import torch

    generator = torch.Generator().manual_seed(1)
    x = torch.randn((1, channels, side, side, side), generator=generator)
    weight = torch.randn((channels, channels, 3, 3, 3), generator=generator)
    exact = torch.nn.functional.conv3d(x.double(), weight.double(), padding=1)
    on = (x.to(device), weight.to(device))
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = precision == "tf32"
    autocast = torch.autocast(device.type, torch.bfloat16) if precision == "bf16" else nullcontext()
    try:
        with autocast, torch.inference_mode():
            found = torch.nn.functional.conv3d(*on, padding=1)
            times = []
            for _ in range(3):
                start = time.perf_counter()
                torch.nn.functional.conv3d(*on, padding=1)
                if device.type == "cuda":
                    torch.cuda.synchronize(device)
                times.append(time.perf_counter() - start)
    finally:
        torch.backends.cudnn.allow_tf32 = before
    error = (found.double().cpu() - exact).square().mean().sqrt() / exact.square().mean().sqrt()
    return float(error), 2e-9 * 27 * channels**2 * side**3 / min(times)
