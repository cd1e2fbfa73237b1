"""Networks as graphs that run without halodeck."""

from pathlib import Path

import pytest
import torch

from core.analysis.inspection import builtin
from core.analysis.inspection.graph import save_graph
from core.errors import InputError, UsageError


def test_an_exported_network_gives_its_numbers(tmp_path: Path) -> None:
    subject = builtin.TUTORIAL["toy"]()
    shape = save_graph(subject, tmp_path / "toy.pt2")
    inputs = torch.rand(shape)
    with (tmp_path / "toy.pt2").open("rb") as file:
        found = torch.export.load(file).module()(inputs)
    with torch.no_grad():
        assert torch.allclose(found, subject.module(inputs), atol=1e-5)


def test_onnx(tmp_path: Path) -> None:
    pytest.importorskip("onnxscript", reason="needs the extra onnx")
    assert save_graph(builtin.TUTORIAL["toy"](), tmp_path / "toy.onnx")[0] == 1
    assert (tmp_path / "toy.onnx").stat().st_size > 1000


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = builtin.TUTORIAL["toy"]()
    with pytest.raises(UsageError, match=r"use one of .pt2 .onnx"):
        save_graph(subject, tmp_path / "toy.bin")
    monkeypatch.setattr("core.analysis.inspection.graph._run_pt2", lambda path, inputs: torch.zeros(1))
    with pytest.raises(InputError, match="would give other numbers"):
        save_graph(subject, tmp_path / "toy.pt2")
    assert not list(tmp_path.iterdir())
