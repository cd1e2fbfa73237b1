"""The line in which a value is edited."""

from __future__ import annotations

from textual import events
from textual.message import Message

from app.tui.frame.key import bindings
from app.tui.frame.keys import KEYS
from app.tui.frame.line import Line
from app.tui.frame.paths import completed


class Editor(Line):
    """An input whose own keys act in the order in which they were typed, and which completes paths.

    Textual looks for the bindings of a key after it has bubbled up to the app; by then letters that came in the same
    packet, as they do over a slow line, would be in the text already.
    """

    BINDINGS = bindings(KEYS, "line")

    class Completed(Message):
        """A path has been completed as far as it was clear; these names may follow."""

        def __init__(self, names: list[str]) -> None:
            self.names = names
            super().__init__()

    paths = False
    """Whether paths are typed."""
    one_path = False
    """Whether it is one, which is not quoted."""

    async def on_key(self, event: events.Key) -> None:
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            if self.check_action(binding.action, ()) is not False:
                event.stop()
                event.prevent_default()
                await self.run_action(binding.action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only paths are completed."""
        return action != "complete" or self.paths

    def action_complete(self) -> None:
        """Complete the path before the cursor."""
        before, after = self.value[: self.cursor_position], self.value[self.cursor_position :]
        text, names = completed(before, self.one_path)
        self.value = text + after
        self.cursor_position = len(text)
        self.post_message(self.Completed(names))
