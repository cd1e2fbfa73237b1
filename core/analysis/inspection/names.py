"""Names of networks that `inspect` opens without a run: the tutorial's, those that come along, and files of others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.runs.shipped import in_place, shipped
from core.runs.weights_file import SUFFIX

if TYPE_CHECKING:
    from core.analysis.inspection.subject import Subject

TUTORIAL = ("toy", "inversion", "segmentation")


def named() -> tuple[str, ...]:
    """Every such network that needs no file of the user's."""
    return (*TUTORIAL, *shipped())


def is_named(name: str) -> bool:
    """Whether this is a name of a network, or a file of one, and no run."""
    return name in named() or name.endswith(SUFFIX)


def open_named(name: str, network: str = "", cells: int = 0) -> Subject:
    """The network of this name or file. Raises: InputError, ConfigError, RunError."""
    from core.analysis.inspection import builtin, subject

    if name in TUTORIAL:
        return builtin.TUTORIAL[name]()
    if name in shipped():
        return subject.of_run(in_place(name), network, cells)
    return subject.of_file(Path(name), network, cells)
