"""Output whatever the encoding: what a terminal cannot write becomes the nearest it can, never an error."""

from __future__ import annotations

import codecs
import sys
import unicodedata

from app.draw.blocks import pixels_of_images

NAME = "halodeck-nearest"

_NEAREST = str.maketrans(
    {
        **{"─": "-", "━": "=", "│": "|", "┃": "|", "╌": "-", "╎": "|", "●": "*", "▲": "^", "■": "#", "◆": "+"},
        **{"±": "+-", "·": ".", "×": "x", "…": "...", "→": "->", "←": "<-", "°": "deg", "³": "^3", "²": "^2"},
        **{"Ω": "Omega_", "σ": "sigma", "⁰": "^0", "⁻": "^-", "–": "-", "—": "-", "‘": "'", "’": "'"},
        **{"⏎": "^J", "␡": "^?"},
    }
)


def use_what_is_there() -> None:
    """Let standard output and error replace what their encoding does not have."""
    codecs.register_error(NAME, _replace)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=NAME)


def nearest(character: str, encoding: str) -> str:
    """Text in this encoding for a character that it lacks."""
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is no text
        return _writable("\ufffd", encoding) or "?"
    if 0x2400 <= code < 0x2420:  # the picture of a control character
        return f"^{chr(code - 0x2400 + 0x40)}"
    if 0x2800 <= code < 0x2900:  # Braille, of which curves are made
        return "." if code == 0x2800 or bin(code - 0x2800).count("1") < 5 else ":"
    if 0x2500 <= code < 0x2580:  # corners and crossings
        return character.translate(_NEAREST) if code in _NEAREST else "+"
    if 0x2580 <= code < 0x25A0 or character in pixels_of_images():
        return "#"
    plain = character.translate(_NEAREST)
    if plain == character:
        plain = "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))
    return _writable(plain, encoding) or "?"


def _writable(text: str, encoding: str) -> str:
    """The text if the encoding has it, else nothing."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return ""
    return text


def _replace(error: UnicodeError) -> tuple[bytes, int]:
    """As bytes: the encoder of UTF-8 takes no replacement in text that is not ASCII."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = "".join(nearest(character, error.encoding) for character in error.object[error.start : error.end])
    return found.encode(error.encoding), error.end
