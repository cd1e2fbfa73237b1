"""Colour maps: a number between 0 and 1 becomes the colour of a pixel at any colour depth.

Truecolor images use 64 levels (few enough for `ssh -C` to compress well); 256 and 16 colours climb a hand-picked
ramp, monotone in lightness, where asked for with ordered (Bayer) dither between its steps; without colour there are
shade characters.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.draw.colour import Depth
from core.figures import ColourMap

Pixels = NDArray[np.floating[Any]]
Codes = NDArray[np.int32]

LEVELS = 64
# inferno and viridis (matplotlib, CC0) and cividis (Nunez et al. 2018) at ten points; RdBu reversed (ColorBrewer) at
# eleven; sRGB greys are near enough even in lightness; slate to cream is our own, as quiet as 256 colours can be
_ANCHORS = {
    "sequential": "000004 1b0c41 4a0c6b 781c6d a52c60 cf4446 ed6925 fb9b06 f7d13d fcffa4",
    "density": "08090c 17191f 272a32 393d48 4d535f 676a6e 877d67 b29862 dcb979 f6dc9e fffce4",
    "viridis": "440154 482878 3e4989 31688e 26828e 1f9e89 35b779 6ece58 b5de2b fde725",
    "cividis": "00224e 123570 3b496c 575d6d 707173 8a8678 a59c74 c3b369 e1cc55 fee838",
    "grey": "000000 ffffff",
    "diverging": "053061 2166ac 4393c3 92c5de d1e5f0 f7f7f7 fddbc7 f4a582 d6604d b2182b 67001f",
}
# colours of the 6x6x6 cube that follow the anchors; a diverging ramp has its white in the middle
_RAMPS_256 = {
    "sequential": (16, 17, 53, 89, 125, 161, 167, 202, 208, 214, 221, 229),
    "density": (16, 233, 234, 235, 236, 237, 238, 239, 240, 242, 101, 137, 144, 180, 222, 229),
    "viridis": (53, 24, 30, 36, 78, 184, 227),
    "cividis": (17, 237, 240, 101, 143, 179, 185, 227),
    "grey": (16, *range(232, 256), 231),
    "diverging": (18, 24, 67, 74, 153, 231, 224, 216, 173, 167, 124, 52),
}
_WHITE_256 = 231
_RAMPS_16 = {
    "sequential": (0, 4, 5, 9, 11, 15),
    "density": (0, 8, 7, 11, 15),
    "viridis": (5, 4, 6, 2, 10, 11),
    "cividis": (4, 8, 7, 3, 11),
    "grey": (0, 8, 7, 15),
    "diverging": (4, 12, 15, 9, 1),
}
_SHADES = " .:-=+*#%@"
_SIGNED_SHADES = "MWmwv~ .:+*#@"  # negative values in letters, positive ones in signs
_LABEL_SIGNS = "#%@&*+=oxXO$"
# quiet ones of one lightness, so that rings and outlines stand out
_LABELS_256 = (67, 137, 72, 132, 101, 61, 173, 66, 97, 107, 131, 73, 143, 103, 95, 65, 138, 74, 96, 179, 109, 133)
_LABELS_16 = (9, 10, 11, 12, 13, 14, 1, 2, 3, 5, 6)
_NOTHING: dict[Depth, int] = {"truecolor": 0x5F6B6B, "256": 243, "16": 8, "none": ord("/")}
_GROUND: dict[Depth, int] = {"truecolor": 0x14141A, "256": 233, "16": 0, "none": ord(" ")}
_BAYER = (np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], dtype=np.float32) + 0.5) / 16.0


def paint(shares: Pixels, colour_map: ColourMap, depth: Depth, dither: bool = True) -> Codes:
    """Colours of pixels, any shape (rows, columns); NaN becomes a neutral grey.

    `shares` lie between 0 and 1, or are whole labels for the map "labels". Without colour the result holds the
    code points of shade characters. With few colours shades are dithered, unless told not to: then areas of one value
    are even.
    """
    missing = np.isnan(shares)
    shares = np.where(missing, 0.0, shares)
    if colour_map == "labels":
        codes = _labels(shares.astype(np.int64), depth)
    elif depth == "truecolor":
        codes = _truecolor(colour_map)[_level(shares, LEVELS)]
    elif depth == "none":
        shades = _SIGNED_SHADES if colour_map == "diverging" else _SHADES
        signs = np.array([ord(sign) for sign in shades], dtype=np.int32)
        codes = signs[_level(shares, len(signs))]
    else:
        ramp, places = _ramp(colour_map, depth)
        rows, columns = shares.shape
        round_up = np.tile(_BAYER, (rows // 4 + 1, columns // 4 + 1))[:rows, :columns] if dither else 0.5
        codes = ramp[(places[_level(shares, LEVELS)] + round_up).astype(np.intp)]
    return np.where(missing, _NOTHING[depth], codes).astype(np.int32)


def colour_table(colour_map: ColourMap) -> Pixels:
    """The 64 colours of a map as red, green, blue between 0 and 1; shape (64, 3)."""
    return _rgb(_truecolor(colour_map)) / 255.0


def colours_of(codes: Codes) -> Pixels:
    """Truecolor codes as red, green, blue between 0 and 1; one axis more."""
    return _rgb(codes) / 255.0


def lightness(rgb: Pixels) -> Pixels:
    """CIE 1976 lightness L*, 0 to 100, of sRGB colours from 0 to 255 along the last axis."""
    share = rgb / 255.0
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    luminance = linear @ np.array([0.2126729, 0.7151522, 0.0721750])
    return np.where(luminance > 0.008856, 116.0 * np.cbrt(luminance) - 16.0, 903.3 * luminance)


def rgb_of_256(codes: Codes) -> Pixels:
    """Red, green and blue, 0 to 255, of colours 16 to 255 of the 256; one axis more."""
    cube, grey = codes - 16, 8 + 10 * (codes - 232)
    digits = np.stack([cube // 36, cube // 6 % 6, cube % 6], axis=-1)
    return np.where((codes >= 232)[..., None], grey[..., None], np.where(digits == 0, 0, 55 + 40 * digits))


def _level(shares: Pixels, levels: int) -> NDArray[np.intp]:
    return np.clip(shares * levels, 0, levels - 1).astype(np.intp)


@lru_cache
def _truecolor(colour_map: str) -> Codes:
    anchors = _rgb(np.array([int(code, 16) for code in _ANCHORS[colour_map].split()], dtype=np.int32))
    places, wanted = np.linspace(0.0, 1.0, len(anchors)), np.linspace(0.0, 1.0, LEVELS)
    red, green, blue = (np.interp(wanted, places, anchors[:, k]).round().astype(np.int32) for k in range(3))
    return red << 16 | green << 8 | blue


@lru_cache
def _ramp(colour_map: str, depth: Depth) -> tuple[Codes, NDArray[np.float32]]:
    """The colours of a ramp, and the place on it of each of the 64 levels.

    With 256 colours a level stands where the ramp is as light as the truecolor map; the 16 have no known lightness.
    """
    if depth == "16":
        ramp = np.array(_RAMPS_16[colour_map], dtype=np.int32)
        return ramp, np.linspace(0, len(ramp) - 1, LEVELS, dtype=np.float32) * np.float32(1 - 1e-6)
    ramp = np.array(_RAMPS_256[colour_map], dtype=np.int32)
    steps, wanted = lightness(rgb_of_256(ramp)), lightness(_rgb(_truecolor(colour_map)))
    if colour_map == "diverging":
        white, half = int(np.argmax(ramp == _WHITE_256)), LEVELS // 2
        # the two middle levels are as white as the ramp's white
        steps, wanted = steps / steps.max(), wanted / wanted.max()
        fall = np.arange(white, len(ramp))
        places = np.concatenate(
            [
                np.interp(wanted[:half], steps[: white + 1], np.arange(white + 1)),
                np.interp(wanted[half:], steps[white:][::-1], fall[::-1]),
            ]
        )
    else:
        places = np.interp(wanted, steps, np.arange(len(ramp)))
    return ramp, np.clip(places, 0, len(ramp) - 1.001).astype(np.float32)


def _labels(labels: NDArray[np.int64], depth: Depth) -> Codes:
    """A colour for each label, the background's for 0; neighbouring numbers get unlike colours."""
    if depth == "truecolor":
        hue = (labels * 0.61803398875) % 1.0  # golden ratio: the next label lands far round the wheel
        value = 0.75 - 0.1 * (labels // 3 % 3)
        wheel = np.stack([np.abs(hue * 6 - 3) - 1, 2 - np.abs(hue * 6 - 2), 2 - np.abs(hue * 6 - 4)], axis=-1)
        rgb = (255 * value[..., None] * (0.5 + 0.5 * np.clip(wheel, 0, 1))).astype(np.int32)
        codes = rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2]
    else:
        signs = np.array([ord(sign) for sign in _LABEL_SIGNS])
        choice = {"256": np.array(_LABELS_256), "16": np.array(_LABELS_16), "none": signs}[depth]
        codes = choice[(labels * 7) % len(choice)].astype(np.int32)
    return np.where(labels == 0, _GROUND[depth], codes)


def _rgb(codes: Codes) -> Pixels:
    return np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=-1).astype(np.float64)
