"""Trained networks in safetensors files: those that come along, one of a run, and files that are no such thing."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from core.analysis.inspection.names import is_named, named, open_named
from core.cosmos.universe import Universe
from core.errors import ConfigError, HalodeckError, InputError, UsageError
from core.learning.learner import Network
from core.runs.job import open_model
from core.runs.run import Run
from core.runs.trained import open_trained, read_safetensors, shipped
from tests.results.networks import keep


@pytest.mark.parametrize("name", shipped())
def test_networks_that_come_along_can_be_looked_into(name: str) -> None:
    subject = open_named(name, cells=32)
    assert name in named()
    assert subject.side == 32
    assert subject.cell_size == 1.0
    filters = next(layer.name for layer in subject.layers if subject.has_filters(layer.name))
    # of a linear layer it is an output
    assert any(words in subject.filters(filters).title for words in ("filter 0", "output 0"))
    _, tensors = read_safetensors(shipped()[name])
    counted = sum(tensor.numel() for tensor in tensors.values() if tensor.is_floating_point())
    assert 0 < subject.weights <= counted
    with pytest.raises(UsageError, match="--universe"):
        subject.activations(filters)


def test_there_are_some() -> None:
    assert "halonet-cpu" in shipped()
    assert is_named("somewhere/mine.safetensors")
    assert not is_named("halonet-001")


def test_the_network_of_a_run_comes_back(done_run: Run, universes: list[Universe], tmp_path: Path) -> None:
    path = tmp_path / "kept.safetensors"
    keep(done_run, path)
    learner, known = open_trained(path).learner(), open_model(done_run, torch.device("cpu")).learner
    assert isinstance(learner, Network)
    assert isinstance(known, Network)
    for name, tensor in known.module.state_dict().items():
        torch.testing.assert_close(learner.module.state_dict()[name], tensor, rtol=1e-3, atol=1e-4)
    assert learner.constants == pytest.approx(known.constants)
    last = open_named(str(path)).activations("exit", universes[0])
    assert last.title.startswith("exit: 2 channels")


def test_files_that_are_no_trained_networks(tmp_path: Path) -> None:
    name = "halonet-cpu"
    text, tensors = read_safetensors(shipped()[name])
    path = tmp_path / "file.safetensors"

    def refused(kind: type[HalodeckError], words: str) -> None:
        with pytest.raises(kind, match=words):
            open_trained(path).learner()

    refused(InputError, "there is no file")
    path.mkdir()
    refused(InputError, "no regular file")
    path.rmdir()
    path.write_bytes(b"")
    refused(InputError, "no safetensors file")
    path.write_bytes(shipped()[name].read_bytes()[:-10])
    refused(InputError, "no safetensors file")
    torch.save({"module": torch.zeros(2)}, path)  # pickled
    refused(InputError, "no safetensors file")
    save_file(tensors, path)
    refused(InputError, "does not say which network it holds")
    save_file(tensors, path, text | {"recipe": "nothing"})
    refused(UsageError, "unknown recipe")
    save_file(tensors, path, text | {"settings": "[]"})
    refused(InputError, "does not say which network it holds")
    settings = json.loads(text["settings"])
    save_file(tensors, path, text | {"settings": json.dumps(settings | {"colour": "red"})})
    refused(ConfigError, "colour")
    wrong = {**tensors, "module.entry.convolution.weight": torch.zeros(3)}
    save_file(wrong, path, text)
    refused(InputError, "does not fit the recipe")
    save_file({"module.nothing": torch.zeros(3)}, path, text)
    refused(InputError, "does not fit the recipe")
