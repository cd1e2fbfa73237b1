"""Launch: a recipe and its paper, its settings as a form, and the one command that does the same."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option
from textual.worker import get_current_worker

from app.draw.shown import cells, padded, shown
from app.tui.frame.choices import Choices
from app.tui.frame.form import Form
from app.tui.frame.key import bindings
from app.tui.frame.lines import Lines, entitle
from app.tui.frame.screen import FramedScreen
from app.tui.screens.launch.fields import (
    COMMON,
    DEVICE,
    LOSERS,
    NOTE,
    PARALLEL,
    TABLE,
    UNIVERSES,
    blamed,
    form_fields,
    groups,
    own,
    paths_in,
    problems,
    start_values,
    where_of,
)
from app.tui.screens.launch.keys import KEYS
from app.tui.screens.launch.plan import Plan
from core.errors import HalodeckError
from core.forms import overrides
from core.runs.launch_spec import LaunchSpec, universe_folders

if TYPE_CHECKING:
    from core.runs.recipe import Recipe
    from core.runs.run import Run

_READING = "reading the recipes ..."


class LaunchScreen(FramedScreen):
    """Recipes, the form of the chosen one, and its command."""

    BINDINGS = bindings(KEYS, "launch")
    CSS_PATH = "launch.tcss"

    class Found(Message):
        """All recipes have been imported."""

        def __init__(
            self,
            recipes: dict[str, type[Recipe] | str],
            tables: dict[str, dict[str, dict[str, Any]]],
            sites: tuple[str, ...],
            problem: str,
        ) -> None:
            """`problem` is what is wrong with the sites."""
            self.recipes = recipes
            self.tables = tables
            self.sites = sites
            self.problem = problem
            super().__init__()

    class Folders(Message):
        """The folders that hold universes."""

        def __init__(self, folders: tuple[Path, ...]) -> None:
            self.folders = folders
            super().__init__()

    class Checked(Message):
        """Whether the universes fit a plan; `problem` is a path and what is wrong, or nothing."""

        def __init__(self, plan: Plan, runs: int, universes: int, problem: dict[str, str]) -> None:
            self.plan = plan
            self.runs = runs
            self.universes = universes
            self.problem = problem
            super().__init__()

    class Launched(Message):
        """The run exists."""

        def __init__(self, run: Run) -> None:
            self.run = run
            super().__init__()

    def __init__(self) -> None:
        super().__init__()
        self._recipes: dict[str, type[Recipe]] = {}
        self._tables: dict[str, dict[str, dict[str, Any]]] = {}
        self._kind: type[Recipe] | None = None
        self._folders: tuple[Path, ...] = ()
        self._changes: dict[str, dict[str, str]] = {}
        self._said = self._sought = ""
        self._awaited = ""
        self._universes = 0
        self._sites: tuple[str, ...] = ()
        self._launching = False

    def body(self) -> ComposeResult:
        with Container(id="launch"):
            with Vertical(id="choice") as choice:
                choice.border_title = "recipes"
                yield Choices(Option(_READING, disabled=True), id="recipes", markup=False)
                yield Lines(id="paper")
            with Vertical(id="settings") as settings:
                settings.border_title = "settings"
                yield Form(self._problems, "the paper has", id="form")
            yield Lines(id="command")

    def on_mount(self) -> None:
        self.query_one("#command").border_title = "the same as a command"
        self.set_class(True, "-choosing")
        self.query_one(OptionList).focus()
        self.watch(self.app, "selection", self._marked, init=False)
        self._find()

    def on_screen_resume(self) -> None:
        self._find_folders()

    @work(thread=True, exclusive=True, group="folders")
    def _find_folders(self) -> None:
        worker, folders = get_current_worker(), tuple(universe_folders(self.bench.universes))
        if not worker.is_cancelled:
            self.post_message(self.Folders(folders))

    def on_launch_screen_folders(self, message: LaunchScreen.Folders) -> None:
        if message.folders != self._folders:
            self._folders = message.folders
            if self._kind:
                self._turn_to(self._kind.name)

    # the recipes

    @work(thread=True, group="recipes")
    def _find(self) -> None:
        from core.cluster.sites import sites
        from core.config import read_table, tables
        from core.runs import registry

        recipes = registry.every()
        ready = {name: {table: read_table(name, table) for table in tables(name)} for name in recipes}
        try:
            known, problem = tuple(sites()), ""
        except HalodeckError as error:
            known, problem = (), str(error)
        self.post_message(self.Found(recipes, ready, known, problem))

    def on_launch_screen_found(self, message: LaunchScreen.Found) -> None:
        self._recipes = {name: found for name, found in message.recipes.items() if not isinstance(found, str)}
        self._tables, self._sites = message.tables, message.sites
        if message.problem:
            self.notify(message.problem, severity="warning", markup=False)
        options = self.query_one(OptionList)
        width = max(map(cells, message.recipes)) + 2
        options.set_options(
            Option(Content.assemble((padded(name, width), "b"), shown(found)), disabled=True)
            if isinstance(found, str)
            else Option(Content.assemble((padded(name, width), "b"), shown(found.title)), id=name)
            for name, found in message.recipes.items()
        )
        options.action_first()
        if self._sought:
            self.call_after_refresh(self._turn_to_sought)

    def choose(self, what: str | Path) -> None:
        """Turn to a recipe, or to one of its settings: "halonet:optimiser.learning_rate"."""
        self._sought = str(what)
        if self._recipes:
            self._turn_to_sought()

    def _turn_to_sought(self) -> None:
        options, recipe = self.query_one(OptionList), self._sought.partition(":")[0]
        if recipe not in self._recipes:
            self._sought = ""
        elif options.highlighted == options.get_option_index(recipe):
            self._show_sought()
        else:
            options.highlighted = options.get_option_index(recipe)  # its settings are shown when that is told

    def _show_sought(self) -> None:
        path, self._sought = self._sought.partition(":")[2], ""
        if path:
            form = self.query_one(Form)
            form.list.focus()
            self.call_after_refresh(form.list.go, path)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if event.option.id:
            self._turn_to(event.option.id)
            if event.option.id == self._sought.partition(":")[0]:
                self._show_sought()

    def on_option_list_option_selected(self) -> None:
        self.query_one(Form).list.focus()

    def on_descendant_focus(self) -> None:
        """Where there is room for one pane, it is the one in use."""
        self.set_class(isinstance(self.focused, OptionList), "-choosing")
        self.refresh_bindings()

    def _turn_to(self, name: str) -> None:
        form = self.query_one(Form)
        if self._kind:
            self._changes[self._kind.name] = form.changes
        common = {path: text for path, text in form.changes.items() if path in COMMON}
        kind = self._kind = self._recipes[name]
        about = (kind.__doc__ or "").partition("\n")[0]
        paper = Content.from_markup("[b]$title[/b]\n$about\n$paper", title=kind.title, about=about, paper=kind.paper)
        self.query_one("#paper", Lines).show(paper)
        entitle(self.query_one("#settings"), f"settings of {name}")
        fields = form_fields(kind, tuple(self._tables[name]), self._folders, self._sites)
        folded = {field.group for field in fields} - {"run", name}
        form.show(fields, self._base(kind, ""), {**self._changes.get(name, {}), **common}, folded, groups(kind))
        self._rebase()

    def _base(self, kind: type[Recipe], table: str) -> dict[str, str]:
        """The values of a table, and the universes that are marked."""
        marked = self.bench.selection.universes or (self.bench.universes,)
        return start_values(kind, self._tables[kind.name].get(table, {}), marked)

    def _marked(self) -> None:
        if self._kind:
            self._rebase()

    def _rebase(self) -> None:
        """The table or the marked universes are others: what the user has changed stays."""
        form = self.query_one(Form)
        assert self._kind is not None
        form.rebase(self._base(self._kind, form.values[TABLE]))
        self._show_plan()

    # the plan

    @property
    def plan(self) -> Plan:
        """What the form asks for: here, while where it says cannot be."""
        assert self._kind is not None
        form = self.query_one(Form)
        values = form.values
        table, on = values[TABLE], tuple(map(Path, paths_in(values[UNIVERSES])))
        try:
            where, parallel, losers = where_of(form.changes), int(values[PARALLEL]), float(values[LOSERS])
        except (HalodeckError, ValueError):
            where, parallel, losers = where_of({}), 0, 0.0
        spec = LaunchSpec(
            self._kind.name,
            on,
            table or None,
            tuple(overrides(own(form.changes))),
            values[DEVICE],
            self.bench.root,
            values[NOTE],
            where.size.processes,
        )
        return Plan(spec, where, parallel, losers)

    def _problems(self, changes: Mapping[str, str]) -> dict[str, str]:
        """What the values alone tell is wrong."""
        return problems(self._kind, self._tables[self._kind.name], changes) if self._kind else {}

    def on_form_changed(self) -> None:
        form = self.query_one(Form)
        if self._kind and form.values[TABLE] != self._said:
            self._said = form.values[TABLE]
            self._rebase()
        self._show_plan()

    def _show_plan(self) -> None:
        plan = self.plan
        self.query_one("#command", Lines).show(Content(plan.line()))
        if not self._problems(self.query_one(Form).changes):
            self._check(plan)

    @work(thread=True, exclusive=True, group="check")
    def _check(self, plan: Plan) -> None:
        worker = get_current_worker()
        try:
            checked = self.Checked(plan, *plan.check(), {})
        except HalodeckError as error:
            checked = self.Checked(plan, 0, 0, {"": str(error)})
        if not worker.is_cancelled:
            self.post_message(checked)

    def on_launch_screen_checked(self, message: LaunchScreen.Checked) -> None:
        form = self.query_one(Form)
        if message.plan != self.plan:
            return
        words = message.problem.get("")
        form.blame({blamed(words, form.list.fields): words} if words else {})
        self._universes = message.universes
        many = f"{message.universes} universe{'' if message.universes == 1 else 's'}"
        runs = f"{message.runs} runs train" if message.runs > 1 else "trains"
        title = "the same as a command" + (f"  ·  {runs} on {many}" if message.universes else "")
        self.query_one("#command").border_title = title

    # what can be done

    def action_launch(self) -> None:
        form = self.query_one(Form)
        if self._kind is None:
            return
        if wrong := form.problems:
            self.notify(f"{len(wrong)} wrong: {next(iter(wrong.values()))}", severity="error", markup=False)
            form.list.focus()
            form.list.action_wrong()
            return
        if not self._launching:  # impatience makes no second run
            self._launching, plan = True, self.plan
            self.notify("making the run ...")
            self.attempt(lambda: self._launch(plan))

    def _launch(self, plan: Plan) -> str:
        """Make the run, or those of a sweep, and have them trained (in a thread)."""
        try:
            return plan.launch(lambda run: self.post_message(self.Launched(run)))
        finally:
            self._launching = False

    def on_launch_screen_launched(self, message: LaunchScreen.Launched) -> None:
        self._awaited = message.run.name
        self.bench.selection = self.bench.selection.with_run(message.run.name)
        self.notify(f"{message.run.name} starts", markup=False)
        self.count()

    def count(self) -> None:
        """The list of runs has changed: the one that was launched is shown once it is there."""
        super().count()
        if self._awaited in [entry.name for entry in self.bench.entries]:
            name, self._awaited = self._awaited, ""
            self.bench.go_to("runs", name)

    async def action_copy(self) -> None:
        await self.app.run_action("app.copy")

    def copied(self) -> tuple[str, str]:
        """The command."""
        return ("command", self.plan.line()) if self._kind else super().copied()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In the list of recipes there is nowhere to go back to."""
        return action != "recipes" or not self.has_class("-choosing")

    def action_recipes(self) -> None:
        self.set_class(True, "-choosing")  # where there is room for one pane, the list must be shown to be focused
        self.query_one(OptionList).focus()

    def action_wrong(self, by: int = 1) -> None:
        form = self.query_one(Form)
        form.list.focus()
        form.list.action_wrong(by)
