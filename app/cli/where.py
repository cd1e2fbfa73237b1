"""Where work is done: in this process, in several, in the background, or as a job of a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.answers import tell
from app.cli.show import progress_bar, say
from core.cluster import slurm
from core.cluster.allocation import allocation
from core.errors import UsageError
from core.learning import parallel

if TYPE_CHECKING:
    from core.cluster.script import Size
    from core.cluster.sites import Site
    from core.learning.learner import Step
    from core.runs.run import Run

DetachOption = Annotated[bool, typer.Option("--detach", help="Train in the background and return.")]
SubmitOption = Annotated[
    str | None, typer.Option("--submit", metavar="SITE", help="Submit as a job; `halodeck sites` lists the sites.")
]
NodesOption = Annotated[int, typer.Option("--nodes", min=1, help="Nodes of the job.")]
GpusOption = Annotated[int, typer.Option("--gpus", min=0, help="GPUs of each node, one process each.")]
RanksOption = Annotated[int, typer.Option("--ranks", min=0, help="Processes of each node, where it has no GPUs.")]
TimeOption = Annotated[str, typer.Option("--time", help="Time of the job: 90 (minutes), 1:30:00, 2-12 (days-hours).")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Print the job script and do nothing.")]


@dataclass(frozen=True)
class Where:
    """A place for work and its size."""

    site_name: str | None
    site: Site | None
    size: Size
    detached: bool

    @classmethod
    def chosen(
        cls, submit: str | None, nodes: int, gpus: int, ranks: int, time: str, detach: bool, dry_run: bool = False
    ) -> Where:
        """What the options ask for. Raises: UsageError for what contradicts itself or is no time or site."""
        from core.cluster.script import Size
        from core.cluster.sites import checked_time, site

        if gpus and ranks and gpus != ranks:
            raise UsageError(f"{gpus} GPUs and {ranks} processes a node", "each process has one GPU: leave --ranks out")
        if submit is None and (time or nodes > 1 or dry_run):
            what = "--time" if time else "--nodes" if nodes > 1 else "--dry-run"
            raise UsageError(f"{what} is for jobs", "say where: --submit SITE, see `halodeck sites`")
        if submit is not None and detach:
            raise UsageError("--submit and --detach are two ways", "leave one of the two out")
        if detach and allocation():
            raise UsageError(
                "--detach inside a job would leave the worker outside of it", "leave it out: the job waits for its end"
            )
        if time:
            try:
                checked_time(time)
            except ValueError as error:
                raise UsageError(f"--time {time!r} {error}") from None
        size = Size(nodes, gpus, max(gpus, ranks, 1), time)
        return cls(submit, site(submit) if submit is not None else None, size, detach)

    @property
    def is_here(self) -> bool:
        """Whether the work is over when `start` comes back."""
        return self.site is None and not self.detached

    def script(self, run: Run) -> str:
        """The job script of a run."""
        from core.runs.submission import script_of

        assert self.site
        return script_of(run, self.site, self.size)

    def words(self) -> list[str]:
        """The options of a command that say the same, where it is a job."""
        if self.site_name is None:
            return ["--detach"] if self.detached else []
        size, told = self.size, ["--submit", self.site_name]
        told += ["--nodes", str(size.nodes)] if size.nodes > 1 else []
        told += ["--gpus", str(size.gpus)] if size.gpus else []
        told += ["--ranks", str(size.ranks)] if size.ranks > 1 and not size.gpus else []
        return told + (["--time", size.time] if size.time else [])

    def submitted(self, run: Run) -> str:
        """Submit a run; returns what to say. Raises: RunError, ResourceError."""
        from core.runs.submission import submit

        assert self.site
        assert self.site_name is not None
        job = submit(run, self.site_name, self.site, self.size)
        return f"job {job} for run {run.name}; follow it with `halodeck watch {run.name}`"

    def start(self, run: Run, folders: Sequence[Path] = ()) -> None:
        """Train a run there; universes that have moved are in one of the folders."""
        if self.site:
            say(self.submitted(run))
            tell(job=run.job())
        elif self.detached:
            from app.background.workers import resume as launch

            launch(run, folders)
            say(f"training in the background; follow it with `halodeck watch {run.name}`")
        elif self.size.processes > 1 and parallel.asked_for() == 1:
            from app.background.workers import train_together

            train_together(run, self.size, folders)
        else:
            train_here(run, folders)

    def begins_others(self) -> bool:
        """Whether the work is done by others than this process: those of a job, or several of this machine."""
        return self.site is not None or (self.size.processes > 1 and parallel.asked_for() == 1)

    def start_command(self, run: Run, words: list[str]) -> None:
        """Have a command about a run done by others; the script and the log of a job stand in the folder of the run."""
        from core.cluster.script import NOTES, command_script, launched
        from core.files import write_text

        if self.site is None:
            from app.background.workers import together

            if code := together(launched(words, self.size, run.path.resolve() / NOTES), run.path / NOTES):
                raise typer.Exit(code)
            return
        path = run.path / f"{words[0]}.sh"
        write_text(path, command_script(f"{words[0]}-{run.name}", run.path.resolve(), words, self.site, self.size))
        job = slurm.submit(path)
        tell(job=job)
        say(f"job {job}: halodeck {' '.join(words)}; its log is {run.path / f'job-{job}.log'}")


def train_here(run: Run, folders: Sequence[Path] = ()) -> None:
    """Train in this process with a progress bar; universes that have moved are in one of the folders."""
    from core.runs.worker import work

    if not parallel.first():
        work(run, folders=folders)
        return
    with progress_bar(f"train {run.name}") as progress:

        def on_step(step: Step, steps: int) -> None:
            progress(step.step / steps, f"step {step.step}/{steps}  loss {step.values['loss']:.4f}")

        work(run, on_step, lambda fraction, doing: progress(1.0, doing), folders)


def in_job_of(job: str) -> bool:
    """Whether this process is part of this job."""
    here = allocation()
    return here is not None and here.job == job
