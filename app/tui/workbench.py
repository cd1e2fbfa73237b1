"""The app: one follower, a stack of screens, and a clean way out whatever ends it."""

from __future__ import annotations

import asyncio
import gc
import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from rich.console import RenderableType
from textual import work
from textual.command import Provider
from textual.notifications import SeverityLevel
from textual.reactive import var
from textual.screen import Screen
from textual.widgets import Input

from app.draw.blocks import BLOCKS
from app.draw.colour import Depth
from app.draw.shown import shown
from app.tui.frame import theme
from app.tui.frame.bench import Bench
from app.tui.frame.confirm import ConfirmScreen
from app.tui.frame.count import Counted, CountScreen
from app.tui.frame.fine import FineApp
from app.tui.frame.follow import Follower, RunFollowed, RunsFound
from app.tui.frame.guard import Guard
from app.tui.frame.help import HelpScreen
from app.tui.frame.key import Key, bindings
from app.tui.frame.machine import Gauge, MachineRead
from app.tui.frame.memory import left, recall, remember
from app.tui.frame.named import command_in, started
from app.tui.frame.noted import note_down
from app.tui.frame.palette import Commands
from app.tui.frame.place import Place
from app.tui.frame.preferences import Preferences, unknown
from app.tui.frame.save import saver_of
from app.tui.frame.screen import FramedScreen
from app.tui.frame.selection import Selection
from app.tui.frame.visits import Visit, Visits
from app.tui.frame.wording import folder, shortened
from app.tui.keymap import KEYS, SECTIONS, remapped, usable
from app.tui.places import PLACES
from core.errors import HalodeckError
from core.notebook import NOTEBOOK
from core.patience import within
from core.runs import told
from core.runs.listing import Entry

_START = "runs"
_WIDTHS = [(0, "-narrow"), (120, "-wide")]
"""Cells from which on a layout is used: panes stacked, panes side by side."""
_HEIGHTS = [(0, "-low"), (20, "-high")]
"""Lines below which what is only explained gives way to what is chosen."""
_PATIENCE = 3.0
"""Seconds for a clean end."""


