"""What the commands print: figures, reports, progress, JSON."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.answers import as_text, for_machines, tell, tell_line
from app.cli.terminal import unguarded
from app.draw.shown import cells, padded, shown
from app.opening import BLOCKS_OF_IMAGES, COLOR
from core.errors import UsageError, did_you_mean
from core.learning import parallel
from core.progress import Progress

if TYPE_CHECKING:
    from app.draw import Depth
    from core.figures import Figure, Report

ColourOption = Annotated[
    str, typer.Option(COLOR.name, help="Colours: auto, truecolor, 256, 16 or none.", envvar=COLOR.variable)
]
BlocksOption = Annotated[
    str,
    typer.Option(
        BLOCKS_OF_IMAGES.name,
        help="What a cell of an image is divided into: auto, half, quadrant, sextant or octant.",
        envvar=BLOCKS_OF_IMAGES.variable,
    ),
]
SaveOption = Annotated[
    Path | None, typer.Option("--save", help="Also save the figures here, as PNG, SVG, text and the numbers as JSON.")
]

_colour = "auto"
_blocks = "auto"


def set_colour(option: str) -> None:
    """Remember --color for everything drawn by this process."""
    global _colour
    if option not in COLOR.words:
        raise UsageError(f"unknown --color {option!r}", did_you_mean(option, COLOR.words))
    _colour = option


def set_blocks(option: str) -> None:
    """Remember --blocks for everything drawn by this process."""
    global _blocks
    if option not in BLOCKS_OF_IMAGES.words:
        raise UsageError(f"unknown --blocks {option!r}", did_you_mean(option, BLOCKS_OF_IMAGES.words))
    _blocks = option


def depth() -> Depth:
    """The colour depth to draw in."""
    from app.draw import colour_depth

    return colour_depth(_colour)


def width() -> int:
    """Columns to draw in; 100 where there is no terminal."""
    return shutil.get_terminal_size((100, 40)).columns


def say(text: str, error: bool = False) -> None:
    """One line on standard output or error, whatever is in the text."""
    if not error:
        tell_line(text)
    print(shown(text), file=sys.stderr if error else sys.stdout, flush=True)


def say_again(text: str) -> None:
    """One line in the place of the last one on a terminal."""
    from app.draw.shown import shortened

    stream = unguarded(sys.stdout)
    stream.write(f"\r\x1b[2K{shortened(shown(text), width() - 1)}")
    stream.flush()


def print_figure(figure: Figure, columns: int | None = None, rows: int | None = None) -> None:
    """Draw a figure on standard output; machines are told what is in it by the command."""
    if for_machines():
        return
    from app.draw import draw
    from app.draw.finest import blocks_of

    drawing = draw(figure, columns or width(), rows, depth(), blocks=blocks_of(_blocks))
    if depth() == "none":
        print(drawing.plain())
        return
    system = {"truecolor": "truecolor", "256": "256", "16": "standard"}[depth()]
    # no_color=False: --color has more to say than NO_COLOR, which `depth` has seen already
    from app.cli.console import GuardedConsole

    console = GuardedConsole(
        sys.stdout,
        force_terminal=True,
        color_system=system,
        width=columns or width(),
        legacy_windows=False,
        no_color=False,
    )
    console.print(drawing, end="")


def print_script(script: str) -> None:
    """The script of a job."""
    tell(script=script)
    print(script)


def print_report(report: Report) -> None:
    """Facts, table of numbers, figures, notes."""
    from core.figures import dump_report, numbers_table

    if for_machines():
        tell(**dump_report(report))
        return

    print_facts(report.facts)
    if report.numbers:
        print()
        print_figure(numbers_table(report))
    for figure in report.figures.values():
        print()
        print_figure(figure)
    for note in report.notes:
        print()
        say(f"Note: {note}")


def print_facts(facts: Mapping[str, str]) -> None:
    """Names and values in two columns; on a terminal a long value goes on below its beginning.

    Machines are told them by the command.
    """
    if for_machines():
        return
    pad = max((cells(shown(name)) for name in facts), default=0)
    room = width() - pad - 2 if sys.stdout.isatty() else 0
    for name, value in facts.items():
        first, *rest = hanging(value, room)
        say(f"{padded(shown(name), pad)}  {first}")
        for line in rest:
            say(f"{' ' * pad}  {line}")


def hanging(text: str, room: int) -> list[str]:
    """A text in lines of at most so many cells, broken at spaces; in one where there is hardly room."""
    from textwrap import wrap

    return wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""] if room >= 20 else [text]


def print_json(data: Any) -> None:
    """What a command has told machines."""
    print(as_text(data))


def save_report(report: Report, folder: Path) -> None:
    """Every figure as PNG, SVG and text, the numbers of curves and tables as CSV, and report.json, into a folder."""
    from app.draw import save
    from core.figures import Curves, Histogram, Table, dump_report
    from core.files import file_name, write_json

    write_json(folder / "report.json", dump_report(report))
    for name, figure in report.figures.items():
        for kind in ("png", "svg", "txt", *(["csv"] if isinstance(figure, (Curves, Histogram, Table)) else [])):
            save(figure, folder / f"{file_name(name)}.{kind}")
    say(f"saved {len(report.figures)} figures and report.json in {folder}", error=True)


@contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """A file where one is asked for, else a bar on a terminal or a line now and then in a log, on standard error."""
    from app.background.progress import wanted

    if not parallel.first():  # of several ranks one tells
        yield lambda fraction, doing: None
        return
    if told := wanted():
        yield told
        return
    if not sys.stderr.isatty():
        yield _Lines(title)
        return
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    from app.cli.console import GuardedConsole
    from app.signals import around_a_stop

    columns = (
        TextColumn("{task.fields[title]}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
    )
    console = GuardedConsole(sys.stderr)
    bar = Bar(*columns, console=console, transient=True, refresh_per_second=4)
    task = bar.add_task("", total=1.0, title=title)
    try:
        with around_a_stop(lambda: console.show_cursor(True), lambda: console.show_cursor(False)):
            bar.start()
            yield lambda fraction, doing: bar.update(task, completed=fraction, description=doing)
    finally:
        with suppress(OSError):  # the terminal may be gone
            bar.stop()


class _Lines:
    """Progress as plain lines, at most one every ten percent and at least one every ten seconds."""

    def __init__(self, title: str) -> None:
        self.title, self.last, self.when = title, -1, 0.0

    def __call__(self, fraction: float, doing: str) -> None:
        import time

        tenth, now = int(10 * fraction), time.monotonic()
        if tenth > self.last or now - self.when > 10:
            self.last, self.when = tenth, now
            say(f"{self.title}: {100 * fraction:3.0f} %  {doing}", error=True)
