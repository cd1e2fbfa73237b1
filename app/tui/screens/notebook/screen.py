"""The notebook: its entries, and the text and command of the chosen one."""

from __future__ import annotations

from pathlib import Path

from textual import work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option
from textual.worker import get_current_worker

from app.draw.shown import shown
from app.tui.frame.choices import Choices
from app.tui.frame.key import bindings
from app.tui.frame.lines import Lines, entitle
from app.tui.frame.matches import lit_text
from app.tui.frame.named import started
from app.tui.frame.noted import Noted
from app.tui.frame.screen import FramedScreen
from app.tui.screens.notebook.keys import KEYS
from core.errors import HalodeckError
from core.notebook import NOTEBOOK, Note, put_back, read_notebook, remove

_NOTHING = """[b]There is nothing in $path yet.[/b]

In every other place [b $accent]$key[/] adds what is shown: a slice, curves and the value under their cursor, a report.
Each entry keeps the command that makes it again, and [b $accent]halodeck replay[/] does that without a workbench."""


class NotebookScreen(FramedScreen):
    """Entries beside what the chosen one holds."""

    CSS_PATH = "notebook.tcss"
    BINDINGS = bindings(KEYS, "notebook")

    class Read(Message):
        """The notebook has been read, or `words` say why not."""

        def __init__(self, notes: list[Note], words: str = "") -> None:
            self.notes = notes
            self.words = words
            super().__init__()

    def __init__(self) -> None:
        super().__init__()
        self._notes: list[Note] = []
        self._gone: list[str] = []

    def body(self) -> ComposeResult:
        with Container(id="book"):
            yield Choices(id="entries", markup=False)
            with Vertical(id="entry"):
                yield Lines(id="words")
                yield Lines(id="command")
        yield Lines(id="empty")

    def on_mount(self) -> None:
        self.query_one("#command").border_title = "the command that makes it again"
        self.query_one("#empty").display = False

    def on_screen_resume(self) -> None:
        self.action_reload()

    @work(thread=True, exclusive=True, group="notebook")
    def action_reload(self) -> None:
        worker = get_current_worker()
        try:
            read = self.Read(read_notebook(NOTEBOOK))
        except HalodeckError as error:
            read = self.Read([], str(error))
        if not worker.is_cancelled:
            self.post_message(read)

    def on_notebook_screen_read(self, message: NotebookScreen.Read) -> None:
        entries, empty = self.query_one(Choices), self.query_one("#empty", Lines)
        before, more = entries.highlighted, len(message.notes) > len(self._notes)
        self._notes = message.notes
        entries.more = {str(row): f"{note.text} {note.command}" for row, note in enumerate(self._notes)}
        entries.set_options(
            Option(shown(f"{note.number:3d}  {note.title}"), id=str(row)) for row, note in enumerate(self._notes)
        )
        self.query_one("#book").display = bool(self._notes)
        empty.display = not self._notes
        key = self.bench.signs_of("note_down")
        nothing = Content.from_markup(_NOTHING, path=str(NOTEBOOK), key=key)
        empty.show(Content(message.words) if message.words else nothing)
        entitle(entries, f"{NOTEBOOK} · {len(self._notes)}")
        if self._notes:
            last = len(self._notes) - 1
            entries.highlighted = last if more or before is None else min(before, last)
            entries.focus()
            self._tell()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self._tell()

    def on_choices_filtered(self, message: Choices.Filtered) -> None:
        self._tell()

    def action_next(self, by: int) -> None:
        entries = self.query_one(Choices)
        entries.action_cursor_down() if by > 0 else entries.action_cursor_up()

    def _tell(self) -> None:
        """What the chosen entry holds."""
        note = self._note
        if note is None:
            return
        picture = f"\npicture {note.picture}" if note.picture else ""
        words = self.query_one(Choices).words
        said = shown(f"{note.title}\n\n{note.text}{picture}", lines=True)
        self.query_one("#words", Lines).show(lit_text(said, words))
        self.query_one("#command", Lines).show(lit_text(shown(note.command or "none: it is a text"), words))

    @property
    def _note(self) -> Note | None:
        option = self.query_one(Choices).highlighted_option
        row = int(option.id) if option and option.id else len(self._notes)  # numbers written by hand may be equal
        return self._notes[row] if row < len(self._notes) else None

    def action_delete(self) -> None:
        note = self._note

        def delete(number: int) -> str:
            self._gone.append(remove(NOTEBOOK, number))
            self.app.call_from_thread(self.action_reload)
            return f"entry {number} is taken out; {self.bench.signs_of('notebook.undo')} puts it back"

        if note:
            self.attempt(lambda: delete(note.number))

    def action_undo(self) -> None:
        def undo() -> str:
            if not self._gone:
                return "nothing has been taken out"
            put_back(NOTEBOOK, self._gone.pop())
            self.app.call_from_thread(self.action_reload)
            return "the entry is back"

        self.attempt(undo)

    def action_replay(self) -> None:
        if self._notes:
            self.attempt(lambda: started(self.bench.root, ["halodeck", "replay", str(NOTEBOOK)]))

    def copied(self) -> tuple[str, str]:
        """The command of the entry, or its text."""
        note = self._note
        if note is None:
            return super().copied()
        return ("command", note.command) if note.command else ("text", note.text)

    def noted(self) -> Noted | None:
        """What is in the notebook is in it."""
        return None

    def choose(self, what: str | Path) -> None:
        """Put the cursor on an entry, by its number."""
        numbers = [str(note.number) for note in self._notes]
        if str(what) in numbers:
            self.query_one(Choices).highlighted = numbers.index(str(what))
