"""The slices of the workbench, without a terminal: every key and the mouse, on real universes."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from textual.events import MouseEvent, MouseScrollDown, MouseScrollUp
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Input

from app.draw import Depth
from app.tui.bindings import keys_of
from app.tui.screens.slices import SlicesScreen
from app.tui.selection import Selection
from app.tui.sight import Sight, after
from app.tui.widgets.slice_view import SliceView, best_grid
from app.tui.workbench import Workbench
from core.cosmos.box import Field
from core.cosmos.universe import Universe, open_universe, write_universe
from core.views.panels import Overlays

SIZES = [(80, 24), (120, 40), (200, 50)]


@pytest.fixture
def folder(universes: list[Universe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder to be in: universes/ with two universes and runs/ with a prediction for the first."""
    monkeypatch.chdir(tmp_path)
    Path("universes").mkdir()
    for universe in universes[:2]:
        shutil.copy(universe.path, "universes")
    first = universes[0]
    probability = np.random.default_rng(3).random((16, 16, 16)).astype(np.float32)
    path = Path("runs") / "halonet-001" / "predictions" / f"{first.name}.h5"
    path.parent.mkdir(parents=True)
    write_universe(
        path,
        name=first.name,
        box_size=first.box_size,
        cosmology=first.cosmology,
        fields=[Field("probability", probability, first.box_size, "probability")],
        catalogues={},
        provenance={},
        kind="prediction",
    )
    return Path()


