"""Figures: data to be drawn, no drawing.

Recipes and statistics return these; a front end turns them into terminal cells, PNG or SVG. Arrays are numpy,
axes carry their unit in the label ("k [h/Mpc]"). `dump` and `load` keep them as readable JSON with a run.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.typed import typed

Array: TypeAlias = NDArray[np.floating[Any]] | NDArray[np.integer[Any]]
Scale = Literal["linear", "log", "asinh"]
ColourMap = Literal["sequential", "density", "viridis", "cividis", "grey", "diverging", "labels"]
Style = Literal["line", "points", "dashed"]


class Displayed:
    """What shows itself in notebooks and IPython.

    How is set by who can draw: `display(self, "png" | "html" | "text")`, None for what there is not.
    """

    display: ClassVar[Callable[[Any, str], Any]] = staticmethod(lambda shown, form: None)

    def _repr_png_(self) -> bytes | None:
        return Displayed.display(self, "png")

    def _repr_html_(self) -> str | None:
        return Displayed.display(self, "html")

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(Displayed.display(self, "text") or repr(self))


SPARSE = {"sparse": True}
"""Of fields that are not written where they are None."""


@dataclass(frozen=True)
class Circles:
    """Circles over an image, in its axis units, e.g. halos at their radius; arrays of one length.

    Overlays of one `kin` have one colour in every image; None is the order in which they are drawn.
    """

    name: str
    x: Array
    y: Array
    radius: Array
    kin: int | None = field(default=None, metadata=SPARSE)


@dataclass(frozen=True)
class Contours:
    """Lines over an image where `values`, on any grid of the same extent, rise above each of `levels`."""

    name: str
    values: Array
    levels: tuple[float, ...]
    kin: int | None = field(default=None, metadata=SPARSE)


@dataclass(frozen=True)
class Slice(Displayed):
    """A 2-D image. `values[row, column]`, row 0 at the bottom; extent (x0, x1, y0, y1) in axis units.

    `limits` fixes the colour range; None takes it from the data (symmetric about 0 for a diverging map).
    """

    title: str
    values: Array
    extent: tuple[float, float, float, float]
    x_label: str = ""
    y_label: str = ""
    colour_label: str = ""
    colour_map: ColourMap = "sequential"
    scale: Scale = "linear"
    limits: tuple[float, float] | None = None
    pooling: Literal["mean", "max"] = "mean"
    circles: tuple[Circles, ...] = ()
    contours: tuple[Contours, ...] = ()

    @property
    def keeps_aspect(self) -> bool:
        """Whether both axes have the same unit, so that a circle should look round; named ones without any are no
        lengths."""
        units = [label[label.index("[") :] if "[" in label else "" for label in (self.x_label, self.y_label)]
        return units[0] == units[1] and bool(units[0] or not (self.x_label or self.y_label))


@dataclass(frozen=True)
class Series:
    """One curve; NaN leaves a gap; `low` and `high` bound its error band."""

    name: str
    x: Array
    y: Array
    low: Array | None = None
    high: Array | None = None
    style: Style = "line"
    sign: str = ""
    """A letter that is drawn at every point in place of a shape."""


@dataclass(frozen=True)
class Curves(Displayed):
    """Curves over one axis. With `ratio_to` (a series' name) a lower panel shows every other series over it.

    `ratio_bands` are half-widths about 1 to mark in the ratio panel, e.g. (0.1,) for 10 %. Without `ratio_limits` the
    panel shows the range of the ratios, on a logarithmic axis where that is wide and `ratio_log` does not say.
    `ratio_symbol` stands for the ratio in a line, e.g. "P/P_lin".
    """

    title: str
    series: tuple[Series, ...]
    x_label: str
    y_label: str
    x_log: bool = False
    y_log: bool = False
    x_limits: tuple[float, float] | None = None
    y_limits: tuple[float, float] | None = None
    ratio_to: str | None = None
    ratio_label: str = "ratio"
    ratio_limits: tuple[float, float] | None = None
    ratio_bands: tuple[float, ...] = ()
    ratio_log: bool | None = None
    ratio_symbol: str = ""


@dataclass(frozen=True)
class Histogram(Displayed):
    """Counts between shared bin edges; `counts[name]` has one entry less than `edges`."""

    title: str
    edges: Array
    counts: dict[str, Array]
    x_label: str
    y_label: str = "count"
    x_log: bool = False
    y_log: bool = False


@dataclass(frozen=True)
class Matrix(Displayed):
    """A small matrix with a name for each row and column, e.g. a confusion matrix."""

    title: str
    values: Array
    row_names: tuple[str, ...]
    column_names: tuple[str, ...]
    row_label: str = ""
    column_label: str = ""


@dataclass(frozen=True)
class Table(Displayed):
    """Rows of cells: text, numbers, or None where there is nothing to say."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Row(Displayed):
    """Figures that belong side by side, e.g. input | truth | prediction | difference.

    With `one_key` they are curves of the same series, whose names stand once, for all panels.
    """

    title: str
    figures: tuple[Figure, ...]
    one_key: bool = False


Figure: TypeAlias = Slice | Curves | Histogram | Matrix | Table | Row
KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in (Slice, Curves, Histogram, Matrix, Table, Row)}
"""Every kind of figure by name. A new one is a frozen dataclass in here, and a drawer in app/draw."""


