"""The workbench in a real terminal: what it imports, and how it leaves."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from app.tui.app import run_workbench
from core.cosmos.universe import Universe
from core.errors import UsageError
from core.runs import registry
from core.runs.run import Run, create_run

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 60.0  # seconds; torch takes its time to come up on a busy machine
HEAVY = [
    "torch",
    "numpy",
    "scipy",
    "sklearn",
    "h5py",
    "matplotlib",
    "numba",
    "plotext",
    "pynbody",
    "pydantic",
    "textual_image",
]


def test_nothing_heavy_is_imported() -> None:
    """Until the first screen is there."""
    modules = "app.tui.app, app.tui.workbench, app.tui.screens.runs.screen"
    code = f"import sys, {modules}; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_the_way_in_imports_no_textual() -> None:
    code = "import sys, app.tui.app; print('textual' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "False"


def test_without_a_terminal_it_refuses(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="needs a terminal"):
        run_workbench(tmp_path)


class Terminal:
    """A tmux server of its own with one pane."""

    def __init__(self, socket: Path, width: int = 100, height: int = 30) -> None:
        self.socket = socket
        environment = {key: value for key, value in os.environ.items() if key not in ("TMUX", "COLORTERM", "NO_COLOR")}
        command = ["tmux", "-S", str(socket), "-f", "/dev/null", "new-session", "-d"]
        command += ["-x", str(width), "-y", str(height), "sh"]
        subprocess.run(command, check=True, env={**environment, "TERM": "screen-256color", "PS1": "$ "}, cwd=ROOT)

    def tmux(self, *arguments: str) -> str:
        command = ["tmux", "-S", str(self.socket), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def type(self, line: str) -> None:
        self.tmux("send-keys", line, "Enter")

    def screen(self, *options: str) -> str:
        return self.tmux("capture-pane", "-p", *options)

    def sees(self, *words: str) -> None:
        until(lambda: all(word in self.screen() for word in words), self.screen)

    def keys(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    def presses(self, key: str, words: str, times: int = 12) -> None:
        """Press a key until these words are there."""
        for _ in range(times):
            if words in self.screen():
                return
            self.keys(key)
            deadline = time.monotonic() + 1
            while words not in self.screen() and time.monotonic() < deadline:
                time.sleep(0.05)
        self.sees(words)


def until(condition: Callable[[], bool], told: Callable[[], str] = str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, told()
        time.sleep(0.05)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    if not shutil.which("tmux"):
        pytest.skip("tmux is not installed")
    terminal = Terminal(tmp_path / "socket")
    yield terminal
    # a test may have killed the server
    subprocess.run(["tmux", "-S", str(terminal.socket), "kill-server"], capture_output=True, check=False)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = create_run(tmp_path / "runs", "halonet", {})
    for step in range(1, 30):
        run.emit("step", step=step, loss=1.0 / step)
    run.write_status(state="running", step=29, steps=100, values={"loss": 1 / 29}, speed=2.0)
    return run


def opened(terminal: Terminal, run: Run, first: str = "") -> psutil.Process:
    """Open the workbench in the terminal, some code run before; its process, once it shows the run."""
    name = run.path.parent.with_name("pid")
    script = run.path.parent.with_name("open.py")
    script.write_text(
        f"import os, pathlib, sys\n{first}"
        "from app.tui.app import run_workbench\n"
        f"pathlib.Path({str(name)!r}).write_text(str(os.getpid()))\n"
        f"sys.exit(run_workbench(pathlib.Path({str(run.path.parent)!r})))\n"
    )
    terminal.type(f"PYTHONPATH={ROOT} {sys.executable} {script}; echo code $?")
    terminal.sees("● running", "halonet-001", "loss of", "q quit")
    return psutil.Process(int(name.read_text()))


def test_a_signal_leaves_a_sane_terminal_and_the_run(terminal: Terminal, run: Run) -> None:
    before, after = run.path.parent.with_name("before"), run.path.parent.with_name("after")
    terminal.type(f"stty -a > {before}")
    process = opened(terminal, run)
    # the usual colours over SSH and tmux: no truecolor code is sent
    colours = terminal.screen("-e")
    assert "38;5;" in colours
    assert "38;2;" not in colours
    assert terminal.tmux("display-message", "-p", "#{alternate_on} #{mouse_any_flag}").split() == ["1", "1"]
    process.send_signal(signal.SIGTERM)
    terminal.sees("code 143")
    assert terminal.tmux("display-message", "-p", "#{alternate_on} #{mouse_any_flag}").split() == ["0", "0"]
    terminal.type(f"stty -a > {after}")
    until(lambda: after.exists() and after.read_text() == before.read_text() != "")
    assert run.status().state == "running"
    assert run.take_request() is None


def test_a_lost_terminal_ends_the_workbench_but_not_the_run(terminal: Terminal, run: Run) -> None:
    process = opened(terminal, run)
    terminal.tmux("kill-server")
    until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)
    assert run.status().state == "running"


def test_quit_says_that_the_run_goes_on(terminal: Terminal, run: Run) -> None:
    opened(terminal, run)
    terminal.tmux("send-keys", "q")
    terminal.sees("1 run goes on", "code 0")


def modes(terminal: Terminal) -> list[str]:
    """Whether the terminal shows its second screen, reports the mouse, and shows its cursor."""
    return terminal.tmux("display-message", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}").split()


def test_stopped_it_goes_on_and_killed_it_leaves_a_sane_terminal(terminal: Terminal, run: Run) -> None:
    terminal.type("exec bash --norc")  # with job control
    before, after = run.path.parent.with_name("before"), run.path.parent.with_name("after")
    terminal.type(f"stty -a > {before}")
    process = opened(terminal, run)
    process.send_signal(signal.SIGTSTP)
    terminal.sees("Stopped")
    assert modes(terminal) == ["0", "0", "1"]
    terminal.type("fg")
    terminal.sees("● running", "halonet-001", "q quit")
    assert modes(terminal) == ["1", "1", "0"]
    process.kill()
    terminal.sees("halodeck ended without a word; runs and tasks go on")
    until(lambda: modes(terminal) == ["0", "0", "1"])
    terminal.type(f"stty -a > {after}")
    until(lambda: after.exists() and after.read_text() == before.read_text() != "")


def test_ctrl_z_shows_the_cursor_of_a_progress_bar(terminal: Terminal, tmp_path: Path) -> None:
    script = tmp_path / "bar.py"
    script.write_text(
        "import time\n"
        "from app.cli.show import progress_bar\n"
        "with progress_bar('simulate') as progress:\n"
        "    progress(0.5, 'steps')\n"
        f"    while not {str(tmp_path)!r} in open({str(tmp_path / 'end')!r}).read(): time.sleep(0.05)\n"
    )
    (tmp_path / "end").touch()
    terminal.type("exec bash --norc")
    terminal.type(f"PYTHONPATH={ROOT} {sys.executable} {script}")
    terminal.sees("simulate", "steps")
    until(lambda: modes(terminal)[2] == "0")
    terminal.keys("C-z")
    terminal.sees("Stopped")
    assert modes(terminal)[2] == "1"
    terminal.type("fg")
    until(lambda: modes(terminal)[2] == "0")
    (tmp_path / "end").write_text(str(tmp_path))
    until(lambda: modes(terminal)[2] == "1")


HANGS = """
import threading
from app.background import tasks
from core.runs.run import Run
config = Run.config
def held(run):
    return threading.Event().wait() if run.name == "stuck" else config(run)
