"""halodeck from Python: what the commands do, as functions. Units: comoving Mpc/h, Msun/h, km/s.

    import halodeck

    universes = halodeck.simulate(cells=32, box=32, seeds=range(1, 6))
    run = halodeck.train("halonet", universes, config="smoke")
    halodeck.report(run)

Reports and figures show themselves in notebooks. Nothing is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.cosmos.box import Catalogue, Field
    from core.cosmos.universe import Universe
    from core.errors import HalodeckError
    from core.figures import Figure, Report
    from core.runs.run import Run
    from halodeck.functions import (
        Figures,
        figures,
        halos,
        networks,
        open,
        predict,
        report,
        save,
        simulate,
        stats,
        train,
        view,
    )

    __version__: str

_HOME = {
    "Catalogue": "core.cosmos.box",
    "Field": "core.cosmos.box",
    "Figure": "core.figures",
    "Figures": "halodeck.functions",
    "HalodeckError": "core.errors",
    "Report": "core.figures",
    "Run": "core.runs.run",
    "Universe": "core.cosmos.universe",
    "figures": "halodeck.functions",
    "halos": "halodeck.functions",
    "networks": "halodeck.functions",
    "open": "halodeck.functions",
    "predict": "halodeck.functions",
    "report": "halodeck.functions",
    "save": "halodeck.functions",
    "simulate": "halodeck.functions",
    "stats": "halodeck.functions",
    "train": "halodeck.functions",
    "view": "halodeck.functions",
}

__all__ = [
    "Catalogue",
    "Field",
    "Figure",
    "Figures",
    "HalodeckError",
    "Report",
    "Run",
    "Universe",
    "figures",
    "halos",
    "networks",
    "open",
    "predict",
    "report",
    "save",
    "simulate",
    "stats",
    "train",
    "view",
]


def __getattr__(name: str) -> object:
    if name == "__version__":
        from core import VERSION

        return VERSION
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
