"""The parts of a drawing: colour depth, colour maps, resampling, ticks, numbers, canvas."""

import io
import math
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from rich.color import Color, ColorSystem

from app.draw.canvas import Canvas
from app.draw.colour import DEPTHS, colour_depth
from app.draw.colour_scale import colour_scale
from app.draw.maps import _RAMPS_16, _RAMPS_256, colour_table, lightness, paint, rgb_of_256
from app.draw.resample import resample
from app.draw.shown import shortened
from app.draw.ticks import asinh_ticks, evened, linear_ticks, log_ticks, number
from core.errors import UsageError
from core.figures import Slice

COLOUR_VARIABLES = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "COLORTERM", "TERM", "TMUX")


@pytest.mark.parametrize(
    ("environment", "terminal", "expected"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, True, "truecolor"),
        ({"TERM": "xterm", "COLORTERM": "24bit"}, True, "truecolor"),
        ({"TERM": "screen-256color"}, True, "256"),
        ({"TERM": "linux"}, True, "16"),
        ({"TERM": "dumb"}, True, "none"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1", "COLORTERM": "truecolor"}, True, "none"),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, True, "256"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, False, "none"),
        ({"TERM": "xterm-256color", "FORCE_COLOR": "1"}, False, "256"),
        ({"TERM": "dumb", "CLICOLOR_FORCE": "1"}, False, "16"),
        ({"TERM": "xterm-256color", "CLICOLOR_FORCE": "0"}, False, "none"),
    ],
)
def test_colour_depth_from_the_environment(
    environment: dict[str, str], terminal: bool, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in COLOUR_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    output = io.StringIO()
    monkeypatch.setattr(output, "isatty", lambda: terminal)
    monkeypatch.setattr(sys, "stdout", output)
    assert colour_depth() == expected
    assert [colour_depth(option) for option in DEPTHS] == list(DEPTHS)


@pytest.mark.parametrize(("features", "expected"), [("256,RGB,title", "truecolor"), ("256,title", "256")])
def test_tmux_is_asked_for_truecolor(
    features: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in COLOUR_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "tmux-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TMUX", "socket,1,0")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert colour_depth() == "256"  # no tmux to ask
    tmux = tmp_path / "tmux"
    tmux.write_text(f"#!/bin/sh\necho '{features}'\n")
    tmux.chmod(0o755)
    assert colour_depth() == expected


def test_an_unknown_depth_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"truecolour.*did you mean 'truecolor'"):
        colour_depth("truecolour")


def test_ramps_climb_in_lightness() -> None:
    for name, least in (("sequential", 4), ("viridis", 3), ("cividis", 3), ("grey", 1)):
        assert np.all(np.diff(lightness(colour_table(name) * 255)) > 0)  # type: ignore[arg-type]
        assert np.all(np.diff(lightness(rgb_of_256(np.array(_RAMPS_256[name])))) > least)
    for diverging in (colour_table("diverging") * 255, rgb_of_256(np.array(_RAMPS_256["diverging"]))):
        steps = np.diff(lightness(diverging))
        top = int(np.argmax(lightness(diverging)))
        assert np.all(steps[:top] > 0)
        assert np.all(steps[top:] < 0)


def test_256_colours_are_xterm_s_and_survive_rich() -> None:
    """Textual turns ANSI colours into RGB and back: the ramps must come through unchanged."""
    for codes in _RAMPS_256.values():
        for code, rgb in zip(codes, rgb_of_256(np.array(codes)), strict=True):
            assert tuple(int(x) for x in rgb) == tuple(Color.from_ansi(code).get_truecolor())
            sent = Color.from_rgb(*rgb).downgrade(ColorSystem.EIGHT_BIT).number
            assert sent == code or (code > 246 and sent == code - 1)  # a light grey comes out one of 24 steps darker


def test_dither_keeps_the_mean_lightness() -> None:
    for share in np.linspace(0.05, 0.95, 13):
        codes = paint(np.full((16, 16), share), "sequential", "256")
        wanted = lightness(colour_table("sequential")[int(share * 64)] * 255)
        assert lightness(rgb_of_256(codes)).mean() == pytest.approx(wanted, abs=2.0)


@pytest.mark.parametrize("depth", DEPTHS)
def test_ends_and_gaps_of_the_maps(depth) -> None:
    low, high, missing = paint(np.array([[0.0, 1.0, np.nan]]), "sequential", depth)[0]
    assert len({low, high, missing}) == 3
    if depth == "256":
        assert (low, high) == (16, 229)
    if depth == "16":
        assert low == _RAMPS_16["sequential"][0]
    labels = paint(np.arange(8.0)[None], "labels", depth)[0]
    assert len(set(labels.tolist())) == 8


def test_mean_pooling_is_the_area_mean() -> None:
    values = np.random.default_rng(2).normal(size=(12, 18))
    blocks = values.reshape(4, 3, 6, 3).mean(axis=(1, 3))
    assert resample(values, 4, 6, "mean") == pytest.approx(blocks)
    # 5 out of 12: by brute force, every pixel cut into 5 x 5
    fine = np.repeat(np.repeat(values, 5, 0), 5, 1).reshape(5, 12, 5, 18).mean(axis=(1, 3))
    assert resample(values, 5, 5, "mean") == pytest.approx(fine)


