"""Disks that are full or read-only, folders that go away, and crowds of processes."""

from __future__ import annotations

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from torture.ends import GIVEN
from torture.kills import TRAIN, new_run
from torture.program import apart, ended, run, start
from torture.row import Row


def disks(folder: Path) -> Row:
    """A full disk, one that is read-only, and a folder that goes away, under every command that writes."""
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
        while gone.path.exists():  # what is written meanwhile keeps the folder from going at once
            shutil.rmtree(gone.path, ignore_errors=True)
        row.tried += 1
        row.expect(ended(process) == 1, "training goes on without its folder")
        row.expect(not gone.path.exists(), "a run that was deleted came back")
    return row


def crowds(folder: Path) -> Row:
    """Twenty launches at once, a storm of requests, other machines and their clocks."""
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
