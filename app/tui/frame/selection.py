"""What the user works with: the universes and the run chosen, the same in every place of the workbench."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True)
class Selection:
    """Marked universes and predictions, the name of the chosen run, and the universe that is looked at."""

    universes: tuple[Path, ...] = ()
    run: str = ""
    looked_at: Path | None = None
    """None for the first that is marked."""

    @property
    def universe(self) -> Path | None:
        """The universe that is looked at."""
        return self.looked_at or (self.universes[0] if self.universes else None)

    def showing(self, path: Path) -> Selection:
        """The same with this universe looked at; what is marked stays."""
        return replace(self, looked_at=path)

    def toggled(self, path: Path) -> Selection:
        """The same with this universe marked last, or no longer marked; the first that is marked is looked at."""
        if path in self.universes:
            return replace(self, universes=tuple(other for other in self.universes if other != path), looked_at=None)
        return replace(self, universes=(*self.universes, path), looked_at=None)

    def without(self, path: Path) -> Selection:
        """The same without a file that is gone."""
        marked = tuple(other for other in self.universes if other != path)
        return replace(self, universes=marked, looked_at=None if self.looked_at == path else self.looked_at)

    def with_run(self, name: str) -> Selection:
        """The same with another run."""
        return replace(self, run=name)
