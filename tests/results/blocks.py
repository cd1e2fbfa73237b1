"""Blocks of a page that a command fills: what stands between two comments, the first of which says what is wanted."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_BLOCK = re.compile(r"<!-- results: (.*?) -->\n.*?<!-- end -->", re.DOTALL)


KINDS = ("numbers", "table", "compare", "ways")
"""Numbers of reports; a table of one, named where keys stand; runs beside other ways, with who is on the front in
words, and without."""


@dataclass(frozen=True)
class Wanted:
    """A kind of table, the runs in its columns, and the keys of its rows (none: all)."""

    kind: str
    runs: tuple[str, ...]
    keys: tuple[str, ...]


def parse(words: str) -> Wanted:
    """`numbers | halonet cpu; halonet cpu-density | dice auc`. Raises: ValueError for anything else."""
    parts = [part.strip() for part in " ".join(words.split()).split("|")]
    if len(parts) not in (2, 3) or parts[0] not in KINDS:
        raise ValueError(f"{words!r} is no block: {', '.join(KINDS)} | run; run | keys")
    return Wanted(
        parts[0],
        tuple(run.strip() for run in parts[1].split(";")),
        tuple(parts[2].split()) if len(parts) == 3 else (),
    )


def filled(page: str, table: Callable[[Wanted], str | None]) -> str:
    """The page with each block's content as `table` has it; where that is None the block stays as it is."""

    def fill(block: re.Match[str]) -> str:
        made = table(parse(block[1]))
        return block[0] if made is None else f"<!-- results: {block[1]} -->\n\n{made}\n\n<!-- end -->"

    return _BLOCK.sub(fill, page)
