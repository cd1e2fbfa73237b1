"""Which device computes."""

from __future__ import annotations

import os

import torch

from core.errors import ResourceError, UsageError


def choose_device(name: str) -> torch.device:
    """cpu, cuda, cuda:N, or auto: a GPU where there is one.

    Raises: UsageError for an unknown name, ResourceError for a device that this machine lacks.
    """
    if name == "auto":
        # of several ranks on one machine each has a GPU of its own
        return torch.device(f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise UsageError(f"unknown device {name!r}", "use auto, cpu, cuda or cuda:N") from None
    if device.type not in ("cpu", "cuda"):
        raise UsageError(f"device {name!r} is not supported", "use auto, cpu, cuda or cuda:N")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ResourceError(f"device {name} is not available here", "use --device cpu")
    return device
