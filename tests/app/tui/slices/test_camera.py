"""A camera in words, and how several images share the screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.tui.screens.slices.camera import Camera, after
from app.tui.screens.slices.layout import arranged, best_grid
from core.analysis.views.panels import Overlays


def test_a_sight_in_words_of_the_command() -> None:
    camera = Camera(Path("a b.h5"), "velocity").in_box(16, 32.0)
    camera = camera.deeper(-3).thicker(4).zoomed(2)
    assert camera.command("asinh") == (
        "halodeck view 'a b.h5' --field velocity --axis z --slice 5 --thickness 4 --asinh --zoom 2 --centre 16,16"
    )
    plain = Camera(Path("u.h5"), "label", overlays=Overlays("fof", True, 1e13)).in_box(16, 32.0)
    assert plain.command("linear").endswith("--slice 8 --halos fof --smallest 1e+13 --outlines")


def test_choices_go_around() -> None:
    assert after(("a", "b"), "b") == "a"
    assert after(("a", "b"), "a", -1) == "b"
    assert after(("a", "b"), "x") == "a"


def test_three_planes_are_a_command_too() -> None:
    camera = Camera(Path("u.h5"), "density").in_box(16, 32.0).gone_to((3.9, 8.0, 31.0))
    assert camera.command("log", planes=True).endswith("--planes --at 4,8,0 --log")


@pytest.mark.parametrize(
    ("count", "size", "shown", "across", "choices"),
    [
        (1, (120, 40), 1, 1, True),  # beside a square image they cost nothing
        (1, (80, 24), 1, 1, False),
        (4, (80, 24), 2, 2, False),
        (3, (80, 24), 2, 2, False),
        (4, (120, 40), 4, 2, False),
        (3, (200, 50), 3, 3, True),
        (2, (40, 12), 2, 2, False),
    ],
)
def test_the_screen_is_used(count: int, size: tuple[int, int], shown: int, across: int, choices: bool) -> None:
    plan = arranged(count, 0, False, *size)
    assert (len(plan.shown), plan.across, plan.choices) == (shown, across, choices)
    assert plan.column * plan.across <= size[0]
    assert arranged(count, count - 1, True, *size).shown == (count - 1,)


def test_images_are_as_large_as_they_can_be() -> None:
    assert best_grid(4, 200, 45) == 4
    assert best_grid(4, 120, 35) == 2
    assert best_grid(3, 70, 100) == 1
    assert best_grid(1, 80, 20) == 1
