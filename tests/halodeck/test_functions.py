"""`import halodeck`: the functions give what the commands give, and show themselves in notebooks."""

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import halodeck
from core.figures import Report, Table, load_report
from core.runs.run import Run

DOCUMENT = Path(__file__).parents[2] / "docs" / "python.md"


class Printer:
    """IPython's, as far as it is asked."""

    def __init__(self) -> None:
        self.said = ""

    def text(self, words: str) -> None:
        self.said += words


def test_the_example_of_the_document(
    universes: list[halodeck.Universe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)[0]
    assert len([line for line in example.splitlines() if line]) == 10
    monkeypatch.chdir(tmp_path)
    Path("universes").mkdir()
    for seed, universe in enumerate(universes, 1):  # they are those of the example, which keeps what is there
        shutil.copy(universe.path, f"universes/planck2018-16-L25-s{seed:04d}.h5")
    made: dict[str, object] = {}
    exec(compile(example, str(DOCUMENT), "exec"), made)
    run, report = made["run"], made["report"]
    assert isinstance(run, Run)
    assert isinstance(report, Report)
    assert run.config()["command"].startswith("halodeck train halonet --on universes/")
    assert run.status().state == "done"
    assert made["values"] == {number.key: number.value for number in report.numbers}
    assert (tmp_path / "density.png").read_bytes().startswith(b"\x89PNG")
    assert halodeck.open("latest").path == run.path
    assert isinstance(made["prediction"], halodeck.Universe)
    assert made["prediction"].kind == "prediction"


def test_statistics_are_those_of_the_command(
    universes: list[halodeck.Universe], command: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    path = universes[0].path
    code, _, _ = command("stats", path, "--save", tmp_path / "saved")
    assert code == 0
    saved = load_report(json.loads((tmp_path / "saved" / "report.json").read_text()))
    mine = halodeck.stats(str(path))
    assert mine.figures.keys() == saved.figures.keys()
    assert [n.value for n in mine.numbers] == pytest.approx([n.value for n in saved.numbers], rel=1e-5)


def test_paths_universes_and_texts_are_one(universes: list[halodeck.Universe]) -> None:
    universe = universes[0]
    for given in (universe, universe.path, str(universe.path)):
        assert np.array_equal(halodeck.halos(given)["mass"], universe.catalogue("fof")["mass"])
    assert halodeck.figures(universe).keys() == universe.fields.keys()


def test_figures_show_themselves(universes: list[halodeck.Universe]) -> None:
    figure, report = halodeck.view(universes[0]), halodeck.stats(universes[0])
    assert (figure._repr_png_() or b"").startswith(b"\x89PNG")
    assert figure._repr_html_() is None
    printer = Printer()
    figure._repr_pretty_(printer, False)
    assert "density" in printer.said
    page = report._repr_html_() or ""
    assert page.count("<img") == len(report.figures)
    assert "standard deviation of density" in page
    assert report._repr_png_() is None


def test_names_of_others_are_no_html() -> None:
    page = Table("<b>", ("a",), (("<script>",),), "&")._repr_html_() or ""
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_without_matplotlib_there_is_text(monkeypatch: pytest.MonkeyPatch, universes: list[halodeck.Universe]) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert halodeck.view(universes[0])._repr_png_() is None
    assert "<pre>" in (halodeck.Figures(density=halodeck.view(universes[0]))._repr_html_() or "")


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    with pytest.raises(halodeck.HalodeckError, match="does not exist"):
        halodeck.open(tmp_path / "none.h5")
    with pytest.raises(halodeck.HalodeckError, match="there is no run 'none'"):
        halodeck.open("none", runs=tmp_path)
    with pytest.raises(halodeck.HalodeckError, match="unknown recipe"):
        halodeck.train("nothing", tmp_path)
    with pytest.raises(AttributeError, match="no attribute 'simulated'"):
        halodeck.simulated  # noqa: B018
