"""Keys of slices."""

from __future__ import annotations

from app.tui.frame import grammar as on
from app.tui.frame.key import Key

SECTIONS = {
    "slices": "Slices through universes",
    "halos": "List of halos",
    "card": "Card of a halo",
    "residuals": "Where a run fails",
}

_DEEPER, _SHALLOWER = f"{on.DEEPER},{on.PAGE_DOWN}", f"{on.SHALLOWER},{on.PAGE_UP}"
_NEXT = "go to the next smaller halo; beside a prediction to the next error of its run"
_UNIVERSE = "next marked universe; without marks, the next in the folder"

KEYS: tuple[Key, ...] = (
    Key("slices.deeper", _DEEPER, "deeper(1)", "next plane; the mouse wheel too", "slices", "deeper"),
    Key("slices.shallower", _SHALLOWER, "deeper(-1)", "previous plane", "slices"),
    Key("slices.far_deeper", on.FAR_DEEPER, "deeper(10)", "ten planes on", "slices"),
    Key("slices.far_shallower", on.FAR_SHALLOWER, "deeper(-10)", "ten planes back", "slices"),
    Key("slices.first", on.FIRST, "face(False)", "the first plane", "slices"),
    Key("slices.last", on.LAST, "face(True)", "the last plane", "slices"),
    Key("slices.axis", on.AXIS, "axis", "look along the next axis: x, y, z", "slices"),
    Key("slices.field", on.QUANTITY, "field(1)", "next field", "slices", "field"),
    Key("slices.field_back", on.QUANTITY_BACK, "field(-1)", "previous field", "slices"),
    Key("slices.component", on.COMPONENT, "component", "of a vector: its length, its x, y or z", "slices"),
    Key("slices.universe", on.UNIVERSE, "universe(1)", _UNIVERSE, "slices"),
    Key("slices.universe_back", on.UNIVERSE_BACK, "universe(-1)", "previous universe", "slices"),
    Key("slices.partner", on.COMPARE, "partner", "compare with a prediction or another universe", "slices", "compare"),
    Key("slices.three", on.ALL_AXES, "three", "the planes along all three axes through the cursor", "slices"),
    Key("slices.halos", on.TRACERS, "halos", "halos as circles: of the next catalogue, or none", "slices", "halos"),
    Key(
        "slices.smallest", on.FEWER_TRACERS, "smallest", "only halos above 10^12, 10^13, 10^14 Msun/h, or all", "slices"
    ),
    Key("slices.outlines", on.DIFFERENCES, "outlines", "outlines of the halo cells of truth and prediction", "slices"),
    Key("slices.next_halo", on.NEXT, "halo(1)", _NEXT, "slices"),
    Key("slices.halo_back", on.PREVIOUS, "halo(-1)", "go to the next larger halo or error", "slices"),
    Key("slices.list", on.HALOS, "list", "list of halos beside the slices, or hide it", "slices"),
    Key("slices.residuals", on.ERRORS, "residuals", "where the run fails: by mass, environment, scale", "slices"),
    Key("slices.blink", on.PREDICTION, "blink", "truth alone, prediction alone in its place, and back", "slices"),
    Key("slices.thicker", on.WIDTH, "thicker(2)", "twice as thick a slab", "slices"),
    Key("slices.thinner", on.WIDTH_BACK, "thicker(0.5)", "half as thick a slab", "slices"),
    Key("slices.pooling", on.POOLING, "pooling", "mean or highest value of a slab and of a pixel", "slices"),
    Key("slices.scale", on.SCALE, "scale", "colours linear, logarithmic, asinh", "slices"),
    Key("slices.colours", on.COLOURS, "colours", "next colour map", "slices"),
    Key("slices.blocks", on.BLOCKS, "blocks", "cells in halves, quadrants, sextants, octants", "slices"),
    Key("slices.range", on.RANGE, "range", "range of colours: of the whole box, of each slice, typed", "slices"),
    Key("slices.closer", on.CLOSER, "zoom(2)", "closer to the cursor; ctrl and mouse wheel too", "slices"),
    Key("slices.away", on.AWAY, "zoom(0.5)", "further away", "slices"),
    Key("slices.whole", on.WHOLE, "zoom(0)", "the whole box", "slices"),
    Key("slices.left", on.LEFT, "move(-1,0)", "cursor to the left; a click puts it anywhere", "slices"),
    Key("slices.right", on.RIGHT, "move(1,0)", "cursor to the right", "slices"),
    Key("slices.up", on.UP, "move(0,1)", "cursor up", "slices"),
    Key("slices.down", on.DOWN, "move(0,-1)", "cursor down", "slices"),
    Key("slices.pan_left", on.FAR_LEFT, "pan(-1,0)", "window to the left, around the box; drag it too", "slices"),
    Key("slices.pan_right", on.FAR_RIGHT, "pan(1,0)", "window to the right", "slices"),
    Key("slices.pan_up", on.FAR_UP, "pan(0,1)", "window up", "slices"),
    Key("slices.pan_down", on.FAR_DOWN, "pan(0,-1)", "window down", "slices"),
    Key("slices.pane", on.PANE, "pane(1)", "next image", "slices", first=True),
    Key("slices.pane_back", on.PANE_BACK, "pane(-1)", "previous image", "slices", first=True),
    Key("slices.choices", on.MORE, "choices", "more: show or hide all choices", "slices", "more"),
    Key("slices.alone", f"{on.FULL},{on.ENTER}", "alone", "one image alone, or all side by side", "slices"),
    Key("slices.save", on.EXPORT, "save_slice", "save the slice as PNG, SVG, PDF, text or .npy", "slices", "export"),
    Key("halos.down", on.DOWN, "cursor_down", "next halo; the slices follow", "halos"),
    Key("halos.up", on.UP, "cursor_up", "previous halo", "halos"),
    Key("halos.page_down", on.PAGE_DOWN, "page_down", "a page down", "halos"),
    Key("halos.page_up", on.PAGE_UP, "page_up", "a page up", "halos"),
    Key("halos.first", on.FIRST, "scroll_top", "first halo", "halos"),
    Key("halos.last", on.LAST, "scroll_bottom", "last halo", "halos"),
    Key("halos.order", on.ORDER, "order(1)", "order by the next column", "halos", "order"),
    Key("halos.turn", on.ORDER_BACK, "turn", "turn the order round", "halos"),
    Key("halos.filter", on.FILTER, "filter", "show only halos that are so: missed mass>1e14", "halos", "filter"),
    Key("halos.go", on.ENTER, "select_cursor", "go to the halo in every image", "halos", "go there"),
    Key("halos.card", on.FULL, "card", "its card: profile, protohalo patch, prediction", "halos", "card"),
    Key("card.back", on.BACK, "back", "back", "card", "back"),
    Key("card.save", on.EXPORT, "save_card", "save the card as PNG, SVG, PDF or text", "card", "export"),
    Key("residuals.down", on.DOWN, "cursor_down", "next row", "residuals"),
    Key("residuals.up", on.UP, "cursor_up", "previous row", "residuals"),
    Key("residuals.page_down", on.PAGE_DOWN, "page_down", "a page down", "residuals"),
    Key("residuals.page_up", on.PAGE_UP, "page_up", "a page up", "residuals"),
    Key("residuals.first", on.FIRST, "scroll_top", "first row", "residuals"),
    Key("residuals.last", on.LAST, "scroll_bottom", "last row", "residuals"),
    Key("residuals.filter", on.FILTER, "filter", "show only rows with these words", "residuals", "filter"),
    Key("residuals.go", on.ENTER, "select_cursor", "go to its gravest error in every image", "residuals", "go there"),
    Key("residuals.back", on.BACK, "screen.back", "back", "residuals", "back"),
)
