"""The network of a run, or one that needs none: its layers, and the filters and activations of one of them."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import events, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import DataTable
from textual.worker import get_current_worker

from app.tui.frame.calculating import CalculatingScreen
from app.tui.frame.calculator import Calculator
from app.tui.frame.figure_view import FigureView
from app.tui.frame.filter import FilterScreen
from app.tui.frame.key import bindings
from app.tui.frame.lines import Lines, entitle
from app.tui.frame.noted import Noted
from app.tui.frame.save import figure_saver
from app.tui.frame.wording import folder
from app.tui.screens.network import words as words
from app.tui.screens.network.keys import KEYS
from app.tui.screens.network.layer_table import LayerTable
from core.analysis.inspection.names import named
from core.files import files_below

if TYPE_CHECKING:
    from core.figures import Figure

_WIDE, _TALL = 120, 40
_PLANES = 16
"""Steps from one face of the box to the other."""
_PANEL = (30, 17)
"""Columns and rows that an image needs."""
_NOTHING = """[b]There are no runs in the folder $folder yet.[/b]

The network of a run is shown here, with its filters and what they make of a universe.
Train one under [b]launch[/b], or press [b $accent]$more[/] to look at the toy, a network small enough to follow by
hand; once more, and it is the same one trained, then a larger one, then the trained ones that come with halodeck."""


def read_answer(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer with its figures as such."""
    from core.figures import load

    if "table" in answer:
        return {**answer, "table": load(answer["table"])}
    return {"figures": [load(figure) for figure in answer["figures"]]}


