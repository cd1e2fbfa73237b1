"""A line to type in that sends nothing while nothing is typed."""

from __future__ import annotations

from textual.reactive import reactive
from textual.widgets import Input


class Line(Input):
    """An input whose cursor does not blink: over a slow line, and in a terminal that records, each blink is sent."""

    cursor_blink = reactive(False, init=False)