Run.config = held
tasks.all_tasks = lambda root: threading.Event().wait()
"""


STUCK = """
from app.tui import workbench
workbench._PATIENCE = 0.5
workbench.Workbench.on_unmount = lambda self: threading.Event().wait()
"""


@pytest.mark.parametrize("more", ["", STUCK], ids=["a thread", "the screen"])
def test_what_hangs_is_told_and_holds_up_neither_the_others_nor_the_end(
    terminal: Terminal, run: Run, more: str
) -> None:
    (run.path.parent / "stuck").mkdir()
    (run.path.parent / "stuck" / "status.json").write_text("{}")
    opened(terminal, run, HANGS + more)
    terminal.sees("… not answering")
    terminal.keys("1")
    terminal.sees("files")
    terminal.keys("q")
    terminal.sees("code 0")
    assert more or "1 run goes on" in terminal.screen()
    assert terminal.tmux("display-message", "-p", "#{alternate_on} #{mouse_any_flag}").split() == ["0", "0"]


def test_a_run_from_the_form_outlives_the_terminal(
    tmp_path: Path, universes: list[Universe], request: pytest.FixtureRequest
) -> None:
    """Launch a run from its form, watch it, lose the terminal, come back, stop it, let it go on, read its report."""
    if not shutil.which("tmux"):
        pytest.skip("tmux is not installed")
    run = Run(tmp_path / "runs" / "halonet-001")
    program = f"{sys.executable} -c 'from app.main import main; main()'"
    folders = f"--runs {run.path.parent} --universes {universes[0].path.parent}"
    start = f"OMP_NUM_THREADS=1 XDG_CONFIG_HOME={tmp_path} PYTHONPATH={ROOT} {program} {folders}"

    def opened_again(name: str) -> Terminal:
        terminal = Terminal(tmp_path / name, 120, 40)
        request.addfinalizer(
            lambda: subprocess.run(
                ["tmux", "-S", str(terminal.socket), "kill-server"], capture_output=True, check=False
            )
        )
        terminal.type(start)
        return terminal

    terminal = opened_again("first")
    terminal.sees("There are no runs")
    terminal.keys("4")
    terminal.sees("settings of", "the same as a command")
    terminal.keys(*["Down"] * registry.names().index("halonet"))
    terminal.sees("settings of halonet")
    terminal.keys("Tab")
    terminal.sees("table  one of")
    terminal.keys("Left")
    terminal.sees("‹ smoke ›")
    terminal.presses("Down", "steps  a whole number")
    terminal.sees("steps  a whole number")
    terminal.keys("Enter")
    terminal.sees("esc undo")
    terminal.keys("C-u")
    terminal.sees("1 wrong")  # what is typed in one packet with ctrl+u, Textual puts before it
    terminal.keys("2", "0", "0")
    terminal.sees("--config smoke", "--set steps=200")
    terminal.keys("Enter")
    terminal.sees("X launch")
    terminal.keys("X")
    until(lambda: run.status().step > 0, terminal.screen)
    terminal.presses("5", "● running")
    terminal.sees("loss of halonet-001")
    terminal.keys("p")
    terminal.sees("◐ paused")
    terminal.tmux("kill-server")
    assert run.status().state == "paused"

    terminal = opened_again("second")
    terminal.sees("◐ paused", "loss of halonet-001")
    step = run.status().step
    terminal.keys("r")
    until(lambda: run.status().step > step, terminal.screen)
    terminal.keys("x")
    terminal.sees("■ stopped")
    assert (run.path / "checkpoint.pt").exists()
    terminal.keys("r")
    terminal.sees("✓ done", "200/200")
    terminal.keys("f")
    terminal.sees("Numbers", "Dice, foreground")


def test_a_terminal_that_goes_without_a_signal_ends_the_workbench(tmp_path: Path) -> None:
    """As when the workbench was started under a pseudo-terminal that is not its controlling one."""
    master, slave = os.openpty()
    bench = subprocess.Popen(
        [sys.executable, "-c", "from app.main import main; main()", "--runs", str(tmp_path)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        env=os.environ | {"TERM": "xterm-256color"},
    )
    os.close(slave)
    try:
        drawn = b""
        while b"no runs" not in drawn.lower():
            drawn += os.read(master, 1 << 16)
        assert bench.poll() is None
        os.close(master)
        assert bench.wait(PATIENCE) == 128 + signal.SIGHUP
    finally:
        bench.kill()
        bench.wait()
