"""What a cell is divided into: the characters, the two colours, what is sent, and which terminals are known."""

import itertools
import unicodedata

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter as smoothed
from typer.testing import CliRunner

from app.cli.program import program
from app.draw import Depth
from app.draw.blocks import BLOCKS, GRID, Blocks, characters
from app.draw.colour_scale import colour_scale
from app.draw.finest import blocks_of, drawn_by_terminal
from app.draw.image import slice_canvas
from app.draw.maps import paint
from app.draw.mosaic import grouped, two_labels
from app.draw.pixels import Cells, painted
from core.cosmos.universe import Universe
from core.figures import Slice

BOX = (0.0, 16.0, 0.0, 16.0)


@pytest.mark.parametrize("blocks", BLOCKS)
def test_every_set_of_pixels_has_a_character_of_its_own(blocks: Blocks) -> None:
    codes = list(map(ord, characters(blocks)))
    down, across = GRID[blocks]
    assert len(set(codes)) == len(codes) == 2 ** (down * across)
    assert (chr(codes[0]), chr(codes[-1])) == (" ", "█")


def test_characters_are_those_of_unicode() -> None:
    # The Unicode Standard 16.0, names of U+1FB00 and of U+1CD00 to U+1CDE5
    named: dict[Blocks, dict[int, str]] = {
        "sextant": {0x1FB00: "1", 0x1FB13: "35", 0x1FB3B: "23456"},
        "octant": {0x1CD00: "3", 0x1CD02: "123", 0x1CD03: "4", 0x1CD06: "34", 0x1CDE5: "2345678"},
    }
    for blocks, places in named.items():
        codes = list(map(ord, characters(blocks)))
        for code, filled in places.items():
            assert codes[sum(1 << int(pixel) - 1 for pixel in filled)] == code
        for pixels, code in enumerate(codes):
            name = unicodedata.name(chr(code), "")  # as far as this Python knows it
            prefix = f"BLOCK {blocks.upper()}-"
            if name.startswith(prefix):
                assert sum(1 << int(pixel) - 1 for pixel in name.removeprefix(prefix)) == pixels
    octants = [code for code in list(map(ord, characters("octant"))) if 0x1CD00 <= code < 0x1CE00]
    assert sorted(octants) == list(range(0x1CD00, 0x1CDE6))
    # halves and quadrants are the same characters in all
    assert characters("octant")[0b00001111] == characters("quadrant")[0b0011] == "▀"
    assert characters("octant")[0b01010101] == characters("sextant")[0b010101] == "▌"


def test_the_two_colours_of_a_cell_are_those_that_differ_least_from_its_pixels() -> None:
    pixels = np.random.default_rng(3).uniform(size=(40, 6))
    bright, ink, paper = grouped(pixels)

    def error(chosen: np.ndarray, cell: np.ndarray) -> float:
        return sum(((part - part.mean()) ** 2).sum() for part in (cell[chosen], cell[~chosen]) if part.size)

    for cell, chosen, high, low in zip(pixels, bright, ink, paper, strict=True):
        every = (np.array(bits) for bits in itertools.product((False, True), repeat=6))
        assert error(chosen, cell) == pytest.approx(min(error(bits, cell) for bits in every))
        assert (high, low) == pytest.approx((cell[chosen].mean(), cell[~chosen].mean()))
        assert high > low


def test_missing_pixels_are_no_dark_ones_and_even_cells_have_one_colour() -> None:
    cells = np.array([[0.5, np.nan, np.nan, 0.7], [0.25, 0.25, 0.25, 0.25], [np.nan] * 4])
    bright, ink, paper = grouped(cells)
    assert bright.tolist() == [[True, False, False, True], [False] * 4, [False] * 4]
    np.testing.assert_allclose(ink, [0.6, 0.25, np.nan])
    np.testing.assert_allclose(paper, [np.nan, 0.25, np.nan])


def test_labels_are_never_mixed() -> None:
    cells = np.array([[3.0, 3.0, 9.0, 3.0, 9.0, 4.0], [7.0] * 6])
    other, ink, paper = two_labels(cells)
    assert (ink.tolist(), paper.tolist()) == ([9.0, 7.0], [3.0, 7.0])
    assert other[0].tolist() == [False, False, True, False, True, True]
    assert not other[1].any()


