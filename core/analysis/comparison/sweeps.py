"""Sweeps: a metric against the settings that were varied, its scatter over seeds, and the curves of training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from core.analysis.comparison import seeds
from core.errors import RunError, UsageError, did_you_mean
from core.figures import Curves, Figure, Matrix, Report, Series, Table
from core.runs import told
from core.runs.history import History
from core.runs.listing import Entry, measured, read_entry
from core.runs.run import Run
from core.runs.sweep import Sweep

_MOST_CURVES = 6
"""Combinations of the other settings that are told apart in a figure."""


@dataclass(frozen=True)
class _Point:
    """Runs that differ by their seed alone: their settings, and the metric over them."""

    names: tuple[str, ...]
    settings: Mapping[str, str]
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        return float(np.mean(self.values))

    @property
    def scatter(self) -> float:
        """Standard deviation over the seeds; NaN of one."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else float("nan")


def overview(found: Sequence[Sweep]) -> Table:
    """The sweeps with what they vary, how far they are and which run is best."""
    rows = []
    for sweep in found:
        entries = [measured(read_entry(run.path)) for run in sweep.runs]
        state = Counter(entry.state for entry in entries)
        best = told.ordered(entries, "validation")[:1]
        known = best[0].validated.get("loss") if best else None
        rows.append(
            (
                sweep.name,
                entries[0].recipe if entries else None,
                ", ".join(map(told.short, told.differing(entries))) or None,
                ", ".join(f"{count} {name}" for name, count in state.items()) or None,
                best[0].name if known is not None else None,
                known,
                datetime.fromtimestamp(sweep.created).strftime("%Y-%m-%d %H:%M"),
            )
        )
    return Table("Sweeps", ("sweep", "recipe", "varied", "runs", "best", "validation", "made"), tuple(rows))


def metrics(entries: Sequence[Entry]) -> list[str]:
    """The metrics in which runs can be compared: their losses, what validation measures, numbers of reports."""
    names = told.names(entries)
    return ["validation", "loss", *(name for name in names if name.startswith(("validation.", "report.")))]


def sweep_report(runs: Sequence[Run], metric: str = "validation") -> Report:
    """A metric of runs against each setting in which they differ.

    Raises: RunError for runs of which none has the metric or which differ in nothing, UsageError for an unknown one.
    """
    entries = [entry for entry in (measured(read_entry(run.path)) for run in runs) if not entry.problem]
    if metric not in metrics(entries):
        known = [name for name in metrics(entries) if told.short(name) == metric]
        if not known:
            raise UsageError(f"no run knows the metric {metric!r}", did_you_mean(metric, metrics(entries)))
        metric = known[0]
    varied = told.differing(entries)
    if not varied:
        raise RunError("these runs differ in no setting", "mark runs of one recipe that were given other settings")
    points = _points(entries, metric)
    if not points:
        raise RunError(f"none of these runs has a {metric} yet", "wait for their first validation, or choose another")
    best = told.best(entries, metric)
    figures: dict[str, Figure] = {}
    for name in [name for name in varied if name != "seed"]:
        if figure := _against(name, points, metric, varied):
            figures[f"against {name}"] = figure
    figures |= _matrices([name for name in varied if name != "seed"], points, metric)
    if curves := _training(entries):
        figures["training"] = curves
    figures["runs"] = _table(entries, metric, varied, best)
    notes = [f"best: {', '.join(sorted(best))}"] if best else []
    stopped = [entry.name for entry in entries if entry.status.message.startswith("outrun")]
    notes += [f"stopped early: {', '.join(stopped)}"] if stopped else []
    return Report(f"{metric} of {len(entries)} runs", (), figures, tuple(notes), {"metric": metric})


