"""A row of the table: what was tried, how often, and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Row:
    """One test of many."""

    test: str
    tried: int = 0
    failures: list[str] = field(default_factory=list)

    def expect(self, holds: object, words: str) -> None:
        """Count a trial's condition that does not hold."""
        if not holds:
            self.failures.append(f"{self.test}: {words}")
