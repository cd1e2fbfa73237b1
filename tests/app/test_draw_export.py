"""Figures as files."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hostile_text import HOSTILE

from app.draw import save
from core.errors import ResourceError, UsageError
from core.figures import Curves, Figure, Histogram, Matrix, Row, Series, Slice, Table

BOX = (0.0, 64.0, 0.0, 64.0)


def figures() -> dict[str, Figure]:
    values, k = np.random.default_rng(5).normal(size=(8, 8)), np.logspace(-1, 0.6, 20)
    truth = Series("truth", k, k**-1.5, 0.9 * k**-1.5, 1.1 * k**-1.5)
    points = Series("counts", k, 0.9 * k**-1.5, style="points")
    density = Slice("Density", np.exp(values), BOX, "x [Mpc/h]", "y [Mpc/h]", "1 + delta", scale="log")
    linear = Slice("Linear", values, BOX, "x [Mpc/h]", "y [Mpc/h]", "delta", "diverging", "asinh")
    labels = Slice("Halos", np.arange(64).reshape(8, 8) // 9, BOX, colour_map="labels")
    curves = Curves("Power", (truth, points), "k [h/Mpc]", "P(k)", True, True, ratio_to="truth", ratio_bands=(0.1,))
    nothing = Slice("Nothing", np.full((4, 4), np.nan), BOX)
    return {
        "slice": density,
        "curves": curves,
        "histogram": Histogram("Counts", np.arange(5.0), {"a": np.arange(4), "b": np.ones(4)}, "x", y_log=True),
        "matrix": Matrix("Confusion", np.array([[90, 8], [1, 40]]), ("no", "halo"), ("no", "halo"), "truth", "ours"),
        "table": Table("Numbers", ("quantity", "value"), (("Dice", 0.78), ("AUC", None)), "a note"),
        "row": Row("Universe", (linear, labels, nothing)),
    }


MAGIC = {".png": b"\x89PNG\r\n", ".svg": b"<?xml", ".pdf": b"%PDF-", ".txt": b"", ".ansi": b"\x1b["}


@pytest.mark.parametrize("suffix", [".svg", ".txt", ".ansi"])
@pytest.mark.parametrize("name", list(figures()))
def test_every_figure_is_saved(name: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}{suffix}"
    save(figures()[name], path)
    assert path.read_bytes().startswith(MAGIC[suffix])
    assert figures()[name].title in path.read_text() or suffix == ".svg"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", [".svg", ".csv"])
@pytest.mark.parametrize("words", [r"$\frac{$ 5 $", f"{HOSTILE}\udcff\ud800"], ids=["mathematics", "hostile"])
def test_words_of_others_are_drawn_as_they_are(words: str, suffix: str, tmp_path: Path) -> None:
    """They are no mathematics, and hold nothing that a picture or table cannot."""
    k = np.arange(1.0, 4.0)
    curves = Curves(words, (Series(words, k, k), Series("b", k, k)), words, words, ratio_to=words)
    parts: tuple[Figure, ...] = (
        curves,
        Table(words, (words, "b"), ((words, 1.0), (None, words)), words),
        Matrix(words, np.eye(2), (words, "b"), (words, "b"), words, words),
        Histogram(words, np.arange(3.0), {words: np.ones(2)}, words),
    )
    for number, figure in enumerate(parts):
        save(figure, tmp_path / f"{number}{suffix}")
        if suffix == ".svg":
            ElementTree.parse(tmp_path / f"{number}{suffix}")
    if suffix == ".svg":
        save(Row(words, (Slice(words, np.eye(4), BOX, words, words, words), curves)), tmp_path / "row.svg")


@pytest.mark.parametrize("suffix", [".png", ".pdf"])
def test_pictures_of_the_other_formats(suffix: str, tmp_path: Path) -> None:
    save(figures()["curves"], tmp_path / f"curves{suffix}")
    assert (tmp_path / f"curves{suffix}").read_bytes().startswith(MAGIC[suffix])


def test_a_picture_has_the_colours_of_the_terminal(tmp_path: Path) -> None:
    from matplotlib.image import imread

    values = np.zeros((4, 4))
    values[0, 3] = 1.0  # below right
    save(Slice("", values, BOX, limits=(0.0, 1.0)), tmp_path / "spot.png")
    pixels = (255 * imread(tmp_path / "spot.png")[:, :, :3]).round().astype(int)
    dark, bright = (np.abs(pixels - colour).max(axis=2) <= 1 for colour in ((0, 0, 4), (0xFC, 0xFF, 0xA4)))
    image = np.argwhere(dark | bright)
    rows, columns = np.nonzero(bright & (np.arange(pixels.shape[1]) < np.median(image[:, 1]) * 1.6))
    assert dark.sum() > 10 * bright.sum() > 1000
    assert rows.mean() > image[:, 0].mean()
    assert columns.mean() > np.argwhere(dark)[:, 1].mean()


def test_the_same_figure_gives_the_same_svg(tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        save(figures()["curves"], tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_an_unknown_format_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"figure\.gif.*use one of \.png"):
        save(figures()["slice"], tmp_path / "figure.gif")
    assert not list(tmp_path.iterdir())


def test_without_matplotlib_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(ResourceError, match=r"halodeck\[export\]"):
        save(figures()["slice"], tmp_path / "figure.png")
    assert not list(tmp_path.iterdir())
