"""A process of its own that answers questions of the screens: it measures universes and looks into networks.

Questions come as lines of JSON on standard input, {"number", "what", ...}; answers go to standard output, {"number",
"progress": [fraction, doing]}, then {"number", "answer"} or {"number", "problem"}. The newest question wins: an older
one ends at its next report of progress, without an answer. What was measured and loaded is kept for the next question.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.background.describing import guard_this_process
from core.errors import HalodeckError, Interrupted, UsageError
from core.progress import Progress

if TYPE_CHECKING:
    from core.analysis.inspection.subject import Subject
    from core.analysis.statistics.measure import Known

Answer = dict[str, Any]
_EVERY = 0.1
"""Least seconds between two reports of progress."""


class Calculations:
    """What can be asked for, and what is kept between questions."""

    def __init__(self) -> None:
        self._known: Known = {}
        self._subject: tuple[tuple[Any, ...], Subject] | None = None

    def answer(self, question: Answer, progress: Progress) -> Answer:
        """The answer to a question. Raises: HalodeckError."""
        kinds: dict[str, Callable[[Answer, Progress], Answer]] = {
            "statistics": self._statistics,
            "layers": self._layers,
            "inside": self._inside,
            "halos": self._halos,
            "card": self._card,
            "residuals": self._residuals,
        }
        if question["what"] not in kinds:
            raise UsageError(f"unknown question {question['what']!r}", f"ask for one of {', '.join(kinds)}")
        return kinds[question["what"]](question, progress)

    def _statistics(self, question: Answer, progress: Progress) -> Answer:
        """A report on universes, and the fields that could be measured in it."""
        progress(0.0, "reading")
        from core.analysis.statistics.measure import labels, sources, statistics
        from core.cosmos.universe import open_universe
        from core.figures import dump_report

        universes = [open_universe(Path(path)) for path in question["universes"]]
        report = statistics(
            *universes,
            field=question["field"],
            reference=question["reference"],
            errors=question["errors"],
            also=question.get("also", ()),
            known=self._known,
            progress=progress,
        )
        fields = dict.fromkeys(
            name
            for universe in universes
            for name, info in universe.fields.items()
            if len(info.shape) == 3 and info.dtype.kind == "f"
        )
        return {
            "report": dump_report(report),
            "labels": labels(universes),
            "fields": list(fields),
            "sources": sources(universes, report.facts.get("field", "").partition(" ")[0]),
        }

    def _layers(self, question: Answer, progress: Progress) -> Answer:
        """The layers of a network, and which of them have filters."""
        from core.figures import dump

        progress(0.0, "reading")
        subject = self._subject_of(question)
        return {
            "title": subject.title,
            "table": dump(subject.layers_table()),
            "names": [layer.name for layer in subject.layers],
            "inputs": [layer.inputs for layer in subject.layers],
            "channels": [layer.shape[0] for layer in subject.layers],
            "filters": [subject.has_filters(layer.name) for layer in subject.layers],
            "own_input": subject.own_input,
        }

    def _inside(self, question: Answer, progress: Progress) -> Answer:
        """The filters of a layer, or its activations beside the input."""
        from core.cosmos.universe import open_universe
        from core.figures import dump

        progress(0.0, "reading")
        subject = self._subject_of(question)
        layer, first, count = question["layer"], question["channel"], question["count"]
        if question["filters"]:
            return {"figures": [dump(subject.filters(layer, first, question["source"], count=count))]}
        universe = open_universe(Path(question["universe"])) if question["universe"] else None
        progress(0.1, "asking the network")
        depth = question["depth"]
        figures = [subject.input_figure(universe, depth), subject.activations(layer, universe, first, count, depth)]
        return {"figures": [dump(figure) for figure in figures]}

    def _halos(self, question: Answer, progress: Progress) -> Answer:
        """The halos of a universe, and what a prediction makes of each."""
        from core.analysis.lens.halo_table import halo_rows
        from core.cosmos.universe import open_universe

        progress(0.0, "reading halos")
        universe = open_universe(Path(question["universe"]))
        made = open_universe(Path(question["prediction"])) if question["prediction"] else None
        predicted = made.catalogue(next(iter(made.halos))) if made and made.halos else None
        rows = halo_rows(universe, universe.catalogue(question["catalogue"]), predicted)
        return {"rows": [row.as_json() for row in rows]}

    def _card(self, question: Answer, progress: Progress) -> Answer:
        """The card of one halo."""
        from core.analysis.lens.card import card
        from core.cosmos.universe import open_universe
        from core.figures import dump

        progress(0.0, "reading a halo")
        universe = open_universe(Path(question["universe"]))
        made = open_universe(Path(question["prediction"])) if question["prediction"] else None
        facts, figure = card(universe, question["catalogue"], question["rank"], made, question["side"])
        return {"facts": facts, "figure": dump(figure)}

    def _residuals(self, question: Answer, progress: Progress) -> Answer:
        """Where a run fails."""
        from core.analysis.lens.residuals import predicted_pairs, residuals
        from core.runs.run import Run

        progress(0.0, "reading")
        run = Run(Path(question["run"]))
        folders = [Path(path) for path in question["folders"]]
        return residuals(run.name, predicted_pairs(run, folders), progress).as_json()

    def _subject_of(self, question: Answer) -> Subject:
        """The network of a run as it is now, or one with a name of its own."""
        from core.analysis.inspection import subject
        from core.analysis.inspection.names import open_named
        from core.runs.run import Run

        if name := question.get("named"):
            if self._subject is None or self._subject[0] != (name,):
                self._subject = ((name,), open_named(name))
            return self._subject[1]
        path = Path(question["run"])
        files = tuple(path / name for name in ("model.pt", "model.safetensors", "checkpoint.pt", "config.toml"))
        key = (str(path), *(file.stat().st_mtime_ns if file.exists() else 0 for file in files))
        if self._subject is None or self._subject[0] != key:
            self._subject = (key, subject.of_run(Run(path)))
        return self._subject[1]


def serve() -> None:
    """Answer until standard input ends."""
    # what libraries print must not come between the answers
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    os.nice(5)  # the screen comes first
    guard_this_process()
    questions: queue.Queue[Answer] = queue.Queue()
    threading.Thread(target=_listen, args=(questions,), daemon=True).start()
    calculations = Calculations()
    while True:
        question = questions.get()
        while not questions.empty():
            question = questions.get()
        number = question["number"]

        def say(number: int = number, **words: Any) -> None:
            answers.write(json.dumps({"number": number, **words}) + "\n")
            answers.flush()

        try:
            say(answer=calculations.answer(question, _reporter(questions, say)))
        except Interrupted:
            continue
        except HalodeckError as error:
            say(problem=str(error))
        except (OSError, ValueError, RuntimeError, LookupError, TypeError, MemoryError) as error:
            say(problem=f"{question['what']} failed ({type(error).__name__}: {error})".splitlines()[0])


def _listen(questions: queue.Queue[Answer]) -> None:
    """Pass the questions on; nobody listens any more when they end."""
    for line in sys.stdin:
        questions.put(json.loads(line))
    os._exit(0)


def _reporter(questions: queue.Queue[Answer], say: Callable[..., None]) -> Progress:
    """Progress that is told now and then, and ends the work when there is a newer question."""
    last = 0.0

    def progress(fraction: float, doing: str) -> None:
        nonlocal last
        if not questions.empty():
            raise Interrupted("a newer question has come")
        if time.monotonic() - last > _EVERY:
            last = time.monotonic()
            say(progress=[fraction, doing])

    return progress
