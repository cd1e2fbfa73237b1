"""A run exported, unpacked elsewhere and repeated: the same numbers, or a refusal by name."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.cosmos.universe import Universe, open_universe
from core.errors import InputError, RunError, UsageError
from core.figures import Number, Report
from core.reading import read_json
from core.runs.citation import entries, papers
from core.runs.crate import pack, unpack, verify
from core.runs.export import Terms, export
from core.runs.papers import papers as seed_papers
from core.runs.papers import read_paper, settings_of_universes
from core.runs.registry import every
from core.runs.repeat import Repeated, beside, bring_universes, evaluated, repeats, table
from core.runs.report_file import read_report
from core.runs.run import Run
from core.runs.shipped import shipped


@pytest.fixture(scope="module")
def archive(done_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of a finished run."""
    folder = tmp_path_factory.mktemp("exported")
    assert export(done_run, folder / "crate", "mine", Terms(authors=("A. Person",))) == []
    pack(folder / "crate", folder / "mine.zip")
    return folder / "mine.zip"


@pytest.fixture
def run(archive: Path, tmp_path: Path) -> Run:
    """That archive in another folder."""
    unpack(archive, tmp_path / "runs" / "mine")
    return Run(tmp_path / "runs" / "mine")


def test_evaluation_repeats_bit_by_bit(run: Run, done_run: Run, universes: list[Universe], tmp_path: Path) -> None:
    """The universes held out are made again from their seeds, and every number is the published one."""
    published = read_report(run)
    paths = bring_universes(run, tmp_path / "made")
    held = universes[-1:]
    assert [path.name for path in paths] == [universe.path.name for universe in held]
    for path, universe in zip(paths, held, strict=True):
        made = open_universe(path)
        for name in universe.fields:
            assert made.field(name).values.tobytes() == universe.field(name).values.tobytes()
    found = beside(published, evaluated(run, paths))
    assert {item.verdict for item in found} == {"same"}
    assert repeats(found)
    before, after = (path / "predictions" / "u4.h5" for path in (done_run.path, run.path))
    assert open_universe(before).field("probability").values.tobytes() == (
        open_universe(after).field("probability").values.tobytes()
    )
    # what is there is found by its identity, not made twice
    shutil.move(paths[0], tmp_path / "made" / "renamed.h5")
    assert bring_universes(run, tmp_path / "made") == [tmp_path / "made" / "renamed.h5"]


def changed(run: Run, change: Any) -> Run:
    """A run whose universes.json was changed by somebody who has told the checksums anew."""
    path = run.path / "universes.json"
    data = read_json(path)
    for item in data["universes"]:
        change(item)
    path.write_text(json.dumps(data))
    return run


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda item: item.update(settings=None), r"u4\.h5, of mine, was not made by halodeck and is in none"),
        (lambda item: item.update(identity="0" * 16), r"mine names u4\.h5 and does not say what it is"),
        (lambda item: item["settings"].update(seed=77), r"u4\.h5 is another universe than that of mine"),
        (lambda item: item["settings"].update(cells="many"), "cannot be made again: its settings make no universe"),
        (lambda item: item["settings"].update(colour="red"), "cannot be made again: .* another version"),
        (lambda item: item.update(name=3), r"universes\.json is not understood"),
    ],
)
def test_universes_that_are_missing(change: Any, words: str, run: Run, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words):
        bring_universes(changed(run, change), tmp_path / "made")


def test_names_of_universes_stay_in_their_folder(run: Run, tmp_path: Path) -> None:
    changed(run, lambda item: item.update(name="../../outside.h5"))
    [path] = bring_universes(run, tmp_path / "made")
    assert path.parent == tmp_path / "made"


def test_a_crate_can_be_exported_again(run: Run, tmp_path: Path) -> None:
    """Its universes need not be there."""
    assert export(run, tmp_path / "again", "again") == []
    verify(tmp_path / "again")
    assert read_json(tmp_path / "again" / "universes.json") == read_json(run.path / "universes.json")


def test_what_cannot_be_exported(new_run: Any, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="has no report yet"):
        export(new_run(), tmp_path / "crate", "mine")


def test_what_is_outside_its_error() -> None:
    def of(value: float | None, error: float | None = None) -> Number:
        return Number("n", "name", value, error=error)

    def verdict(published: Number | None, here: Number | None) -> str:
        return Repeated("n", "name", published, here).verdict

    assert verdict(of(1.0, 0.1), of(1.0)) == "same"
    assert verdict(of(1.0, 0.1), of(1.09)) == "within error"
    assert verdict(of(1.0, 0.1), of(1.11)) == "outside"
    assert verdict(of(1.0, 0.1), of(1.12, 0.2)) == "outside"
    assert verdict(of(1.0), of(1.12, 0.2)) == "within error"
    assert verdict(of(1.0), of(1.1)) == "no error told"
    assert verdict(of(1.0, 0.0), of(1.1)) == "outside"
    assert verdict(of(1.0), of(None)) == verdict(of(1.0), None) == "missing"
    assert verdict(of(None), of(None)) == "same"
    assert verdict(None, of(1.0)) == "new"
    report = Report("r", (of(1.0, 0.1), replace(of(2.0), key="m")), {})
    found = beside(report, Report("r", (of(1.2), replace(of(2.2), key="m")), {}))
    assert not repeats(found)
    shown = table("numbers", found)
    assert shown.columns == ("number", "published", "here", "+-", "")
    assert [row[-1] for row in shown.rows] == ["outside", "off by 9.1%, no error told"]
    assert shown.note == "Of 2 numbers 1 outside, 1 no error told."


def test_each_seed_paper_has_a_file() -> None:
    known = shipped()
    assert seed_papers() == [
        *("berger2019", "bernardini2020", "fay2019", "lucie-smith2024", "petulante2021", "petulante2023")
    ]
    for name in seed_papers():
        paper = read_paper(name, "cpu")
        assert set(paper.networks) <= known.keys()
        assert paper.networks or paper.train
        assert paper.figures
        assert name in entries()
    wanted = settings_of_universes(read_paper("berger2019", "paper").universes)
    assert len(wanted) == 256
    assert next(iter(wanted.values()))["truth"] == "peakpatch"
    with pytest.raises(UsageError, match="did you mean 'berger2019'"):
        read_paper("berger", "cpu")
    with pytest.raises(UsageError, match=r"no table \[huge\]"):
        read_paper("berger2019", "huge")


def test_figures_are_named_by_their_place_in_the_paper() -> None:
    report = read_report(shipped()["halonet@cpu"])
    told = read_paper("berger2019", "cpu").told({"halonet@cpu": report})
    assert told.figures["roc"].title.startswith("figure 4: ")
    assert set(told.figures) == set(report.figures)


def test_recipes_cite_what_there_is() -> None:
    for name, recipe in every().items():
        assert not isinstance(recipe, str)
        assert recipe.cites, name
        assert set(recipe.cites) <= entries().keys()
        assert len(papers(recipe)) == len(recipe.cites)
    for entry in entries().values():
        assert entry.count("{") == entry.count("}")
