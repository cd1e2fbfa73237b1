"""`python tests/fuzz [--files N] [--jobs N] [--first SEED] [KIND ...]`: a table of what damaged files come to.

It fails for what is halodeck's to mend; where the HDF5 library itself spins or crashes, that is told and counted.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "core/cosmos/formats")]

from fuzz.kinds import HDF5, KINDS  # noqa: E402
from fuzz.run import count_all  # noqa: E402

OUTCOMES = ("same", "refused", "differs", "traceback", "no answer", "crash")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", help="default all")
    parser.add_argument("--files", type=int, default=10_000, help="over all kinds")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    asked = parser.parse_args()
    kinds, start = asked.kinds or list(KINDS), time.monotonic()
    found = count_all(kinds, -(-asked.files // len(kinds)), asked.jobs, asked.first)
    print(f"{'kind':<20}" + "".join(f"{outcome:>11}" for outcome in OUTCOMES))
    for name, counted in found.items():
        print(f"{name:<20}" + "".join(f"{counted.outcomes[outcome]:>11}" for outcome in OUTCOMES))
    totals = [sum(counted.outcomes[outcome] for counted in found.values()) for outcome in OUTCOMES]
    print(f"{'all':<20}" + "".join(f"{total:>11}" for total in totals))
    failures = [words for counted in found.values() for words in counted.failures]
    print(*failures, sep="\n")
    print(f"{sum(totals)} files, {len(failures)} failures, {time.monotonic() - start:.0f} s")
    ours = [
        words
        for name, counted in found.items()
        for words in counted.failures
        if counted.outcomes["traceback"] or name not in HDF5
    ]
    return 1 if ours else 0


if __name__ == "__main__":
    sys.exit(main())
