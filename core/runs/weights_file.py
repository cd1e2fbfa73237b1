"""What a learner has learnt, in one safetensors file: tensors and text, no code.

The weights of a learner are tables within tables of tensors and plain values, whatever parts it has. A tensor is kept
under its path, `module::exit.bias`; the plain values are JSON in the text `plain`. Tensors may be kept in half
precision, and packed to a few bits, each row with a scale of its own: the text `packed` has their bits and shape.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import InputError
from core.files import appearing
from core.reading import open_regular, parse_json

if TYPE_CHECKING:
    import torch

SUFFIX = ".safetensors"
MODEL = f"model{SUFFIX}"
"""The weights in the folder of a run that did not train them itself."""
_STEP = "::"
_SCALE = f"{_STEP}scale"


def exact(name: str, tensor: torch.Tensor) -> int:
    """Bits of the numbers of a tensor that is kept as it is."""
    return 8 * tensor.element_size()


def half(name: str, tensor: torch.Tensor) -> int:
    """Half precision for weights; what a recipe keeps beside them, its `tensors`, stays as it is."""
    beside = "tensors" in name.split(_STEP)
    return exact(name, tensor) if beside or not tensor.is_floating_point() else 16


def write_weights(
    path: Path,
    weights: Mapping[str, Any],
    text: Mapping[str, str] | None = None,
    bits: Callable[[str, torch.Tensor], int] = exact,
) -> None:
    """Write the weights of a learner and a text beside them, whole or not at all.

    `bits` says of a tensor and its path how many its numbers have: 16 for half precision, 2 to 8 to be packed, more for
    as they are. Raises: ResourceError.
    """
    import torch
    from safetensors.torch import save

    plain: dict[str, Any] = {}
    tensors: dict[str, torch.Tensor] = {}
    packed: dict[str, dict[str, Any]] = {}
    _part(weights, "", plain, tensors)
    kept: dict[str, torch.Tensor] = {}
    for name, tensor in tensors.items():
        tensor = tensor.detach().cpu()
        many = bits(name, tensor) if tensor.dtype in (torch.float32, torch.float16) else 64
        if many <= 8:
            kept[name], kept[name + _SCALE] = _pack(tensor, many)
            packed[name] = {"bits": many, "shape": list(tensor.shape)}
        else:
            kept[name] = (tensor.half() if many <= 16 else tensor).contiguous().clone()
    told = {**(text or {}), "plain": json.dumps(plain), **({"packed": json.dumps(packed)} if packed else {})}
    with appearing(path) as temporary:
        temporary.write_bytes(save(kept, told))


def read_weights(path: Path) -> dict[str, Any]:
    """The weights as `Learner.load_weights` takes them; what was shortened has single precision again.

    Raises: InputError for a file that is none of these, ResourceError.
    """
    import torch

    text, tensors = read_safetensors(path)
    try:
        weights, packed = parse_json(text["plain"]), parse_json(text.get("packed", "{}"))
        if not isinstance(weights, dict) or not isinstance(packed, dict):
            raise ValueError("its text is no table")
        for name, how in packed.items():
            tensors[name] = _unpack(tensors[name], tensors.pop(name + _SCALE), how["bits"], how["shape"])
        for name, tensor in tensors.items():
            *folders, last = name.split(_STEP)
            table = weights
            for folder in folders:
                table = table.setdefault(folder, {})
            if not isinstance(table, dict) or last in table:
                raise ValueError(f"{name} is named twice")
            table[last] = tensor.float() if tensor.dtype == torch.float16 else tensor
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        words = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise InputError(
            f"{path} holds no weights of a learner ({words.splitlines()[0]})", "get the file again"
        ) from error
    return weights


def read_safetensors(path: Path, tensors: bool = True) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    """The text of a safetensors file and, where wanted, its tensors. Raises: InputError, ResourceError."""
    from safetensors import SafetensorError, safe_open

    try:
        open_regular(path).close()
    except FileNotFoundError as error:
        raise InputError(f"there is no file {path}", "check the path") from error
    try:
        with safe_open(path, "pt") as file:
            text = dict(file.metadata() or {})
            return text, {name: file.get_tensor(name) for name in file.keys()} if tensors else {}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(f"{path} is no safetensors file ({error})", "give a file of a trained network") from error


def _part(weights: Mapping[str, Any], path: str, plain: dict[str, Any], tensors: dict[str, torch.Tensor]) -> None:
    """Part the tensors, by their path, from all else, which stays a table within tables."""
    import torch

    for name, value in weights.items():
        if isinstance(value, torch.Tensor):
            tensors[path + name] = value
        elif isinstance(value, Mapping):
            plain[name] = {}
            _part(value, f"{path}{name}{_STEP}", plain[name], tensors)
        else:
            plain[name] = value


def _pack(tensor: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Each row as whole numbers of so many bits, one after the other, and the scales of the rows (rows,)."""
    import numpy as np
    import torch

    rows, top = tensor.reshape(len(tensor), -1).double(), 2 ** (bits - 1) - 1
    scale = (rows.abs().amax(1) / top).clamp_min(1e-30).float()
    whole = torch.round(rows / scale.double()[:, None]).clamp(-top, top).to(torch.int16) + top
    digits = np.unpackbits(whole.numpy().astype(np.uint8)[..., None], axis=-1)[..., 8 - bits :]
    return torch.from_numpy(np.packbits(digits.reshape(-1))), scale


def _unpack(packed: torch.Tensor, scale: torch.Tensor, bits: int, shape: list[int]) -> torch.Tensor:
    """What `_pack` has packed. Raises: ValueError for other sizes."""
    import numpy as np
    import torch

    count = math.prod(shape)
    if not 2 <= bits <= 8 or min(shape) < 1 or scale.shape != (shape[0],) or len(packed) != -(-count * bits // 8):
        raise ValueError("packed numbers are of another size")
    digits = np.unpackbits(packed.numpy(), count=count * bits).reshape(count, bits)
    whole = np.packbits(digits, axis=-1)[:, 0] >> (8 - bits)
    rows = torch.from_numpy(whole.astype(np.float32)).reshape(shape[0], -1) - (2 ** (bits - 1) - 1)
    return (rows * scale.float()[:, None]).reshape(shape)
