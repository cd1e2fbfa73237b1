"""The halo lens: a list that leads the slices, cards, a blink, the walk through errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from slices_pilot import camera, opened, screen, settled
from tui_pilot import sees, text, until

from app.tui.screens.slices.card_screen import CardScreen
from app.tui.screens.slices.halo_list import HaloList
from app.tui.screens.slices.residuals_screen import ResidualsScreen, ResidualTable
from core.cosmos.box import Catalogue, Field
from core.cosmos.universe import Universe, write_universe
from core.runs.run import create_run


def with_halos(folder: Path, universe: Universe) -> int:
    """Let a run have found all halos of the universe but the second; how many there are."""
    halos = universe.catalogue("fof")
    kept = np.delete(np.arange(len(halos)), 1)
    write_universe(
        folder / "predictions" / "u1.h5",
        name="u1",
        box_size=universe.box_size,
        cosmology=universe.cosmology,
        fields=[Field("probability", np.zeros((16, 16, 16), np.float32), universe.box_size, "probability")],
        catalogues={"shells": Catalogue({n: v[kept] for n, v in halos.columns.items()}, halos.box_size)},
        provenance={},
        kind="prediction",
    )
    return len(halos)


async def test_the_list_leads_the_slices_and_errors_are_walked(deck: Path, universes: list[Universe]) -> None:
    count, halos = with_halos(deck / "runs" / "halonet-001", universes[0]), universes[0].catalogue("fof")
    cell = universes[0].box_size / 16
    async with opened(deck, (120, 40), ("u1.h5",)) as pilot:
        await settled(pilot)
        await pilot.press("c", "ampersand")
        listed = screen(pilot).query_one(HaloList)
        await until(pilot, lambda: listed.row_count >= count)
        await sees(pilot, "verdict", "matched")
        every = listed.row_count
        await pilot.press("slash", *"matched halo<3", "enter")
        await sees(pilot, f"/matched halo<3 · 1 of {every}")
        assert [row.rank for row in listed.rows_shown] == [1]
        await pilot.press("slash", "escape")
        await until(pilot, lambda: listed.row_count == every)
        await pilot.press("j")
        place = np.rint(halos["lagrangian_position"][1] / cell) % 16 * cell
        await until(pilot, lambda: bool(np.allclose(camera(pilot).at, place)))
        await sees(pilot, "error 1 of")
        await pilot.press("f")
        await until(pilot, lambda: isinstance(pilot.app.screen, CardScreen))
        await sees(pilot, "Where it came from", "Profile today")
        await pilot.press("escape", "enter")
        await until(pilot, lambda: not listed.has_focus)
        await pilot.press("ampersand", "N", "n")
        await sees(pilot, "error 1 of 1: halo 2")
        # truth and prediction in one place
        await pilot.press("P")
        await sees(pilot, "truth: mask of label")
        assert "prediction:" not in text(pilot)
        await pilot.press("P")
        await sees(pilot, "prediction: probability")
        assert "truth:" not in text(pilot)


async def test_where_a_run_fails_and_the_way_there(deck: Path, universes: list[Universe]) -> None:
    universe = deck / "universes" / "u1.h5"
    run = create_run(deck / "runs", "halonet", {}, universes=[str(universe)], held_out=[0])
    with_halos(run.path, universes[0])
    async with opened(deck, (80, 24), ("u1.h5",)) as pilot:
        await settled(pilot)
        await pilot.press("at")
        await until(pilot, lambda: isinstance(pilot.app.screen, ResidualsScreen))
        await sees(pilot, "by mass", "by environment", "the gravest errors", f"halodeck residuals {run.name}")
        await until(pilot, lambda: isinstance(pilot.app.focused, ResidualTable))
        await pilot.press("slash", *"u1 halo", "enter")
        await until(pilot, lambda: "by mass" not in text(pilot))
        await sees(pilot, "/u1 halo · 1 of")
        await pilot.press("G", "enter")
        await until(pilot, lambda: not isinstance(pilot.app.screen, ResidualsScreen))
        await settled(pilot)
        cell = universes[0].box_size / 16
        place = np.rint(universes[0].catalogue("fof")["lagrangian_position"][1] / cell) % 16 * cell
        await until(pilot, lambda: bool(np.allclose(camera(pilot).at, place)))