def _points(entries: Sequence[Entry], metric: str) -> list[_Point]:
    """Runs with the metric, those that differ by their seed together."""
    values = {entry.name: told.value(entry, metric) for entry in entries}
    known = [entry for entry in entries if isinstance(v := values[entry.name], float) and np.isfinite(v)]
    by_name = {entry.name: entry for entry in known}
    return [
        _Point(tuple(names), by_name[names[0]].settings, tuple(float(str(values[name])) for name in names))
        for names in seeds.groups([entry.name for entry in known], [entry.settings for entry in known])
    ]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _against(name: str, points: Sequence[_Point], metric: str, varied: Sequence[str]) -> Curves | None:
    """The metric over one setting, a curve for each combination of the others; None where it is no number."""
    others = [other for other in varied if other not in (name, "seed")]
    groups: dict[tuple[str, ...], list[tuple[float, _Point]]] = {}
    for point in points:
        x = _number(point.settings.get(name, ""))
        if x is not None:
            groups.setdefault(tuple(point.settings.get(other, "") for other in others), []).append((x, point))
    every = sorted({x for group in groups.values() for x, _ in group})
    if len(every) < 2:
        return None
    series = []
    shown = sorted(groups.items(), key=lambda item: -len(item[1]))[:_MOST_CURVES]
    for values, group in shown:
        group.sort(key=lambda item: item[0])
        mean = np.array([point.mean for _, point in group])
        scatter = np.nan_to_num(np.array([point.scatter for _, point in group]))
        has_seeds = bool(scatter.any())
        words = ", ".join(f"{told.short(other)} {value}" for other, value in zip(others, values, strict=True))
        title = (words or metric) + (
            f", mean and scatter of {max(len(p.values) for _, p in group)} seeds" if has_seeds else ""
        )
        series.append(
            Series(
                title,
                np.array([x for x, _ in group]),
                mean,
                mean - scatter if has_seeds else None,
                mean + scatter if has_seeds else None,
                "line" if len(group) > 1 else "points",
            )
        )
    wide = every[0] > 0 and every[-1] / every[0] >= 20
    hidden = f" ({_MOST_CURVES} of {len(groups)} combinations)" if len(groups) > _MOST_CURVES else ""
    return Curves(f"{metric} against {name}{hidden}", tuple(series), name, metric, x_log=bool(wide))


def _matrices(varied: Sequence[str], points: Sequence[_Point], metric: str) -> dict[str, Figure]:
    """The metric over each two settings, the mean of all runs with both values."""
    figures: dict[str, Figure] = {}
    for place, row in enumerate(varied):
        for column in varied[place + 1 :]:
            rows, columns = (
                sorted(
                    {point.settings.get(name, "") for point in points}, key=lambda text: (_number(text) or 0.0, text)
                )
                for name in (row, column)
            )
            if len(rows) < 2 or len(columns) < 2:
                continue
            values = np.full((len(rows), len(columns)), np.nan)
            for i, first in enumerate(rows):
                for j, second in enumerate(columns):
                    both = [
                        value
                        for point in points
                        if point.settings.get(row, "") == first and point.settings.get(column, "") == second
                        for value in point.values
                    ]
                    values[i, j] = np.mean(both) if both else np.nan
            title = f"{metric} over {told.short(row)} and {told.short(column)}"
            figures[f"{row} and {column}"] = Matrix(title, values, tuple(rows), tuple(columns), row, column)
    return figures


def _training(entries: Sequence[Entry]) -> Curves | None:
    """The validation loss over the steps, with its scatter over seeds; the best few where they are many."""
    series: list[tuple[float, Series]] = []
    by_name = {entry.name: entry for entry in entries}
    varied = [name for name in told.differing(entries) if name != "seed"]
    for names in seeds.groups(list(by_name), [entry.settings for entry in entries]):
        tracks = []
        for name in names:
            history = History()
            history.add(by_name[name].run.events()[0])
            if (track := history.validation.get("loss")) and track.steps:
                tracks.append(dict(zip(track.steps, track.values, strict=True)))
        if not tracks:
            continue
        steps = sorted(set.intersection(*(set(track) for track in tracks)))
        if not steps:
            continue
        values = np.array([[track[step] for step in steps] for track in tracks])
        mean, scatter = values.mean(axis=0), (values.std(axis=0, ddof=1) if len(tracks) > 1 else None)
        told_of = by_name[names[0]].settings
        words = ", ".join(f"{told.short(name)} {told_of.get(name, '')}" for name in varied) or names[0]
        words += f", {len(tracks)} seeds" if scatter is not None else ""
        band = (mean - scatter, mean + scatter) if scatter is not None else (None, None)
        series.append((float(mean[-1]), Series(words, np.array(steps, dtype=np.float64), mean, *band)))
    if not series:
        return None
    best = [one for _, one in sorted(series, key=lambda item: item[0])[:_MOST_CURVES]]
    which = f", the best {_MOST_CURVES} of {len(series)}" if len(series) > _MOST_CURVES else ""
    low = min(float(np.nanmin(one.y)) for one in best)
    return Curves(f"Validation loss{which}", tuple(best), "step", "validation loss", y_log=low > 0)


def _table(entries: Sequence[Entry], metric: str, varied: Sequence[str], best: set[str]) -> Table:
    """The runs, the best first."""
    rows = tuple(
        (
            f"* {entry.name}" if entry.name in best else entry.name,
            *(entry.settings.get(name) for name in varied),
            told.value(entry, metric),
            float(entry.status.step),
            entry.state,
        )
        for entry in told.ordered(entries, metric, falling=told.better(metric) > 0)
    )
    return Table("Runs, the best first", ("run", *varied, metric, "step", "state"), rows)
