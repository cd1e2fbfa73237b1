"""The lines of a form: a name, its value, and what it means or what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rich.text import Text
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.strip import Strip

from app.draw.shown import cells, shown
from app.tui.frame.filter import FilterScreen, has_all, tell_filter
from app.tui.frame.key import bindings
from app.tui.frame.keys import KEYS
from core.forms import FormField

_NAME_WIDTHS = (10, 24)
_VALUE_WIDTHS = (14, 30)
_MARGIN = 6
"""Cells of the sign, the indentation and the gap beside a name."""
_CHOICES = ("choice", "bool")

Line = FormField | str
"""A field, or the name of a group."""


class FieldList(ScrollView):
    """The lines of a form; groups are folded and unfolded."""

    BINDINGS = bindings(KEYS, "form")
    COMPONENT_CLASSES = {"form--cursor", "form--blurred"}  # noqa: RUF012

    cursor: var[int] = var(0, init=False)

    class Moved(Message):
        """Another line is under the cursor."""

    class Turned(Message):
        """The value of a field becomes the next or previous choice, or its default again (0)."""

        def __init__(self, field: FormField, by: int) -> None:
            self.field, self.by = field, by
            super().__init__()

    class Undone(Message):
        """The last change is to be undone, or done again."""

        def __init__(self, again: bool) -> None:
            self.again = again
            super().__init__()

    def __init__(self, edit: Callable[[FormField], None]) -> None:
        """`edit` opens the line in which a text is edited, before the next key is read."""
        super().__init__()
        self._edit = edit
        self.fields: tuple[FormField, ...] = ()
        self.values: Mapping[str, str] = {}
        self.problems: Mapping[str, str] = {}
        self.folded: set[str] = set()
        self.lines: list[Line] = []
        self._drawn: list[Strip] = []
        self.words = ""
        """What the fields shown have, in name or meaning."""
        self.hint = "words of a name or meaning"

    # what there is

    @property
    def line(self) -> Line | None:
        """What is under the cursor."""
        return self.lines[self.cursor] if self.cursor < len(self.lines) else None

    def text_of(self, field: FormField) -> str:
        """The value of a field."""
        return self.values.get(field.path, field.default)

    def lay_out(self) -> None:
        """Make the lines anew, the cursor where it was."""
        before, first = self.line, not self.lines
        groups = list(dict.fromkeys(field.group for field in self.fields))
        self.lines = []
        for group in groups:
            inside = [field for field in self.fields if field.group == group and self._wanted(field)]
            if self.words and not inside:
                continue
            self.lines += [group] if group else []
            if group not in self.folded or self.words:
                self.lines += inside
        paths = [line if isinstance(line, str) else line.path for line in self.lines]
        path = before if isinstance(before, str) or before is None else before.path
        if path in paths:
            self.cursor = paths.index(path)
        elif first and self.lines and isinstance(self.lines[0], str):
            self.cursor = 1
        self.cursor = max(0, min(self.cursor, len(self.lines) - 1))
        self.draw()

    def _wanted(self, field: FormField) -> bool:
        return has_all(f"{field.path} {field.help}", self.words)

    def filter_by(self, words: str) -> None:
        """Show the fields that have all these words, whatever is folded."""
        self.words = words.strip()
        self.lay_out()
        tell_filter(self, self.words, sum(map(self._wanted, self.fields)), len(self.fields))
        if self.words and isinstance(self.line, str) and len(self.lines) > 1:
            self.cursor = 1
        self.refresh()
        self.post_message(self.Moved())

    def action_filter(self) -> None:
        self.app.push_screen(FilterScreen(self))

    def _changed(self, field: FormField) -> bool:
        return bool(field.default) and self.text_of(field) != field.default

    def go(self, path: str) -> None:
        """Move to a field, out of a folded group if need be."""
        field = next(field for field in self.fields if field.path == path)
        if not self._wanted(field):
            self.filter_by("")
        if field.group in self.folded:
            self.folded.discard(field.group)
            self.lay_out()
        self.cursor = self.lines.index(field)

    # how it looks

    @property
    def columns(self) -> tuple[int, int]:
        """Widths of the names, with their margins, and of the values."""
        longest = max((cells(field.name) for field in self.fields), default=0)
        name = max(_NAME_WIDTHS[0], min(longest, _NAME_WIDTHS[1])) + _MARGIN
        low, high = _VALUE_WIDTHS
        return name, max(low, min(high, (self.size.width - name) // 3))

    def draw(self) -> None:
        """Send the lines that look different."""
        width = self.scrollable_content_region.width
        if not width:
            return
        old, self._drawn = self._drawn, [self._strip(number) for number in range(len(self.lines))]
        self.virtual_size = Size(width, len(self._drawn))
        if len(old) != len(self._drawn):
            self.refresh()
            return
        for number, (before, after) in enumerate(zip(old, self._drawn, strict=True)):
            if before != after:
                self.refresh(Region(0, number - self.scroll_offset.y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        number = self.scroll_offset.y + y
        strip = self._drawn[number] if number < len(self._drawn) else Strip.blank(0)
        style = self.rich_style
        if number == self.cursor and self._drawn:
            style += self.get_component_rich_style("form--cursor" if self.has_focus else "form--blurred", partial=True)
        return strip.extend_cell_length(self.size.width).crop(0, self.size.width).apply_style(style)

    def _strip(self, number: int) -> Strip:
        line = self.lines[number]
        text = self._group(line) if isinstance(line, str) else self._field(line)
        text.plain = shown(text.plain)
        text.no_wrap = True
        text.truncate(max(1, self.scrollable_content_region.width), overflow="ellipsis")
        return Strip(text.render(self.app.console))

    def _group(self, group: str) -> Text:
        inside = [field for field in self.fields if field.group == group]
        wrong = sum(field.path in self.problems for field in inside)
        changed = sum(self._changed(field) for field in inside)
        text = Text.assemble("▸ " if group in self.folded and not self.words else "▾ ", (group, "bold cyan"))
        if changed:
            text.append(f"   {changed} changed", "yellow")
        if wrong:
            text.append(f"   {wrong} wrong", "red")
        return text

    def _field(self, field: FormField) -> Text:
        name, width = self.columns
        value, problem = self.text_of(field), self.problems.get(field.path, "")
        changed = self._changed(field)
        sign, colour = ("✗", "red") if problem else ("•", "yellow") if changed else (" ", "")
        told = f"‹ {value or '-'} ›" if field.choices else f"{value} {field.unit}".rstrip() if value else "-"
        if field.kind == "path" and cells(told) >= width:
            told = f"…{told[2 - width :]}"  # paths differ at their ends
        label = Text(f"{'  ' if field.group else ''}{field.name}", no_wrap=True)
        label.truncate(name - 4, overflow="ellipsis", pad=True)
        cell = Text(told, colour or ("" if value else "bright_black"), no_wrap=True)
        cell.truncate(width - 1, overflow="ellipsis", pad=True)
        text = Text.assemble((f" {sign} ", colour), label, " ", cell, " ")
        if problem:
            return text.append(problem, "red")
        if changed:
            text.append(f"not {field.default} ", "yellow")
        return text.append(field.help, "bright_black")

    def on_resize(self, event: events.Resize) -> None:
        self.draw()
        self.call_after_refresh(self._see_cursor)

    def on_focus(self) -> None:
        self._refresh_line(self.cursor)

    def on_blur(self) -> None:
        self._refresh_line(self.cursor)

    def watch_cursor(self, before: int, after: int) -> None:
        self._refresh_line(before)
        self._refresh_line(after)
        self._see_cursor()
        self.post_message(self.Moved())

    def _see_cursor(self) -> None:
        height = self.scrollable_content_region.height
        if height and not self.scroll_offset.y <= self.cursor < self.scroll_offset.y + height:
            self.scroll_to(y=max(0, self.cursor - height // 2), animate=False)

    def _see_group(self, group: str) -> None:
        """Scroll so far that the fields of a group are seen, its name on top where they are many."""
        fields = [number for number, line in enumerate(self.lines) if not isinstance(line, str) and line.group == group]
        hidden = fields[-1] + 1 - self.scroll_offset.y - self.scrollable_content_region.height
        if hidden > 0:
            self.scroll_to(y=self.scroll_offset.y + min(hidden, fields[0] - 1 - self.scroll_offset.y), animate=False)

    def _refresh_line(self, number: int) -> None:
        self.refresh(Region(0, number - self.scroll_offset.y, self.size.width, 1))

    # keys and mouse

    def action_move(self, by: int) -> None:
        self.cursor = max(0, min(self.cursor + by, len(self.lines) - 1))

    def action_end(self, last: bool) -> None:
        self.cursor = len(self.lines) - 1 if last else 0

    def action_edit(self) -> None:
        line = self.line
        if isinstance(line, str):
            self.action_fold()
        elif line is not None and line.kind in _CHOICES:
            self.post_message(self.Turned(line, 1))
        elif line is not None:
            self._edit(line)

    def action_turn(self, by: int) -> None:
        line = self.line
        if isinstance(line, str):
            if (line in self.folded) == (by > 0):
                self.action_fold()
        elif line is not None and (line.choices or by == 0):
            self.post_message(self.Turned(line, by))

    def action_undo(self) -> None:
        self.post_message(self.Undone(False))

    def action_redo(self) -> None:
        self.post_message(self.Undone(True))

    def action_fold(self) -> None:
        line = self.line
        group = line if isinstance(line, str) else line.group if line else ""
        if group:
            self.folded ^= {group}
            if group in self.folded:
                self.cursor = self.lines.index(group)
            self.lay_out()
            if group not in self.folded:
                self._see_group(group)

    def action_wrong(self, by: int = 1) -> None:
        """Go to the next wrong value, or the one before."""
        paths = [field.path for field in self.fields if field.path in self.problems]
        here = self.line
        if paths:
            path = here.path if isinstance(here, FormField) else ""
            self.go(paths[(paths.index(path) + by) % len(paths)] if path in paths else paths[0])

    def on_click(self, event: events.Click) -> None:
        number = self.scroll_offset.y + event.y
        if number < len(self.lines):
            again, self.cursor = number == self.cursor, number
            if again or isinstance(self.line, str):
                self.action_edit()
