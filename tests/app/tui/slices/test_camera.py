"""A camera in words, and how several images share the screen."""

from __future__ import annotations

from pathlib import Path

from app.tui.screens.slices.camera import Camera, after
from app.tui.screens.slices.layout import best_grid
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


def test_images_are_as_large_as_they_can_be() -> None:
    assert best_grid(4, 200, 45) == 4
    assert best_grid(4, 120, 35) == 2
    assert best_grid(3, 70, 100) == 1
    assert best_grid(1, 80, 20) == 1
