"""The networks that come with halodeck, from the runs that trained them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import partial
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
TIGHT = {"distance_map@cpu": 12_000, "ionization_map@cpu": 12_000}
"""Networks whose smaller kernels are packed too, from so many numbers on: they tell the same then."""


def small(name: str, tensor: torch.Tensor, kernel: int = LARGE) -> int:
    """Bits of the numbers of a tensor: five for large kernels, which are those of the deepest layers, eight for large
    matrices, for kernels of that many numbers and for the points among which neighbours are sought, else half precision
    for weights."""
    if name == "tensors::pca.points":
        return 8
    many = half(name, tensor)
    if many > 16 or tensor.ndim < 2 or tensor.numel() < (kernel if tensor.ndim > 2 else LARGE):
        return many
    return 5 if tensor.ndim > 2 and tensor.numel() >= LARGE else 8


TERMS = Terms(
    "GPL-3.0-or-later",
    ("The halodeck developers",),
    small,
    "half precision; large kernels packed to 5 bits, smaller ones and large matrices to 8, with a scale for each row",
    ("discriminator",),  # a prediction needs none
    images=False,
)


def keep(run: Run, folder: Path, name: str) -> str:
    """Write the crate of a run, small, with what its small weights reach; says how large it is."""
    target = folder / name
    terms = replace(TERMS, bits=partial(small, kernel=TIGHT.get(name, LARGE)))
    shutil.rmtree(target, ignore_errors=True)
    export(run, target, name, terms)
    with TemporaryDirectory() as temporary:
        here = Run(Path(shutil.copytree(target, Path(temporary) / name)))
        report = make_report(here, open_model(here, finished=True), open_held_out(run, open_recipe(run)))
    publish(target, name, report, terms)
    return f"{target}: {sum(path.stat().st_size for path in target.rglob('*') if path.is_file()) / 1e6:.2f} MB"
