"""The colours of the workbench, all of them exact in the 256-colour cube, so that SSH and tmux change nothing."""

from __future__ import annotations

from rich.terminal_theme import TerminalTheme
from textual.theme import Theme


def _theme(name: str, colours: str, cursor: tuple[str, str], greys: str, dark: bool = True) -> Theme:
    """A theme from its colours: primary, secondary, accent, success, warning, error; the cursor's background and
    foreground; and its greys from the ground to the text: background, surface, panel, cursor without focus, rules,
    hints, text.
    """
    primary, secondary, accent, success, warning, error = colours.split()
    background, surface, panel, blurred, rule, hint, text = greys.split()
    return Theme(
        name=name,
        primary=primary,
        secondary=secondary,
        accent=accent,
        foreground=text,
        background=background,
        surface=surface,
        panel=panel,
        success=success,
        warning=warning,
        error=error,
        dark=dark,
        variables={
            "block-cursor-background": cursor[0],
            "block-cursor-foreground": cursor[1],
            "block-cursor-text-style": "none",
            "block-cursor-blurred-background": blurred,
            "block-cursor-blurred-foreground": text,
            "footer-background": panel,
            "footer-key-foreground": primary,
            "footer-description-foreground": hint,
            "border": primary,
            "border-blurred": rule,
            "scrollbar": rule,
            "scrollbar-background": surface,
            "scrollbar-corner-color": surface,
        },
    )


_DARK_GREYS = "#121212 #1c1c1c #262626 #303030 #444444 #bcbcbc #d0d0d0"
_LIGHT_GREYS = "#eeeeee #e4e4e4 #dadada #c6c6c6 #a8a8a8 #4e4e4e #262626"
DARK = _theme(
    "dark", "#5fafd7 #5f87af #d7af5f #87af5f #d7af5f #d75f5f", ("#005f87", "#eeeeee"), _DARK_GREYS
)  # fmt: skip
LIGHT = _theme(
    "light", "#005f87 #5f5f87 #875f00 #5f8700 #af5f00 #af0000", ("#87afd7", "#121212"), _LIGHT_GREYS, dark=False
)
# after Okabe & Ito (2008): what would be green is blue, what would be red is vermilion
SAFE = _theme(
    "colour-blind", "#5fafff #5f87d7 #ffd700 #5fafff #ffd700 #ff8700", ("#005faf", "#ffffff"), _DARK_GREYS
)  # fmt: skip
PLAIN = Theme(
    name="terminal",
    ansi=True,
    primary="ansi_cyan",
    secondary="ansi_blue",
    accent="ansi_yellow",
    success="ansi_green",
    warning="ansi_yellow",
    error="ansi_red",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    variables={
        "ansi-background": "ansi_black",
        "ansi-foreground": "ansi_white",
        "block-cursor-background": "ansi_default",
        "block-cursor-text-style": "reverse",
        "block-cursor-blurred-text-style": "underline",
        "footer-key-foreground": "ansi_cyan",
        "border": "ansi_cyan",
    },
)
"""The terminal's own colours, the cursor in reverse; the only one for 16 colours and none."""


def _ansi(background: int, foreground: int, normal: str, bright: str) -> TerminalTheme:
    """What "red", "green" ... of rich texts become: black, red, green, yellow, blue, magenta, cyan, white."""
    colours = [[_rgb(int(code, 16)) for code in codes.split()] for codes in (normal, bright)]
    return TerminalTheme(_rgb(background), _rgb(foreground), *colours)


def _rgb(code: int) -> tuple[int, int, int]:
    return code >> 16, code >> 8 & 255, code & 255


_ON_DARK = _ansi(
    0x121212,
    0xD0D0D0,
    "121212 d75f5f 87af5f d7af5f 5f87af af87af 5fafd7 d0d0d0",
    "808080 ff5f5f afd75f ffd75f 87afd7 d7afd7 87d7ff eeeeee",
)
_ON_LIGHT = _ansi(
    0xEEEEEE,
    0x262626,
    "262626 af0000 5f8700 875f00 005f87 875f87 005f87 4e4e4e",
    "808080 d70000 5f8700 af8700 0087af af5faf 0087af 121212",
)
_ON_SAFE = _ansi(
    0x121212,
    0xD0D0D0,
    "121212 ff8700 5fafff ffd700 5f87d7 af87af 87d7ff d0d0d0",
    "808080 ffaf00 87d7ff ffd75f 87afff d7afd7 afd7ff eeeeee",
)
THEMES: dict[str, tuple[Theme, TerminalTheme]] = {
    "dark": (DARK, _ON_DARK),
    "light": (LIGHT, _ON_LIGHT),
    "colour-blind": (SAFE, _ON_SAFE),
    "terminal": (PLAIN, _ON_DARK),
}
