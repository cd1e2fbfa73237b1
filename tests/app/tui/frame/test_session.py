"""Where one was: visits of a session, and what the next session remembers."""

from __future__ import annotations

from pathlib import Path

import pytest
from tui_pilot import a_run, opened, sees, until

from app.tui.frame.memory import Left, left, recall, remember
from app.tui.frame.named import command_in
from app.tui.frame.selection import Selection
from app.tui.frame.visits import Visit, Visits

A, B, C = (Visit(name, Selection()) for name in "abc")


def test_back_and_forward_again() -> None:
    visits = Visits()
    assert visits.back(A) is None
    visits.leave(A)
    visits.leave(B)
    assert visits.back(C) == B
    assert visits.back(B) == A
    assert visits.on(A) == B
    visits.leave(B)  # elsewhere: there is nothing to go forward to
    assert visits.on(C) is None
    assert visits.back(C) == B


def test_a_session_is_remembered_by_its_folder(tmp_path: Path) -> None:
    path, here = tmp_path / "state" / "last.json", tmp_path / "u1.h5"
    here.touch()
    selection = Selection((here, tmp_path / "gone.h5"), "halonet-001", here)
    remember(path, tmp_path / "runs", left("slices", selection, {"slices": {"zoom": 2.0}}))
    remember(path, tmp_path / "others", Left("data"))
    found = recall(path, tmp_path / "runs")
    assert (found.place, found.looks["slices"]) == ("slices", {"zoom": 2.0})
    assert found.selection == Selection((here,), "halonet-001", here)
    assert recall(path, tmp_path / "new") == Left()


@pytest.mark.parametrize("text", ["{", "[]", '{"ROOT": 3}', '{"ROOT": {"place": 3}}', '{"ROOT": {"looks": []}}'])
def test_a_damaged_memory_is_forgotten(tmp_path: Path, text: str) -> None:
    path = tmp_path / "last.json"
    path.write_text(text.replace("ROOT", str(tmp_path)))
    assert recall(path, tmp_path) == Left()


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("it is lost: `halodeck resume halonet-001` goes on", ["halodeck", "resume", "halonet-001"]),
        ("make some with `halodeck simulate`", ["halodeck", "simulate"]),
        ("`halodeck predict RUN 'a b.h5'` or `halodeck info 'a b.h5'`", ["halodeck", "info", "a b.h5"]),
        ("`halodeck note x --text ...` or `rm -r /`", []),
        ("`halodeck` shows them, `halodeck info 'x`", []),
    ],
)
def test_commands_that_messages_name(message: str, words: list[str]) -> None:
    assert command_in(message) == words


async def test_esc_goes_back_and_a_count_repeats(root: Path) -> None:
    for _ in range(4):
        a_run(root)
    async with opened(root) as pilot:
        await sees(pilot, "halonet-004")
        await pilot.press("colon", "2", "j")
        await until(pilot, lambda: pilot.app.selection.run == "halonet-002")  # type: ignore[attr-defined]
        await pilot.press("4")
        await until(pilot, lambda: pilot.app.current_mode == "launch")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.current_mode == "runs")
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: pilot.app.current_mode == "launch")
