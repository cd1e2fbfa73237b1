"""The command palette: every action of every place, runs, recipes and their settings, files, by name."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.fuzzy import Matcher
from textual.markup import escape

from app.draw.shown import shown
from app.tui.frame.bench import bench_of
from app.tui.frame.folders import walk
from app.tui.frame.theme import THEMES
from app.tui.frame.wording import folder, nearby

_MOST_FOLDERS = 200
_MOST_FILES = 1000
"""What is looked through for files; data shows what lies beyond."""
_MOST_WORDS = 100
"""Letters of what a setting means."""
_MAY_BE_DATA = re.compile(r"\.(h5|hdf5|npy)$|^(snap|ics?[._]|tipsy|halos?[._]|groups?[._]|fof_)", re.IGNORECASE)
"""Names of universes and of what others call their snapshots, catalogues and cubes; no file is opened to find out."""
Command = tuple[str, str, Callable[[], object], float]
"""Name, help, what it does, and its weight: what works here comes before what is elsewhere."""
_HERE, _THERE, _SETTING = 1.0, 0.8, 0.6


class Commands(Provider):
    """Actions of the present screen and of the other places, runs, themes, recipes with their settings, then files."""

    async def startup(self) -> None:
        self._files: asyncio.Task[list[Path]] | None = None
        self._recipes: asyncio.Task[list[tuple[str, str, str]]] | None = None

    async def discover(self) -> Hits:
        for name, help_text, action, _ in self._commands():
            yield DiscoveryHit(name, action, help=help_text)

    async def search(self, query: str) -> Hits:
        matcher, bench = self.matcher(query), bench_of(self.screen)
        for name, help_text, action, weight in self._commands():
            if (score := _score(matcher, name)) > 0:
                yield Hit(weight * score, matcher.highlight(name), action, help=help_text)
        if self._files is None:  # with the first letter, once each time the palette opens
            roots = [path.resolve() for path in (bench.universes, Path())]
            self._files = asyncio.create_task(asyncio.to_thread(_files, roots))
        for path in await asyncio.shield(self._files):
            name = _literally(f"open {nearby(path)}")
            if (score := _score(matcher, name)) > 0:
                yield Hit(
                    score, matcher.highlight(name), partial(bench.open_file, path), help=_literally(folder(path.parent))
                )
        if self._recipes is None:
            self._recipes = asyncio.create_task(asyncio.to_thread(_recipes))
        for recipe, name, words in await asyncio.shield(self._recipes):
            go = partial(bench.go_to, "launch", recipe)
            if (score := _score(matcher, name)) > 0:
                yield Hit(_SETTING * score, matcher.highlight(name), go, help=words)

    def _commands(self) -> Iterator[Command]:
        bench = bench_of(self.screen)
        elsewhere = {place.id for place in bench.places if place.id != bench.current_mode}
        active = {item.binding.id: item.node for item in self.screen.active_bindings.values()}
        for key in bench.keys_of():
            if key.id.startswith("go."):  # while the palette is open these keys are digits
                yield key.description, f"key {key.signs}", partial(bench.go, key.id.removeprefix("go.")), _HERE
            elif key.id in active and key.action != "command_palette":
                yield (
                    key.description,
                    f"key {key.signs}",
                    partial(self.app.run_action, key.action, active[key.id]),
                    _HERE,
                )
            elif key.where in elsewhere:
                name = f"{key.where}: {key.description}"
                yield name, f"key {key.signs} in {key.where}", partial(bench.act, key.where, key.action), _THERE
        for name in THEMES:
            yield f"theme {name}", "colours, from now on", partial(bench.wear, name), _THERE
        for entry in bench.entries:
            about = _literally(f"{entry.recipe} {entry.state}")
            yield _literally(f"go to {entry.name}"), about, partial(bench.go_to, "runs", entry.name), _HERE


def _score(matcher: Matcher, name: str) -> float:
    """How well a name matches: of those with the same letters first the one that has few others."""
    return matcher.match(name) * (1 + len(matcher.query) / max(1, len(name)))


def _literally(text: str) -> str:
    """Foreign text where Textual takes markup."""
    return escape(shown(text))


def _recipes() -> list[tuple[str, str, str]]:
    """Recipes and their settings: the recipe, what it is called here, and what it is; read in a thread."""
    from core.config import describe
    from core.runs import registry

    found = []
    for name, recipe in registry.every().items():
        if not isinstance(recipe, str):
            found.append((name, _literally(f"train {name}"), _literally(recipe.title)))
            settings = [(path, text) for path, _, _, text in describe(recipe)]
            found += [
                (f"{name}:{path}", _literally(f"{name} {path}"), _literally(text[:_MOST_WORDS]))
                for path, text in settings
            ]
    return found


def _files(roots: list[Path]) -> list[Path]:
    """The files below some folders that may be universes, snapshots, catalogues or cubes, nearest first."""
    found = (item.path for _, items in walk(roots, _MOST_FOLDERS) for item in items if not item.is_folder)
    named = dict.fromkeys(path for path in found if _MAY_BE_DATA.search(path.name))
    return list(islice(named, _MOST_FILES))
