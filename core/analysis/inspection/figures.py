"""What can be seen inside a network, as Figures: layers, the size rule, filters, activations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.analysis.inspection.layers import Layer
from core.errors import UsageError
from core.figures import Curves, Figure, Row, Series, Slice, Table

Values = NDArray[np.float32]

MOST_PANELS = 8
"""Images side by side where nobody asked for another number."""


def layers_table(title: str, found: Sequence[Layer], total: int, cell_size: float | None = None) -> Table:
    """Each layer with its output, its weights and how much of the input it sees; in Mpc/h where the cell is known.

    `total` are the weights of the whole network.
    """
    columns = ["layer", "kind", "output", "weights", "sees [cells]"] + ["sees [Mpc/h]"] * bool(cell_size)
    rows = []
    for layer in found:
        row: list[str | float | None] = [layer.name, layer.kind, sizes(layer.shape), layer.parameters]
        row.append("all" if layer.field is None else layer.field)
        if cell_size:
            row.append("all" if layer.field is None else layer.field * cell_size)
        rows.append(tuple(row))
    outside = total - sum(layer.parameters for layer in found)
    also = f" ({outside:,} of them outside of the layers)" if outside else ""
    note = f"{len(found)} layers, {total:,} weights{also}; sees: the side of the receptive field, at most"
    return Table(title, tuple(columns), tuple(rows), note)


def rules_table(found: Sequence[Layer]) -> Table:
    """The size rule of each convolution and pool beside the size that came out."""
    rows: list[tuple[str | float | None, ...]] = []
    for layer in found:
        if rule := layer.rule:
            keeps = "-" if rule.keeps is None else f"{rule.keeps:g}"
            agrees = "yes" if rule.cells == layer.shape[-1] else "no"
            lost = f"no, {rule.unseen} not seen" if rule.unseen else agrees
            rows.append((layer.name, rule.n, rule.f, rule.s, rule.p, keeps, rule.cells, layer.shape[-1], lost))
    columns = ("layer", "n", "f", "s", "p", "p that keeps n", "rule", "output", "fits")
    note = (
        "rule: (n - f + 2 p) / s + 1, rounded down, or up where a pool says so; transposed: (n - 1) s - 2 p + f. "
        "n cells in, filter f, stride s, padding p"
    )
    return Table("Padding and output size", columns, tuple(rows), note)


def filters_figure(
    weights: Values, layer: str, channel: int = 0, source: int | None = None, first: int = 0, count: int = MOST_PANELS
) -> Figure:
    """The filter that makes one output channel: an image for each input channel, `count` of them from `first` on.

    weights (filters, channels, k, k, ...). 3-D filters are cut through their middle; with `source`, an input channel,
    or where there is only one, all their planes are shown. All images of a layer share their colours.
    Raises: UsageError for a channel that does not exist.
    """
    _check(channel, weights.shape[0], f"{layer} has no filter")
    limit = float(np.abs(weights).max()) or 1.0
    if weights.ndim == 2:
        unit = np.arange(weights.shape[1])
        title = f"{layer}: weights of output {channel} of {weights.shape[0]}"
        return Curves(title, (Series("", unit, weights[channel], style="points"),), "input", "weight")
    filter_ = weights[channel]
    if source is None and filter_.shape[0] == 1:
        source = 0
    if source is not None and filter_.ndim == 4:
        _check(source, filter_.shape[0], f"{layer} has no input channel")
        planes = filter_.shape[-1]
        images = [(f"plane {k + 1} of {planes}", filter_[source, ..., k]) for k in range(planes)]
        title = f"{layer}: filter {channel} of {weights.shape[0]} on input channel {source} of {filter_.shape[0]}"
        return Row(title, tuple(_filter_image(name, image, limit) for name, image in images))
    shown = range(first, min(first + count, filter_.shape[0]))
    title = f"{layer}: filter {channel} of {weights.shape[0]}, {_range(shown, filter_.shape[0], 'input channel')}"
    cut = ", middle plane" if filter_.ndim == 4 else ""
    images = [(f"input {k}{cut}", section(filter_[k], 0.5)) for k in shown]
    return Row(title, tuple(_filter_image(name, image, limit) for name, image in images))


def activations_figure(
    values: Values,
    layer: str,
    step: float = 1.0,
    cells: int = 0,
    cell_size: float | None = None,
    first: int = 0,
    count: int = MOST_PANELS,
    depth: float = 0.5,
    label: str = "activation",
) -> Figure:
    """The maps that a layer makes of one input, `count` channels from `first` on.

    values (channels, n, n, ...); `step` the layer's cell in cells of the input, which has `cells` of them a side;
    3-D maps are cut across z at the share `depth` of the box. Values without space become one curve over the channel.
    Raises: UsageError for a channel that does not exist.
    """
    if values.ndim < 3:
        flat = values.reshape(-1)
        series = Series("", np.arange(flat.size), flat, style="points")
        return Curves(f"{layer}: {_range(range(flat.size), flat.size, label)}", (series,), "channel", label)
    _check(first, values.shape[0], f"{layer} has no channel")
    shown = range(first, min(first + count, values.shape[0]))
    size = cell_size or 1.0
    unit = "Mpc/h" if cell_size else "cells"
    side = values.shape[-1] * step
    start = max(0.0, (cells - side) / 2) * size  # a crop that lost its border lies in the middle
    extent = (start, start + side * size, start, start + side * size)
    images = [(k, section(values[k], depth)) for k in shown]
    slices = tuple(
        Slice(
            f"channel {k}",
            image,
            extent,
            f"x [{unit}]",
            f"y [{unit}]",
            label,
            "diverging" if image.min() < 0 else "sequential",
        )
        for k, image in images
    )
    where = ""
    if values.ndim == 4:
        plane = min(int(depth * values.shape[-1]), values.shape[-1] - 1)
        where = f", z = {start + plane * step * size:.4g} {unit}"
    return Row(f"{layer}: {_range(shown, values.shape[0], 'channel')}{where}", slices)


def section(values: Values, depth: float) -> Values:
    """An image (rows upwards) of a map of 2 or 3 dimensions; a 3-D one is cut across z, x runs to the right."""
    if values.ndim == 3:
        plane = min(int(depth * values.shape[-1]), values.shape[-1] - 1)
        return np.ascontiguousarray(values[..., plane].T)
    return np.ascontiguousarray(values[::-1])  # an image's first row is its top


def sizes(shape: Sequence[int]) -> str:
    """Channels and cells: "16 x 64^3", "2 x 8^2", "128"."""
    channels, *cells = shape
    if not cells:
        return str(channels)
    if len(set(cells)) > 1:
        return " x ".join(map(str, shape))
    return f"{channels} x {cells[0]}" + (f"^{len(cells)}" if len(cells) > 1 else "")


def _filter_image(name: str, image: Values, limit: float) -> Slice:
    half = image.shape[-1] / 2
    return Slice(
        name,
        image,
        (-half, half, -half, half),
        "x [cells]",
        "y [cells]",
        "weight",
        "diverging",
        limits=(-limit, limit),
    )


def _range(shown: range, total: int, what: str) -> str:
    if len(shown) == total:
        return f"{total} {what}{'s' * (total > 1)}"
    last = f" to {shown[-1]}" if len(shown) > 1 else ""
    return f"{what}{'s' * bool(last)} {shown[0]}{last} of {total}"


def _check(number: int, total: int, what: str) -> None:
    if not 0 <= number < total:
        raise UsageError(f"{what} {number}", f"choose 0 to {total - 1}")