class Workbench(FineApp, inherit_bindings=False):
    """The workbench on a folder of runs and one of universes."""

    TITLE = "halodeck"
    CSS_PATH = "workbench.tcss"
    BINDINGS = bindings(KEYS, "everywhere", "otherwise")
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {Commands}
    HORIZONTAL_BREAKPOINTS = _WIDTHS
    VERTICAL_BREAKPOINTS = _HEIGHTS
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {place.id: place for place in PLACES}
    DEFAULT_MODE = _START

    entries: var[tuple[Entry, ...]] = var(())
    """All runs, newest first."""
    looked: var[bool] = var(False)
    """Whether the folder of the runs has been read yet."""
    problem: var[str] = var("")
    """What is wrong with the folder of the runs."""
    selection: var[Selection] = var(Selection())
    """The universes and the run that every place works with."""
    gpu: var[str] = var("")
    """The name of the GPU of this machine."""
    load: var[str] = var("")
    """What this machine does, while a run is alive."""

    def __init__(
        self,
        root: Path,
        depth: Depth,
        universes: Path = Path("universes"),
        preferences: Preferences | None = None,
        memory: Path | None = None,
        blocks: str = "auto",
    ) -> None:
        self._memory, self._left = memory, recall(memory, root)
        if self._left.place in self.MODES:
            self.DEFAULT_MODE = self._left.place  # type: ignore[misc]  # App reads it when it is made
        super().__init__(depth, preferences, blocks)
        self.set_reactive(Workbench.selection, self._left.selection)
        self._visits = Visits()
        self._named: list[str] = []
        """The command that a message has named last."""
        self.root = root
        self.universes = universes
        self.places: Sequence[Place] = PLACES
        self._knows_columns = False
        self.last_resort: threading.Timer | None = None
        self.follower = Follower(root, self.post_message)
        self.gauge = Gauge(self.post_message)
        self._filters.append(Guard())
        self._keymap_in_use, self._complaints = usable(self.preferences.keymap)
        self._complaints += unknown("mosaic", filter(None, [self.preferences.blocks]), ("auto", *BLOCKS))
        self._complaints += unknown("theme", filter(None, [self.preferences.theme]), theme.THEMES)

    def on_command_palette_opened(self) -> None:
        """Its line blinks no more than those of halodeck."""
        self.screen.query_one(Input).cursor_blink = False

    def on_mount(self) -> None:
        # Textual leaves a terminal raw when it is killed
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._leave, 128 + number)
        if not (self.is_headless or self.is_web):
            self.set_interval(_PATIENCE, self._leave_if_alone)
        # the terminal has another screen when the workbench goes on after Ctrl-Z or a signal to stop
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        self.set_keymap(self._keymap_in_use)
        self._follow()
        self._measure()
        self._complain()

    def _complain(self, *more: str) -> None:
        """Tell what is wrong with the preferences: all of it, for what is told next takes the place of it."""
        if complaints := "\n".join((*self.preferences.problems, *self._complaints, *more)):
            self.notify(complaints, severity="warning", markup=False)

    def on_ready(self) -> None:
        """The first screen is there."""
        if not gc.isenabled():
            gc.freeze()
            gc.enable()

    def exit(self, result: None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        """End, whatever hangs: the terminal may be gone, where Textual would wait for ever to write its last words."""
        if not (self.is_headless or self.last_resort):
            self.last_resort = threading.Timer(_PATIENCE, self._give_up, (return_code,))
            self.last_resort.daemon = True
            self.last_resort.start()
        super().exit(result, return_code, message)

    def _give_up(self, code: int) -> None:
        """Leave at once, the terminal as it was where it still takes that."""
        if self._driver:
            within(self._driver.stop_application_mode, _PATIENCE / 10)
        os._exit(code)

    def _leave(self, code: int) -> None:
        """End on a signal."""
        self.exit(None, code)

    def _leave_if_alone(self) -> None:
        """End when the terminal is gone without a word: its reading end would be polled for ever."""
        try:
            os.ttyname(sys.__stdin__.fileno() if sys.__stdin__ else 0)
        except OSError:
            self._leave(128 + signal.SIGHUP)

    def on_unmount(self) -> None:
        self.follower.stop()
        self.gauge.stop()

    def on_runs_found(self, message: RunsFound) -> None:
        self.problem = message.problem
        if message.entries and not self._knows_columns:
            self._knows_columns = True
            if complaints := unknown("column", self.preferences.columns, told.names(message.entries)):
                self._complain(*complaints)
        self.entries = message.entries
        self.looked = True
        self.gauge.want(any(entry.status.alive for entry in message.entries))

    def on_machine_read(self, message: MachineRead) -> None:
        self.gpu, self.load = message.gpu, message.load

    def on_run_followed(self, message: RunFollowed) -> None:
        if runs := self._home("runs"):
            runs.follow(message)

    def _home(self, place: str) -> FramedScreen | None:
        """The first screen of a place; none while the app closes."""
        stack = self._screen_stacks.get(place)
        return stack[0] if stack and isinstance(stack[0], FramedScreen) else None

    def go(self, place: str) -> None:
        """Go to a place as it was left; where one is there already, to its first screen."""
        if place == self.current_mode:
            while len(self.screen_stack) > 1:
                self.pop_screen()
        else:
            self._visits.leave(self._visit)
            self.switch_mode(place)

    @property
    def _visit(self) -> Visit:
        return Visit(self.current_mode, self.selection)

    def action_history(self, on: bool) -> None:
        """Back to the place where the user was before, and to what was selected there; or forward again."""
        visit = self._visits.on(self._visit) if on else self._visits.back(self._visit)
        if visit:
            self.switch_mode(visit.place)
            self.selection = visit.selection

    def remembered(self, place: str) -> dict[str, Any]:
        """How a place looked at things when the workbench was left in this folder."""
        looks = self._left.looks.get(place)
        return looks if isinstance(looks, dict) else {}

    def _remember(self) -> None:
        homes = {place.id: self._home(place.id) for place in self.places}
        looks = {place: home.look() for place, home in homes.items() if home and home.is_mounted}
        remember(self._memory, self.root, left(self.current_mode, self.selection, {**self._left.looks, **looks}))

    def action_count(self) -> None:
        def counted(answer: Counted | None) -> None:
            if answer is None:
                return
            to_line = answer.key == "enter"
            keys = ["home", *["down"] * (answer.times - 1)] if to_line else [answer.key] * answer.times
            for key in keys:
                self.simulate_key(key)

        self.push_screen(CountScreen(), counted)

    def action_note_down(self) -> None:
        """Add what is shown to the notebook of the folder that one is in."""
        screen = self.screen
        noted = screen.noted() if isinstance(screen, FramedScreen) else None
        if noted is None or not isinstance(screen, FramedScreen):
            self.notify("there is nothing here for the notebook yet")
            return

        def write() -> str:
            note = note_down(NOTEBOOK, noted)
            return f"noted as {note.number} in {NOTEBOOK}: {note.title}"

        screen.attempt(write)

    def action_do(self) -> None:
        """Do what the last message named, as a task of its own."""
        words = self._named
        if not words:
            self.notify("no message has named a command yet")
            return

        def answered(yes: bool | None) -> None:
            screen = self._home(self.current_mode)
            if yes and screen:
                screen.attempt(lambda: started(self.root, words))

        line = shlex.join(words)
        self.push_screen(ConfirmScreen("Do this?", f"{line}\n\nIt becomes a task, which data (1) shows."), answered)

    def go_to(self, place: str, what: str | Path) -> None:
        """Go to the first screen of a place, and there to a run or a file."""
        self.go(place)
        self.go(place)
        if home := self._home(place):
            home.choose(what)

    def act(self, place: str, action: str) -> None:
        """Go to the first screen of a place and do one of its actions."""
        self.go(place)
        self.go(place)
        self.call_after_refresh(self._act, place, action)

    async def _act(self, place: str, action: str) -> None:
        if home := self._home(place):
            await self.run_action(action, home)

    @work(thread=True, group="open")
    def open_file(self, path: Path) -> None:
        """Show slices of a universe or prediction; what any other file is stands in data."""
        from app.background.describing import describer

        try:
            kind = describer().describe(path).kind
        except HalodeckError:
            kind = "unknown"  # data says why
        self.call_from_thread(self._open, path, kind in ("universe", "prediction"))

    def _open(self, path: Path, has_slices: bool) -> None:
        if has_slices:
            self.selection = self.selection.showing(path)
            self.go("slices")
        else:
            self.go_to("data", path)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where text is typed or a question waits, the keys of the places are digits."""
        return action != "go" or not (isinstance(self.focused, Input) or self.screen.is_modal)

    def action_go(self, place: str) -> None:
        self.go(place)

    def keys_of(self, *sections: str) -> list[Key]:
        """The keys of some sections, or of all, as the user has mapped them."""
        return [key for key in remapped(self._keymap_in_use) if key.where in (sections or SECTIONS)]

    def signs_of(self, id: str) -> str:
        """The keys of one action as people write them."""
        return next(key.signs for key in remapped(self._keymap_in_use) if key.id == id)

    def action_help(self) -> None:
        self.push_screen(HelpScreen(self._sections_here()))

    def _sections_here(self) -> dict[str, str]:
        """The sections of the help in the order of their use, with titles: what is focused and its screen first."""
        screen = self.screen
        here = list(screen.SECTIONS) if isinstance(screen, FramedScreen) else []
        if not here and self.current_mode in SECTIONS:
            here = [self.current_mode]
        active = {item.binding.id for item in screen.active_bindings.values()}
        here += [key.where for key in self.keys_of() if key.id in active and key.where != "everywhere"]
        return {section: SECTIONS[section] for section in [*here, "everywhere", *SECTIONS]}

    def action_copy(self) -> None:
        """Copy what is chosen by OSC 52, which terminals understand over SSH too."""
        if isinstance(self.screen, FramedScreen):
            what, text = self.screen.copied()
            self.copy_to_clipboard(text.encode(errors="replace").decode())  # bytes of a name may be no text
            self.notify(f"copied the {what}: {shortened(text)}", markup=False)

    def action_save(self) -> None:
        """Ask for a file name and save the screen as it is now."""
        screen = self.screen
        if not isinstance(screen, FramedScreen):
            return
        words = f"A file in {folder(Path.cwd())} or a path; its ending chooses: .svg, .png or .txt"
        screen.ask_to_save("Save the screen", f"halodeck-{self.current_mode}.svg", words, saver_of(screen))

    def action_help_quit(self) -> None:
        """Say how to leave: Textual's own words are markup, and name the first key alone."""
        self.notify(f"{self.signs_of('quit')} leaves the workbench; runs and tasks go on")

    async def action_quit(self) -> None:
        self._remember()
        from app.background.tasks import left_running

        tasks = within(lambda: left_running(self.root), _PATIENCE / 10) or 0
        alive = {"run": sum(entry.status.alive for entry in self.entries), "task": tasks}
        many = " and ".join(f"{count} {what}{'' if count == 1 else 's'}" for what, count in alive.items() if count)
        goes = "goes" if sum(alive.values()) == 1 else "go"
        self.exit(message=f"{many} {goes} on; `halodeck` shows them again" if many else None)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Tell something; names in it may hold anything."""
        if words := command_in(message):
            self._named = words
            message = f"{message} ({self.signs_of('do')} does it)"
        super().notify(shown(message, lines=True), title=title, severity=severity, timeout=timeout, markup=markup)

    @work(thread=True, group="follow")
    def _follow(self) -> None:
        self.follower.follow()

    @work(thread=True, group="measure")
    def _measure(self) -> None:
        self.gauge.follow()


_: Callable[..., Bench] = Workbench
"""The type checker sees that the app is what its screens take it for."""
