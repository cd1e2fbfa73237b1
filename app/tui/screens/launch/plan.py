"""What a form asks for: one run or a sweep of several, and where."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.cli.where import Where
from core.errors import UsageError
from core.runs.launch_spec import LaunchSpec
from core.runs.sweep import command_of, create_sweep, expanded, swept

if TYPE_CHECKING:
    from core.runs.run import Run


@dataclass(frozen=True)
class Plan:
    """A spec whose settings may have several values, where to run it, and how a sweep goes."""

    spec: LaunchSpec
    where: Where
    parallel: int = 0
    losers: float = 0.0

    @property
    def is_sweep(self) -> bool:
        try:
            return bool(swept(self.spec.overrides))
        except UsageError:  # said beside its field
            return False

    def line(self) -> str:
        """The command that does the same, as it would be typed."""
        words = command_of(self.spec, self.losers, self.parallel) if self.is_sweep else self.spec.command()
        return shlex.join([*words, *self.where.words()])

    def check(self) -> tuple[int, int]:
        """The numbers of runs and of universes. Raises: HalodeckError for what does not fit."""
        specs = expanded(self.spec)
        _, universes = specs[0].check()
        return len(specs), len(universes)

    def launch(self, made: Callable[[Run], object]) -> str:
        """Make the run or runs, tell of the first, have them trained; returns what to say. Raises: HalodeckError."""
        if self.is_sweep:
            return self._sweep(made)
        run = self.spec.create(self.line())
        made(run)
        if self.where.site:
            return self.where.submitted(run)
        from app.background import workers

        workers.resume(run)
        return f"{run.name} trains in the background"

    def _sweep(self, made: Callable[[Run], object]) -> str:
        sweep = create_sweep(self.spec, self.line(), self.losers)
        made(sweep.runs[0])
        words = f"{sweep.name}: {len(sweep.runs)} runs"
        if self.where.site and self.where.site_name is not None:
            from core.runs.submission import submit_sweep

            job = submit_sweep(sweep, self.where.site_name, self.where.site, self.where.size, self.parallel)
            return f"{words}, job {job}"
        from app.background.sweeping import begin

        begin(sweep, max(1, self.parallel))
        return f"{words} train in the background"
