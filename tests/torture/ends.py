"""Signals at random moments to commands and to the workbench."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

from core.cosmos.universe import open_universe
from torture.kills import TRAIN, new_run
from torture.program import ROOT, ended, run, start
from torture.row import Row

GIVEN = ("--cosmology", "planck2018", "--box-size", 25, "--steps", 20)
"""What the linear field does not say."""
ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def commands(folder: Path, count: int, seed: int) -> Row:
    """End commands: with 128 + the signal, or done before; all files whole, none left begun."""
    row, draw = Row("TERM, HUP, INT to train, simulate, import"), np.random.default_rng(seed)
    for number in range(count):
        runs = new_run(folder, TRAIN["halonet"], "signals")
        lines = (
            ("resume", runs.path),
            ("simulate", "--cells", 32, "--box", 32, "--seeds", "1-9", "--out", f"signalled-{number}"),
            ("import", "delta.npy", "--evolve", *GIVEN, "--out", f"signalled-{number}/i.h5"),
        )
        line = lines[number % len(lines)]
        process = start(folder, *line, log="signals.log")
        time.sleep(float(draw.uniform(0.3, 3.0)))
        asked = ENDING[int(draw.integers(len(ENDING)))]
        with suppress(ProcessLookupError):  # it is done before
            os.kill(process.pid or 0, asked)
        code = ended(process)
        row.tried += 1
        row.expect(code in (128 + asked, 0), f"{line[0]} ended with {code} after {asked.name}")
        if line[0] == "resume":
            state = runs.status().state
            row.expect(state in ("stopped", "done"), f"a run is {state} after {asked.name}")
        made = folder / f"signalled-{number}"
        row.expect(not list(made.rglob("*.part")), f"{line[0]} leaves a file that it began, after {asked.name}")
        for path in made.glob("*.h5"):
            open_universe(path)
    row.expect("Traceback" not in (folder / "signals.log").read_text(errors="replace"), "a traceback in the log")
    return row


def workbench(folder: Path, count: int, seed: int) -> Row:
    """End, stop and kill the workbench in a terminal, which must be as it was before."""
    row, draw = Row("TERM, HUP, KILL, TSTP and CONT to the workbench"), np.random.default_rng(seed)
    if not shutil.which("tmux"):
        return row
    socket = folder / "tmux"

    def tmux(*arguments: str) -> str:
        command = ["tmux", "-S", str(socket), "-f", "/dev/null", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def modes() -> list[str]:
        return tmux("display-message", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}").split()

    def until(wanted: list[str]) -> bool:
        deadline = time.monotonic() + 30
        while modes() != wanted and time.monotonic() < deadline:
            time.sleep(0.1)
        return modes() == wanted

    tmux("new-session", "-d", "-x", "100", "-y", "30", "bash --norc")
    pid = folder / "pid"
    tmux("send-keys", f"cd {folder}; export PYTHONPATH={ROOT}", "Enter")
    code = f"import os, pathlib; pathlib.Path('{pid}').write_text(str(os.getpid())); from app.main import main; main()"
    kinds = (signal.SIGTERM, signal.SIGHUP, signal.SIGKILL, signal.SIGTSTP)
    try:
        for _ in range(count):
            asked = kinds[int(draw.integers(len(kinds)))]
            tmux("send-keys", f'{sys.executable} -P -c "{code}" --runs signals', "Enter")
            row.tried += 1
            row.expect(until(["1", "1", "0"]), f"the workbench does not open before {asked.name}")
            time.sleep(float(draw.uniform(0, 1.5)))
            tmux("send-keys", *"14256"[: int(draw.integers(1, 6))])
            time.sleep(float(draw.uniform(0, 0.5)))
            os.kill(int(pid.read_text()), asked)
            row.expect(until(["0", "0", "1"]), f"the terminal is {modes()} after {asked.name}")
            if asked == signal.SIGTSTP:
                tmux("send-keys", "fg", "Enter")
                row.expect(until(["1", "1", "0"]), "the workbench does not go on")
                deadline = time.monotonic() + 10
                while "halodeck" not in (drawn := tmux("capture-pane", "-p")) and time.monotonic() < deadline:
                    time.sleep(0.1)
                row.expect("halodeck" in drawn, "the workbench is not drawn again")
                os.kill(int(pid.read_text()), signal.SIGTERM)
                until(["0", "0", "1"])
    finally:
        subprocess.run(["tmux", "-S", str(socket), "kill-server"], capture_output=True, check=False)
    return row


def disks(folder: Path) -> Row:
    """A full disk, one that is read-only, and a folder that goes away, under every command that writes."""
    from torture.program import apart

    row = Row("full disk, read-only disk, folder gone")
    commands = {
        "simulate": ("simulate", "--cells", 16, "--box", 25, "--steps", 2, "--out", "disk"),
        "train": ("train", "halonet", "--config", "smoke", "--on", "boxes", "--device", "cpu", "--runs", "disk"),
        "import": ("import", "delta.npy", "--evolve", *GIVEN, "--out", "disk/i.h5"),
        "stats": ("stats", *sorted(folder.glob("boxes/*.h5"))[:1], "--save", "disk/figures"),
        "infall": ("infall", "make", "--count", 60000, "--out", "disk/t.h5"),
    }
    (folder / "disk").mkdir(exist_ok=True)
    for options, words in (("size=16k", "no space left"), ("ro", "no permission")):
        for name, line in commands.items():
            script = f'mount -t tmpfs -o {options} tmpfs "{folder}/disk" && "$@"; c=$?; ls -A "{folder}/disk"; exit $c'
            prefix = ("unshare", "--user", "--map-root-user", "--mount", "bash", "-c", script, "-")
            code, text = apart(*line, prefix=prefix, cwd=folder)
            row.tried += 1
            row.expect(code == 1 and words in text, f"{name} on {options}: {code}, {text[-300:]}")
            row.expect("Traceback" not in text, f"{name} on {options}: {text[-500:]}")
            row.expect(".part" not in text, f"{name} on {options} leaves a file that it began")
    for _ in range(3):
        gone = new_run(folder, TRAIN["halonet"], "gone")
        process = start(folder, "resume", gone.path, log="gone.log")
        deadline = time.monotonic() + 60
        while gone.status().step < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        shutil.rmtree(gone.path, ignore_errors=True)
        row.tried += 1
        row.expect(ended(process) == 1, "training goes on without its folder")
        row.expect(not gone.path.exists(), "a run that was deleted came back")
    return row


def crowds(folder: Path) -> Row:
    """Twenty launches at once, a storm of requests, other machines and their clocks."""
    from concurrent.futures import ThreadPoolExecutor

    row = Row("20 launches at once, request storms, wrong clocks")
    line = ("train", "halonet", "--config", "smoke", "--on", "boxes", "--device", "cpu", "--runs", "crowd")
    crowd = [start(folder, *line, log=f"crowd-{number}") for number in range(20)]
    codes = [ended(process) for process in crowd]
    row.tried += 20
    row.expect(codes == [0] * 20, f"launches ended with {codes}")
    row.expect(len(list((folder / "crowd").glob("halonet-*"))) == 20, "launches at once shared a folder")
    for _ in range(5):
        storm = new_run(folder, f"{TRAIN['halonet']} --set steps=400", "storm")
        process = start(folder, "resume", storm.path, log="storm.log")
        deadline = time.monotonic() + 60
        while storm.status().step < 1 and time.monotonic() < deadline:
            time.sleep(0.02)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(storm.request, ["pause", "resume"] * 20 + ["stop"] + ["pause", "resume"] * 5))
        row.tried += 51
        ended(process)
        row.expect(storm.status().state == "stopped", f"a stop in a storm leaves it {storm.status().state}")
    crowded = next((folder / "crowd").glob("halonet-*"))
    for hours in (-5, 5):
        status = crowded / "status.json"
        words = status.read_text()
        then = time.time() + 3600 * hours
        status.write_text(words.replace('"done"', '"running"').replace('"host": "', '"host": "not-').replace("\n", ""))
        text = status.read_text()
        status.write_text(text.replace('"updated": ', f'"updated": {then:.0f}, "was": '))
        code, said = run(folder, "delete", crowded, "--yes")
        row.tried += 1
        row.expect(code == 1 and crowded.exists(), f"a live run of a clock {hours} h off was deleted: {said}")
        status.write_text(words)
    return row
