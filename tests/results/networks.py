"""The networks that come with halodeck, from the runs that trained them."""

from __future__ import annotations

import shutil
from pathlib import Path

from core.runs.export import Terms, export
from core.runs.run import Run

SHIPPED = {
    "density cpu": "density@cpu",
    "density_gan cpu": "density_gan@cpu",
    "distance_map cpu": "distance_map@cpu",
    "emulator cpu": "emulator@cpu",
    "halo_instances cpu": "halo_instances@cpu",
    "halo_mass cpu-context": "halo_mass@cpu-context",
    "halonet cpu": "halonet@cpu",
    "ionization cpu": "ionization@cpu",
    "ionization_map cpu": "ionization_map@cpu",
}
"""Their names by the label of the run."""
BITS = 5
"""Of large matrices: those of the deepest layers, which this leaves as good as half precision does."""


def keep(run: Run, folder: Path, name: str, bits: int = BITS) -> str:
    """Write the crate of a run, small; says how large it is. A prediction needs no discriminator."""
    target = folder / name
    shutil.rmtree(target, ignore_errors=True)
    terms = Terms("GPL-3.0-or-later", ("The halodeck developers",), True, bits, ("discriminator",), images=False)
    export(run, target, name, terms)
    return f"{target}: {sum(path.stat().st_size for path in target.rglob('*') if path.is_file()) / 1e6:.2f} MB"
