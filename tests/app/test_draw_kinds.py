"""A kind of figure is one dataclass and one drawer."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from app.draw import draw, save
from app.draw.canvas import Canvas
from app.draw.drawer import Drawer, Terminal, drawer_of
from core import figures
from core.figures import KINDS, Array, dump, load


@dataclass(frozen=True)
class Dial:
    """A toy: numbers around a clock."""

    title: str
    angles: Array
    limits: tuple[float, float] | None = None


def canvas(figure: Dial, width: int, height: int | None, terminal: Terminal) -> Canvas:
    sheet = Canvas(width, height or 2)
    sheet.write(0, 0, figure.title)
    return sheet


def picture(page: Any, figure: Dial) -> None:
    page.subplots().plot(figure.angles)


def numbers(figure: Dial) -> Iterator[list[str | float]]:
    yield ["angle"]
    for angle in figure.angles:
        yield [float(angle)]


@pytest.fixture
def dial(monkeypatch: pytest.MonkeyPatch) -> Dial:
    module = ModuleType("app.draw.kinds.dial")
    module.DRAWER = Drawer(canvas, picture, lambda figure: (3.0, 2.0), numbers)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(figures.KINDS, "Dial", Dial)
    return Dial("angles", np.array([0.5, np.nan]), (0.0, 6.0))


def test_a_toy_kind(dial: Dial, tmp_path: Path) -> None:
    assert "angles" in draw(dial, 20, depth="none").plain()
    for ending in ("png", "svg", "txt", "csv", "json"):
        save(dial, tmp_path / f"dial.{ending}")  # type: ignore[arg-type]
        assert (tmp_path / f"dial.{ending}").stat().st_size > 0
    assert (tmp_path / "dial.csv").read_text().splitlines()[:2] == ["angle", "0.5"]
    again = load(json.loads((tmp_path / "dial.json").read_text()))
    assert isinstance(again, Dial)
    np.testing.assert_array_equal(again.angles, dial.angles)
    assert again.limits == (0.0, 6.0)
    assert dump(again) == dump(dial)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_drawer(kind: str) -> None:
    assert isinstance(drawer_of(object.__new__(KINDS[kind])), Drawer)
