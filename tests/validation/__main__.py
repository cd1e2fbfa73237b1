"""Run every check of this folder and print the table: `python -m tests.validation [TOPIC...]`."""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path

from tests.validation.check import Check


def main() -> int:
    topics = sys.argv[1:] or sorted(
        path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in ("__init__", "__main__", "check")
    )
    failed = 0
    print("| quantity | ours | reference | tolerance | passes | note |\n|---|---|---|---|---|---|")
    for topic in topics:
        start = time.monotonic()
        check: Check
        for check in importlib.import_module(f"tests.validation.{topic}").checks():
            # a bar would end the cell of a table
            quantity = check.quantity.replace("|", "\\|")
            passes = "yes" if check.passed else "NO"
            cells = (quantity, check.ours, check.reference, check.tolerance, passes, check.note)
            print(f"| {' | '.join(cells)} |", flush=True)
            failed += not check.passed
        print(f"{topic}: {time.monotonic() - start:.0f} s", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