def test_finer_blocks_show_more_of_an_image_for_the_same_bytes() -> None:
    rows, columns = 30, 60
    noise = np.random.default_rng(5).normal(size=(rows * 24, columns * 12))
    values = smoothed(noise, 8.0)
    figure = Slice("", values, BOX, colour_map="grey", limits=(values.min(), values.max()))
    scale = colour_scale(figure)
    assert scale is not None
    truth = scale.shares(values[::-1])
    errors, sizes = {}, {}
    for blocks in BLOCKS:
        cells = painted(figure, scale, (rows, columns), "truecolor", blocks, None)
        errors[blocks] = float(np.std(_seen(cells, blocks, (24, 12)) - truth))
        sizes[blocks] = cells.sent("truecolor")
    assert errors["octant"] < errors["sextant"] < errors["quadrant"] < errors["half"]
    assert errors["octant"] < 0.85 * errors["half"]
    assert max(sizes.values()) < 1.1 * min(sizes.values())


def _seen(cells: Cells, blocks: Blocks, size: tuple[int, int]) -> np.ndarray:
    """The greys of an image, each cell so many dots high and wide, from its characters and colours."""
    down, across = GRID[blocks]
    place = {sign: pixels for pixels, sign in enumerate(characters(blocks))}
    bits = np.vectorize(place.__getitem__)(cells.text)[..., None] >> np.arange(down * across) & 1
    assert cells.ink is not None
    assert cells.paper is not None
    codes = np.where(bits == 1, cells.ink[..., None], cells.paper[..., None]) & 255
    rows, columns = cells.text.shape
    pixels = codes.reshape(rows, columns, down, across).transpose(0, 2, 1, 3).reshape(rows * down, columns * across)
    return pixels.repeat(size[0] // down, 0).repeat(size[1] // across, 1) / 255


def test_a_frame_that_is_too_small_for_fine_blocks_has_halves() -> None:
    noise = np.random.default_rng(1).normal(size=(64, 64))
    for frame, character in ((None, True), (20_000, False)):
        canvas = slice_canvas(Slice("", noise, BOX), 100, 40, "truecolor", "sextant", frame)
        assert bool((canvas.text >= "\U0001fb00").any()) == character
    few: tuple[Depth, ...] = ("16", "none")  # dithered, or without colour
    for depth in few:
        canvas = slice_canvas(Slice("", noise, BOX), 100, 40, depth, "sextant")
        assert not (canvas.text >= "\U0001fb00").any()


def test_labels_in_fine_blocks_have_the_colours_of_labels() -> None:
    labels = np.kron(np.arange(16).reshape(4, 4), np.ones((5, 5)))
    figure = Slice("", labels, BOX, colour_map="labels")
    canvas = slice_canvas(figure, 40, 20, "truecolor", "octant")
    own = {-1, *paint(np.arange(16.0)[None], "labels", "truecolor").ravel().tolist()}
    assert set(canvas.paper.ravel().tolist()) <= own


@pytest.mark.parametrize(
    ("terminal", "blocks"),
    [
        ({"TERM": "xterm-256color"}, "half"),
        ({"TERM": "xterm-kitty"}, "sextant"),
        ({"TERM": "foot"}, "sextant"),
        ({"TERM": "xterm-ghostty", "TERM_PROGRAM": "ghostty", "TERM_PROGRAM_VERSION": "1.1.3"}, "sextant"),
        ({"TERM": "xterm-ghostty", "TERM_PROGRAM": "ghostty", "TERM_PROGRAM_VERSION": "1.3.1-arch2"}, "octant"),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7802"}, "octant"),
        ({"TERM": "xterm-256color", "VTE_VERSION": "6800"}, "half"),
        ({"TERM": "xterm-256color", "VTE_VERSION": "seven"}, "half"),
        ({"TERM": "screen.xterm-256color", "VTE_VERSION": "7802"}, "sextant"),
        ({"TERM": "tmux-256color"}, "half"),
        ({"TERM": "xterm-kitty", "TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver"}, "half"),
    ],
)
def test_terminals_that_draw_blocks_themselves(
    terminal: dict[str, str], blocks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "VTE_VERSION", "TMUX", "TEXTUAL_DRIVER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in terminal.items():
        monkeypatch.setenv(name, value)
    drawn_by_terminal.cache_clear()
    assert blocks_of() == blocks
    assert blocks_of("quadrant") == "quadrant"
    assert blocks_of("octant") == ("sextant" if terminal["TERM"].startswith(("screen", "tmux")) else "octant")
    drawn_by_terminal.cache_clear()


def test_the_command_line_divides_cells(universes: list[Universe], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    done = CliRunner().invoke(
        program, ["--color", "truecolor", "--blocks", "sextant", "view", str(universes[0].path), "--width", "60"]
    )
    assert done.exit_code == 0, done.output
    assert any("\U0001fb00" <= letter < "\U0001fbff" for letter in done.output)
    refused = CliRunner().invoke(program, ["--blocks", "sextants", "view", str(universes[0].path)])
    assert "did you mean 'sextant'" in str(refused.exception)
