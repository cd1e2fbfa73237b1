"""Linked images of one place in a box: a field alone, or input | truth | prediction | difference."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from core.analysis.views.colour_range import is_overdensity, limits_of
from core.analysis.views.overlays import halo_circles, outline
from core.analysis.views.slab_cache import Cancelled, SlabCache
from core.analysis.views.view import AXES, View, plane_figure, where
from core.cosmos.box import Array, Field, Frame, by_mass, position_in
from core.cosmos.identity import is_of
from core.cosmos.universe import Universe
from core.errors import HalodeckError, InputError, UsageError, did_you_mean
from core.figures import Contours, Row, Slice

Role = Literal["field", "pair", "input", "truth", "prediction", "difference"]
FIRST_CHOICES = ("density", "probability", "delta_linear")
MASKS = {"probability": "label"}
"""Predicted probabilities, and the labels whose mask they stand for."""
THRESHOLD = 0.5


@dataclass(frozen=True)
class Source:
    """A field of a file, or, with `mask`, where it holds a label."""

    universe: Universe
    field: str
    mask: bool = False


@dataclass(frozen=True)
class Panel:
    """What one image shows: a source, or how much it exceeds another."""

    role: Role
    source: Source
    minus: Source | None = None
    like: Source | None = None
    """Whose range its colours have: its own by default, another's where one colour is to be one value in both."""

    def values(self, cache: SlabCache, view: View, cancelled: Cancelled) -> Array:
        """The slab of a view as one image (n, n)."""
        plane = _slab(cache, self.source, view, cancelled)
        return plane if self.minus is None else plane - _slab(cache, self.minus, view, cancelled)

    def figure(self, cache: SlabCache, view: View, cancelled: Cancelled = lambda: False) -> Slice:
        """The image. Raises: HalodeckError."""
        about = described(self.source)
        if self.minus:
            view = replace(view, scale="linear" if view.scale == "log" else view.scale, colours=None, limits=None)
            limits = (-1.0, 1.0) if self.source.field in MASKS else self._limits(cache, view, cancelled)
            view = replace(view, limits=limits)
            about = replace(about, name="difference")
        elif self.source.mask or self.source.field in MASKS:
            view = replace(view, scale="linear", limits=(0.0, 1.0))
        elif view.limits is None:
            view = replace(view, limits=self._limits(cache, view, cancelled))
        figure = plane_figure(about, self.values(cache, view, cancelled), view, self.title)
        if self.minus:
            return replace(figure, colour_map="diverging")
        return figure

    def _limits(self, cache: SlabCache, view: View, cancelled: Cancelled) -> tuple[float, float] | None:
        """The range of the box, if that is wanted."""
        if view.range == "slice":
            return None
        whose = self.like or self.source
        if whose.universe.fields[whose.field].dtype.kind in "iu" and not whose.mask:
            return None
        values = _sample(cache, whose, view, cancelled)
        if self.minus:
            values = _sample(cache, self.source, view, cancelled) - _sample(cache, self.minus, view, cancelled)
        return limits_of(values, described(whose), view.scale)

    @property
    def is_vector(self) -> bool:
        return len(self.source.universe.fields[self.source.field].shape) == 4

    @property
    def title(self) -> str:
        """ "truth: mask of label", "prediction - truth"; nothing for a field alone."""
        if self.minus:
            return "prediction - truth" if self.role == "difference" else f"{_name(self.source)} - {_name(self.minus)}"
        name = f"mask of {self.source.field}" if self.source.mask else self.source.field
        if self.role in ("field", "pair"):
            return f"{name} of {_name(self.source)}" if self.role == "pair" else ""
        return f"{self.role}: {name}"


@dataclass(frozen=True)
class Overlays:
    """What is laid over the images: the halos of a catalogue, and the outlines of masks."""

    catalogue: str = ""
    outlines: bool = False
    smallest: float = 0.0
    """Mass of the smallest halo shown [Msun/h]."""


