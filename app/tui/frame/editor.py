"""The line in which a value is edited."""

from __future__ import annotations

from textual import events
from textual.widgets import Input


class Editor(Input):
    """An input whose own keys act in the order in which they were typed.

    Textual looks for the bindings of a key after it has bubbled up to the app; by then letters that came in the same
    packet, as they do over a slow line, would be in the text already.
    """

    async def on_key(self, event: events.Key) -> None:
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            event.stop()
            event.prevent_default()
            await self.run_action(binding.action)