class NetworkScreen(CalculatingScreen):
    """A list of layers beside images of one."""

    CSS_PATH = "network.tcss"
    BINDINGS = bindings(KEYS, "network")

    class Listed(Message):
        """The universes there are."""

        def __init__(self, universes: tuple[Path, ...]) -> None:
            self.universes = universes
            super().__init__()

    def __init__(self) -> None:
        super().__init__(read_answer)
        self.found: dict[str, Any] = {}
        """The answer to the question for layers: title, table, names, channels, filters."""
        self.figures: list[Figure] = []
        self.filters = True
        self._number = -1
        self._asked = ""
        self.path: Path | None = None
        self._named = ""
        """A network that needs no run; none while a run's is shown."""
        self._universes: tuple[Path, ...] = ()
        self._universe: Path | None = None
        self._layer = 0
        self._channel = 0
        self._source: int | None = None
        self._plane = _PLANES // 2
        self._input = False
        self._front = "layers"

    def body(self) -> ComposeResult:
        yield Lines(id="place")
        with Horizontal(id="across"):
            with Vertical(id="layers") as box:
                box.border_title = "layers"
                yield LayerTable(id="table", cursor_type="row", zebra_stripes=False)
            yield FigureView(self.bench.depth, id="image")
        yield Lines(id="twin")
        yield Lines(id="empty")

    def on_screen_resume(self) -> None:
        self._find()
        self._turn()

    def on_resize(self, event: events.Resize) -> None:
        self._arrange()
        self.call_after_refresh(self._show_layers)

    def count(self) -> None:
        """The list of runs has changed."""
        super().count()
        if self.path is None and not self._named:
            self._turn()

    # what is looked at

    def _selected(self) -> None:
        """Another run has been chosen, or other universes marked."""
        self._find()
        self._turn()

    @work(thread=True, exclusive=True, group="find")
    def _find(self) -> None:
        worker, marked = get_current_worker(), self.bench.selection.universes
        universes = marked or files_below(self.bench.universes.resolve(), ".h5")
        if not worker.is_cancelled:
            self.post_message(self.Listed(universes))

    def on_network_screen_listed(self, message: NetworkScreen.Listed) -> None:
        before, self._universes = self._universe, message.universes
        if self.bench.selection.universe in self._universes:
            self._universe = self.bench.selection.universe
        elif self._universe not in self._universes:
            self._universe = self._universes[0] if self._universes else None
        if self._universe != before and not self.filters:
            self._look()

    def _turn(self) -> None:
        """Turn to the network of the chosen run, if it is another one."""
        entries = {entry.name: entry.run.path for entry in self.bench.entries if not entry.problem}
        wanted = entries.get(self.bench.selection.run) or next(iter(entries.values()), None)
        run = None if self._named else wanted
        nothing = self.query_one("#empty", Lines)
        nothing.display = run is None and not self._named
        self.query_one("#across").display = not nothing.display
        signs = self.bench.signs_of("network.named")
        nothing.show(Content.from_markup(_NOTHING, folder=folder(self.bench.root), more=signs))
        if run != self.path or (self._named and not self.found):
            self.path, self.found, self.figures = run, {}, []
            self._layer = self._channel = 0
            self._source = None
            self.query_one(LayerTable).words = ""
            self.query_one(LayerTable).clear(columns=True)
            if run or self._named:
                self._ask("layers")
        self._tell()

    def _ask(self, what: str, **question: Any) -> None:
        self._busy, self._asked = "reading ..." if what == "layers" else "looking ...", what
        self._number = self._calculator.ask(
            what, run=str(self.path) if self.path else "", named=self._named, **question
        )
        self._tell()

    def _look(self) -> None:
        """Have the images of the chosen layer made."""
        if not self.found:
            return
        self._problem = ""
        if self.filters and not self.found["filters"][self._layer]:
            self.figures = []
            self._problem = (
                f"{self.layer} has no filters; {self.bench.signs_of('network.what').split()[0]} shows its activations"
            )
            self._show()
            return
        if not self.filters and self._universe is None and not self._own_input:
            self.figures = []
            self._problem = "activations need a universe: simulate or import one under data (1)"
            self._show()
            return
        self._ask(
            "inside",
            layer=self.layer,
            filters=self.filters,
            universe="" if self._own_input else str(self._universe or ""),
            channel=self._channel,
            source=self._source,
            count=self._count,
            depth=self._plane / _PLANES,
        )

    @property
    def _own_input(self) -> bool:
        """Whether the network brings an input, so that activations need no universe."""
        return bool(self.found.get("own_input"))

    @property
    def layer(self) -> str:
        """The chosen layer."""
        name: str = self.found["names"][self._layer]
        return name

    @property
    def _count(self) -> int:
        """How many images there is room for."""
        size = self.query_one("#image").size
        return max(1, size.width // _PANEL[0]) * max(1, size.height // _PANEL[1])

    def on_calculator_progressed(self, message: Calculator.Progressed) -> None:
        self._busy = f"{message.doing} ..."
        self._tell()

    def on_calculator_answered(self, message: Calculator.Answered) -> None:
        if message.number != self._number:
            return
        self._busy, self._problem = "", message.problem
        if self._asked == "layers":
            self.found = message.answer
            self._arrange()
            if self.found:
                # an untrained or simple network opens with what it has
                self._layer = next((k for k, has in enumerate(self.found["filters"]) if has), 0)
                self.call_after_refresh(self._show_layers)
                return
        self.figures = message.answer.get("figures", [])
        self._show()

    # how it looks

    def _arrange(self) -> None:
        """Both panes where there is room, else the one in front, which has the focus; without layers what is wrong."""
        front = "image" if self._problem and not self.found else self._front
        both = self.app.size.width >= _WIDE or self.app.size.height >= _TALL
        table, view = self.query_one(LayerTable), self.query_one("#image", FigureView)
        self.query_one("#layers").display = both or front == "layers"
        view.display = both or front == "image"
        self.query_one("#across").set_class(not both, "-one")
        if self.screen is self.app.screen:
            (table if front == "layers" else view).focus()

    def _show_layers(self) -> None:
        if not self.found:
            return  # another run is turned to by now
        table = self.query_one(LayerTable)
        with table.prevent(DataTable.RowHighlighted):
            table.show(self.found["table"], table.size.width)
        table.choose(self._layer)
        self._look()

    def _show(self) -> None:
        view = self.query_one("#image", FigureView)
        if self._problem or not self.figures:
            entitle(view, "")
            view.show(None, self._problem)
        else:
            figure = self.figures[0] if self._input or len(self.figures) == 1 else self.figures[1]
            entitle(view, figure.title)
            view.show(_untitled(figure))
        self._tell()

    def _tell(self) -> None:
        title = self.found.get("title") or (self.path.name if self.path else self._named)
        note = self.found["table"].note.partition(";")[0] if self.found else ""
        universe = None if self.filters or self._own_input else self._universe
        self.query_one("#place", Lines).show(words.place(title, self._busy, note, universe))
        twin = self.command() if self.found else ""
        self.query_one("#twin", Lines).show(Content.from_markup("[dim]$words[/]", words=twin))

    def noted(self) -> Noted | None:
        """The command that shows the same layer."""
        return Noted(f"network: {self.layer}", "", tuple(shlex.split(self.command()))) if self.found else None

    def command(self) -> str:
        """The command that shows the same."""
        run = self.path.name if self.path else self._named
        if self.filters:
            return words.filters_command(run, self.layer, self._channel, self._source)
        universe, depth = None if self._own_input else self._universe, self._plane / _PLANES
        return words.activations_command(run, self.layer, self._channel, universe, depth)

    # what can be done

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        numbers = self.query_one(LayerTable).numbers
        layer = numbers[event.cursor_row] if event.cursor_row < len(numbers) else self._layer
        if self.found and layer != self._layer:
            self._layer, self._channel, self._source = layer, 0, None
            self._look()

    def action_layer(self, by: int) -> None:
        if self.found:
            table = self.query_one(LayerTable)
            table.move_cursor(row=min(max(table.cursor_row + by, 0), max(0, table.row_count - 1)))

    def action_filter(self) -> None:
        """Show only layers with some words."""
        if self.found:
            self._front = "layers"
            self._arrange()
            self.app.push_screen(FilterScreen(self.query_one(LayerTable)))

    def action_what(self) -> None:
        self.filters = not self.filters
        self._channel, self._source = 0, None
        self._look()

    def action_channel(self, by: int) -> None:
        if self.found:
            total = self.found["channels"][self._layer]
            step = 1 if self.filters else self._count
            last = (total - 1) // step * step
            self._channel = min(max(self._channel + by * step, 0), last)
            self._look()

    def action_source(self) -> None:
        """Through the input channels of a filter, then back to all of them at once."""
        if not self.found or not self.filters:
            return
        self._source = 0 if self._source is None else self._source + 1
        if self._source >= self.found["inputs"][self._layer]:
            self._source = None
        self._look()

    def action_deeper(self, by: int) -> None:
        if not self.filters:
            self._plane = (self._plane + by) % _PLANES
            self._look()

    def action_input(self) -> None:
        if not self.filters:
            self._input = not self._input
            self._show()

    def action_run(self, by: int) -> None:
        names = [entry.name for entry in self.bench.entries if not entry.problem]
        if names:
            self._named = ""
            now = self.path.name if self.path else names[-by]
            at = names.index(now) if now in names else 0
            self.bench.selection = self.bench.selection.with_run(names[(at + by) % len(names)])
            self._turn()

    def action_named(self, by: int) -> None:
        """Through the networks that need no run, then back to the run's."""
        names = ("", *named())
        self._named = names[(names.index(self._named) + by) % len(names)]
        self.found, self.path = {}, None
        self._turn()

    def action_universe(self, by: int) -> None:
        if self._universes and not self._own_input:
            at = self._universes.index(self._universe) if self._universe in self._universes else 0
            self._universe = self._universes[(at + by) % len(self._universes)]
            self.filters = False
            self.bench.selection = self.bench.selection.showing(self._universe)
            self._look()

    def action_pane(self) -> None:
        self._front = "image" if self._front == "layers" else "layers"
        self._arrange()

    def action_cancel(self) -> None:
        if self._busy:
            self._calculator.cancel()
            self._busy = ""
            self._tell()

    def action_export(self) -> None:
        if not self.figures:
            return
        figure = self.figures[0] if self._input or len(self.figures) == 1 else self.figures[1]
        name = f"{self.layer}-{'filters' if self.filters else 'activations'}.png"
        endings = "Its ending chooses: .png .svg .pdf .txt"
        self.ask_to_save(f"Save {figure.title}", name, endings, figure_saver(figure))


def _untitled(figure: Figure) -> Figure:
    """The figure without the title that stands over the pane."""
    from dataclasses import replace

    return replace(figure, title="")
