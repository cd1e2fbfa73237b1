"""The workbench in a real terminal: signals at random moments, and two of them on the same runs."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from torture.kills import TRAIN, new_run
from torture.program import ROOT, ended, start
from torture.row import Row

OPEN, SHELL = ["1", "1", "0"], ["0", "0", "1"]
"""Second screen, mouse and cursor while the workbench is open, and of a shell."""


class Terminal:
    """A tmux server of its own with one pane and a shell with job control."""

    def __init__(self, folder: Path, name: str) -> None:
        self.socket = folder / name
        self.tmux("new-session", "-d", "-x", "100", "-y", "30", "bash --norc")
        self.line(f"cd {folder}; export PYTHONPATH={ROOT}")

    def tmux(self, *arguments: str) -> str:
        command = ["tmux", "-S", str(self.socket), "-f", "/dev/null", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def line(self, text: str) -> None:
        self.tmux("send-keys", text, "Enter")

    def modes(self) -> list[str]:
        """Whether it shows its second screen, reports the mouse, shows its cursor."""
        return self.tmux("display-message", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}").split()

    def shows(self, words: str) -> bool:
        """Whether these words come within half a minute."""
        return _comes(lambda: words in self.tmux("capture-pane", "-p"))

    def becomes(self, wanted: list[str]) -> bool:
        return _comes(lambda: self.modes() == wanted)

    def close(self) -> None:
        subprocess.run(["tmux", "-S", str(self.socket), "kill-server"], capture_output=True, check=False)


def _comes(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    return condition()


def signals(folder: Path, count: int, seed: int) -> Row:
    """End, stop and kill the workbench in a terminal, which must be as it was before."""
    row, draw = Row("TERM, HUP, KILL, TSTP and CONT to the workbench"), np.random.default_rng(seed)
    if not shutil.which("tmux"):
        return row
    pid, terminal = folder / "pid", Terminal(folder, "tmux")
    code = f"import os, pathlib; pathlib.Path('{pid}').write_text(str(os.getpid())); from app.main import main; main()"
    kinds = (signal.SIGTERM, signal.SIGHUP, signal.SIGKILL, signal.SIGTSTP)
    try:
        for _ in range(count):
            asked = kinds[int(draw.integers(len(kinds)))]
            terminal.line(f'{sys.executable} -P -c "{code}" --runs signals')
            row.tried += 1
            row.expect(terminal.becomes(OPEN), f"the workbench does not open before {asked.name}")
            time.sleep(float(draw.uniform(0, 1.5)))
            terminal.tmux("send-keys", *"14256"[: int(draw.integers(1, 6))])
            time.sleep(float(draw.uniform(0, 0.5)))
            os.kill(int(pid.read_text()), asked)
            row.expect(terminal.becomes(SHELL), f"the terminal is {terminal.modes()} after {asked.name}")
            if asked == signal.SIGTSTP:
                terminal.line("fg")
                row.expect(terminal.becomes(OPEN), "the workbench does not go on")
                row.expect(terminal.shows(" halodeck "), "the workbench is not drawn again")
                os.kill(int(pid.read_text()), signal.SIGTERM)
                terminal.becomes(SHELL)
    finally:
        terminal.close()
    return row


def two(folder: Path, count: int) -> Row:
    """Two workbenches on the same runs: what is asked for in one is seen in the other, and both are left well."""
    row = Row("two workbenches on the same runs")
    if not shutil.which("tmux"):
        return row
    for number in range(count):
        shared = new_run(folder, f"{TRAIN['halonet']} --set steps=400", f"shared-{number}")
        process = start(folder, "resume", shared.path, log="shared.log")
        one, other = (Terminal(folder, f"tmux-{number}-{name}") for name in ("one", "other"))
        try:
            for terminal in (one, other):
                terminal.line(f"{sys.executable} -P -c 'from app.main import main; main()' --runs shared-{number}")
                row.expect(terminal.shows("running"), "a workbench does not show the run")
            row.tried += 2
            one.tmux("send-keys", "p")
            row.expect(other.shows("paused"), "a pause in one workbench is not seen in the other")
            other.tmux("send-keys", "r")
            row.expect(one.shows("running"), "a run that goes on in one workbench is not seen in the other")
            one.tmux("send-keys", "s")
            row.expect(other.shows("stopped"), "a stop in one workbench is not seen in the other")
            for terminal in (one, other):
                terminal.tmux("send-keys", "q")
                row.expect(terminal.becomes(SHELL), "a workbench is not left")
            row.expect(ended(process) == 130, "the run did not stop on request")
        finally:
            one.close()
            other.close()
    return row
