"""Trained networks as small files that hold tensors and text alone."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from core.forms import settings_values
from core.runs.job import read_tensors
from core.runs.registry import open_recipe
from core.runs.run import Run


def keep(run: Run, path: Path) -> str:
    """Write the weights of a run in half precision, the arrays beside them, its settings and constants; says what."""
    weights = read_tensors(run.path / "model.pt", run, torch.device("cpu"), "weights")
    if "networks" in weights:  # a chain keeps several
        networks = {f"{link}.": of["module"] for link, of in weights["networks"].items()}
    else:
        networks = {"": weights.get("module") or weights["generator"]}
    tensors = {
        f"module.{link}{name}": _half(tensor) for link, module in networks.items() for name, tensor in module.items()
    }
    tensors |= {f"arrays.{name}": tensor.contiguous() for name, tensor in weights.get("tensors", {}).items()}
    about = {
        "recipe": run.recipe,
        "step": str(weights["step"]),
        "settings": json.dumps(settings_values(open_recipe(run))),
        "constants": json.dumps(weights["constants"]),
        "command": str(run.config().get("command", "")),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path, about)
    return f"{path}: {path.stat().st_size / 2**20:.1f} MiB"


def _half(tensor: torch.Tensor) -> torch.Tensor:
    # counts of batches stay whole numbers
    return (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
