"""The networks that come with halodeck, from the runs that trained them."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from core.runs.export import Terms, export, publish
from core.runs.job import open_held_out, open_model
from core.runs.registry import open_recipe
from core.runs.reports import make_report
from core.runs.run import Run
from core.runs.weights_file import half

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
LARGE = 50_000
"""Numbers of a matrix from which on it is packed."""


def small(name: str, tensor: torch.Tensor) -> int:
    """Bits of the numbers of a tensor: five for large kernels, which are those of the deepest layers, eight for large
    matrices and for the points among which neighbours are sought, else half precision for weights."""
    if name == "tensors::pca.points":
        return 8
    many = half(name, tensor)
    if many > 16 or tensor.numel() < LARGE or tensor.ndim < 2:
        return many
    return 5 if tensor.ndim > 2 else 8


TERMS = Terms(
    "GPL-3.0-or-later",
    ("The halodeck developers",),
    small,
    "half precision; large kernels packed to 5 bits, large matrices to 8, with a scale for each row",
    ("discriminator",),  # a prediction needs none
    images=False,
)


def keep(run: Run, folder: Path, name: str) -> str:
    """Write the crate of a run, small, with what its small weights reach; says how large it is."""
    target = folder / name
    shutil.rmtree(target, ignore_errors=True)
    export(run, target, name, TERMS)
    with TemporaryDirectory() as temporary:
        here = Run(Path(shutil.copytree(target, Path(temporary) / name)))
        report = make_report(here, open_model(here, finished=True), open_held_out(run, open_recipe(run)))
    publish(target, name, report, TERMS)
    return f"{target}: {sum(path.stat().st_size for path in target.rglob('*') if path.is_file()) / 1e6:.2f} MB"
