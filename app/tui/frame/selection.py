"""What the user works with: the universes and the run chosen, the same in every place of the workbench."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True)
class Selection:
    """Marked universes and predictions, the current one first, and the name of the chosen run."""

    universes: tuple[Path, ...] = ()
    run: str = ""

    @property
    def universe(self) -> Path | None:
        """The current universe."""
        return self.universes[0] if self.universes else None

    def showing(self, path: Path) -> Selection:
        """The same with this universe as the current one, marked if it was not."""
        return replace(self, universes=(path, *(other for other in self.universes if other != path)))

    def toggled(self, path: Path) -> Selection:
        """The same with this universe marked last, or no longer marked."""
        if path in self.universes:
            return replace(self, universes=tuple(other for other in self.universes if other != path))
        return replace(self, universes=(*self.universes, path))

    def with_run(self, name: str) -> Selection:
        """The same with another run."""
        return replace(self, run=name)
