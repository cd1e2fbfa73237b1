"""A tree of folders and files as a flat list; folders are read in a thread, and again when they have changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from textual import events, work
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option
from textual.worker import get_current_worker

from app.draw.shown import cells, shown, without_middle
from app.tui.frame.folders import LIMIT, Inside, Item, inside, stamp, walk
from app.tui.frame.key import bindings
from app.tui.frame.wording import folder
from app.tui.screens.data.keys import KEYS
from core.patience import Patient

_INDENT = 2
_MOST_FOLDERS = 2000
"""Folders read for a filter; what lies beyond is found by unfolding."""
_TOGETHER = 0.2
"""Seconds of reading that are told together."""
WATCH_EVERY = 2.0
"""Seconds between looks at the folders that are shown."""
_YOUNG = 1_000_000_000
"""Nanoseconds for which a folder's time tells nothing: clocks of file systems tick some milliseconds apart, and a file
made within the tick of a reading changes no time."""


Known = tuple[tuple[int, int], bool, Inside]
"""The stamp of a folder, whether it can be trusted, and what was read in it."""
_UNKNOWN: Known = ((-1, -1), False, "")
_SILENT: Known = ((-2, -2), False, "does not answer")


class FileTree(OptionList):
    """Roots, the folders in them that are unfolded, and their files; marked files carry a sign."""

    BINDINGS = bindings(KEYS, "tree")
    DEFAULT_CSS = "FileTree { text-wrap: nowrap; text-overflow: ellipsis; }"

    class Read(Message):
        """Some folders have been read; `new` are the files that were not in them when they were read before."""

        def __init__(self, content: Mapping[Path, Inside]) -> None:
            self.content = content
            self.new: list[Path] = []
            super().__init__()

        def has_lost(self, path: Path) -> bool:
            """Whether a file is no longer in its folder."""
            items = self.content.get(path.parent)
            return items is not None and (isinstance(items, str) or path not in [item.path for item in items])

    def __init__(self) -> None:
        super().__init__(id="tree", markup=False)
        self.roots: tuple[Path, ...] = ()
        self.content: dict[Path, Inside] = {}
        self._known: dict[Path, Known] = {}
        self._folders = Patient(self._look_into, LIMIT)
        self._reading = threading.Lock()
        """Held from the reading of a folder until it is told: what is told last is what was read last."""
        self.unfolded: set[Path] = set()
        self.words: tuple[str, ...] = ()
        self._wanted: Path | None = None
        self._marked: Collection[Path] = ()
        self._shown: list[tuple[Item, int]] = []
        self._labels: list[str] = []

    @property
    def chosen(self) -> Item | None:
        """What is under the cursor."""
        return self._shown[self.highlighted][0] if self.highlighted is not None else None

    def mark(self, paths: Collection[Path]) -> None:
        """Show these as marked."""
        self._marked = paths
        self.lay_out()

    # what is on the disk

    def on_mount(self) -> None:
        self.set_interval(WATCH_EVERY, self._watch)

    def _watch(self) -> None:
        if self.screen.is_current and not self._reading.locked():
            self.read_again()

    def read_again(self, all_of_them: bool = False) -> None:
        """Read the folders that are shown and those of marked files, where they have changed or all of them."""
        self._read((*self.roots, *self.unfolded, *{path.parent for path in self._marked}), all_of_them)

    @work(thread=True, group="folders")
    def _read(self, paths: Iterable[Path], all_of_them: bool = True) -> None:
        with self._reading:
            asked = [(path, all_of_them) for path in dict.fromkeys(paths)]
            answers = self._folders.ask(asked)
            content: dict[Path, Inside] = {}
            for path, again in asked:
                before = self._known.get(path, _UNKNOWN)
                answer = self._known[path] = answers.get((path, again), _SILENT)
                if all_of_them or answer[0] != before[0] or answer[2] != before[2]:
                    content[path] = answer[2]
            if content:
                self.post_message(self.Read(content))

    def _look_into(self, asked: tuple[Path, bool]) -> Known:
        """What is in a folder, read again where it has changed or where it is asked for."""
        path, again = asked
        then, trusted, before = self._known.get(path, _UNKNOWN)
        now = stamp(path)
        if now == then and trusted and not again:
            return then, trusted, before
        return now, now[0] < time.time_ns() - _YOUNG, inside(path)

    @work(thread=True, exclusive=True, group="walk")
    def read_all(self) -> None:
        """Everything under the roots, for the filter: many folders at once, for the list is made anew each time."""
        worker = get_current_worker()
        folders = walk(self.roots, _MOST_FOLDERS)
        while not worker.is_cancelled:
            found: dict[Path, Inside] = {}
            with self._reading:
                until = time.monotonic() + _TOGETHER
                for path, items in folders:
                    found[path] = items
                    if time.monotonic() > until:
                        break
                if not found:
                    return
                self.post_message(self.Read(found))

    def on_file_tree_read(self, message: FileTree.Read) -> None:
        for path, items in message.content.items():
            if path in self.content and not isinstance(items, str):
                old = {item.path for item in self.content[path] if isinstance(item, Item)}
                message.new += [item.path for item in items if not item.is_folder and item.path not in old]
        self.content |= message.content
        self.lay_out()
        if self._wanted and self.show_path(self._wanted):
            self._wanted = None

    # how it looks

    def lay_out(self) -> None:
        """Make the list anew where it would look different, the cursor on the file it was on."""
        if not self.size:
            return
        chosen = self.chosen
        shown = list(self._walk())
        labels = [self._label(item, depth) for item, depth in shown]
        plain = [label.markup for label in labels]
        if plain == self._labels and [item.path for item, _ in shown] == [item.path for item, _ in self._shown]:
            return
        top, row = self.scroll_y, self.highlighted or 0
        paths = [item.path for item, _ in shown]
        same = paths == [item.path for item, _ in self._shown]
        self._shown, self._labels = shown, plain
        with self.prevent(OptionList.OptionHighlighted):
            self.set_options(Option(label) for label in labels)
            if shown:
                self.highlighted = (
                    paths.index(chosen.path) if chosen and chosen.path in paths else min(row, len(shown) - 1)
                )
            self.scroll_to(y=top, animate=False)
        if not same or chosen is None:
            self.scroll_to_highlight()
        if self.chosen and (chosen is None or chosen.path != self.chosen.path):
            self.post_message(self.OptionHighlighted(self, self.get_option_at_index(self.highlighted or 0), 0))

    def _walk(self) -> Iterable[tuple[Item, int]]:
        for root in self.roots:
            inside = list(self._inside(root, 1))
            if inside or not self.words:
                yield Item(root, True), 0
                yield from inside

    def _inside(self, path: Path, depth: int) -> Iterable[tuple[Item, int]]:
        known = self.content.get(path, ())
        if (path not in self.unfolded and not self.words) or isinstance(known, str):
            return
        for item in known:
            if item.is_folder:
                inside = list(self._inside(item.path, depth + 1))
                if inside or self._matches(item):
                    yield item, depth
                    yield from inside
            elif self._matches(item):
                yield item, depth

    def _matches(self, item: Item) -> bool:
        return all(word in item.path.name.lower() for word in self.words)

    def _label(self, item: Item, depth: int) -> Content:
        room = self.scrollable_content_region.width - 2
        if item.is_folder:
            known = self.content.get(item.path)
            sign = "▾" if item.path in self.unfolded or self.words else "▸"
            name = shown(item.path.name if depth else folder(item.path))
            words = f"  {known}" if isinstance(known, str) else "  empty" if known == () and sign == "▾" else ""
            return Content.assemble(" " * (_INDENT * depth), f"{sign} ", (name, "b $primary"), (shown(words), "dim"))
        marked = item.path in self._marked
        size = _size(item.size)
        name = f"{' ' * (_INDENT * depth)}{'●' if marked else ' '} {shown(item.path.name)}"
        name = without_middle(name, room - len(size) - 1)
        gap = " " * max(1, room - cells(name) - len(size))
        known_kind = item.path.suffix in (".h5", ".hdf5")
        return Content.assemble((name, "$accent" if marked else "" if known_kind else "dim"), gap, (size, "dim"))

    def on_resize(self, event: events.Resize) -> None:
        self._labels = []
        self.lay_out()

    def add_root(self, path: Path) -> None:
        """Show another folder, unfolded."""
        self.roots = tuple(dict.fromkeys((*self.roots, path)))
        self.reveal(path)

    def reveal(self, path: Path) -> None:
        """Unfold what is around a file, and put the cursor on it once that has been read."""
        start = path if path.is_dir() else path.parent
        root = next((root for root in self.roots if start.is_relative_to(root)), start)
        around = [folder for folder in (start, *start.parents) if folder.is_relative_to(root)]
        self.roots = tuple(dict.fromkeys((*self.roots, root)))
        self.unfolded.update(around)
        self._wanted = path
        self._read(around)

    def show_path(self, path: Path) -> bool:
        """Put the cursor on a file; False where it is not shown."""
        row = next((row for row, (item, _) in enumerate(self._shown) if item.path == path), None)
        if row is not None:
            self.highlighted = row
        return row is not None

    def action_unfold(self) -> None:
        item = self.chosen
        if item and item.is_folder and item.path not in self.unfolded:
            self.unfolded.add(item.path)
            self._read([item.path])
            self.lay_out()

    def action_fold(self) -> None:
        item = self.chosen
        if item and item.is_folder and item.path in self.unfolded:
            self.unfolded.discard(item.path)
            self.lay_out()
        elif item:
            self.show_path(item.path.parent)

    def toggle(self) -> None:
        """Unfold a folder, or fold it."""
        item = self.chosen
        if item and item.is_folder:
            self.action_fold() if item.path in self.unfolded else self.action_unfold()


def _size(size: int) -> str:
    """Four letters at most and a unit: "10.1 MiB"."""
    value = float(size)
    for unit in ("B", "kiB", "MiB", "GiB"):
        if value < 1000:
            return f"{value:.3g} {unit}"
        value /= 1024
    return f"{value:.3g} TiB"
