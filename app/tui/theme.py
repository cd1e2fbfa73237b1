"""The colours of the workbench, all of them exact in the 256-colour cube, so that SSH and tmux change nothing."""

from __future__ import annotations

from rich.terminal_theme import TerminalTheme
from textual.theme import Theme

DARK = Theme(
    name="halodeck",
    primary="#5fafd7",
    secondary="#5f87af",
    accent="#d7af5f",
    foreground="#d0d0d0",
    background="#121212",
    surface="#1c1c1c",
    panel="#262626",
    success="#87af5f",
    warning="#d7af5f",
    error="#d75f5f",
    variables={
        "block-cursor-background": "#005f87",
        "block-cursor-foreground": "#eeeeee",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#303030",
        "block-cursor-blurred-foreground": "#d0d0d0",
        "footer-background": "#262626",
        "footer-key-foreground": "#5fafd7",
        "footer-description-foreground": "#bcbcbc",
        "border": "#5fafd7",
        "border-blurred": "#444444",
        "scrollbar": "#444444",
        "scrollbar-background": "#1c1c1c",
        "scrollbar-corner-color": "#1c1c1c",
    },
)
PLAIN = Theme(
    name="halodeck-plain",
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
"""For 16 colours and none: the terminal's own colours, the cursor in reverse."""

# what "red", "green" ... of rich texts become under DARK
ANSI = TerminalTheme(
    (0x12, 0x12, 0x12),
    (0xD0, 0xD0, 0xD0),
    [
        (0x12, 0x12, 0x12), (0xD7, 0x5F, 0x5F), (0x87, 0xAF, 0x5F), (0xD7, 0xAF, 0x5F),
        (0x5F, 0x87, 0xAF), (0xAF, 0x87, 0xAF), (0x5F, 0xAF, 0xD7), (0xD0, 0xD0, 0xD0),
    ],
    [
        (0x80, 0x80, 0x80), (0xFF, 0x5F, 0x5F), (0xAF, 0xD7, 0x5F), (0xFF, 0xD7, 0x5F),
        (0x87, 0xAF, 0xD7), (0xD7, 0xAF, 0xD7), (0x87, 0xD7, 0xFF), (0xEE, 0xEE, 0xEE),
    ],
)  # fmt: skip
