"""The columns of the list of runs, to be chosen among everything that is told of them."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from app.draw.shown import shown
from app.tui.frame.bench import bench_of
from app.tui.frame.key import bindings
from app.tui.frame.line import Line
from app.tui.frame.lines import entitle
from app.tui.screens.runs.keys import KEYS


class ColumnsScreen(ModalScreen[tuple[str, ...] | None]):
    """A list with a line that filters it; gives back the names chosen, none for those that fit by themselves."""

    BINDINGS = bindings(KEYS, "columns")
    DEFAULT_CSS = """
    ColumnsScreen { align: center middle; }
    ColumnsScreen > Vertical {
        width: 64; max-width: 92%; height: 90%; max-height: 30; padding: 0 1; border: round $border;
        background: $surface;
    }
    ColumnsScreen Input, ColumnsScreen Input:focus { height: 1; border: none; padding: 0; background: $panel; }
    ColumnsScreen OptionList { height: 1fr; border: none; background: $surface; padding: 0; }
    ColumnsScreen #hints { height: 1; color: $text-muted; }
    """

    def __init__(self, names: Sequence[str], chosen: Sequence[str]) -> None:
        super().__init__()
        self._names = names
        self._chosen = list(chosen)

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            entitle(box, "Columns: settings, metrics, numbers of reports")
            yield Line(placeholder="letters of a name", id="find")
            yield OptionList(id="names", markup=False)
            hints = "   ".join(f"{key.signs} {key.hint}" for key in bench_of(self).keys_of("columns") if key.hint)
            yield Static(hints, id="hints", markup=False)

    def on_mount(self) -> None:
        self.query_one("#names").can_focus = False
        self.query_one(Input).focus()
        self._list()

    @property
    def _options(self) -> OptionList:
        return self.query_one("#names", OptionList)

    def _list(self, at: int = 0) -> None:
        words = self.query_one(Input).value.lower().split()
        found = [name for name in self._names if all(word in name.lower() for word in words)]
        found.sort(key=lambda name: name not in self._chosen)
        self._options.set_options(
            Option(Content.assemble("✓ " if name in self._chosen else "  ", shown(name)), id=name) for name in found
        )
        if found:
            self._options.highlighted = max(0, min(at, len(found) - 1))

    def on_input_changed(self) -> None:
        self._list()

    def on_input_submitted(self) -> None:
        self.action_choose()

    def on_option_list_option_selected(self) -> None:
        self.action_choose()

    def action_move(self, by: int) -> None:
        self._options.action_cursor_down() if by > 0 else self._options.action_cursor_up()

    def action_choose(self) -> None:
        """Choose the column under the cursor, or no longer."""
        number = self._options.highlighted
        if number is None or not self._options.option_count:
            return
        name = str(self._options.get_option_at_index(number).id)
        if name in self._chosen:
            self._chosen.remove(name)
        else:
            self._chosen.append(name)
        self._list(number)

    def action_automatic(self) -> None:
        """Those that fit, chosen by themselves."""
        self.dismiss(())

    def action_back(self) -> None:
        self.dismiss(tuple(self._chosen))
