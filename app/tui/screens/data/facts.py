"""Names and values of a file or task, line by line."""

from __future__ import annotations

from pathlib import Path

from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from app.background.tasks import Task
from app.draw.shown import shown
from app.tui.frame.bench import bench_of
from app.tui.frame.lines import entitle
from app.tui.frame.wording import folder
from app.tui.screens.data.preview import Preview

_LOG_LINES = 12
_INDENT = "  "
_SIGNS = {"omega_matter": "Ωm", "omega_baryon": "Ωb", "sigma8": "σ8", "spectral_index": "ns"}


class Facts(ScrollView):
    """Names and values; only lines that look different are sent, and nothing around moves."""

    def __init__(self) -> None:
        super().__init__(id="facts")
        self._lines: list[Content] = []
        self._strips: list[Strip] = []

    def wait_for(self, path: Path) -> None:
        """A path is being looked into."""
        entitle(self, path.name or str(path))

    def show_preview(self, preview: Preview) -> None:
        """What a path is."""
        entitle(self, preview.path.name or str(preview.path))
        lines = [_line("kind", preview.kind)] if preview.kind else []
        lines += [_line(name, value) for name, value in _shortened(preview).items()]
        if preview.kind not in ("universe", "prediction", "run", "directory", "empty", "unknown", ""):
            key = bench_of(self).signs_of("data.import")
            lines.append(Content.from_markup("\n[dim]$key brings it in as a universe[/dim]", key=key))
        if preview.problem:
            lines.append(Content.from_markup("[$error]$words[/]", words=shown(preview.problem)))
        self._put(lines)

    def show_task(self, task: Task) -> None:
        """A task: its command, where it is kept, and the end of what it printed."""
        entitle(self, task.title)
        state = f"{task.state}: {task.words}" if task.state == "failed" else task.state
        lines = [_line("command", task.line()), _line("state", state), _line("kept in", folder(task.path))]
        self._put([*lines, Content(), Content(shown(task.log(_LOG_LINES), lines=True))])

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out()

    def render_line(self, y: int) -> Strip:
        line = self.scroll_offset.y + y
        strip = self._strips[line] if line < len(self._strips) else Strip.blank(0)
        return strip.crop_extend(0, self.size.width, self.rich_style)

    def _put(self, lines: list[Content]) -> None:
        self._lines = lines
        self.scroll_home(animate=False)
        self._lay_out()

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        if not width:
            return
        content = Content("\n").join([part for line in self._lines for part in hung(line, width)])
        old, self._strips = self._strips, Visual.to_strips(self, content, width, None, self.visual_style)
        self.virtual_size = Size(width, len(self._strips))
        nothing = Strip([])
        for y in range(max(len(old), len(self._strips))):
            before, after = (lines[y] if y < len(lines) else nothing for lines in (old, self._strips))
            if before != after:
                self.refresh(Region(0, y - self.scroll_offset.y, self.size.width, 1))


def _shortened(preview: Preview) -> dict[str, str]:
    """The facts of a universe in few lines: all its fields and catalogues in one, the field that is shown in full."""
    if not preview.is_universe:
        return preview.facts
    facts: dict[str, str] = {}
    of: dict[str, list[str]] = {"field": [], "halos": []}
    for name, value in preview.facts.items():
        kind, _, rest = name.partition(" ")
        if kind in of and rest:
            of[kind].append(rest if kind == "field" else f"{value} {rest}")
        elif name != "name" or value != preview.path.stem:
            facts[name] = value
    box = facts.pop("box")
    if "cells" in facts:
        box = f"{box}, {facts.pop('cells')} cells of {facts.pop('particle mass')}"
    chosen = {preview.field: preview.facts[f"field {preview.field}"]} if preview.field else {}
    halos = {"halos": ", ".join(of["halos"])} if of["halos"] else {}
    for name, sign in _SIGNS.items():
        facts["cosmology"] = facts["cosmology"].replace(name, sign)
    fields = {"fields": ", ".join(of["field"])} if of["field"] else {}
    return {"box": box, **halos, **fields, **chosen, **facts}


def hung(line: Content, width: int) -> list[Content]:
    """A line as those it takes in so many cells, the later ones set in; a text of several lines as it is."""
    if "\n" in line.plain or line.cell_length <= width or width <= 2 * len(_INDENT):
        return [line]
    first = line.wrap(width)[0]
    rest = line[len(first) :]
    rest = rest[len(rest.plain) - len(rest.plain.lstrip()) :]
    return [first, *(Content.assemble(_INDENT, part) for part in rest.wrap(width - len(_INDENT)))]


def _line(name: str, value: str) -> Content:
    return Content.from_markup("[dim]$name[/dim]  $value", name=shown(name), value=shown(value))
