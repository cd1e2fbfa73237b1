"""The keys below a screen: as many as there is room for, those that work everywhere always.

One line of text: Textual's footer has a widget for each key, and makes all of them anew with each change of the focus.
"""

from __future__ import annotations

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen

from app.tui.frame.bench import bench_of
from app.tui.frame.lines import Lines


class KeyLine(Lines):
    """The keys that work now; the last ones of the screen give way to help, palette and quit."""

    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__(id="hints")
        self._ends: list[tuple[int, str]] = []

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def on_resize(self, event: events.Resize) -> None:
        self._arrange()

    def on_click(self, event: events.Click) -> None:
        """A hint does what its key does."""
        x = event.x - self.styles.padding.left
        key = next((key for end, key in self._ends if x < end), "")
        if key:
            self.app.simulate_key(key)

    def _changed(self, screen: Screen[object]) -> None:
        if screen is self.screen and screen.is_current:
            self.call_after_refresh(self._arrange)

    def _arrange(self) -> None:
        if not (self.size.width and self.is_attached):
            return
        active: dict[str, tuple[Binding, bool]] = {}
        for _, binding, enabled, _ in self.screen.active_bindings.values():
            if binding.show:
                active.setdefault(binding.action, (binding, enabled))
        hints = {action: self._hint(*found) for action, found in active.items()}
        everywhere = {key.action for key in bench_of(self).keys_of("everywhere")}
        room = self.size.width + 1 - sum(len(hint) + 1 for action, hint in hints.items() if action in everywhere)
        kept, full = [], False
        for action, hint in hints.items():
            if action not in everywhere:
                room -= len(hint) + 1
                full = full or room < 0
            if action in everywhere or not full:
                kept.append(action)
        self._ends, end = [], 0
        for action in kept:
            end += len(hints[action]) + 1
            self._ends.append((end, active[action][0].key))
        self.show(Content(" ").join(hints[action] for action in kept))

    def _hint(self, binding: Binding, enabled: bool) -> Content:
        sign = (self.app.get_key_display(binding), "b $footer-key-foreground" if enabled else "b dim")
        return Content.assemble(sign, " ", (binding.description, "" if enabled else "dim"))
