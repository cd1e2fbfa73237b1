"""A SLURM of two nodes on this machine, for tests: munge, the controller and two node daemons, all in one folder.

It needs the Debian packages slurm-wlm and munge, and root; nothing outside its folder is written.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from core.cluster.script import PORTS

ROOT = Path(__file__).parents[2]
NEEDED = ("slurmctld", "slurmd", "munged", "sbatch")
SITE = '[two]\nhead = "127.0.0.1"\nnotice = 10\n'
"""The site of the tests: the names of its nodes are in no register."""
_CONF = """\
ClusterName=local
FirstJobId={job}
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CredType=cred/munge
SlurmctldPort={port}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
SlurmctldParameters=preempt_send_user_signal
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,sched_interval=1,batch_sched_delay=0
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
PriorityType=priority/basic
ReturnToService=2
KillWait=3
MinJobAge=3600
SlurmdParameters=config_overrides
SlurmctldTimeout=30
SlurmdTimeout=10
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
NodeName=n[1-2] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{first}-{second}] CPUs=1 State=UNKNOWN
PartitionName=low Nodes=n[1-2] Default=YES State=UP PriorityTier=1 PreemptMode=REQUEUE GraceTime=5
PartitionName=high Nodes=n[1-2] State=UP PriorityTier=10 PreemptMode=OFF
"""


def missing() -> str:
    """Why there can be no SLURM here; "" where there can."""
    absent = [name for name in NEEDED if shutil.which(name) is None]
    if absent:
        return f"no {', '.join(absent)} here: install slurm-wlm and munge"
    return "" if os.geteuid() == 0 else "a SLURM of one's own needs root"


class LocalSlurm:
    """Two nodes, n1 and n2. `environment` is for those who use them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        settings = {"SLURM_CONF": str(folder / "slurm.conf"), "XDG_CONFIG_HOME": str(folder / "config"), "PATH": path}
        threads = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
        self.environment = {**os.environ, **settings, **threads, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}

    def start(self) -> None:
        """Bring it up and wait until both nodes are idle."""
        munge = self.folder / "munge"
        munge.mkdir(mode=0o711)
        for name in ("state", "config/halodeck"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "config" / "halodeck" / "sites.toml").write_text(SITE)
        key = munge / "key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o600)
        first, second, third = _free_ports(3)
        # the processes of jobs meet at ports of their number, on this machine those of other clusters' jobs too
        self.reserved, job = _own_jobs()
        where = {"job": job, "host": socket.gethostname().split(".")[0], "folder": self.folder}
        (self.folder / "slurm.conf").write_text(_CONF.format(**where, port=first, first=second, second=third))
        files = {
            "key": key,
            "socket": munge / "socket",
            "pid": munge / "pid",
            "log": munge / "log",
            "seed": munge / "s",
        }
        options = [f"--{name}-file={path}" for name, path in files.items() if name != "socket"]
        options.append(f"--seed-file={munge / 'seed'}")
        self.run("munged", "--force", f"--socket={files['socket']}", *options)
        self.run("slurmctld", "-f", str(self.folder / "slurm.conf"), "-c")
        for name in ("n1", "n2"):
            self.start_node(name)
        self.wait(lambda: self.run("sinfo", "--noheader", "--partition=low", "--format=%t %D").strip() == "idle 2")

    def start_node(self, name: str) -> None:
        """Start the daemon of a node."""
        (self.folder / f"spool-{name}").mkdir(exist_ok=True)
        self.run("slurmd", "-f", str(self.folder / "slurm.conf"), "-N", name)

    def stop(self) -> None:
        """Take all jobs back and end the daemons."""
        subprocess.run(["scancel", "--me"], env=self.environment, capture_output=True)
        time.sleep(1)
        daemons = []
        for path in (*self.folder.glob("slurmd-*.pid"), self.folder / "slurmctld.pid", self.folder / "munge" / "pid"):
            with contextlib.suppress(OSError, ValueError, psutil.NoSuchProcess):
                daemons.append(psutil.Process(int(path.read_text())))
        for daemon in daemons:
            with contextlib.suppress(psutil.NoSuchProcess):
                daemon.terminate()
        self.reserved.close()
        # a slurmd whose job is still ending obeys nothing less
        for daemon in psutil.wait_procs(daemons, timeout=5)[1]:
            with contextlib.suppress(psutil.NoSuchProcess):
                daemon.kill()

    def run(self, *command: str, folder: Path | None = None) -> str:
        """The output of a command, which must succeed."""
        done = subprocess.run(command, env=self.environment, cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-3000:]}"
        return done.stdout

    def wait(self, until: Callable[[], bool], seconds: float = 240.0) -> None:
        """Wait for something, which must come in time, however busy the machine is."""
        deadline = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < deadline, f"{self.run('squeue', '--long')}{self.run('sinfo', '--long')}"
            time.sleep(0.1)

    def state(self, number: str) -> str:
        """What the scheduler says of a job: PENDING, RUNNING, COMPLETED, ..."""
        return self.run("squeue", "--noheader", "--states=all", f"--jobs={number}", "--format=%T").strip()

    def start_now(self, number: str) -> None:
        """Have a requeued job start at once: SLURM lets two minutes pass."""
        self.wait(lambda: self.state(number) in ("PENDING", "COMPLETED"))
        asked = time.monotonic() + 1  # nodes refuse what was taken from them a moment ago

        def started() -> bool:
            nonlocal asked
            if self.state(number) == "PENDING" and time.monotonic() - asked > 2:
                # it can be told so only once what was running has been cleared away
                update = ["scontrol", "update", f"JobId={number}", "StartTime=now"]
                subprocess.run(update, env=self.environment, capture_output=True)
                asked = time.monotonic()
            assert self.state(number) != "FAILED"
            return self.state(number) in ("RUNNING", "COMPLETED")

        self.wait(started)


def _own_jobs() -> tuple[socket.socket, int]:
    """A port that is held while a cluster lives, and the number of its first job, of a hundred that no other has."""
    for port in range(PORTS.start, PORTS.stop, 100):
        held = socket.socket()
        try:
            held.bind(("127.0.0.1", port))
        except OSError:
            held.close()
            continue
        return held, port - PORTS.start + 1
    raise AssertionError("no free ports")


def _free_ports(count: int) -> list[int]:
    """Neighbouring ports that nobody listens at."""
    for start in range(PORTS.stop + os.getpid() % 4000, 60000, count):
        try:
            for port in range(start, start + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return list(range(start, start + count))
    raise AssertionError("no free ports")
