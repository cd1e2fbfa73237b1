"""Statistics of one universe, or of several beside each other, as a Report."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numpy as np

from core.analysis.massfunction import Errors
from core.analysis.statistics.context import Context
from core.analysis.statistics.figures import (
    correlation_figure,
    mass_functions,
    pdf_edges,
    pdf_figure,
    power_figure,
    transfer_figure,
    value_limits,
)
from core.analysis.statistics.rows import STATISTICS, Statistic
from core.cosmos.box import Field
from core.cosmos.identity import identity
from core.cosmos.measures.pdf import pixel_pdf
from core.cosmos.measures.spectra import Spectra, spectra
from core.cosmos.universe import Universe
from core.errors import InputError, UsageError, did_you_mean
from core.figures import Figure, Number, Report
from core.progress import Progress, silent

T = TypeVar("T")
Known: TypeAlias = dict[tuple[Hashable, ...], Any]


def statistics(
    *universes: Universe,
    field: str | None = None,
    reference: str | None = None,
    also: Sequence[str] = (),
    errors: Errors = "jackknife",
    known: Known | None = None,
    progress: Progress = silent,
) -> Report:
    """P(k) beside linear theory, distribution of cell values, mass function; of several universes also r(k) and T(k).

    They are compared with `reference`: the name or path of one of them, or "theory"; by default the last of several.
    `also` names statistics that are measured on request (core/analysis/statistics/rows.py).
    `field` defaults to the first of density, delta_linear and probability that all have; predictions without it still
    give their mass function. `errors` of the mass function are jackknife or Poisson. `known` keeps measurements for
    the next call.
    Raises: UsageError for a field that is missing or not a scalar, an unknown reference or statistic, or voids without
    halos; InputError for boxes that differ, or first crossings without halos of today.
    """
    rows = _rows(also)
    first, names = universes[0], labels(universes)
    against = _reference(reference, universes, names)
    fields = _fields(field, universes, names)
    figures: dict[str, Figure] = {}
    numbers: list[Number] = []
    measure = _Measure({} if known is None else known, progress, 3 * len(fields) + 1)
    facts = {
        "box": f"{first.box_size:g} Mpc/h" + (f", {first.cells}^3 cells" if first.cells else ""),
        "cosmology": _cosmology(first),
    }
    if fields:
        a = next(iter(fields.values()))
        facts = {"field": f"{a.name} at z = {a.redshift:g}, {a.frame}", **facts}
        figures, numbers = _of_fields(dict(zip(names, universes, strict=True)), fields, against, measure)
    measure.progress(0.9, "halos")
    catalogues = {f"{n} {c}": u.catalogue(c) for n, u in zip(names, universes, strict=True) for c in u.halos}
    if catalogues:
        filled = {n: c for n, c in catalogues.items() if len(c)}
        own = dict(zip(names, universes, strict=True))[against].halos if against else {}
        beside = next((f"{against} {c}" for c in own if f"{against} {c}" in filled), None)
        figures["mass_function"] = mass_functions(filled, first.cosmology, beside, errors)
        numbers += [
            Number(f"halos.{n.replace(' ', '.')}", f"halos in {n}", float(len(c))) for n, c in catalogues.items()
        ]
    context = Context(dict(zip(names, universes, strict=True)), dict(fields), catalogues)
    for row in rows:
        measure.progress(0.95, row.help)
        more, counted = measure.kept(row.name, universes, partial(row.load(), context), *names, *fields)
        figures |= more
        numbers += counted
    return Report(" and ".join(names), tuple(numbers), figures, (), facts)


def labels(universes: Sequence[Universe]) -> tuple[str, ...]:
    """Their names; predictions with their run, namesakes numbered."""
    found: list[str] = []
    for universe in universes:
        run = Path(str(universe.provenance.get("run", ""))).name if universe.kind == "prediction" else ""
        name = f"{universe.name} by {run}" if run else universe.name
        same = sum(other == name or other.startswith(f"{name} (") for other in found)
        found.append(f"{name} ({same + 1})" if same else name)
    return tuple(found)


def sources(universes: Sequence[Universe], field: str) -> dict[str, str]:
    """What each is, by its label: redshift (of a field, else of the first halos) and identity."""
    found = {}
    for name, universe in zip(labels(universes), universes, strict=True):
        if field in universe.fields:
            redshift: float | None = universe.fields[field].redshift
        else:
            redshift = next((universe.catalogue(each).redshift for each in universe.halos), None)
        found[name] = ", ".join([*([] if redshift is None else [f"z={redshift:g}"]), identity(universe)])
    return found


class _Measure:
    """Measures what is not known yet, and says how far it is."""

    def __init__(self, known: Known, progress: Progress, steps: int) -> None:
        self.known, self.progress, self.steps, self.done = known, progress, steps, 0

    def __call__(self, what: str, universes: Sequence[Universe], doing: Callable[[], T], *more: Hashable) -> T:
        self.progress(0.9 * self.done / self.steps, f"{what} of {universes[0].name}")
        self.done += 1
        return self.kept(what, universes, doing, *more)

    def kept(self, what: str, universes: Sequence[Universe], doing: Callable[[], T], *more: Hashable) -> T:
        """What is known of these files as they are now, else measured and kept."""
        key = (
            what,
            *((str(u.path), u.path.stat().st_mtime_ns if u.path.exists() else 0, u.name) for u in universes),
            *more,
        )
        if key not in self.known:
            self.known[key] = doing()
        return self.known[key]


def _of_fields(
    universes: Mapping[str, Universe], fields: Mapping[str, Field], against: str | None, measure: _Measure
) -> tuple[dict[str, Figure], list[Number]]:
    """Spectra and distributions of one field, name by name."""
    a = next(iter(fields.values()))
    other = fields.get(against) if against else None
    measured: dict[str, Spectra] = {}
    for name, field in fields.items():
        pair = None if other is None or name == against else other
        pair_of = [universes[name]] + ([universes[against]] if pair and against else [])
        measured[name] = measure("spectrum", pair_of, partial(spectra, field, pair), field.name)
    for name, found in measured.items():
        if np.isnan(found.power).all():  # one NaN in a field is in every mode of it
            raise InputError(f"{a.name} of {name} has values that are not finite", "choose another field (--field)")
    limits = [
        measure("limits", [universes[n]], partial(value_limits, field), field.name) for n, field in fields.items()
    ]
    edges = pdf_edges(a, min(low for low, _ in limits), max(high for _, high in limits))
    pdfs = {
        n: measure("distribution", [universes[n]], partial(pixel_pdf, f, edges), f.name, edges.tobytes())
        for n, f in fields.items()
    }
    name, first = next(iter(pdfs)), next(iter(universes.values()))
    with_theory = a.name.startswith(("density", "delta"))
    figures: dict[str, Figure] = {
        "power": power_figure(a, measured, against if other else None, first.cosmology if with_theory else None)
    }
    if other and against:
        pairs = {n: m for n, m in measured.items() if n != against}
        figures["correlation"] = correlation_figure(against, pairs)
        figures["transfer"] = transfer_figure(against, pairs)
    figures["pdf"] = pdf_figure(a, pdfs, against if other else None)
    numbers = [
        Number("variance", f"standard deviation of {a.name}", float(np.sqrt(pdfs[name].variance))),
        Number("skewness", f"skewness of {a.name}", pdfs[name].skewness),
        Number("modes", "modes in all shells", float(measured[name].modes.sum())),
    ]
    return figures, numbers


def _rows(also: Sequence[str]) -> list[Statistic]:
    """The statistics of these names, in the order of the table. Raises: UsageError for an unknown one."""
    known = [row.name for row in STATISTICS]
    for name in also:
        if name not in known:
            raise UsageError(f"unknown statistic {name!r}", did_you_mean(name, known))
    return [row for row in STATISTICS if row.name in also]


def _reference(wanted: str | None, universes: Sequence[Universe], names: Sequence[str]) -> str | None:
    """The name of the universe to compare with, None for theory."""
    if wanted == "theory" or (wanted is None and len(universes) == 1):
        return None
    if wanted is None:
        return names[-1]
    for universe, name in zip(universes, names, strict=True):
        if wanted in (name, universe.name, str(universe.path)):
            return name if len(universes) > 1 else None
    raise UsageError(f"{wanted} is not among the universes", did_you_mean(wanted, ["theory", *names]))


def _fields(wanted: str | None, universes: Sequence[Universe], names: Sequence[str]) -> dict[str, Field]:
    """The field of every universe that has it, by name; none where only halos can be compared."""
    if wanted is None:
        for name in ("density", "delta_linear", "probability"):
            if all(name in universe.fields for universe in universes):
                wanted = name
                break
        else:
            if any(universe.halos for universe in universes):
                return {}
            wanted = "density"
    having = [(n, u) for n, u in zip(names, universes, strict=True) if wanted in u.fields]
    if not having:
        having = [(names[0], universes[0])]  # it knows what to say
    return {name: _scalar(universe, wanted) for name, universe in having}


def _scalar(universe: Universe, name: str) -> Field:
    field = universe.field(name)
    if field.is_vector or field.values.dtype.kind != "f":
        raise UsageError(f"{name} is not a density-like field", "choose another field (--field), e.g. delta_linear")
    return field


def _cosmology(universe: Universe) -> str:
    c = universe.cosmology
    return (
        f"{c.name or 'unnamed'}: Omega_m {c.omega_matter:g}, Omega_b {c.omega_baryon:g}, h {c.h:g}, "
        f"sigma8 {c.sigma8:g}, n_s {c.spectral_index:g}"
    )
