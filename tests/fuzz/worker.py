"""Reads damaged files of a kind in a process of its own, which a file may hold up or end.

Lines of JSON on standard input ask for a kind and a range of seeds; answers are {"began": seed}, then
{"seed", "outcome", "words"}. Outcomes: same, refused, differs, traceback.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import signal
import sys
import tempfile
import traceback
import warnings
from pathlib import Path
from typing import Any

import numpy as np

LIMIT = 20.0
"""Seconds for a file."""


def serve() -> None:
    """Answer until standard input ends."""
    from fuzz.kinds import CHECKSUMMED, KINDS, HalodeckError, result
    from fuzz.mutate import mutated

    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    warnings.simplefilter("error")
    for module in ("pynbody", "colossus"):
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=module)

    def say(**words: object) -> None:
        answers.write(json.dumps(words) + "\n")
        answers.flush()

    for line in sys.stdin:
        question = json.loads(line)
        name = question["kind"]
        with tempfile.TemporaryDirectory() as folder:
            made = KINDS[name](Path(folder))
            whole = made.file.read_bytes()
            truth = [digest(item) for item in result(made)]
            for item in result(made):
                if isinstance(item, HalodeckError):
                    answers.close()
                    raise SystemExit(f"{name} is refused as it is: {item}")
            for seed in range(question["first"], question["end"]):
                made.file.unlink()  # not changed in place: it may be mapped into memory
                made.file.write_bytes(mutated(whole, seed))
                say(began=seed)
                signal.setitimer(signal.ITIMER_REAL, LIMIT)
                try:
                    found = result(made)
                    refused = any(isinstance(item, HalodeckError) for item in found)
                    same = [digest(item) for item in found] == truth
                    outcome, words = "refused" if refused else "same" if same else "differs", ""
                except Exception as error:
                    last = traceback.extract_tb(error.__traceback__)[-1]
                    ours = [f for f in traceback.extract_tb(error.__traceback__) if "site-packages" not in f.filename]
                    place = ours[-1] if ours else last
                    outcome = "traceback"
                    words = f"{type(error).__name__} at {place.filename}:{place.lineno}: {error}"[:300]
                signal.setitimer(signal.ITIMER_REAL, 0)
                if outcome == "differs" and name in CHECKSUMMED:
                    outcome, words = "traceback", "values differ although they have checksums"
                say(seed=seed, outcome=outcome, words=words)
        say(done=name)
    answers.close()


def digest(item: Any) -> str:
    """A checksum of any result."""
    total = hashlib.sha256()
    _add(total, item)
    return total.hexdigest()


def _add(total: Any, item: Any) -> None:
    if isinstance(item, np.ndarray):
        total.update(f"{item.dtype}{item.shape}".encode())
        total.update(np.ascontiguousarray(item).tobytes())
    elif dataclasses.is_dataclass(item) and not isinstance(item, type):
        for each in dataclasses.fields(item):
            _add(total, getattr(item, each.name))
    elif isinstance(item, dict):
        for name, value in item.items():
            _add(total, name)
            _add(total, value)
    elif isinstance(item, list | tuple):
        for value in item:
            _add(total, value)
    else:
        total.update(repr(item).encode(errors="surrogatepass"))