@asynccontextmanager
async def opened(
    folder: Path, size: tuple[int, int] = (120, 40), marked: tuple[str, ...] = (), depth: Depth = "truecolor"
) -> AsyncIterator[Pilot[None]]:
    """The slices, once the first image is there."""
    bench = Workbench(folder / "runs", depth, folder / "universes")
    bench.animation_level = "none"
    async with bench.run_test(size=size, notifications=True) as pilot:
        bench.selection = Selection(tuple(folder / "universes" / name for name in marked))
        await pilot.press("2")
        yield pilot


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    """Let the app go on until a condition holds."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, text(pilot)
        await pilot.pause(0.01)


async def sees(pilot: Pilot[None], *words: str) -> None:
    """Wait until all these words are on the screen."""
    await until(pilot, lambda: all(word in text(pilot) for word in words))


def text(pilot: Pilot[None]) -> str:
    """The screen as plain text."""
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


def screen(pilot: Pilot[None]) -> SlicesScreen:
    assert isinstance(pilot.app.screen, SlicesScreen)
    return pilot.app.screen


def sight(pilot: Pilot[None]) -> Sight:
    found = screen(pilot).sight
    assert found is not None
    return found


async def settled(pilot: Pilot[None]) -> None:
    """Wait until what is wanted is seen and drawn."""

    def done() -> bool:
        here = screen(pilot)
        shown = [pane for pane in here.query(SliceView) if pane.display]
        drawn = all(pane.figure_shown is image.figure for pane, image in zip(shown, here.images, strict=False))
        return bool(here.images) and here._wish == here._seen and (drawn or here._one)

    await until(pilot, done)


@pytest.mark.parametrize("size", SIZES)
async def test_the_first_universe_of_the_folder_is_there(folder: Path, size: tuple[int, int]) -> None:
    async with opened(folder, size) as pilot:
        await sees(pilot, "u1", "density", "z = 12.5 Mpc/h", "1 + overdensity", "y [Mpc/h]", "--slice 8 --log")
        await settled(pilot)
        lines = text(pilot).splitlines()
        assert len(lines) == size[1]
        assert all(len(line) <= size[0] for line in lines)
        # where there is room, all three axes
        assert ("density at x = 12.5" in text(pilot)) == (size[0] == 200)
        assert "next halo" in text(pilot)
        for key in keys_of("slices"):
            assert not key.hint or key.hint in lines[-1]


async def test_through_depth_axes_and_fields(folder: Path) -> None:
    async with opened(folder) as pilot:
        await sees(pilot, "z = 12.5 Mpc/h")
        await pilot.press("full_stop", "full_stop")
        await sees(pilot, "z = 15.62 Mpc/h", "--slice 10")
        await pilot.press("comma", "greater_than_sign")  # around the box
        await sees(pilot, "z = 4.688 Mpc/h", "3 of 0-15")
        await pilot.press("less_than_sign", "pageup")
        await sees(pilot, "z = 12.5 Mpc/h")
        await pilot.press("a")
        await sees(pilot, "x = 12.5 Mpc/h", "z [Mpc/h]", "--axis x")
        await pilot.press("v", "v")
        await sees(pilot, "label", "--field label")
        await settled(pilot)
        assert screen(pilot).images[0].figure.colour_map == "labels"
        await pilot.press("v")
        await sees(pilot, "velocity [km/s]")
        await pilot.press("c")
        await sees(pilot, "velocity_x [km/s]", "--component x")
        await pilot.press("V")
        await sees(pilot, "label")
        assert sight(pilot).component == "length"


async def test_slab_pooling_scale_colours_and_range(folder: Path, universes: list[Universe]) -> None:
    async with opened(folder) as pilot:
        await sees(pilot, "1 + overdensity")
        await pilot.press("w", "w", "m")
        await sees(pilot, "4 cells thick", "highest value", "--thickness 4 --max")
        await settled(pilot)
        cube = np.asarray(universes[0].field("density").values)
        np.testing.assert_allclose(screen(pilot).images[0].figure.values, 1 + cube[:, :, 8:12].max(axis=2).T)
        await pilot.press("W", "l", "k", "k")
        await sees(pilot, "2 cells thick", "asinh", "--colours viridis", "viridis")
        await settled(pilot)
        await pilot.press("r")
        await sees(pilot, "colours held")
        held = sight(pilot).limits
        await pilot.press("full_stop")
        await settled(pilot)
        assert screen(pilot).images[0].figure.limits == held
        await pilot.press("r")
        await sees(pilot, "of each slice")


async def test_zoom_pan_and_cursor(folder: Path, universes: list[Universe]) -> None:
    cell = universes[0].box_size / 16
    async with opened(folder) as pilot:
        await sees(pilot, "x 12.5 y 12.5 z 12.5 Mpc/h")
        await settled(pilot)
        await pilot.press("right", "up", "up")
        await sees(pilot, "x 14.06 y 15.62 z 12.5 Mpc/h")
        value = 1 + float(np.asarray(universes[0].field("density").values)[9, 10, 8])
        await sees(pilot, f"1 + overdensity {value:.4g}")
        await pilot.press("plus", "equals_sign")
        await sees(pilot, "zoom 4", "--zoom 4 --centre")
        await settled(pilot)
        assert screen(pilot).images[0].figure.values.shape == (4, 4)
        # the window follows the cursor, around the box
        await pilot.press(*["left"] * 12)
        await settled(pilot)
        x0, x1 = screen(pilot).images[0].figure.extent[:2]
        x = sight(pilot).at[0]
        assert x == pytest.approx(13 * cell)
        assert 0 <= (x - x0) % universes[0].box_size < x1 - x0
        before = sight(pilot).centre
        await pilot.press("shift+right", "K")
        after_ = sight(pilot).centre
        assert before is not None
        assert after_ is not None
        assert after_[0] == pytest.approx((before[0] + cell) % universes[0].box_size)
        assert after_[1] == pytest.approx(before[1] + cell)
        await pilot.press("0")
        await settled(pilot)
        assert "zoom 4" not in text(pilot)
        await pilot.press("minus")
        assert sight(pilot).zoom == 1
        await pilot.press("J", "H", "L", "shift+up", "shift+down", "shift+left", "down", "pagedown")
        await settled(pilot)


async def test_the_mouse_points_pulls_and_turns(folder: Path) -> None:
    async with opened(folder) as pilot:
        await settled(pilot)
        pane = screen(pilot).query_one("#pane0", SliceView)
        await until(pilot, lambda: pane.cursor is not None)
        column, row = pane.cursor or (0, 0)
        layout = pane.layout_shown
        assert layout is not None
        cell = layout.columns // 16
        await pilot.click(pane, offset=(column + 1 + 3 * cell, row))
        await until(pilot, lambda: sight(pilot).at[0] == pytest.approx(12.5 + 3 * 25 / 16))
        # what is pulled follows the hand
        await pilot.mouse_down(pane, offset=(column + 1, row))
        await pilot.hover(pane, offset=(column + 1 + 2 * cell, row))
        await pilot.mouse_up(pane, offset=(column + 1 + 2 * cell, row))
        await until(pilot, lambda: sight(pilot).centre is not None)
        await settled(pilot)
        assert screen(pilot).images[0].figure.extent[0] == pytest.approx(-25 / 32 - 2 * 25 / 16)
        assert sight(pilot).at[0] == pytest.approx(12.5 + 3 * 25 / 16)
        pane.post_message(turned(MouseScrollUp, pane))
        await sees(pilot, "9 of 0-15")
        pane.post_message(turned(MouseScrollUp, pane, ctrl=True))
        await sees(pilot, "zoom 2")
        pane.post_message(turned(MouseScrollDown, pane, ctrl=True))
        await until(pilot, lambda: sight(pilot).zoom == 1)
        pane.post_message(turned(MouseScrollDown, pane))
        await sees(pilot, "8 of 0-15")


def turned(kind: type[MouseEvent], pane: SliceView, ctrl: bool = False) -> MouseEvent:
    """The wheel over a pane."""
    return kind(pane, 10, 10, 0, 0, 0, shift=False, meta=False, ctrl=ctrl)


async def test_halos_outlines_and_the_way_from_halo_to_halo(folder: Path, universes: list[Universe]) -> None:
    halos = universes[0].catalogue("fof")
    async with opened(folder) as pilot:
        await settled(pilot)
        await pilot.press("y", "n")
        assert pilot.app.clipboard == "halodeck view universes/u1.h5 --field density --axis z --slice 8 --log"
        await sees(pilot, f"halo 1 of {len(halos)} (fof)")
        place = np.array(sight(pilot).at)
        away = np.abs(place - halos["position"][0])
        assert np.minimum(away, 25 - away).max() <= 25 / 32 + 1e-3
        await pilot.press("o")
        await sees(pilot, "halos (fof)", "--halos fof")
        await settled(pilot)
        assert len(screen(pilot).images[0].figure.circles[0].radius) > 0
        await pilot.press("h", "h")
        await sees(pilot, "1e+13 Msun/h", "--smallest 1e+13")
        await pilot.press("i")
        await sees(pilot, "--outlines")
        await pilot.press("v", "v")
        await sees(pilot, "label", "□ halos (fof)", "○ label")
        await pilot.press("N")
        await sees(pilot, f"halo {len(halos)} of {len(halos)}")


async def test_a_prediction_beside_its_universe(folder: Path) -> None:
    async with opened(folder, (200, 50), ("u1.h5",)) as pilot:
        await settled(pilot)
        await pilot.press("D")
        words = ("input: delta_linear", "truth: mask of label", "prediction: probability", "prediction - truth")
        await sees(pilot, *words, "with halonet-001", "--compare")
        await settled(pilot)
        await sees(pilot, "input ", "truth ", "prediction ", "diff ")
        # only fields of the prediction's frame stand beside it
        await pilot.press("v")
        await sees(pilot, "truth: mask of label", "input: displacement")
        await pilot.press("V", "V")
        await sees(pilot, "input: velocity")
        await pilot.press("v")
        await sees(pilot, *words)
        # all go together, and one can be alone
        await pilot.press("full_stop", "tab", "enter")
        await sees(pilot, "9 of 0-15", "image 2 of 4", "truth: mask of label")
        assert "input: delta_linear" not in text(pilot)
        await pilot.press("shift+tab")
        await sees(pilot, "input: delta_linear", "image 1 of 4")
        await pilot.press("enter")
        await sees(pilot, *words)
        await pilot.press("D")
        await sees(pilot, "delta_linear at z", "delta_linear at x")
        await pilot.press("x")
        await sees(pilot, "one axis")


async def test_images_stand_one_at_a_time_where_there_is_little_room(folder: Path) -> None:
    async with opened(folder, (80, 24), ("u1.h5",)) as pilot:
        await settled(pilot)
        await pilot.press("D")
        await sees(pilot, "input: delta_linear", "image 1 of 4", "halonet-001")
        await pilot.press("tab", "tab", "tab")
        await sees(pilot, "prediction - truth", "image 4 of 4")
        await pilot.press("tab")
        await sees(pilot, "input: delta_linear")


async def test_marked_universes_are_turned_and_compared(folder: Path) -> None:
    async with opened(folder, marked=("u2.h5", "u1.h5")) as pilot:
        await sees(pilot, "u2", "1 found")
        await pilot.press("D")
        await sees(pilot, "with u1")
        await pilot.press("u")
        await sees(pilot, "halodeck view", "u1.h5", "2 found")
        assert pilot.app.selection.universes[0].name == "u1.h5"  # type: ignore[attr-defined]
        await pilot.press("U")
        await sees(pilot, "u2.h5")


async def test_without_marks_the_folder_is_turned(folder: Path) -> None:
    async with opened(folder) as pilot:
        await sees(pilot, "u1.h5", "1 found")
        await pilot.press("u")
        await sees(pilot, "u2.h5", "nothing found")
        await pilot.press("D")
        await until(pilot, lambda: any("halodeck predict" in n.message for n in pilot.app._notifications))


async def test_what_is_seen_is_saved(folder: Path) -> None:
    async with opened(folder, (200, 50)) as pilot:
        await settled(pilot)
        await pilot.press("e")
        await sees(pilot, "u1-density-z8.png")
        await pilot.press("escape")
        assert not screen(pilot).query_one("#save-as").display
        for name in ("all.txt", "one.npy"):
            await pilot.press("e")
            screen(pilot).query_one("#save-as", Input).value = name
            await pilot.press("enter")
            await until(pilot, lambda name=name: (folder / name).exists())  # type: ignore[misc]
        assert "density at x" in (folder / "all.txt").read_text()
        np.testing.assert_array_equal(np.load(folder / "one.npy"), screen(pilot).images[0].figure.values)
        await pilot.press("e")
        screen(pilot).query_one("#save-as", Input).value = "slice.doc"
        await pilot.press("enter")
        await until(pilot, lambda: any("slice.doc" in n.message for n in pilot.app._notifications))


async def test_no_universes_is_said(tmp_path: Path) -> None:
    async with opened(tmp_path) as pilot:
        await sees(pilot, "There are no universes", "halodeck simulate")
        await pilot.press("full_stop", "D", "e", "n", "v", "u", "plus", "tab", "o", "r", "l", "x", "a")
        await sees(pilot, "There are no universes")


async def test_a_file_that_breaks_while_it_is_shown(folder: Path) -> None:
    path = folder / "universes" / "u1.h5"
    whole = path.read_bytes()
    harms: dict[str, Callable[[], object]] = {
        "does not exist": path.unlink,
        "cut off or damaged": lambda: os.truncate(path, 9000),
        "not a halodeck universe": lambda: path.write_bytes(b"something else"),
    }
    async with opened(folder, marked=("u1.h5",)) as pilot:
        for words, harm in harms.items():
            await settled(pilot)
            harm()
            await pilot.press("full_stop")
            await sees(pilot, words)
            await pilot.press("full_stop", "o", "v", "e", "D", "n")
            path.write_bytes(whole)
            await pilot.press("full_stop")
            await sees(pilot, "density at z")


@pytest.mark.parametrize("depth", ["256", "none"])
async def test_cubes_without_numbers_and_constant_ones(folder: Path, depth: Depth) -> None:
    path = folder / "universes" / "u1.h5"
    offset = open_universe(path).fields["density"].offset
    async with opened(folder, (80, 24), depth=depth) as pilot:
        for value, words in ((np.nan, "no finite values"), (0.5, "0.75"), (-1.0, "no finite values")):
            await settled(pilot)
            with path.open("r+b") as file:
                file.seek(offset)
                file.write(np.full(16**3, value, "<f4").tobytes())
            os.utime(path, (time.time() + 60 + len(words), time.time() + 60 + len(words)))
            await pilot.press("full_stop", "right")
            await sees(pilot, words)
        await pilot.press("r", "w", "plus", "n", "l")
        await sees(pilot, "+ zoom        2", "asinh", "density [overdensity] -1")


async def test_nothing_is_sent_while_nothing_changes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(folder) as pilot:
        await settled(pilot)
        await pilot.pause(0.3)
        updates: list[object] = []
        monkeypatch.setattr(pilot.app, "_display", lambda screen, update: updates.append(update))
        await pilot.pause(0.5)
        assert not [update for update in updates if update is not None]


async def test_a_cursor_step_repaints_two_lines(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(folder) as pilot:
        await settled(pilot)
        pane = screen(pilot).query_one("#pane0", SliceView)
        await until(pilot, lambda: pane.cursor is not None)
        await pilot.pause(0.3)
        seen: list[int] = []
        refresh = pane.refresh

        def noted(*regions: Region, **how: bool) -> Widget:
            seen.append(sum(region.height for region in regions) or 99)
            return refresh(*regions, **how)

        monkeypatch.setattr(pane, "refresh", noted)
        await pilot.press("up")
        await settled(pilot)
        assert seen in ([1], [1, 1])


def test_a_sight_in_words_of_the_command() -> None:
    sight = Sight(Path("a b.h5"), "velocity").in_box(16, 32.0)
    sight = sight.deeper(-3).thicker(4).zoomed(2)
    assert sight.command("asinh") == (
        "halodeck view 'a b.h5' --field velocity --axis z --slice 5 --thickness 4 --asinh --zoom 2 --centre 16,16"
    )
    plain = Sight(Path("u.h5"), "label", overlays=Overlays("fof", True, 1e13)).in_box(16, 32.0)
    assert plain.command("linear").endswith("--slice 8 --halos fof --smallest 1e+13 --outlines")


def test_choices_go_around() -> None:
    assert after(("a", "b"), "b") == "a"
    assert after(("a", "b"), "a", -1) == "b"
    assert after(("a", "b"), "x") == "a"


def test_images_are_as_large_as_they_can_be() -> None:
    assert best_grid(4, 200, 45) == 4
    assert best_grid(4, 120, 35) == 2
    assert best_grid(3, 70, 100) == 1
    assert best_grid(1, 80, 20) == 1
