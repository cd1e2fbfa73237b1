"""The helper process: one question after another, the newest first, and its end."""

import json
import subprocess
import sys
import threading
from queue import Queue
from typing import Any

import pytest

from app.background.calculations import Calculations, _reporter
from app.tui.frame.calculator import _PROGRAM
from core.cosmos.universe import Universe
from core.errors import Interrupted, UsageError
from core.progress import silent


def test_statistics_are_kept_for_the_next_question(universes: list[Universe]) -> None:
    calculations = Calculations()
    paths = [str(universe.path) for universe in universes[:2]]
    question = {"what": "statistics", "universes": paths, "field": None, "reference": None, "errors": "poisson"}
    answer = calculations.answer(question, silent)
    assert answer["labels"] == ("u1", "u2")
    assert set(answer["fields"]) >= {"density", "delta_linear"}
    assert {"power", "correlation", "mass_function"} <= set(answer["report"]["figures"])
    said: list[str] = []
    known = dict(calculations._known)
    calculations.answer(question, lambda fraction, doing: said.append(doing))
    assert calculations._known == known
    json.dumps(answer)
    with pytest.raises(UsageError, match="unknown question"):
        calculations.answer({"what": "weather"}, silent)


def test_a_newer_question_ends_an_older_one() -> None:
    questions: Queue[dict[str, Any]] = Queue()
    said: list[Any] = []
    progress = _reporter(questions, lambda **words: said.append(words))
    progress(0.1, "reading")
    progress(0.2, "reading")  # too soon to be told
    assert said == [{"progress": [0.1, "reading"]}]
    questions.put({"number": 2})
    with pytest.raises(Interrupted):
        progress(0.3, "reading")


def test_the_process_answers_and_ends_with_its_input() -> None:
    process = subprocess.Popen(
        [sys.executable, *_PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert process.stdin
    assert process.stdout
    watch = threading.Timer(60, process.kill)
    watch.start()
    layers = {"number": 1, "what": "layers", "named": "toy"}
    process.stdin.write(json.dumps(layers) + "\n")
    lines = iter(process.stdout.readline, "")
    answer = next(line for line in map(json.loads, lines) if "answer" in line)
    assert answer["number"] == 1
    assert answer["answer"]["names"][0] == "conv1"
    process.stdin.write(json.dumps({"number": 2, "what": "layers", "run": "/nowhere/at-all"}) + "\n")
    problem = next(line for line in map(json.loads, lines) if "problem" in line)
    assert problem["number"] == 2
    assert "/nowhere/at-all" in problem["problem"]
    process.stdin.close()
    assert process.wait() == 0
    process.stdout.close()
    watch.cancel()
