"""Pictures of every screen, docs/pictures/screen-*.png, from the real workbench on real universes and runs.

    python docs/pictures.py [--folder FOLDER] [--only WORDS] [--out FOLDER]

Without a folder everything is made anew in a temporary one: universes of 64^3, a run that has ended and one that goes
on; some minutes on 2 cores. Needs what `make test` installs: Matplotlib brings Pillow and the font.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image
    from rich.color import Color
    from rich.style import Style
    from textual.pilot import Pilot

    from app.draw.colour import Depth

CELL = 10, 20  # pixels of a character
FONT = 17  # so that box-drawing lines meet
SMALL, USUAL, LARGE = (80, 24), (120, 40), (200, 50)
QUIET = 1.0  # seconds without a change
LIVE = 5.0  # seconds for which a screen that goes on changing shows what was waited for
PATIENCE = 60.0
MOST_PRESSES = 30


@dataclass(frozen=True)
class Scene:
    """A picture: its name, what to press, and what must be on the screen before the next key is pressed.

    A key may be followed by words to wait for, and by a star if it is pressed again until they come: "2", "2:density",
    "j*:s0001.h5─".
    """

    name: str
    keys: tuple[str, ...]
    size: tuple[int, int] = USUAL
    depth: Depth = "truecolor"


MARKED = "1:planck2018", "j*:s0001.h5─", "space", "j*:s0002.h5─", "space"
TREE = "1:planck2018", "j*:s0001.h5─"
SCENES = (
    Scene("data", (*TREE, "j:s0002.h5─")),
    Scene("data-80x24", (*TREE, "j:s0002.h5─"), SMALL),
    Scene("simulate", (*TREE, "ctrl+n:cells")),
    Scene("slices", ("2:Mpc/h", "t:fof", "n:Msun")),
    Scene("slices-80x24", ("2:Mpc/h", "t:fof"), SMALL, "256"),
    Scene("slices-three", ("2:Mpc/h", "t:fof"), LARGE),
    Scene("slices-compare", ("2:Mpc/h", "U:s0004", "c:with halonet-001"), LARGE),
    Scene("slices-compare-120x40", ("2:Mpc/h", "U:s0004", "c:with halonet-001"), USUAL, "256"),
    Scene("slices-octants", ("2:Mpc/h", "t:fof", "apostrophe", "apostrophe", "apostrophe:octant"), LARGE),
    Scene("lens", ("2:Mpc/h", "U:s0004", "c:with halonet-001", "ampersand:verdict"), LARGE),
    Scene("residuals", ("2:Mpc/h", "U:s0004", "c:with halonet-001", "at:mass")),
    Scene("notebook", ("2:Mpc/h", "B:notebook", "3:Power", "B:notebook", "7:halodeck")),
    Scene("slices-light", ("2:Mpc/h", "ctrl+t:light", "a")),
    Scene("statistics", ("3:Power", "right", "right", "right")),
    Scene("statistics-80x24", ("3:Power", "right"), SMALL, "256"),
    Scene("statistics-200x50", (*MARKED, "3:Power"), LARGE),
    Scene("statistics-light", ("3:Power", "ctrl+t:light")),
    Scene("launch-recipes", ("4:HaloNet",)),
    Scene("launch", ("4:HaloNet", "j*:settings of halonet", "enter", "right*:demo ›")),
    Scene("launch-80x24", ("4:HaloNet", "j*:Berger", "enter", "right*:demo ›"), SMALL),
    Scene("runs", ("5:loss of",)),
    Scene("runs-80x24", ("5:loss of",), SMALL, "256"),
    Scene("runs-200x50", ("5:loss of", "space", "j", "j", "space"), LARGE),
    Scene("report", ("5:halonet-001", "G", "f:Dice")),
    Scene("report-80x24", ("5:halonet-001", "G", "f:Dice"), SMALL, "256"),
    Scene("figure", ("5:halonet-001", "G", "f:Dice", "j*:Press-Schechter", "f")),
    Scene("compare", ("5:halonet-001", "G", "space", "k", "space", "c:Dice")),
    Scene("network", ("5:halonet-001", "G", "6:sees", "v:channel 3")),
    Scene("network-80x24", ("5:halonet-001", "G", "6:sees", "v", "tab:channel 0"), SMALL),
    Scene("network-200x50", ("5:halonet-001", "G", "6:sees"), LARGE),
    Scene("help", ("2:Mpc/h", "question_mark")),
    Scene("palette", ("2:Mpc/h", "ctrl+p", "s", "l", "i")),
)
"""The newest run is the first of the list, the oldest the last."""


def make(folder: Path) -> None:
    """Four universes, a run of a few steps, and one that goes on."""
    if (folder / "runs").exists():
        return
    halodeck("simulate", "--seeds", "1-4")
    few = ["--set", "split.validation=1", "--set", "split.test=1", "--set", "validate_every=10"]
    train = ["train", "halonet", "--on", "universes", "--config", "demo", *few]
    halodeck(*train, "--set", "steps=150")
    halodeck(
        "train",
        "halonet",
        "--on",
        "universes",
        "--config",
        "smoke",
        "--set",
        "minimum_cells=20",
        "--note",
        "the smallest network",
    )
    halodeck(*train, "--set", "steps=5000", "--detach")


def halodeck(*words: str) -> None:
    """A command of halodeck."""
    program = "import sys; from app.main import main; main()"
    subprocess.run([sys.executable, "-c", program, *words], check=True, stdout=subprocess.DEVNULL)


async def photograph(scene: Scene, out: Path) -> None:
    """Open the workbench, press the keys, and draw what is seen then."""
    from app.tui.workbench import Workbench

    bench = Workbench(Path("runs"), scene.depth, Path("universes"))
    bench.animation_level = "none"
    async with bench.run_test(size=scene.size, notifications=True) as pilot:
        await settled(pilot, "run")
        for key in scene.keys:
            name, _, words = key.partition(":")
            await pilot.press(name.rstrip("*"))
            for _ in range(MOST_PRESSES if name.endswith("*") else 0):
                if words in await settled(pilot):
                    break
                await pilot.press(name.rstrip("*"))
            await settled(pilot, words)
        lines = pilot.app.screen._compositor.render_strips()
        picture = draw(lines, scene.size, scene.depth)
    path = out / f"screen-{scene.name}.png"
    picture.quantize(256).save(path, optimize=True)
    print(f"{path}  {path.stat().st_size / 1000:.0f} kB", flush=True)


async def settled(pilot: Pilot[Any], words: str = "") -> str:
    """The screen as text, once the words are there and nothing has changed for a while, or what is live has for long.

    Raises: TimeoutError.
    """

    def now() -> list[str]:
        return [strip.text for strip in pilot.app.screen._compositor.render_strips()]

    start = since = there = time.monotonic()
    before = now()
    while True:
        text = "\n".join(before)
        if words not in text or "ing ..." in text:
            there = time.monotonic()
        elif time.monotonic() - since >= QUIET or time.monotonic() - there >= LIVE:
            return text
        if time.monotonic() - start > PATIENCE:
            raise TimeoutError(f"{words!r} does not come:\n{text}")
        await pilot.pause(0.2)
        if now() != before:
            before, since = now(), time.monotonic()


def draw(lines: Iterable[Any], size: tuple[int, int], depth: Depth) -> Image.Image:
    """Lines of styled characters as a terminal shows them; blocks and dots are drawn, not taken from a font."""
    from matplotlib import get_data_path
    from PIL import Image, ImageDraw, ImageFont

    fonts = Path(get_data_path()) / "fonts" / "ttf"
    plain, bold = (ImageFont.truetype(fonts / f"DejaVuSansMono{kind}.ttf", FONT) for kind in ("", "-Bold"))
    wide, high = CELL
    picture = Image.new("RGB", (size[0] * wide, size[1] * high))
    pen = ImageDraw.Draw(picture)
    for row, line in enumerate(lines):
        column = 0
        for text, style, _ in line:
            ink, paper = colours(style, depth)
            for sign in text:
                left, top = column * wide, row * high
                pen.rectangle((left, top, left + wide - 1, top + high - 1), fill=paper)
                boxes = list(filled(sign))
                for x0, y0, x1, y1 in boxes:
                    pen.rectangle((left + x0, top + y0, left + x1 - 1, top + y1 - 1), fill=ink)
                if not boxes and sign.strip():
                    pen.text((left, top), sign, ink, font=bold if style and style.bold else plain)
                column += 1
    return picture


def filled(sign: str) -> Iterable[tuple[int, int, int, int]]:
    """The rectangles of a block or Braille character, in pixels of its cell."""
    wide, high = CELL
    code = ord(sign)
    if 0x2800 < code < 0x2900:
        for bit, (x, y) in enumerate(((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))):
            if code >> bit & 1:
                yield 1 + 5 * x, 1 + 5 * y, 4 + 5 * x, 4 + 5 * y
    elif 0x2581 <= code <= 0x2588:  # eighths from below
        yield 0, high - high * (code - 0x2580) // 8, wide, high
    elif 0x2589 <= code <= 0x258F:  # eighths from the left
        yield 0, 0, wide * (0x2590 - code) // 8, high
    elif code in mosaics():
        pixels, (down, across) = mosaics()[code]
        for bit in range(down * across):
            if pixels >> bit & 1:
                x, y = bit % across, bit // across
                yield x * wide // across, y * high // down, (x + 1) * wide // across, (y + 1) * high // down


@cache
def mosaics() -> dict[int, tuple[int, tuple[int, int]]]:
    """The pixels of each block of several, and how many a cell has of them down and across."""
    from app.draw.blocks import BLOCKS, GRID, characters

    found: dict[int, tuple[int, tuple[int, int]]] = {}
    for blocks in BLOCKS:
        for pixels, sign in enumerate(characters(blocks)):
            found.setdefault(ord(sign), (pixels, GRID[blocks]))
    return found


def colours(style: Style | None, depth: Depth) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """The colours of a character and of its cell, as few as the terminal has."""
    from rich.color import ColorSystem

    def shown(colour: Color | None, otherwise: tuple[int, int, int]) -> tuple[int, int, int]:
        if colour is None or colour.is_default:
            return otherwise
        return tuple((colour.downgrade(ColorSystem.EIGHT_BIT) if depth == "256" else colour).get_truecolor())

    ink = shown(style.color if style else None, (208, 208, 208))
    paper = shown(style.bgcolor if style else None, (18, 18, 18))
    if style and style.reverse:
        ink, paper = paper, ink
    if style and style.dim:
        ink = tuple((2 * a + b) // 3 for a, b in zip(ink, paper, strict=True))
    return ink, paper


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="with universes and runs, or to be filled with them")
    parser.add_argument("--only", nargs="*", default=[], help="pictures whose name has one of these words")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "pictures")
    given = parser.parse_args()
    out = given.out.resolve()
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    os.environ["PYTHONPATH"] = sys.path[0]
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.folder or Path(temporary) / "deck").resolve()
        folder.mkdir(exist_ok=True)
        os.chdir(folder)
        os.environ["XDG_CONFIG_HOME"] = temporary  # nobody's own keys and themes
        os.environ["HOME"] = str(folder.parent)  # paths as ~/deck
        make(folder)
        missing = []
        try:
            for scene in SCENES:
                if not given.only or any(word in scene.name for word in given.only):
                    try:
                        asyncio.run(photograph(scene, out))
                    except TimeoutError as error:
                        missing.append(f"{scene.name}: {error}")
        finally:
            os.chdir(out)
            if not given.folder:
                stop(folder / "runs")
    if missing:
        sys.exit("\n".join(missing))


def stop(runs: Path) -> None:
    """Let the run that goes on come to its end."""
    from core.runs.listing import all_runs

    for run in all_runs(runs):
        if run.status().alive:
            run.request("stop")
            while run.status().alive:
                time.sleep(0.2)


if __name__ == "__main__":
    main()
