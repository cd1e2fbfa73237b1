"""The card of one halo on the full screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual.app import ComposeResult
from textual.content import Content

from app.tui.frame.calculator import Calculator
from app.tui.frame.figure_view import FigureView
from app.tui.frame.key import bindings
from app.tui.frame.lines import Lines
from app.tui.frame.save import figure_saver
from app.tui.frame.screen import FramedScreen
from app.tui.screens.slices.keys import KEYS


class CardScreen(FramedScreen):
    """Profile, protohalo patch and prediction of a halo."""

    CSS_PATH = "slices.tcss"
    BINDINGS = bindings(KEYS, "card")
    SECTIONS = ("card",)

    def __init__(self, subject: str, question: Mapping[str, Any]) -> None:
        super().__init__()
        self.subject = subject
        self._question = dict(question)
        self._figure: Any = None
        self._calculator = Calculator(self.post_message, _read)

    def body(self) -> ComposeResult:
        yield Lines(id="facts")
        yield FigureView(self.bench.depth, id="card")

    def on_mount(self) -> None:
        self.query_one("#card", FigureView).show(None, "reading ...")
        self._calculator.ask("card", **self._question)

    def on_unmount(self) -> None:
        self._calculator.cancel()

    def on_calculator_answered(self, message: Calculator.Answered) -> None:
        self._figure = message.answer.get("figure")
        self.query_one("#card", FigureView).show(self._figure, message.problem)
        told = [
            Content.from_markup("[dim]$name[/]  $value", name=name, value=value)
            for name, value in message.answer.get("facts", {}).items()
            if name != "halo"
        ]
        lines = self.query_one("#facts", Lines)
        lines.styles.height = -(-len(told) // 2) if self.app.size.height > 30 else 0
        across = self.app.size.width // 2
        padded = [one.pad_right(max(0, across - one.cell_length)) for one in told]
        pairs = [Content.assemble(*padded[k : k + 2]) for k in range(0, len(padded), 2)]
        lines.show(Content("\n").join(pairs))

    def action_save_card(self) -> None:
        if self._figure is not None:
            words = "Its ending chooses: .png .svg .pdf .txt"
            self.ask_to_save("Save the card", "halo.png", words, figure_saver(self._figure))

    def action_back(self) -> None:
        self.dismiss()


def _read(answer: dict[str, Any]) -> dict[str, Any]:
    from core.figures import load

    return {"facts": answer["facts"], "figure": load(answer["figure"])}
