"""What the workbench costs on this machine: `make bench-tui`. Nothing here is asserted.

    python tests/benchmarks/tui.py [--cells 256 512] [--size 120x40] [--runs 500] [--files 2000]

The workbench runs on a pseudo-terminal of its own, as over SSH; what it sends is counted. It prints the CPU time to the
first paint and of going from place to place, the bytes of an idle screen and of a live run, how long a key takes to its
last changed cell while a training run keeps both cores busy, the bytes of a frame, and the memory, also with universes
of 256^3 and 512^3 cells.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from pathlib import Path

import numpy as np
import psutil

from core.cosmos.box import Field
from core.cosmos.cosmology import preset
from core.cosmos.universe import write_universe
from core.runs.run import Run, create_run

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = [sys.executable, "-c", "from app.main import main; main()"]
SLOW = 60e3
"""Bytes a second of a slow line."""
QUIET = 0.25
"""Seconds without a byte after which a frame counts as whole."""


class Workbench:
    """The workbench on a pseudo-terminal; a thread keeps the time and the bytes of all it sends."""

    def __init__(
        self, runs: Path, universes: Path, columns: int, rows: int, config: Path, rate: float = float("inf")
    ) -> None:
        """`rate` is what the line carries [bytes/s]; over a slow one the terminal says where its cursor is."""
        self.line_rate = rate
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "XDG_CONFIG_HOME": str(config)}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # nobody compiles every module at every start
        arguments = [sys.executable, "-c", "from app.main import main; main()", "--color", "truecolor"]
        self.process = subprocess.Popen(
            [*arguments, "--runs", str(runs), "--universes", str(universes)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)
        self.master = master
        self.sent: list[tuple[float, bytes]] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while True:
            try:
                block = os.read(self.master, 1 << 16)
            except OSError:  # it has ended
                return
            if self.line_rate < float("inf"):
                time.sleep(len(block) / self.line_rate)
                if b"\x1b[6n" in block:
                    os.write(self.master, b"\x1b[1;1R")
            self.sent.append((time.perf_counter(), block))

    @property
    def bytes(self) -> int:
        return sum(len(block) for _, block in self.sent)

    @property
    def usage(self) -> psutil.Process:
        return psutil.Process(self.process.pid)

    @property
    def cpu(self) -> float:
        """Seconds of CPU time so far."""
        times = self.usage.cpu_times()
        return times.user + times.system

    def wait_for(self, words: str) -> None:
        while words.encode() not in b"".join(block for _, block in self.sent):
            time.sleep(0.01)
            if self.process.poll() is not None:
                raise SystemExit(b"".join(block for _, block in self.sent).decode(errors="replace"))

    def settle(self, quiet: float = 1.0) -> None:
        """Wait until nothing has been sent for a while; give up where something goes on."""
        start = time.perf_counter()
        while time.perf_counter() - self.sent[-1][0] < quiet:
            time.sleep(0.05)
            if time.perf_counter() - start > 30:
                raise SystemExit("the screen does not come to rest: " + repr(self.sent[-1][1][-200:]))

    def key(self, key: str) -> tuple[float, float, int]:
        """Press a key: seconds to the first and to the last byte of the answer, and its bytes."""
        before, start = len(self.sent), time.perf_counter()
        os.write(self.master, key.encode())
        while len(self.sent) == before or time.perf_counter() - self.sent[-1][0] < QUIET:
            time.sleep(0.002)
            if time.perf_counter() - start > 5:
                break
        answer = self.sent[before:]
        if not answer:
            return float("nan"), float("nan"), 0
        return answer[0][0] - start, answer[-1][0] - start, sum(len(block) for _, block in answer)

    def rate(self, seconds: float) -> float:
        """Bytes a second sent without a key."""
        before = self.bytes
        time.sleep(seconds)
        return (self.bytes - before) / seconds

    def close(self) -> None:
        os.write(self.master, b"q")
        self.process.wait(10)
        os.close(self.master)


def say(what: str, value: str) -> None:
    print(f"{what:<58}{value:>20}", flush=True)


def answers(bench: Workbench, what: str, keys: str) -> None:
    """Press keys one after the other; print the median and the largest time, and bytes."""
    first, last, sizes = (np.array(each) for each in zip(*(bench.key(key) for key in keys), strict=True))
    say(f"{what}: first byte, median / longest", f"{1e3 * np.nanmedian(first):.0f} / {1e3 * np.nanmax(first):.0f} ms")
    say(f"{what}: whole frame, median / longest", f"{1e3 * np.nanmedian(last):.0f} / {1e3 * np.nanmax(last):.0f} ms")
    say(f"{what}: bytes a frame, median / largest", f"{np.median(sizes) / 1e3:.1f} / {sizes.max() / 1e3:.1f} kB")


def switches(bench: Workbench, rounds: int = 5) -> None:
    """Go through all places again and again; print the CPU time of a switch, the first visits left out."""

    def visit() -> None:
        for place in "123456":
            bench.key(place)
            bench.settle()

    visit()
    before = bench.cpu
    for _ in range(rounds):
        visit()
    say("a switch of places, CPU, mean", f"{1e3 * (bench.cpu - before) / (6 * rounds):.0f} ms")
    bench.key("5")


def finished_runs(root: Path, count: int) -> None:
    """Runs with a thousand steps each."""
    for number in range(count):
        run = create_run(root, "halonet", {}, device="cpu")
        lines = [(step, 0.3 + 0.7 * np.exp(-step / (100 + 20 * number))) for step in range(1, 1001)]
        for step, loss in lines[::10]:
            run.emit("step", step=step, loss=loss)
        run.write_status(state="done", step=1000, steps=1000, values={"loss": lines[-1][1]})


def many_files(universes: Path, count: int) -> None:
    """So many universes of 8^3 cells, one file under many names."""
    if not count:
        return
    large_universe(universes / "small-0000.h5", 8)
    for number in range(1, count):
        os.link(universes / "small-0000.h5", universes / f"small-{number:04d}.h5")


def starts(runs: Path, universes: Path, columns: int, rows: int, config: Path, count: int = 8) -> None:
    """Start again and again; print the CPU time to the first paint."""
    spent = []
    for _ in range(count):
        bench = Workbench(runs, universes, columns, rows, config)
        bench.wait_for("network")  # the tabs
        spent.append(bench.cpu)
        bench.settle()
        bench.close()
    say("first paint, CPU, median / longest", f"{np.median(spent):.2f} / {max(spent):.2f} s")


def live(run: Run, seconds: float, every: float) -> None:
    """Act as a worker that trains: a step each `every` seconds."""
    begin, step = time.monotonic(), 0
    rng = np.random.default_rng(1)
    while time.monotonic() - begin < seconds:
        step += 1
        loss = float(0.3 + 0.7 * np.exp(-step / 100) + 0.05 * rng.random())
        run.emit("step", step=step, loss=loss, rate=0.01)
        if step % 20 == 0:
            run.emit("validation", step=step, loss=1.1 * loss, dice=1 - loss)
        run.write_status(state="running", step=step, steps=2000, values={"loss": loss}, speed=1 / every)
        time.sleep(every)


def simulated(universes: Path) -> None:
    """Four small universes."""
    arguments = ["simulate", "--cells", "32", "--box", "50", "--seeds", "1-4", "--out", str(universes)]
    subprocess.run([*PROGRAM, *arguments], cwd=ROOT, check=True, capture_output=True)


def plots(runs: Path, universes: Path, config: Path, columns: int, rows: int) -> None:
    """Read and turn the curves of a universe; draw such a figure by itself."""
    from app.draw import draw
    from core.analysis.statistics.measure import statistics
    from core.cosmos.universe import open_universe

    bench = Workbench(runs, universes, columns, rows, config)
    bench.wait_for("palette")
    bench.settle()
    os.write(bench.master, b"3")
    bench.wait_for("P(k)")
    bench.settle()
    answers(bench, "the cursor on curves", "lllhhjjkk")
    answers(bench, "curves in another range or scale", "RRRsSsS0")
    say("idle with a cursor for 10 s", f"{10 * bench.rate(10):.0f} B")
    bench.close()
    figures = statistics(*map(open_universe, sorted(universes.glob("*.h5"))[:2])).figures
    for name in ("power", "mass_function"):
        draw(figures[name], 120, 40)  # what is loaded once
        begin = time.process_time()
        for _ in range(10):
            draw(figures[name], columns, rows)
        say(f"{name} in {columns} x {rows} cells, CPU", f"{100 * (time.process_time() - begin):.0f} ms")


def training(root: Path, universes: Path) -> subprocess.Popen[bytes]:
    """A real training run on both cores."""
    command = [*PROGRAM, "train", "halonet", "--config", "smoke", "--set", "steps=100000", "--on", str(universes)]
    return subprocess.Popen(
        [*command, "--runs", str(root)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def large_universe(path: Path, cells: int) -> None:
    """A universe of random density, not a simulated one."""
    block = np.random.default_rng(cells).lognormal(-0.5, 1.0, (cells // 4,) * 3).astype(np.float32)
    field = Field("density", np.tile(block, (4, 4, 4)), float(cells), "1", 0.0, "eulerian")
    write_universe(
        path,
        name=path.stem,
        box_size=float(cells),
        cosmology=preset("planck2018"),
        fields=[field],
        catalogues={},
        provenance={},
    )


def slices(
    runs: Path, universes: Path, config: Path, cells: int, columns: int, rows: int, rate: float = float("inf")
) -> None:
    """Browse a large universe while the training run goes on, over a line that carries so many bytes a second."""
    words = "" if rate == float("inf") else f", {rate / 1e3:g} kB/s"
    path = universes / f"random-{cells}.h5"
    large_universe(path, cells)
    bench = Workbench(runs, universes, columns, rows, config, rate)
    bench.wait_for("palette")
    bench.settle()
    os.write(bench.master, b"\x10")  # the palette finds the universe
    time.sleep(1)
    os.write(bench.master, path.stem.encode())
    time.sleep(2)
    os.write(bench.master, b"\r")
    bench.wait_for("Mpc/h")
    bench.settle()
    answers(bench, f"a key of the slices of {cells}^3{words}", "....,,..aa..+-v")
    say(f"memory with {cells}^3", f"{bench.usage.memory_info().rss / 2**20:.0f} MiB")
    bench.close()
    path.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, nargs="*", default=[256, 512])
    parser.add_argument("--size", default="120x40")
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--files", type=int, default=2000)
    arguments = parser.parse_args()
    columns, rows = map(int, arguments.size.split("x"))
    print(f"workbench in {columns} x {rows} cells, truecolor, {os.cpu_count()} cores")
    print(f"{arguments.runs} runs, {arguments.files} universes")
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        runs, universes, config = base / "runs", base / "universes", base / "config"
        universes.mkdir()
        finished_runs(runs, arguments.runs)
        many_files(universes, arguments.files)
        starts(runs, universes, columns, rows, config)
        bench = Workbench(runs, universes, columns, rows, config)
        bench.wait_for("network")  # the tabs
        bench.settle()
        say("until all is listed, CPU", f"{bench.cpu:.2f} s")
        say("first screen", f"{bench.bytes / 1e3:.1f} kB")
        say("memory", f"{bench.usage.memory_info().rss / 2**20:.0f} MiB")
        time.sleep(3)  # the gauge says once what GPU there is
        say("idle for 10 s", f"{10 * bench.rate(10):.0f} B")
        answers(bench, "a key of the files", "1jjkkGgjj")
        bench.settle()
        answers(bench, "a key of the runs", "5jjkk lwlw ")
        switches(bench)

        run = create_run(runs, "halonet", {}, device="cpu")
        writer = threading.Thread(target=live, args=(run, 40, 0.2))
        writer.start()
        time.sleep(4)
        bench.key("g")
        time.sleep(1)
        say("a live run, 5 steps a second", f"{bench.rate(30) / 1e3:.2f} kB/s")
        writer.join()

        simulated(base / "small")
        plots(runs, base / "small", config, columns, rows)
        worker = training(runs, base / "small")
        time.sleep(15)
        answers(bench, "a key of the runs, training on both cores", "jjkk lwlw jjkk")
        bench.close()
        for cells in arguments.cells:
            for rate in (float("inf"), SLOW):
                slices(runs, universes, config, cells, columns, rows, rate)
        worker.terminate()
        worker.wait()


if __name__ == "__main__":
    main()