def first_field(universe: Universe) -> str:
    """The field to show when none was asked for. Raises: InputError for a file without fields."""
    if not universe.fields:
        raise InputError(f"{universe.path} holds no field", "`halodeck info` says what it holds")
    return first_of(tuple(universe.fields))


def first_of(names: tuple[str, ...]) -> str:
    """The most telling of some fields."""
    return next((name for name in FIRST_CHOICES if name in names), names[0])


def fields_beside(universe: Universe, partner: Universe | None) -> tuple[str, ...]:
    """The fields of a universe that make sense beside a partner: those of a prediction's frame, or common ones."""
    if partner is None:
        return tuple(universe.fields)
    if universe.kind == "prediction" and partner.kind == "universe":
        universe, partner = partner, universe
    if partner.kind == "prediction" and universe.kind == "universe" and partner.fields:
        frame = partner.fields[first_field(partner)].frame
        return tuple(name for name, info in universe.fields.items() if info.frame == frame) or tuple(universe.fields)
    return tuple(name for name in universe.fields if name in partner.fields) or tuple(universe.fields)


def panels(universe: Universe, field: str, partner: Universe | None = None) -> tuple[Panel, ...]:
    """A field alone, or beside what a partner makes of it.

    A prediction is compared with its universe: the field is the input, the truth is the field that carries the
    prediction's name or the mask of the labels. Two universes are compared field by field.
    Raises: InputError for another grid or nothing in common.
    """
    shown = Source(universe, field)
    if partner is None:
        return (Panel("field", shown),)
    if (partner.cells, partner.box_size) != (universe.cells, universe.box_size):
        raise InputError(f"{partner.path} has another grid than {universe.path}", "compare boxes of one grid")
    if {universe.kind, partner.kind} == {"prediction", "universe"}:
        made, of = (universe, partner) if universe.kind == "prediction" else (partner, universe)
        if not is_of(made, of):
            raise InputError(f"{made.path} was not predicted for {of.path}", "choose the universe it is of")
    if universe.kind == "prediction" and partner.kind == "universe":
        return panels(partner, field if field in partner.fields else first_field(partner), universe)
    if partner.kind == "prediction" and universe.kind == "universe":
        theirs = Source(partner, field if field in partner.fields else first_field(partner))
        ours = _truth(universe, theirs)
        both = (Panel("truth", ours),) if ours else ()
        difference = (Panel("difference", theirs, ours),) if ours and _comparable(ours, theirs) else ()
        given = () if shown == ours else (Panel("input", shown, like=_alike(shown, ours)),)
        return (*given, *both, Panel("prediction", theirs, like=_alike(theirs, ours)), *difference)
    if field not in partner.fields:
        raise InputError(f"{partner.path} has no field {field!r} to compare", "choose another field or partner")
    other = Source(partner, field)
    pair = (Panel("pair", shown), Panel("pair", other, like=shown))
    return (*pair, Panel("pair", other, shown)) if _comparable(shown, other) else pair


def overlaid(
    figure: Slice, panel: Panel, all_panels: tuple[Panel, ...], overlays: Overlays, cache: SlabCache, view: View
) -> Slice:
    """The figure of a panel with what lies over it. Raises: HalodeckError."""
    frame = panel.source.universe.fields[panel.source.field].frame
    circles = []
    # the two sides of a comparison may both hold halos: each is drawn under its own name
    for kin, owner in enumerate(_files(all_panels)):
        if overlays.catalogue and (found := _catalogue(owner, overlays.catalogue)):
            name = f"halos ({found})" if len(_files(all_panels)) == 1 else _halos_of(owner, all_panels)
            drawn = halo_circles(cache.catalogue(owner, found), owner, frame, view, name, overlays.smallest, kin)
            circles += [drawn] if drawn else []
    lines = _outlines(all_panels, frame, cache, view) if overlays.outlines else ()
    return replace(figure, circles=tuple(circles), contours=lines)


