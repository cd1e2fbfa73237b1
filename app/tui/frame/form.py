"""A form: one line a field, edited in place, explained below; what is wrong stands beside its field as one types."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from app.tui.frame.editor import Editor
from app.tui.frame.field_list import FieldList
from app.tui.frame.filter import tell_filter
from app.tui.frame.key import bindings
from app.tui.frame.keys import KEYS
from app.tui.frame.lines import Lines
from core.forms import FormField

Check = Callable[[Mapping[str, str]], dict[str, str]]


class Form(Container):
    """A list of fields, what the one under the cursor means, and the line in which it is edited."""

    DEFAULT_CSS = """
    Form { layers: base over; height: 1fr; }
    Form FieldList { height: 1fr; scrollbar-size-vertical: 1; scrollbar-gutter: stable; overflow-x: hidden; }
    Form FieldList > .form--cursor { background: $block-cursor-background; text-style: $block-cursor-text-style; }
    Form FieldList > .form--blurred { background: $block-cursor-blurred-background; }
    Form #explain { height: 3; padding: 0 1; background: $panel; }
    Form #edit {
        layer: over; position: absolute; height: 1; border: none; padding: 0; background: $surface; display: none;
    }
    """
    BINDINGS = bindings(KEYS, "edit")

    class Changed(Message):
        """A value is another, accepted or being typed."""

    class Explained(Message):
        """Another field is under the cursor."""

    def __init__(self, check: Check, origin: str = "default", id: str | None = None) -> None:
        super().__init__(id=id)
        self._check = check
        self._origin = origin
        self._base: dict[str, str] = {}
        self._edited: FormField | None = None
        self._before: str | None = None
        self._outer: dict[str, str] = {}
        self._groups: Mapping[str, str] = {}
        self._past: list[dict[str, str]] = []
        self._future: list[dict[str, str]] = []
        self.changes: dict[str, str] = {}
        """What the user has changed, by path."""

    def compose(self) -> ComposeResult:
        yield FieldList(self._start_edit)
        yield Lines(id="explain")
        yield Editor(id="edit", select_on_focus=False)

    @property
    def list(self) -> FieldList:
        return self.query_one(FieldList)

    @property
    def values(self) -> dict[str, str]:
        """Every value as text."""
        return {field.path: field.default for field in self.list.fields} | self._base | self.changes

    @property
    def problems(self) -> dict[str, str]:
        """What is wrong, by path."""
        return dict(self.list.problems)

    def show(
        self,
        fields: tuple[FormField, ...],
        base: Mapping[str, str],
        changes: Mapping[str, str] | None = None,
        folded: Collection[str] = (),
        groups: Mapping[str, str] | None = None,
    ) -> None:
        """Ask for these fields; `base` holds values other than the defaults that are not the user's doing.

        Groups that are new to the form start folded where `folded` names them; `groups` says what they are about.
        """
        self._leave_edit()
        self._base, self.changes = dict(base), dict(changes or {})
        self._outer, self._groups = {}, groups or {}
        self._past, self._future = [], []
        self.list.words = ""
        tell_filter(self.list, "", 0, 0)
        known = {field.group for field in self.list.fields}
        self.list.fields = fields
        self.list.folded = {
            field.group
            for field in fields
            if field.group and (field.group in self.list.folded or (field.group in folded and field.group not in known))
        }
        self._update()
        self.list.lay_out()
        self._explain()

    def rebase(self, base: Mapping[str, str]) -> None:
        """Other values where the user has changed nothing."""
        self._base = dict(base)
        self._update()

    def put(self, path: str, text: str) -> None:
        """Set a value as the user would."""
        self._set(path, text)

    def blame(self, problems: dict[str, str]) -> None:
        """What was found wrong elsewhere; it stands until the field is changed, or this is said again."""
        if problems != self._outer:
            self._outer = problems
            self._update()

    # editing

    def _start_edit(self, field: FormField) -> None:
        line = self.list
        edit = self.query_one("#edit", Editor)
        edit.paths = field.kind == "path" or (field.kind == "list" and "path" in field.help.lower())
        edit.one_path = field.path != "run.universes"
        self._keep()
        self._edited, self._before = field, self.changes.get(field.path)
        edit.styles.offset = (line.columns[0], line.cursor - line.scroll_offset.y)
        with self.prevent(Input.Changed):
            edit.value = line.text_of(field)
        self._give_room()
        edit.cursor_position = len(edit.value)
        edit.display = True
        self.screen.set_focus(edit)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._give_room()
        if self._edited:
            self._set(self._edited.path, event.value.strip())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._leave_edit()

    def _give_room(self) -> None:
        """The edited value has its column, and more where it is longer, up to the end of the line."""
        edit, (name, value) = self.query_one("#edit", Input), self.list.columns
        edit.styles.width = max(value - 1, min(len(edit.value) + 2, self.list.size.width - name - 1))

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        if event.widget is self.query_one("#edit"):
            self._leave_edit(refocus=False)

    def action_cancel(self) -> None:
        """Leave the value as it was before."""
        field = self._edited
        if field:
            before = self._before
            self.changes.pop(field.path, None)
            if before is not None:
                self.changes[field.path] = before
            self._leave_edit()
            self._after_change(field.path)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Escape belongs to the screen unless something is being edited."""
        return action != "cancel" or self._edited is not None

    def _leave_edit(self, refocus: bool = True) -> None:
        if self._edited:
            self._edited = None
            self.query_one("#edit").display = False
            if refocus:
                self.list.focus()

    def on_field_list_turned(self, message: FieldList.Turned) -> None:
        field = message.field  # the cursor may have moved on since
        self._keep()
        if message.by == 0:
            self.changes.pop(field.path, None)
            self._after_change(field.path)
            return
        text = self.list.text_of(field)
        place = field.choices.index(text) if text in field.choices else -1
        self._set(field.path, field.choices[(place + message.by) % len(field.choices)])

    def _keep(self) -> None:
        """Remember the values before they are changed."""
        if not self._past or self._past[-1] != self.changes:
            self._past.append(dict(self.changes))
        self._future = []

    def on_field_list_undone(self, message: FieldList.Undone) -> None:
        source, target = (self._future, self._past) if message.again else (self._past, self._future)
        while source and source[-1] == self.changes:
            source.pop()
        if source:
            target.append(dict(self.changes))
            self.changes = source.pop()
            self._outer = {}
            self._update()
            self.post_message(self.Changed())

    def on_editor_completed(self, message: Editor.Completed) -> None:
        message.stop()
        if message.names:
            self.query_one("#explain", Lines).show(Content("  ".join(message.names)))

    def _set(self, path: str, text: str) -> None:
        start = {field.path: field.default for field in self.list.fields} | self._base
        if text == start[path] or (not text and not start[path]):
            self.changes.pop(path, None)
        else:
            self.changes[path] = text
        self._after_change(path)

    def _after_change(self, path: str) -> None:
        self._outer.pop(path, None)
        self._update()
        self.post_message(self.Changed())

    def _update(self) -> None:
        self.list.values = self.values
        self.list.problems = self._outer | self._check(self.changes)
        self.list.draw()
        self._explain()

    # what it means

    def on_field_list_moved(self) -> None:
        if self._edited is not self.list.line:
            self._leave_edit()
        self._explain()

    def _explain(self) -> None:
        line = self.list.line
        pane = self.query_one("#explain", Lines)
        if not isinstance(line, FormField):
            rest = self.problems.get("", "")
            pane.show(Content.from_markup("[$error]$rest[/]", rest=rest) if rest else self._group_words(line or ""))
            return
        origin = self._origin if line.option == "--set" else "default"
        origin = "must be given" if line.required else f"{origin} {line.default or 'not given'}"
        first = Content.from_markup(
            "[b]$path[/b]  [dim]$what; $origin[/dim]", path=line.path, what=line.what, origin=origin
        )
        problem = self.problems.get(line.path)
        second = Content.from_markup("[$error]$words[/]", words=problem) if problem else Content(line.help)
        pane.show(Content("\n").join([first, second]))

    def _group_words(self, group: str) -> Content:
        return Content.from_markup("[b]$group[/b]\n$about", group=group, about=self._groups.get(group, ""))
