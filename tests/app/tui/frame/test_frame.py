"""The frame of all screens: places, the top line, settings, themes, saving, copying and the palette."""

from __future__ import annotations

import gc
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from textual.app import ComposeResult
from textual.pilot import Pilot
from textual.widgets import Input
from tui_pilot import a_run, opened, sees, takes, text, until

from app.tui.frame import theme
from app.tui.frame.ask import AskScreen
from app.tui.frame.preferences import Preferences, load_preferences, preferences_path
from app.tui.frame.screen import FramedScreen
from app.tui.frame.selection import Selection
from app.tui.frame.top_line import TopLine
from app.tui.keymap import KEYS, clash, usable
from app.tui.places import PLACES
from app.tui.screens.runs.report import FiguresScreen
from app.tui.screens.runs.screen import RunsScreen
from app.tui.workbench import Workbench
from core.cosmos.universe import Universe


class Elsewhere(FramedScreen):
    """A place to go to."""

    AUTO_FOCUS = ""

    def body(self) -> ComposeResult:
        yield Input(id="words")


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The place "statistics" is a screen with an input."""
    here = tuple(
        replace(place, home=f"{__name__}:Elsewhere") if place.id == "statistics" else place for place in PLACES
    )
    monkeypatch.setattr(Workbench, "MODES", {place.id: place for place in here})


def top(pilot: Pilot[None]) -> str:
    return text(pilot).splitlines()[0]


@pytest.mark.usefixtures("elsewhere")
async def test_keys_go_to_places_and_back_to_where_one_was(root: Path) -> None:
    a_run(root, state="done")
    async with opened(root) as pilot:
        await sees(pilot, "halonet-001")
        await pilot.press("f")
        await until(pilot, lambda: isinstance(pilot.app.screen, FiguresScreen))
        await pilot.press("3")
        await until(pilot, lambda: isinstance(pilot.app.screen, Elsewhere))
        await pilot.press("5")
        await until(pilot, lambda: isinstance(pilot.app.screen, FiguresScreen))
        await pilot.press("5")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))


@pytest.mark.usefixtures("elsewhere")
async def test_in_a_line_of_text_the_keys_of_places_are_digits(root: Path) -> None:
    async with opened(root) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: isinstance(pilot.app.screen, Elsewhere))
        pilot.app.screen.query_one(Input).focus()
        await pilot.press(*"253")
        await until(pilot, lambda: pilot.app.screen.query_one(Input).value == "253")


@pytest.mark.usefixtures("elsewhere")
async def test_the_interrupt_says_how_to_leave(root: Path) -> None:
    async with opened(root) as pilot:
        await pilot.press("ctrl+c")
        await sees(pilot, "q ^q leaves the workbench; runs and tasks go on")


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40)])
async def test_tabs_are_clicked(root: Path, size: tuple[int, int]) -> None:
    async with opened(root, size) as pilot:
        await sees(pilot, "5 runs")
        await pilot.click(TopLine, offset=(top(pilot).index("3"), 0))
        await until(pilot, lambda: isinstance(pilot.app.screen, Elsewhere))
        await sees(pilot, "3 statistics")
        await pilot.click(TopLine, offset=(top(pilot).index("5"), 0))
        await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))


@pytest.mark.parametrize("width", range(40, 160, 9))
async def test_the_top_line_shows_what_fits(root: Path, width: int) -> None:
    a_run(root)
    async with opened(root, (width, 24)) as pilot:
        await sees(pilot, "5 runs")
        await until(pilot, lambda: "1 run, 1 running" in top(pilot) or top(pilot).rstrip().endswith(" 1 1 ●"))
        line = top(pilot)
        assert len(line.rstrip()) < width
        assert ("6 network" in line) == (width >= 80 or "1 data" in line)
        for place in PLACES:
            assert place.key in line


def test_a_selection_keeps_the_current_universe_first() -> None:
    a, b, c = (Path(name) for name in "abc")
    selection = Selection().toggled(a).toggled(b)
    assert selection.universes == (a, b)
    assert (selection.showing(b).universes, selection.showing(b).universe) == ((a, b), b)
    assert selection.showing(c).universe == c
    assert selection.showing(c).toggled(c).universe == a
    assert selection.showing(b).without(b) == Selection((a,))
    assert selection.toggled(a).universes == (b,)
    assert Selection().universe is None
    assert selection.with_run("x").run == "x"


async def test_the_chosen_run_is_selected(root: Path) -> None:
    a_run(root, "halonet")
    a_run(root, "infall")
    async with opened(root) as pilot:
        assert isinstance(pilot.app, Workbench)
        await sees(pilot, "loss of infall-001")
        assert pilot.app.selection.run == "infall-001"
        await pilot.press("j")
        await until(pilot, lambda: pilot.app.selection.run == "halonet-001")  # type: ignore[attr-defined]


async def test_the_screen_is_saved_as_it_was(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    a_run(root, state="done")
    async with opened(root) as pilot:
        await sees(pilot, "loss of halonet-001", "✓ done")
        await pilot.press("E")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskScreen))
        await pilot.press("enter")
        await sees(pilot, "saved halodeck-runs.svg")
        picture = Path("halodeck-runs.svg").read_text()
        assert picture.startswith("<svg")
        assert "halonet-001" in picture
        assert "Save the screen" not in picture
        await pilot.press("E")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskScreen))
        pilot.app.screen.query_one(Input).value = "here.txt"
        await pilot.press("enter")
        await sees(pilot, "saved here.txt")
        assert "✓ done" in Path("here.txt").read_text()


@pytest.mark.parametrize(
    ("name", "words"),
    [("a.docx", "use .svg, .png or .txt"), ("/proc/nowhere/a.svg", "/proc/nowhere"), ("a.png", "a.png")],
)
async def test_what_cannot_be_saved_is_told(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shutil, "which", lambda command: None)
    async with opened(root) as pilot:
        await pilot.press("E")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskScreen))
        pilot.app.screen.query_one(Input).value = name
        await pilot.press("enter")
        await until(pilot, lambda: any(words in note.message for note in pilot.app._notifications))
    assert not list(tmp_path.glob("a.*"))


@pytest.mark.skipif(not shutil.which("rsvg-convert"), reason="rsvg-convert is not installed")
async def test_the_screen_is_saved_as_png(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened(root) as pilot:
        await pilot.press("E")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskScreen))
        pilot.app.screen.query_one(Input).value = "a.png"
        await pilot.press("enter")
        await until(pilot, lambda: Path("a.png").exists())
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")


async def test_the_path_of_the_run_is_copied(root: Path) -> None:
    run = a_run(root, state="done")
    async with opened(root) as pilot:
        await sees(pilot, "loss of halonet-001")
        await pilot.press("y")
        await sees(pilot, "copied the path")
        assert pilot.app.clipboard == str(run.path)


async def test_the_next_theme_is_kept(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "config" / "settings.toml"
    async with opened(root, preferences=load_preferences(path)) as pilot:
        assert pilot.app.theme == "dark"
        await pilot.press("ctrl+t")
        await sees(pilot, "theme light")
        assert pilot.app.theme == "light"
        await until(pilot, lambda: load_preferences(path).theme == "light")
    async with opened(root, preferences=load_preferences(path)) as pilot:
        assert pilot.app.theme == "light"
        for _ in theme.THEMES:
            await pilot.press("ctrl+t")
        assert pilot.app.theme == "light"


def test_all_colours_are_in_the_cube_of_256() -> None:
    levels = {0, 95, 135, 175, 215, 255}
    greys = {8 + 10 * step for step in range(24)}
    for design, _ in theme.THEMES.values():
        named = [design.primary, design.secondary, design.accent, design.success, design.warning, design.error]
        named += [design.foreground, design.background, design.surface, design.panel, *design.variables.values()]
        for colour in named:
            if colour and re.fullmatch("#[0-9a-f]{6}", colour):
                red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
                assert {red, green, blue} <= levels or (red == green == blue and red in greys), (design.name, colour)


async def test_a_users_keys_are_used_and_shown(root: Path) -> None:
    run = a_run(root)
    async with opened(root, preferences=Preferences(keymap={"runs.pause": "f5", "runs.mark": "b"})) as pilot:
        await sees(pilot, "● running", "f5 pause")
        await pilot.press("f5")
        await until(pilot, lambda: run.take_request() == "pause")
        await pilot.press("question_mark", *"pause")
        await sees(pilot, "f5  ", "pause the chosen run")


async def test_what_is_wrong_with_the_settings_is_told(root: Path) -> None:
    a_run(root)
    preferences = Preferences(theme="pink", columns=("step", "colour"), keymap={"runs.fly": "f5"})
    async with opened(root, preferences=preferences) as pilot:

        def words() -> str:
            return " ".join(note.message for note in pilot.app._notifications)

        await until(pilot, lambda: "there is no column 'colour'" in words())
        assert "there is no theme 'pink'" in words()
        assert "unknown action 'runs.fly'" in words()


async def test_chosen_columns_are_shown(root: Path) -> None:
    a_run(root)
    async with opened(root, preferences=Preferences(columns=("loss", "device"))) as pilot:
        await sees(pilot, "halonet-001")
        await until(pilot, lambda: text(pilot).splitlines()[2].split() == ["run", "loss", "device"])


@pytest.mark.parametrize(
    ("id", "keys", "problem"),
    [
        ("runs.pause", "f5", ""),
        ("runs.pause", "q", "quit"),
        ("runs.pause", "s", "curves.log"),
        ("runs.pause", "j", "list.next"),
        ("help", "p", "runs.pause"),
        ("figure.next", "p", ""),
        ("runs.pause", " ", "without a key"),
    ],
)
def test_keys_that_clash_are_ignored(id: str, keys: str, problem: str) -> None:
    keymap, problems = usable({id: keys})
    assert keymap == ({} if problem else {id: keys})
    assert [problem in line for line in problems] == ([True] if problem else [])


def test_two_new_keys_may_not_clash_either() -> None:
    keymap, problems = usable({"runs.pause": "f5", "runs.stop": "f5"})
    assert keymap == {"runs.pause": "f5"}
    assert len(problems) == 1


def test_no_key_of_the_table_means_two_things_in_one_place() -> None:
    places_of_own = {place.id for place in PLACES} | {"figures", "figure", "list", "curves"}
    for key in KEYS:
        if key.where in places_of_own:
            other = clash(key.id, key.key)
            assert not other or {key.action, "copy"} == {"copy"}, (key.id, other)


def test_settings_survive_and_a_broken_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    preferences = Preferences("light", columns=("loss",), keymap={"runs.pause": "f5"}, path=path)
    preferences.save()
    again = load_preferences(path)
    assert (again.theme, again.columns, again.keymap) == ("light", ("loss",), {"runs.pause": "f5"})
    assert again == preferences
    path.write_text("theme = [")
    broken = load_preferences(path)
    assert broken.theme == ""
    assert "is damaged" in broken.problems[0]
    broken.save()
    assert path.read_text() == "theme = ["


async def test_settings_that_cannot_be_kept_are_told(root: Path) -> None:
    async with opened(root, preferences=Preferences(path=Path("/proc/nowhere/settings.toml"))) as pilot:
        await pilot.press("ctrl+t")
        await until(pilot, lambda: any("/proc/nowhere" in note.message for note in pilot.app._notifications))
        assert pilot.app.theme == "light"


@pytest.mark.parametrize("line", ["theme = 3", "columns = 'loss'", "keymap = { x = 1 }", "colour = 'red'"])
def test_a_wrong_setting_is_told_and_the_rest_used(tmp_path: Path, line: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(f"colour_map = 'viridis'\n{line}\n")
    preferences = load_preferences(path)
    assert preferences.colour_map == "viridis"
    assert len(preferences.problems) == 1
    assert line.split()[0] in preferences.problems[0]


def test_settings_lie_where_the_system_wants_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert preferences_path() == tmp_path / "halodeck" / "settings.toml"


@pytest.mark.usefixtures("elsewhere")
async def test_the_palette_finds_files_and_places(
    root: Path, tmp_path: Path, universes: list[Universe], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo").mkdir()
    shutil.copy(universes[0].path, tmp_path / "demo" / "planck-s0001.h5")
    np.save(tmp_path / "demo" / "cube.npy", np.zeros((4, 4, 4), np.float32))
    (tmp_path / "demo" / "notes.txt").touch()
    async with opened(root, universes=tmp_path / "demo") as pilot:
        assert isinstance(pilot.app, Workbench)
        await pilot.press("ctrl+p", *"open demo")
        await sees(pilot, "open demo/planck-s0001.h5", "open demo/cube.npy")
        assert "notes.txt" not in text(pilot)
        await pilot.press(*"/cube")
        await until(pilot, lambda: "planck-s0001" not in text(pilot))
        await pilot.press("enter")
        await sees(pilot, "kind  npy", "4 x 4 x 4", "─cube.npy─")
        await takes(pilot, "s0001", "open demo/planck-s0001.h5")
        await until(pilot, lambda: pilot.app.current_mode == "slices")
        assert pilot.app.selection.universe == tmp_path / "demo" / "planck-s0001.h5"
        await takes(pilot, "go to stat", "go to statistics")
        await until(pilot, lambda: isinstance(pilot.app.screen, Elsewhere))
        await takes(pilot, "sli", "go to slices")  # before actions that have the letters and many more


async def test_the_colour_map_is_kept(root: Path, tmp_path: Path, universes: list[Universe]) -> None:
    path = tmp_path / "settings.toml"
    folder = universes[0].path.parent
    async with opened(root, preferences=load_preferences(path), universes=folder) as pilot:
        await pilot.press("2")
        await sees(pilot, "Mpc/h")
        await pilot.press("M")
        await until(pilot, lambda: load_preferences(path).colour_map != "")
    kept = load_preferences(path).colour_map
    async with opened(root, preferences=load_preferences(path), universes=folder) as pilot:
        await pilot.press("2")
        await sees(pilot, "Mpc/h")
        assert pilot.app.screen.camera.colours == kept  # type: ignore[attr-defined]


async def test_every_place_opens_and_has_its_help(root: Path) -> None:
    a_run(root, state="done")
    async with opened(root, (80, 24)) as pilot:
        for place in PLACES:
            await pilot.press(place.key)
            await until(pilot, lambda: type(pilot.app.screen).__name__ == place.home.split(":")[1])  # noqa: B023
            await sees(pilot, f"{place.key} {place.title}")
            assert all(len(line) <= 80 for line in text(pilot).splitlines())
            assert isinstance(pilot.app, Workbench)
            assert next(iter(pilot.app._sections_here())) != "everywhere"


async def test_a_place_that_was_hidden_follows_the_theme_and_the_size(root: Path) -> None:
    async with opened(root, (200, 50)) as pilot:
        await pilot.press("1")
        await until(pilot, lambda: pilot.app.current_mode == "data" and bool(pilot.app.screen.query("#files")))
        files = pilot.app.screen.query_one("#files")
        await until(pilot, lambda: files.size.width > 80)
        before = files.background_colors[1]
        await pilot.press("5", "ctrl+t")
        await pilot.resize_terminal(80, 24)
        await pilot.press("1")
        await until(pilot, lambda: files.size.width < 50 and files.background_colors[1] != before)


async def test_garbage_is_collected_again_once_the_first_screen_is_there(root: Path) -> None:
    gc.disable()
    try:
        async with opened(root) as pilot:
            await until(pilot, gc.isenabled)
    finally:
        gc.enable()
