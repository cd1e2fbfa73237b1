"""Halo masses particle by particle (Lucie-Smith et al. 2024, arXiv:2011.10577).

A convolutional network looks at the initial density around a particle and tells the mass of the halo in which the
particle ends. What it still knows when the density is averaged over shells is what is isotropic in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field as Setting

from core.cosmos.box import Array, Catalogue, Field
from core.errors import InputError, ResourceError
from core.halo_mass.particles import HaloParticles, centre_cells, drawn, drawn_from_each, halo_particles, seen
from core.halo_mass.settings import (
    AMSGrad,
    CNNSettings,
    HaloMassSplit,
    InputSettings,
    LossSettings,
    MassRange,
    ParticleSettings,
)
from core.learner import Learner, Network, Precision, has_bf16
from core.progress import Progress, part, silent
from core.protohalos.truth import Source, sources
from core.recipe import Product, Recipe
from core.training_set import check_cell_sizes

if TYPE_CHECKING:
    import torch

    from core.cosmos.universe import Universe
    from core.figures import Report
    from core.halo_mass.subboxes import Centres, SubBoxes
    from models.cnn import CNN

TEST_SEED = 1
"""Of the particles that are judged: the same in every run, so that runs can be compared."""


class HaloMass(Recipe):
    """Regression of the final halo mass of a particle from the initial density around it."""

    name: ClassVar[str] = "halo_mass"
    title: ClassVar[str] = "Halo mass of each particle by a CNN"
    paper: ClassVar[str] = "Lucie-Smith et al. 2024, PRD 109, 063524, arXiv:2011.10577"
    product: ClassVar[Product] = "particles"

    steps: int = Setting(31_250, ge=1)
    """Training steps; 3,125 are one pass over the paper's particles."""
    validate_every: int = Setting(3125, ge=1)
    """Steps between looks at the validation universes."""
    truth: Source = "auto"
    """Which halos are the truth; auto takes N-body halos where there are any."""
    bootstraps: int = Setting(20, ge=2)
    """Resamplings from which the error of each mutual information is taken."""
    precision: Precision = "auto"
    """Number format of the convolutions: auto takes bf16 where the device has it, but not for the potential: its small
    scales would be lost."""
    log_mass: MassRange = MassRange()
    input: InputSettings = InputSettings()
    network: CNNSettings = CNNSettings()
    loss: LossSettings = LossSettings()
    optimiser: AMSGrad = AMSGrad()
    particles: ParticleSettings = ParticleSettings()
    split: HaloMassSplit = HaloMassSplit()

    @property
    def sub_box(self) -> int:
        """Side in cells of what the network sees."""
        return self.input.side

    def samples(self, universes: Sequence[Universe], device: torch.device) -> SubBoxes:
        import torch

        from core.halo_mass.subboxes import SubBoxes

        self.check(universes)
        parts = self.split.parts(universes)
        used = [*parts.training, *parts.validation]
        ratio = self.input.mesh_ratio if self.input.kind == "evolved" else 1
        self._check_memory(sum(4 * (ratio * universe.cells) ** 3 for universe in used), device)
        fields = [seen(universe, self.input.kind, self.input.mesh_ratio) for universe in used]
        learnt_from = fields[: len(parts.training)]
        mean = float(np.mean([field.mean(dtype=np.float64) for field in learnt_from]))
        sigma = float(np.sqrt(np.mean([np.square(field - mean).mean(dtype=np.float64) for field in learnt_from])))
        chosen = [
            *self._share(parts.training, self.particles.training, self.seed),
            *self._share(parts.validation, self.particles.validation, TEST_SEED),
        ]
        boxes = [
            (torch.from_numpy((field - np.float32(mean)) / np.float32(sigma)).to(device), self._centres(u, p, device))
            for field, u, p in zip(fields, used, chosen, strict=True)
        ]
        return SubBoxes(
            boxes[: len(parts.training)],
            boxes[len(parts.training) :],
            side=self.input.side,
            batch=self.particles.batch,
            seed=self.seed,
            constants={"mean": mean, "sigma": sigma, "cell_size": universes[0].box_size / universes[0].cells},
            change=self._change,
            augment=self.input.augment,
        )

    def learner(self, device: torch.device) -> Network:
        import torch

        from models.cauchy import cauchy, priors

        torch.manual_seed(self.seed)
        module = self._module()
        alpha = 10**self.loss.log_alpha

        def loss(y: torch.Tensor, d: torch.Tensor) -> torch.Tensor:
            return cauchy(y, d, module.scale).mean() + alpha * priors(module)

        def metrics(y: torch.Tensor, d: torch.Tensor) -> dict[str, float]:
            return self._metrics(module, y, d)

        learner = Network(
            module,
            loss,
            metrics,
            self.optimiser,
            self.steps,
            self.seed,
            device,
            self._precision,
            self.loss.patience,
        )
        learner.optimiser.register_step_post_hook(lambda *_: module.clip_scale())
        return learner

    def held_out(self, universes: Sequence[Universe]) -> list[Universe]:
        return self.split.parts(universes).test

    def halo_particles(self, universe: Universe) -> HaloParticles:
        """The particles of a universe that count. Raises: InputError where there are none."""
        return halo_particles(universe, self.truth, self.log_mass.low, self.log_mass.high)

    def finish(self, learner: Learner, universes: Sequence[Universe]) -> None:
        """Measure on the validation universes how the mass of a halo follows from its particles', ours and EPS'."""
        from core.halo_mass.masses import calibration, first_crossings, log_crossing, medians

        assert isinstance(learner, Network)
        if not self.particles.each_halo:
            return
        true: dict[str, list[Array]] = {"halo_mass": [], "halo_mass_eps": []}
        found: dict[str, list[Array]] = {"halo_mass": [], "halo_mass_eps": []}
        for universe in self.split.parts(universes).validation:
            few = drawn_from_each(self.halo_particles(universe), self.particles.each_halo, TEST_SEED)
            ours = self._log_masses(learner, universe, few, silent)
            eps = log_crossing(first_crossings(universe).eps, few)
            for name, log_mass in (("halo_mass", ours), ("halo_mass_eps", eps)):
                of_each = medians(few.halo, log_mass)
                true[name].append(np.log10(few.halos["mass"][of_each.rows]))
                found[name].append(of_each.middle)
        for name in true:
            slope, offset = calibration(np.concatenate(true[name]), np.concatenate(found[name]))
            learner.constants |= {f"{name}.slope": slope, f"{name}.offset": offset}

    def predict(
        self, learner: Learner, universe: Universe, progress: Progress = silent
    ) -> tuple[list[Field], dict[str, Catalogue]]:
        """First-crossing masses of every cell; predicted masses of random particles and of whole halos."""
        from core.halo_mass.masses import first_crossings, log_crossing, of_halos, of_particles

        assert isinstance(learner, Network)
        self._check_box(universe)
        trained, given = learner.constants["cell_size"], universe.box_size / universe.cells
        if not np.isclose(trained, given, rtol=1e-3):
            raise InputError(
                f"{universe.path} has cells of {given:g} Mpc/h, the network was trained on {trained:g}",
                "train on universes of that cell size, see `halodeck simulate --like`",
            )
        every = self.halo_particles(universe)
        some = drawn(every, -(-self.particles.test // self.split.test), TEST_SEED)
        found = self._log_masses(learner, universe, some, part(progress, 0.0, 0.6))
        catalogues = {"particles": of_particles(universe, some, found)}
        crossing = first_crossings(universe, part(progress, 0.6, 0.8))
        if self.particles.each_halo:
            few = drawn_from_each(every, self.particles.each_halo, TEST_SEED)
            masses = {
                "halo_mass": self._log_masses(learner, universe, few, part(progress, 0.8, 1.0)),
                "halo_mass_eps": log_crossing(crossing.eps, few),
            }
            for name, log_mass in masses.items():
                line = learner.constants[f"{name}.slope"], learner.constants[f"{name}.offset"]
                catalogues[name] = of_halos(universe, few, log_mass, line)
        return [crossing.eps, crossing.sheth_tormen], catalogues

    def evaluate(self, learner: Learner, pairs: Sequence[tuple[Universe, Universe]]) -> Report:
        from core.halo_mass.report import report

        assert isinstance(learner, Network)
        return report(self, learner, pairs)

    def check(self, universes: Sequence[Universe]) -> None:
        """Refuse universes that cannot be trained on. Raises: InputError."""
        self.split.parts(universes)
        for universe in universes:
            self._check_box(universe)
        check_cell_sizes(universes)

    def _check_box(self, universe: Universe) -> None:
        """Refuse a universe that the network cannot take. Raises: InputError."""
        if self.input.side % 2 == 0:
            raise InputError(f"input.side of {self.input.side} cells has no middle", "make it odd")
        if self.log_mass.low >= self.log_mass.high:
            raise InputError(
                f"log_mass.low of {self.log_mass.low:g} is not below log_mass.high of {self.log_mass.high:g}",
                "change one of them",
            )
        if "delta_linear" not in universe.fields:
            raise InputError(f"{universe.path} is a {universe.kind} without delta_linear", "give a universe")
        if not sources(universe):
            raise InputError(f"{universe.path} has no halos to learn from", "give one that was evolved")
        if self.input.kind == "evolved" and "displacement" not in universe.fields:
            raise InputError(f"{universe.path} has no displacement", "give a universe that was evolved by N-body")

    @property
    def _precision(self) -> Precision:
        return "float32" if self.precision == "auto" and self.input.kind == "potential" else self.precision

    def _module(self) -> CNN:
        from models.cnn import CNN

        n = self.network
        return CNN(self.input.side, n.filters, n.dense, n.pooling, scale=self.loss.scale)

    def _check_memory(self, stored: int, device: torch.device) -> None:
        """Refuse training that will not fit beside `stored` bytes of fields. Raises: ResourceError."""
        import torch

        from core.memory import GIB, free_memory, training_memory

        bf16 = self._precision == "bf16" or (self._precision == "auto" and has_bf16(device))
        with torch.device("meta"):
            module = self._module()

        def needed(batch: int) -> int:
            shape = (batch, 1, *(self.input.side,) * 3)
            return training_memory(module, shape, self.optimiser, bf16) + stored

        batch, free = self.particles.batch, free_memory(device)
        if needed(batch) <= free:
            return
        fits = next((b for b in range(batch - 1, 0, -1) if needed(b) <= free), None)
        raise ResourceError(
            f"training needs about {needed(batch) / GIB:.2g} GiB, {device.type} has {free / GIB:.2g} GiB free",
            f"particles.batch={fits} fits" if fits else "choose a smaller input.side or fewer universes",
        )

    def _share(self, universes: Sequence[Universe], count: int, seed: int) -> list[HaloParticles]:
        """About `count` particles of several universes together, drawn at random from all."""
        every = [self.halo_particles(universe) for universe in universes]
        share = min(1.0, count / sum(map(len, every)))
        return [drawn(p, max(1, round(share * len(p))), seed + number) for number, p in enumerate(every)]

    def _centres(self, universe: Universe, particles: HaloParticles, device: torch.device) -> Centres:
        import torch

        from core.halo_mass.subboxes import Centres

        cells = centre_cells(universe, particles.ids, self.input.kind, self.input.mesh_ratio)
        low, high = self.log_mass.low, self.log_mass.high
        targets = (2 * (np.log10(particles.mass) - low) / (high - low) - 1).astype(np.float32)
        return Centres(torch.from_numpy(cells).to(device), torch.from_numpy(targets).to(device))

    def _change(self, cubes: torch.Tensor) -> torch.Tensor:
        """What is done to the cubes before the network sees them."""
        from core.halo_mass.subboxes import shell_average

        return shell_average(cubes, self.input.shells) if self.input.kind == "averaged" else cubes

    def _metrics(self, module: CNN, y: torch.Tensor, d: torch.Tensor) -> dict[str, float]:
        """The likelihood without priors, the rms error in dex, and the likelihood's width in dex."""
        from models.cauchy import cauchy

        dex = (self.log_mass.high - self.log_mass.low) / 2
        return {
            "likelihood": float(cauchy(y, d, module.scale.detach()).mean()),
            "rms": float((y - d).square().mean().sqrt()) * dex,
            "width": float(module.scale.detach()) * dex,
        }

    def _log_masses(self, learner: Network, universe: Universe, particles: HaloParticles, progress: Progress) -> Array:
        """Predicted log10 of the mass [Msun/h] of each particle's halo."""
        import torch

        from core.halo_mass.subboxes import around

        constants = learner.constants
        values = seen(universe, self.input.kind, self.input.mesh_ratio) - np.float32(constants["mean"])
        field = torch.from_numpy(values / np.float32(constants["sigma"])).to(learner.device)
        cells = self._centres(universe, particles, learner.device).cells
        result = np.empty(len(particles), dtype=np.float32)
        step = self.particles.batch
        for start in range(0, len(particles), step):
            cubes = self._change(around(field, cells[start : start + step], self.input.side))
            result[start : start + step] = learner.predict(cubes[:, None]).cpu().numpy()
            progress(start / len(particles), f"particle {start:,} of {len(particles):,}")
        progress(1.0, f"{len(particles):,} particles")
        return (result + 1) / 2 * (self.log_mass.high - self.log_mass.low) + self.log_mass.low
