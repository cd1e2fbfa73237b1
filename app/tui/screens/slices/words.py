"""What the slices say: where they are, what the cursor is on, and every choice with its key."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from app.tui.frame.key import Key
from app.tui.frame.wording import number
from app.tui.screens.slices.camera import Camera
from app.tui.screens.slices.reader import Image
from core.analysis.views.view import View, where
from core.figures import Scale

_ROLES = {"difference": "diff"}
_COLUMN = 36  # cells of a choice
_CHOICES = {
    "field": "field",
    "component": "component",
    "axis": "axis",
    "deeper": "plane",
    "thicker": "slab",
    "pooling": "pooling",
    "scale": "scale",
    "colours": "colours",
    "blocks": "blocks",
    "range": "range",
    "closer": "zoom",
    "halos": "halos",
    "smallest": "smallest",
    "outlines": "outlines",
    "next_halo": "next halo",
    "partner": "compare",
    "three": "planes",
}


def place(camera: Camera, redshift: float | None, which: str, three: bool, busy: bool) -> Content:
    """File, field and planes, which of several images this is, what is not as usual."""
    parts = [camera.field]
    if camera.cells:
        parts += [
            "" if redshift is None else f"redshift {redshift:.4g}",
            _thick(camera) if three else where(_view(camera), camera.cells, camera.box_size),
            which,
            f"with {compared(camera)}" if camera.partner else "",
            "highest values" if camera.pooling == "max" else "",
            f"zoom {camera.zoom:g}" if camera.zoom > 1 else "",
            _colours(camera),
        ]
    words = "".join(f" · {part}" for part in parts if part)
    reading = Content.from_markup("  [$warning]reading ...[/]") if busy else Content()
    return Content.assemble(Content.from_markup("[b]$name[/b]", name=camera.path.stem), reading, words)


def which(shown: tuple[int, ...], count: int) -> str:
    """Which of several images are shown, where not all of them are."""
    if len(shown) >= count:
        return ""
    last = f"-{shown[-1] + 1}" if len(shown) > 1 else ""
    return f"image{'s' * (len(shown) > 1)} {shown[0] + 1}{last} of {count}"


def _view(camera: Camera) -> View:
    return View(camera.axis, camera.plane(), camera.thickness)


def _thick(camera: Camera) -> str:
    """How thick the planes are whose places stand above them."""
    return f"{camera.thickness} cells thick" if camera.thickness > 1 else ""


def _colours(camera: Camera) -> str:
    """Which range of colours, where it is not that of the box."""
    if camera.limits:
        low, high = camera.limits
        return f"colours {low:.4g} to {high:.4g}"
    return "colours of each slice" if camera.range == "slice" else ""


def readout(camera: Camera, images: tuple[Image, ...], halo: str, lines: int) -> Content:
    """Where the cursor is, the values there and the halo around it, in one line or two."""
    at = f"({', '.join(f'{coordinate:.4g}' for coordinate in camera.at)})"
    said = []
    for image in images if camera.partner else images[:1]:
        role = _ROLES.get(image.panel.role, image.panel.role)
        said.append(f"{role if camera.partner else image.figure.colour_label} {number(image.value(camera.at))}")
    values = Content.from_markup("[b]╋[/b] $at Mpc/h  [b]$said[/b]", at=at, said="  ".join(said))
    return Content.assemble(values, "\n  " if lines > 1 else "  ·  ", halo)


def choices(
    camera: Camera,
    images: tuple[Image, ...],
    partners: int,
    three: bool,
    blocks: str,
    across: int,
    keys: Sequence[Key],
) -> Content:
    """A line for each choice; or, in so many cells from left to right, columns of them."""
    over = camera.overlays
    vector = bool(images) and images[0].panel.is_vector
    chosen = {
        "field": camera.field,
        "component": camera.component if vector else "a scalar",
        "axis": camera.axis,
        "deeper": f"{camera.plane()} of 0-{camera.cells - 1}" if camera.cells else "",
        "thicker": f"{camera.thickness} plane{'s' * (camera.thickness > 1)}",
        "pooling": "mean" if camera.pooling == "mean" else "highest value",
        "scale": scale_shown(images),
        "colours": camera.colours or "the field's own",
        "blocks": blocks,
        "range": "typed" if camera.limits else "of the box" if camera.range == "box" else "of each slice",
        "closer": f"{camera.zoom:g}",
        "halos": over.catalogue or "none",
        "smallest": f"{over.smallest:g} Msun/h" if over.smallest else "all",
        "outlines": "shown" if over.outlines else "none",
        "next_halo": "by mass",
        "partner": compared(camera) or (f"{partners} found" if partners else "nothing found"),
        "three": "all three axes" if three else "one axis",
    }
    signs = {key.id.removeprefix("slices."): key.signs.split()[0] for key in keys}
    lines = [
        Content.from_markup(f"[$footer-key-foreground]{signs[id]:>2}[/] {_CHOICES[id]:<11} [b]$value[/b]", value=value)
        for id, value in chosen.items()
    ]
    if across:
        rows = rows_of_choices(across)
        padded = [line.pad_right(max(0, _COLUMN - line.cell_length)) for line in lines]
        lines = [Content.assemble(*padded[row::rows]) for row in range(rows)]
    return Content("\n").join(lines)


def rows_of_choices(across: int) -> int:
    """Lines that the choices take in so many cells from left to right."""
    return -(-len(_CHOICES) // max(1, across // _COLUMN))


def scale_shown(images: tuple[Image, ...]) -> Scale:
    """The scale of the first image."""
    return images[0].view.scale if images else "linear"


def compared(camera: Camera) -> str:
    """The run of the prediction it is compared with, or the other universe."""
    if camera.partner is None:
        return ""
    return camera.partner.parent.parent.name if camera.partner.parent.name == "predictions" else camera.partner.stem
