"""Job scripts: what a user would write by hand, kept beside what the job works on."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import UsageError

if TYPE_CHECKING:
    from core.cluster.sites import Site

RESTARTS = 3
"""How often the launcher starts the ranks again in one start of the job, e.g. when one was killed."""

_WAIT = "while true; do wait $!; code=$?; kill -0 $! 2>/dev/null || break; done  # a signal ends wait, not the work"
NOTES = "ranks"
"""The launcher's own folder, which goes with it."""


@dataclass(frozen=True)
class Size:
    """What a job asks for: nodes, GPUs and processes a node, and its time, which is the site's where it is ""."""

    nodes: int = 1
    gpus: int = 0
    ranks: int = 1
    """Processes a node: with GPUs one each."""
    time: str = ""

    @property
    def processes(self) -> int:
        return self.nodes * self.ranks


FRESH = "TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1"
"""Ranks that are started again meet in a new place: in the old one stand the addresses of the dead."""

PORTS = range(20000, 32000)
"""At one of which, by its number, the processes of a job on several nodes meet."""


class Expanded(str):
    """A word that the shell is to expand; all others are quoted."""


def program() -> list[str]:
    """The command `halodeck` of this installation."""
    installed = Path(sys.executable).with_name("halodeck")
    return [str(installed)] if installed.exists() else [sys.executable, "-P", "-m", "app"]


def launched(arguments: list[str], size: Size, notes: Path | str) -> list[str]:
    """The command of one node: halodeck itself, or the launcher of as many processes as the size has.

    Several nodes find each other by $HEAD, $PORT and $SLURM_JOB_ID. `notes` is a folder for the launcher.
    """
    if size.processes == 1:
        return [*program(), *arguments]
    where = (
        ["--standalone"]
        if size.nodes == 1
        else [
            f"--nnodes={size.nodes}",
            "--rdzv-backend=c10d",
            Expanded('--rdzv-id="$SLURM_JOB_ID"'),
            Expanded('--rdzv-endpoint="$HEAD:$PORT"'),
        ]
    )
    ranks = ["env", FRESH, sys.executable, "-m", "torch.distributed.run", *where, f"--nproc-per-node={size.ranks}"]
    command = program()
    how = ["--no-python", *command] if len(command) == 1 else ["-m", "app"]
    logs = Expanded(f"--log-dir={notes}") if isinstance(notes, Expanded) else f"--log-dir={notes}"
    return [*ranks, logs, f"--max-restarts={RESTARTS}", *how, *arguments]


def directives(name: str, site: Site, size: Size, log: Path, options: tuple[str, ...] = ()) -> list[str]:
    """The #SBATCH lines. Raises: UsageError for a folder that they cannot name."""
    if not str(log).isprintable():
        raise UsageError(f"a job cannot write into {str(log.parent)!r}", "use a folder with a plain name")
    asked = [
        f"--job-name={name}",
        f"--nodes={size.nodes}",
        "--ntasks-per-node=1",
        f"--time={size.time or site.time}",
        f"--output={str(log.parent).replace('%', '%%')}/{log.name}",
        "--open-mode=append",
        "--requeue",
    ]
    if site.cores_per_rank:
        asked.append(f"--cpus-per-task={site.cores_per_rank * size.ranks}")
    if size.gpus:
        asked.append(site.gpus.format(gpus=size.gpus))
    named = {"account": site.account, "partition": site.partition, "qos": site.qos, "constraint": site.constraint}
    asked += [f"--{key}={value}" for key, value in {**named, "mem": site.memory}.items() if value]
    return [f"#SBATCH {shlex.quote(option)}" for option in (*asked, *options, *site.options)]


