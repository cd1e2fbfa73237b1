"""Looking into a network: its layers, the filters of a layer, its activations for one input. For any torch module.

Layers are the modules that hold no others and do something, in the order in which a forward pass calls them; a module
called twice comes twice. Shapes leave out the batch.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from core.analysis.inspection.receptive import Reaches
from core.errors import InputError, UsageError, did_you_mean

if TYPE_CHECKING:
    from core.learning.learner import Learner

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
_POOLS = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)


@dataclass(frozen=True)
class Rule:
    """How a convolution or a pool changes the size of an image: n cells in, a filter of f, a stride s, a padding p."""

    n: int
    f: int
    s: int
    p: float
    """A half where an even filter keeps the size: one side has a cell more."""
    transposed: bool = False
    rounds_up: bool = False
    """Whether a pool takes the cells at the far edge that do not fill a filter."""

    @property
    def cells(self) -> int:
        """Cells out: (n - f + 2 p) / s + 1, or (n - 1) s - 2 p + f where the layer is transposed."""
        if self.transposed:
            return (self.n - 1) * self.s - round(2 * self.p) + self.f
        whole, left = divmod(self.n - self.f + round(2 * self.p), self.s)
        # a filter that rounding up adds must begin before the padding at the far edge
        added = self.rounds_up and left > 0 and (whole + 1) * self.s < self.n + self.p
        return whole + 1 + added

    @property
    def unseen(self) -> int:
        """Cells at the far edge that no filter reaches, for the stride does not divide."""
        if self.transposed:
            return 0
        return max(0, self.n + round(2 * self.p) - (self.cells - 1) * self.s - self.f)

    @property
    def keeps(self) -> float | None:
        """The padding that keeps the size; None for a stride that cannot."""
        return (self.f - 1) / 2 if self.s == 1 else None


@dataclass(frozen=True)
class Layer:
    """One call of one layer.

    `field` is its receptive field in cells of the input, None for all of them; `step` the side of its own cells.
    """

    name: str
    kind: str
    inputs: int
    """Channels of its input."""
    shape: tuple[int, ...]
    parameters: int
    field: int | None
    step: float
    rule: Rule | None = None


def networks(learner: Learner) -> dict[str, nn.Module]:
    """The networks of a learner by name, the one that predicts first. Raises: InputError when it has none."""
    found = {name: value for name, value in vars(learner).items() if isinstance(value, nn.Module)}
    if not found:
        raise InputError("this learner has no network", "only recipes that train one can be looked into")
    return found


def layers(module: nn.Module, shape: Sequence[int]) -> list[Layer]:
    """Every layer for an input of this shape (channels, cells, ...), worked out without computing any number.

    Raises: InputError for a shape that the network cannot take.
    """
    twin = copy.deepcopy(module).to("meta").eval()
    found: list[Layer] = []
    counted: set[nn.Module] = set()
    source = torch.empty((1, *shape), device="meta")
    reaches = Reaches(source)

    def note(name: str, layer: nn.Module) -> Callable[..., None]:
        def hook(_: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
            if not isinstance(output, torch.Tensor):
                return
            reach = reaches.of(output)
            parameters = 0 if layer in counted else sum(p.numel() for p in layer.parameters())
            counted.add(layer)
            found.append(
                Layer(
                    name,
                    kind(layer),
                    inputs[0].shape[1] if inputs[0].ndim > 1 else 1,
                    tuple(output.shape[1:]),
                    parameters,
                    reach.cells if reach else None,
                    float(reach.step) if reach else 1.0,
                    _rule(layer, inputs[0].shape[-1]),
                )
            )

        return hook

    doing = {name: layer for name, layer in leaves(twin).items() if not isinstance(layer, nn.Identity)}
    handles = [layer.register_forward_hook(note(name, layer)) for name, layer in doing.items()]
    try:
        with torch.no_grad(), reaches:
            twin(source)
    except (RuntimeError, ValueError, IndexError, AssertionError) as error:
        said = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise InputError(
            f"the network cannot take an input of shape {_sizes(shape)} ({said})", "give another size with --cells"
        ) from error
    finally:
        for handle in handles:
            handle.remove()
    return found


def leaves(module: nn.Module) -> dict[str, nn.Module]:
    """The modules that hold no others, by name."""
    return {name or "network": item for name, item in module.named_modules() if not any(item.children())}


def leaf(module: nn.Module, name: str) -> nn.Module:
    """The layer of this name. Raises: UsageError with a suggestion."""
    found = leaves(module)
    if name not in found:
        raise UsageError(f"the network has no layer {name!r}", did_you_mean(name, found))
    return found[name]


def weights(module: nn.Module, layer: str) -> torch.Tensor:
    """The filters of a layer: (filters, channels, k, k, ...), or (outputs, inputs) of a linear one.

    Raises: InputError for a layer without any.
    """
    item = leaf(module, layer)
    if isinstance(item, _TRANSPOSED):
        return item.weight.detach().float().cpu().transpose(0, 1)
    if isinstance(item, (*_CONVOLUTIONS, nn.Linear)):
        return item.weight.detach().float().cpu()
    with_filters = [name for name, one in leaves(module).items() if isinstance(one, (*_CONVOLUTIONS, *_TRANSPOSED))]
    first = f", e.g. {with_filters[0]}" if with_filters else ""
    raise InputError(f"{layer} is a {kind(item)} without filters", f"choose a convolution{first}")


def activations(module: nn.Module, layer: str, inputs: torch.Tensor) -> torch.Tensor:
    """What a layer puts out for one input (channels, ...) or a batch of which the first counts; without batch.

    Raises: UsageError for an unknown layer, InputError when the forward pass leaves it out.
    """
    seen: list[torch.Tensor] = []

    def keep(_: nn.Module, __: Any, output: torch.Tensor) -> None:
        # a copy: the activation behind may work in place
        seen.append(output[0].detach().float().cpu().clone())

    with _hooked(leaf(module, layer).register_forward_hook(keep)), torch.no_grad():
        training = module.training
        module.eval()
        module(inputs[:1])
        module.train(training)
    if not seen:
        raise InputError(f"the forward pass leaves {layer} out", "choose another layer")
    return seen[0]


def first_input(module: nn.Module, predict: Callable[[], object]) -> torch.Tensor:
    """The first batch that a prediction feeds a network; the prediction ends there.

    Raises: InputError when the prediction never asks the network.
    """

    class _Enough(Exception):
        pass

    seen: list[torch.Tensor] = []

    def take(_: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        seen.append(inputs[0].detach().clone())
        raise _Enough

    with _hooked(module.register_forward_pre_hook(take)):
        try:
            predict()
        except _Enough:
            return seen[0]
    raise InputError("the prediction of this recipe does not use this network", "choose another one with --network")


def input_shape(module: nn.Module, cells: int) -> tuple[int, ...]:
    """The shape of an input of so many cells a side: (channels, cells, ...), or the inputs of a linear layer.

    A network whose first layer does not see its input as it is says it itself, by `input_shape`.
    """
    if callable(said := getattr(module, "input_shape", None)):
        return tuple(said(cells))
    for item in module.modules():
        if isinstance(item, nn.Linear):
            return (item.in_features,)
        if isinstance(item, (*_CONVOLUTIONS, *_TRANSPOSED)):
            return (item.in_channels, *(cells,) * len(item.kernel_size))
    raise InputError("the network has neither convolutions nor linear layers", "there is nothing to show")


def kind(layer: nn.Module) -> str:
    """A layer in words: "convolution 5^3", "max pool 2^3, stride 2", "LeakyReLU"."""
    name = type(layer).__name__
    if isinstance(layer, (*_CONVOLUTIONS, *_TRANSPOSED)):
        what = "transposed" if isinstance(layer, _TRANSPOSED) else "convolution"
        extras = [f"stride {layer.stride[0]}"] if layer.stride[0] != 1 else []
        extras += [layer.padding_mode] if layer.padding_mode != "zeros" else []
        return ", ".join([f"{what} {layer.kernel_size[0]}^{len(layer.kernel_size)}", *extras])
    if isinstance(layer, _POOLS):
        what = "max pool" if name.startswith("Max") else "mean pool"
        return f"{what} {_first(layer.kernel_size)}^{name[-2]}{', rounds up' if layer.ceil_mode else ''}"
    return name


def _rule(layer: nn.Module, cells: int) -> Rule | None:
    """The size rule of a layer that has one; dilation spreads a filter."""
    if not isinstance(layer, (*_CONVOLUTIONS, *_TRANSPOSED, *_POOLS)):
        return None
    spread = _first(getattr(layer, "dilation", 1))
    f = (_first(layer.kernel_size) - 1) * spread + 1
    s, p = _first(layer.stride), layer.padding
    padding: float = (f - 1) / 2 if p == "same" else 0 if p == "valid" else _first(p)
    return Rule(cells, f, s, padding, isinstance(layer, _TRANSPOSED), getattr(layer, "ceil_mode", False))


def _first(value: Any) -> int:
    return int(value[-1] if isinstance(value, (tuple, list)) else value)


def _sizes(shape: Sequence[int]) -> str:
    return " x ".join(str(size) for size in shape)


@contextmanager
def _hooked(handle: Any) -> Iterator[None]:
    try:
        yield
    finally:
        handle.remove()