@dataclass(frozen=True)
class Number:
    """One measured number beside the paper's and a baseline's; `error` is one standard deviation.

    `ceiling` is what the best possible prediction could reach, where the truth itself is not certain.
    """

    key: str
    name: str
    value: float | None
    unit: str = ""
    error: float | None = None
    baseline: float | None = None
    paper: float | None = None
    note: str = ""
    ceiling: float | None = None


@dataclass(frozen=True)
class Report(Displayed):
    """What a recipe has to say about a run: its numbers, its figures, and what they can and cannot show."""

    title: str
    numbers: tuple[Number, ...]
    figures: dict[str, Figure]
    notes: tuple[str, ...] = ()
    facts: dict[str, str] = field(default_factory=dict)


def numbers_table(report: Report) -> Table:
    """The numbers of a report as a table: ours, baseline, ceiling, paper; columns without an entry are left out."""
    columns = ("quantity", "value", "+-", "baseline", "ceiling", "paper", "note")
    rows = [
        (f"{n.name} [{n.unit}]" if n.unit else n.name, n.value, n.error, n.baseline, n.ceiling, n.paper, n.note)
        for n in report.numbers
    ]
    used = [i for i in range(len(columns)) if i < 2 or any(row[i] not in (None, "") for row in rows)]
    return Table(report.title, tuple(columns[i] for i in used), tuple(tuple(row[i] for i in used) for row in rows))


def dump(figure: Any) -> dict[str, Any]:
    """A figure as plain JSON data; arrays become nested lists with 6 significant digits, NaN becomes null."""
    data: dict[str, Any] = {"kind": type(figure).__name__}
    for item in dataclasses.fields(figure):
        value = getattr(figure, item.name)
        if not (value is None and item.metadata.get("sparse")):
            data[item.name] = _plain(value)
    return data


def load(data: dict[str, Any]) -> Figure:
    """The figure that `dump` wrote; what an earlier version did not write takes its default.

    Raises ValueError for unknown kinds or fields, and for data that is no figure's.
    """
    kind = data.get("kind") if isinstance(data, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"unknown figure kind {kind!r}")
    figure = typed(KINDS[kind], data, strict=True)
    _check(figure)
    return figure


def dump_report(report: Report) -> dict[str, Any]:
    """A report as plain JSON data."""
    return {
        "title": report.title,
        "numbers": [_without_kind(dump(number)) for number in report.numbers],
        "notes": list(report.notes),
        "facts": report.facts,
        "figures": {name: dump(figure) for name, figure in report.figures.items()},
    }


def load_report(data: Any) -> Report:
    """The report that `dump_report` wrote. Raises: ValueError for data that is none."""
    report = typed(Report, data)
    for figure in report.figures.values():
        _check(figure)
    return report


def _check(figure: Figure) -> None:
    """Refuse arrays of shapes that nothing can draw. Raises: ValueError."""
    wrong = ""
    match figure:
        case Row():
            for each in figure.figures:
                _check(each)
        case Slice():
            images = [figure.values, *(item.values for item in figure.contours)]
            if not all(image.ndim == 2 and image.size for image in images):
                wrong = "no image"
            elif any(
                ring.x.ndim != 1 or {ring.y.shape, ring.radius.shape} != {ring.x.shape} for ring in figure.circles
            ):
                wrong = "circles of different lengths"
        case Curves():
            for item in figure.series:
                lines = [line for line in (item.x, item.y, item.low, item.high) if line is not None]
                if len({line.shape for line in lines}) > 1 or item.x.ndim != 1:
                    wrong = f"{item.name}: x and y of different lengths"
        case Histogram():
            if figure.edges.ndim != 1 or len(figure.edges) < 2:
                wrong = "no edges"
            elif any(item.shape != (len(figure.edges) - 1,) for item in figure.counts.values()):
                wrong = "counts and edges do not go together"
        case Matrix():
            if figure.values.shape != (len(figure.row_names), len(figure.column_names)):
                wrong = "values and names do not go together"
        case Table():
            if any(len(row) != len(figure.columns) for row in figure.rows):
                wrong = "rows and columns do not go together"
    if wrong:
        raise ValueError(f"{figure.title}: {wrong}")


def _without_kind(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name != "kind"}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [_plain(row) for row in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.6g}") if np.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dump(value)
    return value
