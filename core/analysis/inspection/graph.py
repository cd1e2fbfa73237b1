"""A network as a graph that runs without halodeck: by torch.export as .pt2, or as .onnx.

Its input is what the recipe makes of a universe (docs/inspect.md), one batch of one side; weights and all are in the
file. What is written gives the numbers of the network itself, which is tested before the file appears.
"""

from __future__ import annotations

import json
import logging
import warnings
from pathlib import Path
from typing import Any

import torch

from core.analysis.inspection.subject import Subject
from core.errors import InputError, ResourceError, UsageError
from core.files import appearing

SUFFIXES = (".pt2", ".onnx")
_TOLERANCE = 1e-4
"""Of the largest value of the output: other libraries add in another order."""


def save_graph(subject: Subject, path: Path) -> tuple[int, ...]:
    """Write the network of a subject, by the suffix of the path; returns the shape of its input.

    Raises: UsageError for another suffix, ResourceError without onnx, InputError for a network that cannot be exported.
    """
    if path.suffix not in SUFFIXES:
        raise UsageError(f"cannot write a network as {path.name!r}", f"use one of {' '.join(SUFFIXES)}")
    module = subject.module.eval()
    shape = (1, *subject.shape(module, subject.side))
    inputs = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    told = {"title": subject.title, "input": list(shape), "cell_size": subject.cell_size}
    with torch.no_grad():
        expected = module(inputs)
    with appearing(path) as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what the exporters find unusual
        write, run = (_write_onnx, _run_onnx) if path.suffix == ".onnx" else (_write_pt2, _run_pt2)
        try:
            write(module, inputs, temporary, told)
        except ImportError as error:
            raise ResourceError(f"{path.suffix} needs {error.name}", "pip install 'halodeck[onnx]'") from None
        except Exception as error:  # whatever the exporters cannot follow
            words = str(error).strip().splitlines() or [""]
            raise InputError(f"{subject.title} cannot be exported ({words[0]})", "try the other format") from error
        _check(run(temporary, inputs), expected, path)
    return shape


def _check(found: Any, expected: Any, path: Path) -> None:
    """Refuse what gives other numbers. Raises: InputError."""
    both = (found, expected) if isinstance(expected, (tuple, list)) else ([found], [expected])
    for mine, own in zip(*both, strict=True):
        if not torch.allclose(mine, own, atol=_TOLERANCE * float(own.abs().max()), rtol=_TOLERANCE):
            raise InputError(f"{path.name} would give other numbers than the network", "try the other format")


def _write_pt2(module: torch.nn.Module, inputs: torch.Tensor, path: Path, told: dict[str, Any]) -> None:
    program = torch.export.export(module, (inputs,))
    with path.open("wb") as file:
        torch.export.save(program, file, extra_files={"halodeck.json": json.dumps(told)})


def _run_pt2(path: Path, inputs: torch.Tensor) -> Any:
    with path.open("rb") as file:
        return torch.export.load(file).module()(inputs)


def _write_onnx(module: torch.nn.Module, inputs: torch.Tensor, path: Path, told: dict[str, Any]) -> None:
    import onnx

    # it tells of every library that it could also have used
    logging.getLogger("torch.onnx._internal.exporter._registration").setLevel(logging.ERROR)
    program = torch.onnx.export(module, (inputs,), dynamo=True, verbose=False)
    assert program is not None
    model = program.model_proto
    onnx.helper.set_model_props(model, {name: json.dumps(value) for name, value in told.items()})
    path.write_bytes(model.SerializeToString())


def _run_onnx(path: Path, inputs: torch.Tensor) -> Any:
    from onnx.reference import ReferenceEvaluator

    found = ReferenceEvaluator(str(path)).run(None, {_first_input(path): inputs.numpy()})
    made = [torch.from_numpy(each) for each in found]
    return made[0] if len(made) == 1 else made


def _first_input(path: Path) -> str:
    import onnx

    return str(onnx.load(str(path)).graph.input[0].name)