def test_mean_pooling_leaves_missing_pixels_out() -> None:
    values = np.array([[1.0, 3.0], [np.nan, 5.0]])
    assert resample(values, 1, 1, "mean") == pytest.approx(np.array([[3.0]]))
    assert np.isnan(resample(np.full((4, 4), np.inf), 2, 2, "mean")).all()


def test_max_pooling_keeps_the_peak_and_growing_repeats() -> None:
    values = np.random.default_rng(2).normal(size=(33, 33))
    values[7, 7] = np.inf
    for size in (5, 16, 33, 40):
        assert np.nanmax(resample(values, size, size, "max")) == values[np.isfinite(values)].max()
    small = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert np.array_equal(resample(small, 4, 4, "mean"), np.kron(small, np.ones((2, 2))))


def test_shares_of_the_scales() -> None:
    values = np.array([[0.01, 1.0], [100.0, -3.0]])
    log = colour_scale(Slice("t", values, (0, 1, 0, 1), scale="log"))
    assert log is not None
    assert log.shares(values) == pytest.approx(np.array([[0.0, 0.5], [1.0, 0.0]]))
    asinh = colour_scale(Slice("t", values, (0, 1, 0, 1), scale="asinh", colour_map="diverging"))
    assert asinh is not None
    assert asinh.shares(np.array([-100.0, 0.0, 100.0])) == pytest.approx([0.0, 0.5, 1.0])


def test_linear_ticks_are_few_round_and_inside() -> None:
    rng = np.random.default_rng(3)
    for _ in range(300):
        low = float(rng.normal() * 10 ** rng.uniform(-6, 8))
        high = low + float(10 ** rng.uniform(-3, 6))
        most = int(rng.integers(2, 10))
        ticks = linear_ticks(low, high, most)
        assert 2 <= len(ticks) <= most  # one tells no scale
        span = high - low
        assert all(low - 1e-6 * span <= tick.place <= high + 1e-6 * span for tick in ticks)
        for tick in ticks:
            assert float(tick.label) == pytest.approx(tick.place, abs=0.01 * span)


def test_ticks_say_what_they_should() -> None:
    assert [tick.label for tick in linear_ticks(0, 1, 6)] == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
    assert [tick.label for tick in log_ticks(-2, 2, 9)] == ["0.01", "0.1", "1", "10", "100"]
    assert [tick.label for tick in log_ticks(11, 15, 3)] == ["10¹²", "10¹⁴"]
    assert [tick.label for tick in log_ticks(-1, 0.5, 9)] == ["0.1", "0.2", "0.5", "1", "2"]
    short = log_ticks(math.log10(5.1), math.log10(5.3), 4)
    assert all(10**tick.place == pytest.approx(float(tick.label)) for tick in short)
    assert len(short) >= 2
    assert [tick.label for tick in asinh_ticks(-math.asinh(15), math.asinh(15))] == ["-10", "-1", "0", "1", "10"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.94031, "0.9403"),
        (128.0, "128"),
        (0.713, "0.713"),
        (1.5e14, "1.5e14"),
        (-2.5e-7, "-2.5e-7"),
        (12345.678, "12346"),
        (2108258.0, "2108258"),
        (math.nan, "-"),
        (math.inf, "inf"),
        (0.0, "0"),
    ],
)
def test_numbers_are_written_with_sensible_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_a_canvas_cuts_what_does_not_fit() -> None:
    canvas = Canvas(6, 1)
    canvas.write(0, -2, "abcdefghij")
    canvas.write(7, 0, "outside")
    assert canvas.drawing("none").plain() == "cdefgh"
    wide = Canvas(5, 1)
    wide.write(0, 0, "世界世界")  # the third would need a sixth cell
    drawn = wide.drawing("none")
    assert drawn.plain() == "世界"
    assert drawn.width <= 5


def test_shortened_text_fits() -> None:
    assert shortened("halo mass function", 9) == "halo mas…"
    assert shortened("halo", 9) == "halo"
    assert shortened("世界世界", 4) == "世…"


def test_even_ticks_are_whole_cells_apart() -> None:
    found = linear_ticks(0.87, 1.46, 6)
    low, high = evened((0.87, 1.46), found, 19)
    cells = [(tick.place - low) / (high - low) * 18 for tick in found]
    assert cells == pytest.approx(np.round(cells))
    assert len({round(b - a) for a, b in pairwise(cells)}) == 1
    assert low < 0.88
    assert high > 1.45
    assert evened((0.0, 1.0), linear_ticks(0.0, 1.0, 6), 11) == (0.0, 1.0)
    assert evened((0.0, 1.0), linear_ticks(0.0, 1.0, 6), 3) == (0.0, 1.0)  # no room
    logarithmic = log_ticks(-1, 0.5, 9)
    assert evened((-1.0, 0.5), logarithmic, 19) == (-1.0, 0.5)