def view_figure(
    path: Path, view: View, field: str | None = None, partner: Path | None = None, overlays: Overlays | None = None
) -> Slice | Row:
    """A field of a file as a view shows it, or the panels of a comparison side by side.

    Raises: UsageError for an unknown field, catalogue or plane, InputError for files that cannot be compared.
    """
    cache, overlays = SlabCache(), overlays or Overlays()
    universe = cache.universe(path)
    named = field or first_field(universe)
    view.check(universe.cells)
    if field and field not in universe.fields:
        raise UsageError(f"{path} has no field {field!r}", did_you_mean(field, universe.fields))
    if overlays.catalogue and overlays.catalogue not in universe.halos:
        wanted = overlays.catalogue
        raise UsageError(f"{path} has no halo catalogue {wanted!r}", did_you_mean(wanted, universe.halos))
    shown = panels(universe, named, cache.universe(partner) if partner else None)
    figures = tuple(overlaid(panel.figure(cache, view), panel, shown, overlays, cache, view) for panel in shown)
    if len(figures) == 1:
        return figures[0]
    redshift = universe.fields[named].redshift
    place = where(view, universe.cells, universe.box_size)
    return Row(f"{universe.name} at redshift {redshift:.4g}, {place}", figures)


def planes_figure(
    path: Path,
    view: View,
    field: str | None = None,
    at: tuple[float, float, float] | None = None,
    overlays: Overlays | None = None,
) -> Row:
    """The planes along all three axes through a point [Mpc/h], by default the centre of the most massive halo.

    Raises: UsageError for an unknown field or catalogue.
    """
    cache, overlays = SlabCache(), overlays or Overlays()
    universe = cache.universe(path)
    named = field or first_field(universe)
    if named not in universe.fields:
        raise UsageError(f"{path} has no field {named!r}", did_you_mean(named, universe.fields))
    (shown,) = panels(universe, named)
    at = at or most_massive(universe, universe.fields[named].frame, overlays.catalogue, cache)
    cell = universe.box_size / universe.cells
    figures = []
    for axis in AXES:
        x, y = (at[k] for k in range(3) if AXES[k] != axis)
        index = round(at[AXES.index(axis)] / cell) % universe.cells
        turned = replace(view, axis=axis, index=index, centre=(x, y) if view.zoom > 1 else None)
        turned.check(universe.cells)
        figure = overlaid(shown.figure(cache, turned), shown, (shown,), overlays, cache, turned)
        figures.append(replace(figure, title=where(turned, universe.cells, universe.box_size)))
    redshift, place = universe.fields[named].redshift, ", ".join(f"{coordinate:.4g}" for coordinate in at)
    return Row(f"{universe.name}, {named} at redshift {redshift:.4g}, through ({place}) Mpc/h", tuple(figures))


def most_massive(universe: Universe, frame: Frame, catalogue: str, cache: SlabCache) -> tuple[float, float, float]:
    """Where the most massive halo of a catalogue, by default the first, is in a frame; the middle without halos."""
    name = catalogue if catalogue in universe.halos else next(iter(universe.halos), "")
    halos = cache.catalogue(universe, name) if name else None
    if halos is None or position_in(frame) not in halos or not len(halos):
        middle = universe.cells // 2 * universe.box_size / universe.cells
        return middle, middle, middle
    x, y, z = (float(place) for place in halos[position_in(frame)][by_mass(halos)[0]])
    return x, y, z


def partners(universe: Universe, others: Iterable[Path], cache: SlabCache) -> list[Path]:
    """Which of some files can be compared with a universe: predictions for it and boxes of its grid."""
    found = []
    for path in others:
        try:
            other = cache.universe(path)
        except HalodeckError:
            continue  # a broken file is told where it is chosen
        same_grid = (other.cells, other.box_size) == (universe.cells, universe.box_size)
        if path != universe.path and same_grid and ("universe" in (other.kind, universe.kind)):
            pair = (other, universe) if other.kind == "prediction" else (universe, other)
            if other.kind == universe.kind or is_of(*pair):
                found.append(path)
    return found


