"""`python tests/torture [--scale S] [--write FILE]`: what was tried, and how often it failed, in 20 minutes."""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "NO_COLOR": "1", "COLUMNS": "100"}
ROOT = Path(__file__).resolve().parents[2]
_PATHS = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests/core/cosmos/formats")]
sys.path[:0] = _PATHS
os.environ["PYTHONPATH"] = os.pathsep.join(_PATHS)

from fuzz.kinds import KINDS  # noqa: E402
from fuzz.mutate import mutated  # noqa: E402
from fuzz.run import count_all  # noqa: E402

from app.background.describing import Describer  # noqa: E402
from core.errors import InputError  # noqa: E402
from torture import disks, ends, hostile, kills, terminals  # noqa: E402
from torture.row import Row  # noqa: E402


def fuzz(files: int) -> Row:
    """Damaged files of every kind."""
    found = count_all(KINDS, -(-files // len(KINDS)), os.cpu_count() or 1)
    counts = found.values()
    failures = [words for counted in counts for words in counted.failures if not _refused_by_the_helper(words)]
    return Row("damaged files of every kind (make fuzz)", sum(c.outcomes.total() for c in counts), failures)


def _refused_by_the_helper(words: str) -> bool:
    """Whether a file that holds up or ends its reader is one that halodeck's own helper process keeps from doing so."""
    held = re.fullmatch(r"(.+), seed (\d+): (no answer|crash) .*", words)
    if held is None:
        return False
    describer = Describer()
    with tempfile.TemporaryDirectory() as folder:
        made = KINDS[held[1]](Path(folder))
        made.file.write_bytes(mutated(made.file.read_bytes(), int(held[2])))
        try:
            describer.prove(made.file)
        except InputError as error:
            return "does not answer within" in str(error) or "ends its reader" in str(error)
        finally:
            describer.close()
    return False


def _written(document: Path, rows: list[Row]) -> None:
    """Put the rows into the table at the end of a document, in the places of those of the same names."""
    before, _, table = document.read_text().partition("## Results\n")
    known = dict(re.findall(r"^\| (.+?) (\| \d+ \| \d+ \|)$", table, re.MULTILINE))
    known |= {row.test: f"| {row.tried} | {len(row.failures)} |" for row in rows}
    lines = [f"| {test} {numbers}" for test, numbers in known.items()]
    document.write_text(
        "\n".join([f"{before}## Results\n", "| test | tried | failures |", "|---|---|---|", *lines, ""])
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="how much of it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path, help="put the table into this document, after its line `## Results`")
    parser.add_argument("--only", default="", help="some tests, by a part of their names")
    asked = parser.parse_args()
    start, rows = time.monotonic(), []
    with tempfile.TemporaryDirectory() as name:
        folder, scale, seed = Path(name), asked.scale, asked.seed
        kills.prepare(folder)
        tests = {
            "training": lambda: kills.training(folder, round(80 * scale), seed),
            "commands": lambda: kills.commands(folder, round(20 * scale), seed),
            "hostile": lambda: hostile.files(folder),
            "signals": lambda: ends.commands(folder, round(30 * scale), seed),
            "workbench": lambda: terminals.signals(folder, round(20 * scale), seed),
            "two": lambda: terminals.two(folder, 2),
            "disks": lambda: disks.disks(folder),
            "crowds": lambda: disks.crowds(folder),
            "fuzz": lambda: fuzz(round(10_000 * scale)),
        }
        for test, run in tests.items():
            if asked.only and not any(part in test for part in asked.only.split(",")):
                continue
            began = time.monotonic()
            rows.append(row := run())
            print(f"{row.test}: {row.tried} tried, {len(row.failures)} failed, {time.monotonic() - began:.0f} s")
            print(*row.failures[:20], sep="\n", flush=True)
    lines = [f"| {row.test} | {row.tried} | {len(row.failures)} |" for row in rows]
    table = "\n".join(["| test | tried | failures |", "|---|---|---|", *lines])
    print(f"\n{table}\n\n{time.monotonic() - start:.0f} s, seed {asked.seed}")
    if asked.write:
        _written(asked.write, rows)
    return int(any(row.failures for row in rows))


if __name__ == "__main__":
    sys.exit(main())
