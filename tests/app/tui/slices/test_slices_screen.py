"""The slices of the workbench: every key and the mouse, on real universes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from slices_pilot import camera, opened, screen, settled
from textual.events import MouseEvent, MouseScrollDown, MouseScrollUp
from textual.widgets import Input
from tui_pilot import SIZES, sees, text, until

from app.tui.frame.ask import AskScreen
from app.tui.frame.link import Faster
from app.tui.screens.slices.keys import KEYS
from app.tui.screens.slices.slice_view import SliceView
from app.tui.workbench import Workbench
from core.cosmos.universe import Universe


@pytest.mark.parametrize("size", SIZES)
async def test_the_first_universe_of_the_folder_is_there(deck: Path, size: tuple[int, int]) -> None:
    async with opened(deck, size) as pilot:
        await sees(pilot, "u1", "density", "redshift 0", "1 + overdensity", "y [Mpc/h]", "--field density")
        await settled(pilot)
        hints = [key.hint for key in KEYS if key.where == "slices"]
        await until(pilot, lambda: all(hint in text(pilot).splitlines()[-1] for hint in hints))
        lines = text(pilot).splitlines()
        assert len(lines) == size[1]
        assert all(len(line) <= size[0] for line in lines)
        # where another plane costs nothing those along all three axes, through the most massive halo
        assert ("along x" in text(pilot)) == (size[0] != 120)
        assert ("depth 12.5 Mpc/h along z" in text(pilot)) == (size[0] == 120)
        assert ("halo 1 of" in text(pilot)) == (size[0] != 120)
        assert ("next halo" in text(pilot)) == (size[0] != 80)
        await pilot.press("m")
        await until(pilot, lambda: ("next halo" in text(pilot)) == (size[0] == 80))


async def test_a_link_that_turns_out_to_be_fast_gets_finer_pixels(deck: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Workbench, "frame", 4_000)
    async with opened(deck) as pilot:
        await sees(pilot, "depth 12.5 Mpc/h along z")
        await settled(pilot)
        coarse = [strip for view in pilot.app.screen.query(SliceView) for strip in view._strips]
        monkeypatch.setattr(Workbench, "frame", 400_000)
        pilot.app.post_message(Faster())

        def drawn() -> bool:
            strips = [strip for view in pilot.app.screen.query(SliceView) for strip in view._strips]
            return sum(map(len, map(list, strips))) > 2 * sum(map(len, map(list, coarse)))

        await until(pilot, drawn)  # more segments in each line


async def test_through_depth_axes_and_fields(deck: Path) -> None:
    async with opened(deck) as pilot:
        await sees(pilot, "depth 12.5 Mpc/h along z")
        await pilot.press("full_stop", "full_stop")
        await sees(pilot, "depth 15.62 Mpc/h along z", "--slice 10")
        await pilot.press("comma", "greater_than_sign")  # around the box
        await sees(pilot, "depth 4.688 Mpc/h along z", "3 of 0-15")
        await pilot.press("less_than_sign", "pageup")
        await sees(pilot, "depth 12.5 Mpc/h along z")
        await pilot.press("a")
        await sees(pilot, "depth 12.5 Mpc/h along x", "z [Mpc/h]", "--axis x")
        await pilot.press("v", "v")
        await sees(pilot, "label", "--field label")
        await settled(pilot)
        assert screen(pilot).images[0].figure.colour_map == "labels"
        await pilot.press("v")
        await sees(pilot, "velocity [km/s]")
        await pilot.press("I")
        await sees(pilot, "velocity_x [km/s]", "--component x")
        await pilot.press("V")
        await sees(pilot, "label")
        assert camera(pilot).component == "length"


async def test_slab_pooling_scale_colours_and_range(deck: Path, universes: list[Universe]) -> None:
    async with opened(deck) as pilot:
        await sees(pilot, "1 + overdensity")
        await pilot.press("w", "w", "percent_sign")
        await sees(pilot, "4 cells thick", "highest value", "--thickness 4 --max")
        await settled(pilot)
        cube = np.asarray(universes[0].field("density").values)
        np.testing.assert_allclose(screen(pilot).images[0].figure.values, 1 + cube[:, :, 8:12].max(axis=2).T)
        await pilot.press("W", "s", "M", "M", "M")
        await sees(pilot, "2 cells thick", "asinh", "--colours viridis", "viridis")
        await settled(pilot)
        held = screen(pilot).images[0].figure.limits
        assert held is not None
        await pilot.press("full_stop")
        await settled(pilot)
        assert screen(pilot).images[0].figure.limits == held
        await pilot.press("R")
        await sees(pilot, "colours of each slice")
        await pilot.press("R")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskScreen))
        pilot.app.screen.query_one(Input).value = "20, 0.5"
        await pilot.press("enter")
        await sees(pilot, "colours 0.5 to 20")
        await pilot.press("R")
        await sees(pilot, "of the box")


async def test_zoom_pan_and_cursor(deck: Path, universes: list[Universe]) -> None:
    cell = universes[0].box_size / 16
    async with opened(deck) as pilot:
        await sees(pilot, "(12.5, 12.5, 12.5) Mpc/h")
        await settled(pilot)
        await pilot.press("right", "up", "up")
        await sees(pilot, "(14.06, 15.62, 12.5) Mpc/h")
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
        x = camera(pilot).at[0]
        assert x == pytest.approx(13 * cell)
        assert 0 <= (x - x0) % universes[0].box_size < x1 - x0
        before = camera(pilot).centre
        await pilot.press("shift+right", "K")
        after_ = camera(pilot).centre
        assert before is not None
        assert after_ is not None
        assert after_[0] == pytest.approx((before[0] + cell) % universes[0].box_size)
        assert after_[1] == pytest.approx(before[1] + cell)
        await pilot.press("0")
        await settled(pilot)
        assert "zoom 4" not in text(pilot)
        await pilot.press("minus")
        assert camera(pilot).zoom == 1
        await pilot.press("J", "H", "L", "shift+up", "shift+down", "shift+left", "down", "pagedown")
        await settled(pilot)


async def test_the_mouse_points_pulls_and_turns(deck: Path) -> None:
    async with opened(deck) as pilot:
        await settled(pilot)
        pane = screen(pilot).query_one("#pane0", SliceView)
        await until(pilot, lambda: pane.cursor is not None)
        column, row = pane.cursor or (0, 0)
        layout = pane.layout_shown
        assert layout is not None
        cell = layout.columns / 16
        await pilot.click(pane, offset=(column + 1 + round(3 * cell), row))
        await until(pilot, lambda: camera(pilot).at[0] == pytest.approx(12.5 + 3 * 25 / 16))
        # what is pulled follows the hand
        await pilot.mouse_down(pane, offset=(column + 1, row))
        await pilot.hover(pane, offset=(column + 1 + round(2 * cell), row))
        await pilot.mouse_up(pane, offset=(column + 1 + round(2 * cell), row))
        await until(pilot, lambda: camera(pilot).centre is not None)
        await settled(pilot)
        assert screen(pilot).images[0].figure.extent[0] == pytest.approx(-25 / 32 - 2 * 25 / 16)
        assert camera(pilot).at[0] == pytest.approx(12.5 + 3 * 25 / 16)
        pane.post_message(turned(MouseScrollUp, pane))
        await sees(pilot, "9 of 0-15")
        pane.post_message(turned(MouseScrollUp, pane, ctrl=True))
        await sees(pilot, "zoom 2")
        pane.post_message(turned(MouseScrollDown, pane, ctrl=True))
        await until(pilot, lambda: camera(pilot).zoom == 1)
        pane.post_message(turned(MouseScrollDown, pane))
        await sees(pilot, "8 of 0-15")


def turned(kind: type[MouseEvent], pane: SliceView, ctrl: bool = False) -> MouseEvent:
    """The wheel over a pane."""
    return kind(pane, 10, 10, 0, 0, 0, shift=False, meta=False, ctrl=ctrl)


async def test_halos_outlines_and_the_way_from_halo_to_halo(deck: Path, universes: list[Universe]) -> None:
    halos = universes[0].catalogue("fof")
    async with opened(deck) as pilot:
        await settled(pilot)
        await pilot.press("y", "n")
        assert pilot.app.clipboard == "halodeck view universes/u1.h5 --field density --axis z --slice 8 --log"
        await sees(pilot, f"halo 1 of {len(halos)} (fof)")
        place = np.array(camera(pilot).at)
        away = np.abs(place - halos["position"][0])
        assert np.minimum(away, 25 - away).max() <= 25 / 32 + 1e-3
        await pilot.press("t")
        await sees(pilot, "halos (fof)", "--halos fof")
        await settled(pilot)
        assert len(screen(pilot).images[0].figure.circles[0].radius) > 0
        await pilot.press("T", "T")
        await sees(pilot, "1e+13 Msun/h", "--smallest 1e+13")
        await pilot.press("D")
        await sees(pilot, "--outlines")
        await pilot.press("v", "v")
        await sees(pilot, "label", "○ halos (fof)", "□ label")
        await pilot.press("N")
        await sees(pilot, f"halo {len(halos)} of {len(halos)}")