def described(source: Source) -> Field:
    """Name, units, shape and frame of a source as a Field without values."""
    info = source.universe.fields[source.field]
    values = np.broadcast_to(np.zeros((), info.dtype), info.shape)
    name, units = ("in a halo", "") if source.mask else (info.name, info.units)
    return Field(name, values, source.universe.box_size, units, info.redshift, info.frame, info.assignment)


def _alike(one: Source, other: Source | None) -> Source | None:
    """The other source, if both hold the same quantity."""
    if other is None or other.mask or one.universe.fields[one.field].shape != other.universe.fields[other.field].shape:
        return None
    fields = described(one), described(other)
    same = fields[0].name == fields[1].name or all(is_overdensity(field) for field in fields)
    return other if same and fields[0].values.dtype.kind == fields[1].values.dtype.kind == "f" else None


def _sample(cache: SlabCache, source: Source, view: View, cancelled: Cancelled) -> Array:
    return cache.sample(source.universe, source.field, view, source.mask, cancelled)


def _slab(cache: SlabCache, source: Source, view: View, cancelled: Cancelled) -> Array:
    return cache.slab(source.universe, source.field, view, source.mask, cancelled)


def _truth(universe: Universe, theirs: Source) -> Source | None:
    """What a prediction should have been, where the universe knows; else its labels, if they are of that frame."""
    if theirs.field in universe.fields:
        return Source(universe, theirs.field)
    label, frame = MASKS.get(theirs.field, "label"), theirs.universe.fields[theirs.field].frame
    if label not in universe.fields or universe.fields[label].frame != frame:
        return None
    return Source(universe, label, mask=theirs.field in MASKS)


def _comparable(one: Source, other: Source) -> bool:
    """Numbers can be subtracted, labels cannot: each file counts its own."""
    kinds = [source.mask or source.universe.fields[source.field].dtype.kind == "f" for source in (one, other)]
    return all(kinds) and one.universe.fields[one.field].shape == other.universe.fields[other.field].shape


def _outlines(all_panels: tuple[Panel, ...], frame: str, cache: SlabCache, view: View) -> tuple[Contours, ...]:
    lines = []
    for kin, owner in enumerate(_files(all_panels)):
        for field, mask in (("probability", False), ("label", True)):
            if field in owner.fields and owner.fields[field].frame == frame:
                plane = cache.slab(owner, field, view, mask)
                name = _side(owner, all_panels) if len(_files(all_panels)) > 1 else field
                lines.append(outline(plane, owner, view, name, THRESHOLD, kin))
                break
    return tuple(lines)


def _files(all_panels: tuple[Panel, ...]) -> list[Universe]:
    found: dict[Path, Universe] = {}
    for panel in all_panels:
        for source in (panel.minus, panel.source):
            if source:
                found.setdefault(source.universe.path, source.universe)
    return list(found.values())


def _side(owner: Universe, all_panels: tuple[Panel, ...]) -> str:
    """What a file is in a comparison."""
    kinds = {universe.kind for universe in _files(all_panels)}
    if len(kinds) == 2:
        return "prediction" if owner.kind == "prediction" else "truth"
    return owner.name


def _halos_of(owner: Universe, all_panels: tuple[Panel, ...]) -> str:
    side = _side(owner, all_panels)
    return {"prediction": "predicted halos", "truth": "true halos"}.get(side, f"halos of {side}")


def _catalogue(owner: Universe, wanted: str) -> str:
    """The catalogue of that name; a prediction has its own."""
    if wanted in owner.halos:
        return wanted
    return next(iter(owner.halos), "") if owner.kind == "prediction" else ""


def _name(source: Source) -> str:
    return source.universe.name
