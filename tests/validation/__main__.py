"""Run every check of this folder and print the table: `python -m tests.validation [--figures FOLDER] [TOPIC...]`."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from pathlib import Path

from tests.validation.check import Check, Drawn


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.validation")
    parser.add_argument("topics", nargs="*")
    parser.add_argument("--figures", type=Path, help="folder for PNGs of what was measured")
    arguments = parser.parse_args()
    topics = arguments.topics or sorted(
        path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in ("__init__", "__main__", "check")
    )
    failed = 0
    print("| quantity | ours | reference | tolerance | passes | note |\n|---|---|---|---|---|---|")
    for topic in topics:
        start = time.monotonic()
        item: Check | Drawn
        for item in importlib.import_module(f"tests.validation.{topic}").checks():
            if isinstance(item, Drawn):
                _keep(item, arguments.figures)
                continue
            # a bar would end the cell of a table
            quantity = item.quantity.replace("|", "\\|")
            passes = "yes" if item.passed else "NO"
            cells = (quantity, item.ours, item.reference, item.tolerance, passes, item.note)
            print(f"| {' | '.join(cells)} |", flush=True)
            failed += not item.passed
        print(f"{topic}: {time.monotonic() - start:.0f} s", file=sys.stderr)
    return 1 if failed else 0


def _keep(drawn: Drawn, folder: Path | None) -> None:
    if folder is not None:
        from PIL import Image

        from app.draw import save

        path = folder / f"validation-{drawn.name}.png"
        save(drawn.figure, path)
        with Image.open(path) as picture:
            picture.convert("RGB").quantize(128).save(path, optimize=True)  # a third of the size


if __name__ == "__main__":
    sys.exit(main())
