"""Keys of slices."""

from __future__ import annotations

from app.tui.frame.key import Key

SECTIONS = {"slices": "Slices through universes"}

KEYS: tuple[Key, ...] = (
    Key("slices.deeper", "full_stop,pagedown", "deeper(1)", "next plane; the mouse wheel too", "slices", "deeper"),
    Key("slices.shallower", "comma,pageup", "deeper(-1)", "previous plane", "slices"),
    Key("slices.far_deeper", "greater_than_sign", "deeper(10)", "ten planes on", "slices"),
    Key("slices.far_shallower", "less_than_sign", "deeper(-10)", "ten planes back", "slices"),
    Key("slices.axis", "a", "axis", "look along the next axis: x, y, z", "slices", "axis"),
    Key("slices.field", "v", "field(1)", "next field", "slices", "field"),
    Key("slices.field_back", "V", "field(-1)", "previous field", "slices"),
    Key("slices.component", "c", "component", "of a vector: its length, its x, y or z", "slices"),
    Key("slices.universe", "u", "universe(1)", "next marked universe; without marks, the next in the folder", "slices"),
    Key("slices.universe_back", "U", "universe(-1)", "previous universe", "slices"),
    Key("slices.partner", "D", "partner", "compare with a prediction or another universe", "slices", "compare"),
    Key("slices.three", "x", "three", "the planes along all three axes through the cursor", "slices"),
    Key("slices.halos", "o", "halos", "halos as circles: of the next catalogue, or none", "slices", "halos"),
    Key("slices.smallest", "h", "smallest", "only halos above 10^12, 10^13, 10^14 Msun/h, or all", "slices"),
    Key("slices.outlines", "i", "outlines", "outlines of the halo cells of truth and prediction", "slices"),
    Key("slices.next_halo", "n", "halo(1)", "go to the next smaller halo", "slices"),
    Key("slices.halo_back", "N", "halo(-1)", "go to the next larger halo", "slices"),
    Key("slices.thicker", "w", "thicker(2)", "twice as thick a slab", "slices"),
    Key("slices.thinner", "W", "thicker(0.5)", "half as thick a slab", "slices"),
    Key("slices.pooling", "m", "pooling", "mean or highest value of a slab and of a pixel", "slices"),
    Key("slices.scale", "l", "scale", "colours linear, logarithmic, asinh", "slices"),
    Key("slices.colours", "k", "colours", "next colour map", "slices"),
    Key("slices.hold", "r", "hold", "hold the range of colours, or take it from each slice", "slices"),
    Key("slices.closer", "plus,equals_sign", "zoom(2)", "closer to the cursor; ctrl and mouse wheel too", "slices"),
    Key("slices.away", "minus", "zoom(0.5)", "further away", "slices"),
    Key("slices.whole", "0", "zoom(0)", "the whole box", "slices"),
    Key("slices.left", "left", "move(-1,0)", "cursor to the left; a click puts it anywhere", "slices"),
    Key("slices.right", "right", "move(1,0)", "cursor to the right", "slices"),
    Key("slices.up", "up", "move(0,1)", "cursor up", "slices"),
    Key("slices.down", "down", "move(0,-1)", "cursor down", "slices"),
    Key("slices.pan_left", "shift+left,H", "pan(-1,0)", "window to the left, around the box; drag it too", "slices"),
    Key("slices.pan_right", "shift+right,L", "pan(1,0)", "window to the right", "slices"),
    Key("slices.pan_up", "shift+up,K", "pan(0,1)", "window up", "slices"),
    Key("slices.pan_down", "shift+down,J", "pan(0,-1)", "window down", "slices"),
    Key("slices.pane", "tab", "pane(1)", "next image", "slices", first=True),
    Key("slices.pane_back", "shift+tab", "pane(-1)", "previous image", "slices", first=True),
    Key("slices.alone", "enter", "alone", "one image alone, or all side by side", "slices"),
    Key("slices.save", "e", "save_slice", "save the slice as PNG, SVG, PDF, text or .npy", "slices", "export"),
)
