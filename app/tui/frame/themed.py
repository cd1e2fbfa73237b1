"""An app in one of several themes, which it remembers with the other preferences."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from textual import work
from textual.app import App

from app.draw.colour import Depth
from app.tui.frame import theme
from app.tui.frame.preferences import Preferences
from core.errors import HalodeckError


class ThemedApp(App[None], inherit_bindings=False):
    """Colours in so many bits, the theme of the preferences where there is a choice."""

    def __init__(self, depth: Depth, preferences: Preferences | None = None) -> None:
        super().__init__(ansi_color=depth in ("16", "none"))
        self.depth: Depth = depth
        self.preferences = preferences or Preferences()
        self._saving = threading.Lock()
        for design, _ in theme.THEMES.values():
            self.register_theme(design)
        self._wear(self.preferences.theme if self.preferences.theme in theme.THEMES else theme.DARK.name)
        self._colours = self.get_css_variables()
        self.stylesheet.set_variables(self._colours)

    def action_theme(self) -> None:
        """The next theme, from now on and in the next session."""
        names = list(theme.THEMES)
        if self.depth in ("16", "none"):
            self.notify(f"with {self.depth} colours there is one theme, the terminal's own")
            return
        self.wear(names[(names.index(self.theme) + 1) % len(names)])

    def wear(self, theme: str) -> None:
        """Put on a theme, from now on and in the next session."""
        self._wear(theme)
        self.notify(f"theme {self.theme}")
        self.keep(theme=self.theme)

    def keep(self, **changes: Any) -> None:
        """Change preferences for this session and the next ones."""
        self.preferences = replace(self.preferences, **changes)
        self._save_preferences()

    @work(thread=True, group="preferences")
    def _save_preferences(self) -> None:
        try:
            with self._saving:
                self.preferences.save()
        except HalodeckError as error:
            self.notify(str(error), severity="warning", markup=False)

    def _wear(self, name: str) -> None:
        """Put on a theme; few colours leave no choice."""
        if self.depth in ("16", "none"):
            name = theme.PLAIN.name
        design, self.ansi_theme_dark = theme.THEMES[name]
        self.ansi_theme_light = self.ansi_theme_dark
        self.ansi_color = design.ansi
        self.theme = name

    def refresh_css(self, animate: bool = True) -> None:
        """Read the style sheets again where a theme has other colours; Textual would with every place visited first."""
        colours = self.get_css_variables()
        if colours != self._colours:
            self._colours = colours
            super().refresh_css(animate)
            return
        self.stylesheet.update(self, animate)
        for screen in self.screen_stack:
            screen._css_update_count = self._css_update_count
