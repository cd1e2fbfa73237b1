"""The screens' side of `background.calculations`: questions go out, answers come back as messages, the newest wins."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from textual.message import Message

# -P keeps the working directory out of the module path
_PROGRAM = ("-P", "-c", "from app.background.calculations import serve; serve()")


class Calculator:
    """One helper process, started with the first question and again should it die."""

    class Progressed(Message):
        """How far the newest question is."""

        def __init__(self, fraction: float, doing: str) -> None:
            self.fraction, self.doing = fraction, doing
            super().__init__()

    class Answered(Message):
        """The answer to the newest question, or `problem` says why there is none."""

        def __init__(self, number: int, answer: dict[str, Any], problem: str = "") -> None:
            self.number, self.answer, self.problem = number, answer, problem
            super().__init__()

    def __init__(self, post: Callable[[Message], Any], read: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self._post, self._read = post, read
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._number = 0
        self.busy = False

    def ask(self, what: str, **question: Any) -> int:
        """Ask; what was asked before is given up. Returns the number that the answer will carry."""
        with self._lock:
            self._number += 1
            self.busy = True
            line = json.dumps({"number": self._number, "what": what, **question}) + "\n"
            if not (self._process and self._process.poll() is None and self._send(line)):
                self._start()
                self._send(line)
            return self._number

    def cancel(self) -> None:
        """Give up what was asked, at once; what the helper knows is lost."""
        with self._lock:
            self._number += 1
            self.busy = False
            process, self._process = self._process, None
        if process:
            process.kill()  # its listener waits for its end

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, *_PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._listen, args=(self._process,), daemon=True).start()

    def _send(self, line: str) -> bool:
        assert self._process
        assert self._process.stdin
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except OSError:  # it has just died
            return False
        return True

    def _listen(self, process: subprocess.Popen[str]) -> None:
        """Pass the answers on, those to older questions left out: the body of the thread."""
        assert process.stdin
        assert process.stdout
        for line in process.stdout:
            said = json.loads(line)
            if said["number"] != self._number:
                continue
            if "progress" in said:
                self._post(self.Progressed(*said["progress"]))
                continue
            answer = self._read(said["answer"]) if "answer" in said else {}
            self.busy = self._number != said["number"]
            self._post(self.Answered(said["number"], answer, said.get("problem", "")))
        code = process.wait()
        process.stdin.close()
        process.stdout.close()
        if self.busy and process is self._process:
            self.busy = False
            self._post(self.Answered(self._number, {}, f"the calculation ended with code {code}: ask again"))
