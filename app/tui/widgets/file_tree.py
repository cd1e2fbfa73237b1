"""A tree of folders and files as a flat list; folders are read elsewhere, in a thread."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from app.tui.bindings import bindings
from app.tui.wording import folder

_SKIPPED = ("__pycache__", "lost+found")
_INDENT = 2


@dataclass(frozen=True)
class Item:
    """A file or folder; `size` in bytes."""

    path: Path
    is_folder: bool
    size: int = 0


def read_folder(path: Path) -> tuple[Item, ...]:
    """What is in a folder, folders first, hidden files left out. Raises: OSError."""
    items = []
    for entry in path.iterdir():
        if entry.name.startswith(".") or entry.name in _SKIPPED:
            continue
        try:
            is_folder = entry.is_dir()
            items.append(Item(entry, is_folder, 0 if is_folder else entry.stat().st_size))
        except OSError:  # gone meanwhile, or a dead link
            continue
    return tuple(sorted(items, key=lambda item: (not item.is_folder, item.path.name.lower())))


class FileTree(OptionList):
    """Roots, the folders in them that are unfolded, and their files; marked files carry a sign."""

    BINDINGS = bindings("tree")
    DEFAULT_CSS = "FileTree { text-wrap: nowrap; text-overflow: ellipsis; }"

    class Unfolded(Message):
        """A folder whose content may not be known is to be shown."""

        def __init__(self, path: Path) -> None:
            self.path = path
            super().__init__()

    def __init__(self) -> None:
        super().__init__(id="tree", markup=False)
        self.roots: tuple[Path, ...] = ()
        self.content: dict[Path, tuple[Item, ...] | str] = {}
        """What is known of folders: what is in them, or why they cannot be read."""
        self.unfolded: set[Path] = set()
        self.words: tuple[str, ...] = ()
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

    def know(self, content: Mapping[Path, tuple[Item, ...] | str]) -> None:
        """These folders have been read."""
        self.content |= content
        self.lay_out()

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
            name = item.path.name if depth else folder(item.path)
            words = f"  {known}" if isinstance(known, str) else "  empty" if known == () and sign == "▾" else ""
            return Content.assemble(" " * (_INDENT * depth), f"{sign} ", (name, "b $primary"), (words, "dim"))
        marked = item.path in self._marked
        size = _size(item.size)
        name = f"{' ' * (_INDENT * depth)}{'●' if marked else ' '} {item.path.name}"
        name = _fitted(name, room - len(size) - 1)
        gap = " " * max(1, room - len(name) - len(size))
        known_kind = item.path.suffix in (".h5", ".hdf5")
        return Content.assemble((name, "$accent" if marked else "" if known_kind else "dim"), gap, (size, "dim"))

    def on_resize(self, event: events.Resize) -> None:
        self._labels = []
        self.lay_out()

    def show_path(self, path: Path) -> None:
        """Put the cursor on a file that is shown."""
        for row, (item, _) in enumerate(self._shown):
            if item.path == path:
                self.highlighted = row

    def action_unfold(self) -> None:
        item = self.chosen
        if item and item.is_folder and item.path not in self.unfolded:
            self.unfolded.add(item.path)
            self.post_message(self.Unfolded(item.path))
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


def _fitted(name: str, room: int) -> str:
    """A name in some cells: its middle goes first, since files of a kind differ at their ends."""
    if len(name) <= room:
        return name
    end = max(1, room // 2 - 1)
    return f"{name[: max(1, room - end - 1)]}…{name[-end:]}"


def _size(size: int) -> str:
    """Four letters at most and a unit: "10.1 MiB"."""
    value = float(size)
    for unit in ("B", "kiB", "MiB", "GiB"):
        if value < 1000:
            return f"{value:.3g} {unit}"
        value /= 1024
    return f"{value:.3g} TiB"