def _surroundings(site: Site, size: Size) -> list[str]:
    lines = list(site.setup)
    if site.scratch:
        lines.append(f"export HALODECK_SCRATCH={site.scratch}")
    if site.cores_per_rank:
        lines.append(f"export OMP_NUM_THREADS={site.cores_per_rank} NUMBA_NUM_THREADS={site.cores_per_rank}")
        # srun no longer takes it from the job
        lines.append(f"export SRUN_CPUS_PER_TASK={site.cores_per_rank * size.ranks}")
    if size.nodes > 1:
        # below the ports that systems give to connections of their own, from 32768 on
        lines.append(f"export HEAD={site.head} PORT=$(({PORTS.start} + SLURM_JOB_ID % {len(PORTS)}))")
    return lines


def _shell(words: list[str]) -> str:
    return " ".join(word if isinstance(word, Expanded) else shlex.quote(word) for word in words)


def run_script(name: str, folder: Path, site: Site, size: Size) -> str:
    """The script of a job that works on a run until it is done, however often it is interrupted."""
    run = [f"RUN={shlex.quote(str(folder))}"]
    return _resuming(name, run, folder / "job-%j.log", folder / NOTES, site, size)


def runs_script(name: str, folder: Path, runs: Sequence[Path], site: Site, size: Size, parallel: int) -> str:
    """The script of an array of such jobs, one for each run, `parallel` at a time (0: no limit), logs in a folder."""
    limit = f"%{parallel}" if parallel else ""
    which = ["RUNS=(", *(f"    {shlex.quote(str(run))}" for run in runs), ")", 'RUN="${RUNS[$SLURM_ARRAY_TASK_ID]}"']
    notes, array = Expanded(f'"$RUN"/{NOTES}'), (f"--array=0-{len(runs) - 1}{limit}",)
    return _resuming(name, which, folder / "job-%A_%a.log", notes, site, size, array)


def _resuming(
    name: str,
    which: list[str],
    log: Path,
    notes: Path | str,
    site: Site,
    size: Size,
    options: tuple[str, ...] = (),
) -> str:
    """The script that works on $RUN, which some lines say."""
    command = _shell(launched(["resume", Expanded('"$RUN"')], size, notes))
    lines = [
        "#!/bin/bash",
        *directives(name, site, size, log, (*options, f"--signal=B:USR1@{site.notice}")),
        "",
        *which,
        "# SLURM tells this script alone some time before the end, or before it takes the nodes away; the workers read",
        "# it in the folder of the run: they are not signalled, for the GPU libraries use signals of their own",
        'trap \'echo "$SLURM_JOB_ID.${SLURM_RESTART_COUNT:-0}" > "$RUN/yield"\' USR1 TERM',
        *_surroundings(site, size),
        "",
        f"{site.launcher} {command} &".lstrip(),
        _WAIT,
        "# into the queue again where there is work left",
        f'exec {_shell(program())} requeue "$RUN" --code $code',
        "",
    ]
    return "\n".join(lines)


def command_script(
    name: str, folder: Path, arguments: list[str], site: Site, size: Size, options: tuple[str, ...] = ()
) -> str:
    """The script of a job that is one command of halodeck, which keeps what it has done when it is begun again.

    It asks for no notice of its end: there is nothing to save in the middle.
    """
    lines = [
        "#!/bin/bash",
        *directives(name, site, size, folder / ("job-%A_%a.log" if options else "job-%j.log"), options),
        "",
        *_surroundings(site, size),
        "",
        f"cd {shlex.quote(str(Path.cwd()))}",
        "trap : TERM",
        " ".join([*filter(None, [site.launcher, _shell(launched(arguments, size, folder / NOTES))]), "&"]),
        _WAIT,
        "# taken away before its time was over: into the queue again",
        'left=$(squeue --noheader --jobs="$SLURM_JOB_ID" --format=%L)',
        'if [ $code -eq 143 ] && [ "$left" != 0:00 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt 20 ]; then',
        '    exec scontrol requeue "$SLURM_JOB_ID"',
        "fi",
        "exit $code",
        "",
    ]
    return "\n".join(lines)
