"""Write the tables of docs/results.md, docs/ionization.md and README.md from trained runs.

    python -m tests.results --runs FOLDER [--networks FOLDER]

Runs are told apart by how they were made: `halonet cpu` is `train halonet --config cpu`, settings follow by name,
`halonet cpu seed=2`. A block whose runs are not all there stays as it is, and is named.
"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from core.analysis.comparison.runs import compare
from core.figures import Report, Table
from core.runs.report_file import read_report
from core.runs.run import Run
from tests.results import tables
from tests.results.blocks import Wanted, filled
from tests.results.networks import SHIPPED, keep

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "docs" / "results.md", ROOT / "docs" / "ionization.md", ROOT / "README.md")


def label(command: str) -> str:
    """Recipe, table and changed settings of a `halodeck train` command line."""
    words = shlex.split(command)
    recipe = words[words.index("train") + 1]
    config = [words[i + 1] for i, word in enumerate(words) if word == "--config"]
    changed = [words[i + 1] for i, word in enumerate(words) if word == "--set"]
    return " ".join([recipe, *config, *changed])


def finished(folders: list[Path]) -> dict[str, Run]:
    """Runs with a report by their label; of two the later."""
    found = {}
    for folder in folders:
        for path in sorted(folder.iterdir()):
            if (path / "report" / "report.json").exists():
                run = Run(path)
                found[label(str(run.config()["command"]))] = run
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, nargs="+", required=True)
    parser.add_argument("--networks", type=Path, help="keep the networks that come along there")
    parser.add_argument("--no-compare", action="store_true", help="leave the comparisons as they are")
    told = parser.parse_args()
    runs = finished(told.runs)
    compared: dict[tuple[str, ...], Report] = {}

    def table(wanted: Wanted) -> str | None:
        missing = [name for name in wanted.runs if name not in runs]
        if missing or (wanted.kind in ("compare", "ways") and told.no_compare):
            print(
                f"left: {wanted.kind} of {'; '.join(wanted.runs)}" + (f" (no {'; '.join(missing)})" if missing else "")
            )
            return None
        print(f"made: {wanted.kind} of {'; '.join(wanted.runs)}", flush=True)
        chosen = [runs[name] for name in wanted.runs]
        if wanted.kind == "numbers":
            reports = [(name, read_report(run)) for name, run in zip(wanted.runs, chosen, strict=True)]
            return tables.numbers(reports, wanted.keys)
        if wanted.kind == "table":
            found = read_report(chosen[0]).figures[wanted.keys[0]]
            assert isinstance(found, Table)
            return tables.whole(found)
        if wanted.runs not in compared:
            compared[wanted.runs] = compare(chosen)
        report = compared[wanted.runs]
        made = report.figures["table"]
        assert isinstance(made, Table)
        names = {run.name: name for name, run in zip(wanted.runs, chosen, strict=True)}
        columns = tuple(names.get(column, column) for column in made.columns)
        notes = [note for note in report.notes if wanted.kind == "compare" and "costs less" in note]
        for run_name, name in names.items():
            notes = [note.replace(run_name, name) for note in notes]
        return "\n\n".join([tables.turned(Table(made.title, columns, made.rows, made.note), wanted.keys), *notes])

    for page in PAGES:
        page.write_text(filled(page.read_text(), table))
    if told.networks:
        for name, run in runs.items():
            if name in SHIPPED:
                print(keep(run, told.networks, SHIPPED[name]))


if __name__ == "__main__":
    main()
