"""Trained networks in safetensors files: their weights come back, and files that are no such thing are refused."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from core.analysis.inspection.names import is_named, named, open_named
from core.cosmos.universe import Universe
from core.errors import ConfigError, HalodeckError, InputError, UsageError
from core.learning.learner import Network
from core.runs.job import open_model, read_tensors
from core.runs.run import Run
from core.runs.shipped import shipped
from core.runs.trained import open_trained, text_of
from core.runs.weights_file import half, read_safetensors, read_weights, write_weights


@pytest.mark.parametrize("name", shipped())
def test_networks_that_come_along_can_be_looked_into(name: str) -> None:
    subject = open_named(name, cells=32)
    assert name in named()
    assert subject.side == 32
    filters = next(layer.name for layer in subject.layers if subject.has_filters(layer.name))
    # of a linear layer it is an output
    assert any(words in subject.filters(filters).title for words in ("filter 0", "output 0"))
    assert subject.weights > 0
    with pytest.raises(UsageError, match="--universe"):
        subject.activations(filters)


def test_files_and_names() -> None:
    assert is_named("halonet@cpu")
    assert is_named("somewhere/mine.safetensors")
    assert not is_named("halonet-001")
    assert open_named("halonet@cpu").side == 64


def test_the_network_of_a_run_comes_back_exactly(done_run: Run, universes: list[Universe], tmp_path: Path) -> None:
    path = tmp_path / "kept.safetensors"
    known = open_model(done_run, torch.device("cpu"))
    write_weights(
        path, read_tensors(done_run.path / "model.pt", done_run, known.device, "weights"), text_of(known.recipe)
    )
    learner = open_trained(path).learner()
    assert isinstance(learner, Network)
    assert isinstance(known.learner, Network)
    for name, tensor in known.learner.module.state_dict().items():
        assert torch.equal(learner.module.state_dict()[name], tensor)
    assert learner.constants == known.learner.constants
    assert learner.step == known.learner.step
    last = open_named(str(path)).activations("exit", universes[0])
    assert last.title.startswith("exit: 2 channels")


@pytest.mark.parametrize("bits", range(2, 9))
def test_packed_numbers_are_off_by_half_a_step_of_their_row(bits: int, tmp_path: Path) -> None:
    rows = (
        torch.randn(3, 7, 5, generator=torch.Generator().manual_seed(bits)) * torch.tensor([1e-3, 1, 50])[:, None, None]
    )
    rows[1, 2] = 0
    weights = {"networks": {"first": {"large": rows, "small": torch.arange(4) / 7}}, "step": 3, "constants": {}}
    write_weights(tmp_path / "packed", weights, bits=lambda name, tensor: bits if tensor.ndim > 1 else 32)
    back = read_weights(tmp_path / "packed")
    step = rows.abs().amax((1, 2)) / (2 ** (bits - 1) - 1)
    off = (back["networks"]["first"]["large"] - rows).abs().amax((1, 2))
    assert bool((off <= 0.501 * step).all())
    assert torch.equal(back["networks"]["first"]["small"], torch.arange(4) / 7)
    assert back["step"] == 3
    assert back["constants"] == {}


def test_half_precision_is_single_again(tmp_path: Path) -> None:
    exact = torch.tensor([0.1, 3.0])
    write_weights(tmp_path / "half", {"module": {"w": torch.tensor([0.1, 1.0])}, "tensors": {"k": exact}}, bits=half)
    back = read_weights(tmp_path / "half")
    assert back["module"]["w"].dtype == torch.float32
    assert float(back["module"]["w"][0]) == pytest.approx(0.1, rel=1e-3)
    assert torch.equal(back["tensors"]["k"], exact)


def _written(path: Path, **changes: Any) -> None:
    """A file of packed weights whose text says something else."""
    write_weights(path, {"module": {"w": torch.ones(4, 8)}}, bits=lambda name, tensor: 4)
    text, tensors = read_safetensors(path)
    save_file(changes.pop("tensors", tensors), path, text | changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"plain": "["}, "holds no weights"),
        ({"plain": "[]"}, "no table"),
        ({"plain": '{"module": {"w": 1}}'}, "named twice"),
        ({"plain": '{"module": 3}'}, "holds no weights"),
        ({"packed": '{"module::v": {"bits": 4, "shape": [4, 8]}}'}, "is missing"),
        ({"packed": '{"module::w": {"bits": 4, "shape": [4, 800000000]}}'}, "another size"),
        ({"packed": '{"module::w": {"bits": 40, "shape": [4, 8]}}'}, "another size"),
        ({"packed": '{"module::w": {"bits": "4", "shape": 8}}'}, "holds no weights"),
        ({"tensors": {"module": torch.ones(2), "module::w": torch.ones(2)}}, "holds no weights"),
    ],
)
def test_files_that_hold_no_weights(changes: dict[str, Any], words: str, tmp_path: Path) -> None:
    _written(tmp_path / "file", **changes)
    with pytest.raises(InputError, match=words):
        read_weights(tmp_path / "file")


def test_files_that_are_no_trained_networks(done_run: Run, tmp_path: Path) -> None:
    path = tmp_path / "file.safetensors"
    model = open_model(done_run, torch.device("cpu"))
    write_weights(path, model.learner.weights(), text_of(model.recipe))
    text, tensors = read_safetensors(path)
    whole = path.read_bytes()
    path.unlink()

    def refused(kind: type[HalodeckError], words: str) -> None:
        with pytest.raises(kind, match=words):
            open_trained(path).learner()

    refused(InputError, "there is no file")
    path.mkdir()
    refused(InputError, "no regular file")
    path.rmdir()
    path.write_bytes(b"")
    refused(InputError, "no safetensors file")
    path.write_bytes(whole[:-10])
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
    wrong = {**tensors, "module::entry.convolution.weight": torch.zeros(3)}
    save_file(wrong, path, text)
    refused(InputError, "does not fit the recipe")
    save_file({"module::nothing": torch.zeros(3)}, path, text)
    refused(InputError, "does not fit the recipe")
