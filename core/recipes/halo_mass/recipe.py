"""Halo masses particle by particle (Lucie-Smith et al. 2024, arXiv:2011.10577).

A convolutional network looks at the initial density around a particle and tells the mass of the halo in which the
particle ends. What it still knows when the density is averaged over shells is what is isotropic in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field as Setting

from core.cosmos.box import Array, Catalogue, Field
from core.learning.learner import Network, Optimiser, Precision, uses_bf16
from core.learning.training_set import Split
from core.progress import Progress, part, silent
from core.protohalos.truth import TruthSource
from core.recipes.halo_mass.settings import (
    CNNSettings,
    InputSettings,
    LossSettings,
    MassRange,
    ParticleSettings,
)
from core.runs.recipe import Product, Recipe

if TYPE_CHECKING:
    import torch

    from core.cosmos.measures.crossing import FirstCrossing
    from core.cosmos.universe import Universe
    from core.figures import Report
    from core.protohalos.truth import TrueHalos
    from core.recipes.halo_mass.particles import HaloParticles
    from core.recipes.halo_mass.subboxes import SubBoxes
    from models.cnn import CNN

TEST_SEED = 1
"""Of the particles that are judged: the same in every run, so that runs can be compared."""


class HaloMass(Recipe[Network]):
    """Regression of the final halo mass of a particle from the initial density around it."""

    name: ClassVar[str] = "halo_mass"
    title: ClassVar[str] = "Halo mass of each particle by a CNN"
    paper: ClassVar[str] = "Lucie-Smith et al. 2024, PRD 109, 063524, arXiv:2011.10577"
    product: ClassVar[Product] = "particles"

    steps: int = Setting(31_250, ge=1)
    """Training steps; 3,125 are one pass over the paper's particles."""
    validate_every: int = Setting(3125, ge=1)
    """Steps between looks at the validation universes."""
    truth: TruthSource = "auto"
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
    optimiser: Optimiser = Optimiser(name="amsgrad", learning_rate=5e-5)
    particles: ParticleSettings = ParticleSettings()
    split: Split = Split(test=4)

    def samples(self, universes: Sequence[Universe], device: torch.device) -> SubBoxes:
        from core.recipes.halo_mass import inputs
        from core.recipes.halo_mass.particles import seen
        from core.recipes.halo_mass.subboxes import SubBoxes

        self.check(universes)
        parts, particles = self.split.parts(universes), self.particles
        self._check_memory(inputs.field_bytes(parts.used, self.input), device)
        fields = [seen(universe, self.input.kind, self.input.mesh_ratio) for universe in parts.used]
        constants = inputs.scales(fields[: len(parts.training)])
        chosen = [
            *self._drawn(parts.training, particles.training, self.seed),
            *self._drawn(parts.validation, particles.validation, TEST_SEED),
        ]
        boxes = [
            (
                inputs.normalised(field, constants, device),
                inputs.centres(universe, some, self.input, self.log_mass, device),
            )
            for universe, field, some in zip(parts.used, fields, chosen, strict=True)
        ]
        return SubBoxes(
            boxes[: len(parts.training)],
            boxes[len(parts.training) :],
            side=self.input.side,
            batch=particles.batch,
            seed=self.seed,
            constants=constants | {"cell_size": universes[0].box_size / universes[0].cells},
            change=lambda cubes: inputs.changed(cubes, self.input),
            augment=self.input.augment,
        )

    def learner(self, device: torch.device) -> Network:
        import torch

        from models.cauchy import cauchy, priors

        torch.manual_seed(self.seed)
        module = self._module()
        alpha, dex = 10**self.loss.log_alpha, self.log_mass.half_width

        def loss(y: torch.Tensor, d: torch.Tensor) -> torch.Tensor:
            return cauchy(y, d, module.scale).mean() + alpha * priors(module)

        def metrics(y: torch.Tensor, d: torch.Tensor) -> dict[str, float]:
            """The likelihood without priors, the rms error in dex, and the likelihood's half width in dex."""
            return {
                "likelihood": float(cauchy(y, d, module.scale.detach()).mean()),
                "rms": float((y - d).square().mean().sqrt()) * dex,
                "width": float(module.scale.detach()) * dex,
            }

        patience, precision = self.loss.patience, self._precision
        learner = Network(module, loss, metrics, self.optimiser, self.steps, self.seed, device, precision, patience)
        learner.optimiser.register_step_post_hook(lambda *_: module.clip_scale())
        return learner

    def held_out(self, universes: Sequence[Universe]) -> list[Universe]:
        return self.split.parts(universes).test

    def halo_particles(self, universe: Universe) -> HaloParticles:
        """The particles of a universe that count. Raises: InputError where there are none."""
        from core.recipes.halo_mass.particles import halo_particles

        return halo_particles(universe, self.truth, self.log_mass.low, self.log_mass.high)

    def _fit_trees(self, learner: Network, universes: Sequence[Universe]) -> None:
        """Fit what tells masses without a network, unless the network sees the end."""
        from core.protohalos.boosted import BOXES
        from core.recipes.halo_mass.without_network import PREFIX, fit_trees

        if self.input.kind != "evolved":
            training = self.split.parts(universes).training[:BOXES]
            trees = fit_trees(training, [self.halo_particles(universe) for universe in training], self.seed)
            learner.tensors |= trees.as_tensors(PREFIX)

    def finish(self, learner: Network, universes: Sequence[Universe]) -> None:
        """Measure on the validation universes how the mass of a halo follows from its particles', ours and EPS'."""
        from core.recipes.halo_mass.masses import first_crossings, line_of

        self._fit_trees(learner, universes)
        if not self.particles.each_halo:
            return
        validation = self.split.parts(universes).validation
        few = [self._middles(universe) for universe in validation]
        found = [self._in_halos(learner, u, p, first_crossings(u)) for u, p in zip(validation, few, strict=True)]
        for name in found[0]:
            slope, offset = line_of(few, [masses[name] for masses in found])
            learner.constants |= {f"{name}.slope": slope, f"{name}.offset": offset}

    def predict(
        self, learner: Network, universe: Universe, progress: Progress = silent
    ) -> tuple[list[Field], dict[str, Catalogue]]:
        """First-crossing masses of every cell; predicted masses of random particles and of whole halos."""
        from core.protohalos.inputs import check_cell_size
        from core.recipes.halo_mass.inputs import check_universe
        from core.recipes.halo_mass.masses import first_crossings, of_halos, of_particles
        from core.recipes.halo_mass.particles import drawn
        from core.recipes.halo_mass.without_network import with_trees

        check_universe(universe, self.input, self.truth)
        check_cell_size(universe, learner.constants)
        some = drawn(self.halo_particles(universe), -(-self.particles.test // self.split.test), TEST_SEED)
        log_mass = self._log_masses(learner, universe, some, part(progress, 0.0, 0.6))
        catalogues = {"particles": of_particles(universe, some, log_mass)}
        crossing = first_crossings(universe, part(progress, 0.6, 0.8))
        catalogues["particles"] = with_trees(catalogues["particles"], learner.tensors, universe)
        if self.particles.each_halo:
            few = self._middles(universe)
            found = self._in_halos(learner, universe, few, crossing, part(progress, 0.8, 1.0))
            for name, log_mass in found.items():
                line = learner.constants[f"{name}.slope"], learner.constants[f"{name}.offset"]
                catalogues[name] = of_halos(universe, few, log_mass, line)
        return [crossing.eps, crossing.sheth_tormen], catalogues

    def evaluate(
        self, learner: Network, pairs: Sequence[tuple[Universe, Universe]], progress: Progress = silent
    ) -> Report:
        from core.recipes.halo_mass.beside import beside, gather
        from core.recipes.halo_mass.report import report

        facts, masses = self._facts(learner, pairs), self.log_mass
        width = float(learner.module.get_parameter("scale").detach())

        def halos_of(universe: Universe) -> Catalogue:
            return self.halo_particles(universe).halos

        told = part(progress, 0.0, 0.7)
        made = report(self.title, facts, pairs, halos_of, masses, self.input.kind, width, self.bootstraps, told)
        again = self._again([truth for truth, _ in pairs], part(progress, 0.7, 0.9))
        return beside(made, gather(halos_of, pairs, again), masses, self.bootstraps)

    def _again(self, universes: Sequence[Universe], progress: Progress) -> list[TrueHalos] | None:
        """The halos of the universes evolved in twice the steps, where that can be done."""
        from core.protohalos import ceiling
        from core.protohalos.truth import true_halos

        truths = [true_halos(universe, self.truth) for universe in universes]
        smallest = min((int(truth.halos["count"].min()) for truth in truths if "count" in truth.halos), default=1)
        return ceiling.again(universes, truths, smallest, progress)

    def _facts(self, learner: Network, pairs: Sequence[tuple[Universe, Universe]]) -> dict[str, str]:
        """What the report says of the network and what it saw; the report counts the particles."""
        first = pairs[0][0]
        side, cell = self.input.side, first.box_size / first.cells
        fine = cell / self.input.mesh_ratio if self.input.kind == "evolved" else cell
        width = float(learner.module.get_parameter("scale").detach())
        return {
            "paper": self.paper,
            "input": f"{self.input.kind}, {side}^3 cells of {fine:.3g} Mpc/h: {side * fine:.3g} Mpc/h",
            "held-out universes": ", ".join(truth.name for truth, _ in pairs),
            "particles": "",
            "parameters": f"{sum(p.numel() for p in learner.module.parameters()):,} (the paper's network: 2,108,258)",
            "likelihood": f"half width {width * self.log_mass.half_width:.3g} dex",
            "seed": str(self.seed),
        }

    def check(self, universes: Sequence[Universe]) -> None:
        """Refuse universes that cannot be trained on. Raises: InputError."""
        from core.protohalos.inputs import check_set
        from core.recipes.halo_mass.inputs import check_settings, check_universe

        check_settings(self.input, self.log_mass)
        check_set(universes, self.split, self.truth)
        for universe in universes:
            check_universe(universe, self.input, self.truth)

    def side(self, cells: int) -> int:
        return self.input.side

    @property
    def _precision(self) -> Precision:
        return "float32" if self.precision == "auto" and self.input.kind == "potential" else self.precision

    def _module(self) -> CNN:
        from models.cnn import CNN

        n = self.network
        return CNN(self.input.side, n.filters, n.dense, n.pooling, scale=self.loss.scale)

    def _check_memory(self, stored: int, device: torch.device) -> None:
        """Refuse training that will not fit beside `stored` bytes of fields. Raises: ResourceError."""
        from core.learning.memory import check_fits, cube_memory

        learning = cube_memory(self._module, 1, self.optimiser, uses_bf16(self._precision, device))
        batch = self.particles.batch
        check_fits(
            lambda chosen: learning(chosen, self.input.side) + stored,
            ["particles.batch"],
            (batch,),
            ((smaller,) for smaller in range(batch - 1, 0, -1)),
            "choose a smaller input.side or fewer universes",
            device,
        )

    def _drawn(self, universes: Sequence[Universe], count: int, seed: int) -> list[HaloParticles]:
        from core.recipes.halo_mass.particles import drawn_together

        every = [self.halo_particles(universe) for universe in universes]
        return drawn_together(every, count, self.particles.weight, seed)

    def _middles(self, universe: Universe) -> HaloParticles:
        """The few particles of every halo from which the mass of the whole is read."""
        from core.recipes.halo_mass.particles import nearest_the_middle

        return nearest_the_middle(self.halo_particles(universe), universe.cells, self.particles.each_halo)

    def _in_halos(
        self,
        learner: Network,
        universe: Universe,
        few: HaloParticles,
        crossing: FirstCrossing,
        progress: Progress = silent,
    ) -> dict[str, Array]:
        """log10 of the masses [Msun/h] of these particles, the network's and EPS', by the name of the catalogue."""
        from core.recipes.halo_mass.masses import log_crossing

        ours = self._log_masses(learner, universe, few, progress)
        return {"halo_mass": ours, "halo_mass_eps": log_crossing(crossing.eps, few)}

    def _log_masses(self, learner: Network, universe: Universe, particles: HaloParticles, progress: Progress) -> Array:
        """Predicted log10 of the mass [Msun/h] of each particle's halo."""
        from core.recipes.halo_mass import inputs
        from core.recipes.halo_mass.particles import seen
        from core.recipes.halo_mass.subboxes import told

        field = seen(universe, self.input.kind, self.input.mesh_ratio)
        return self.log_mass.unscaled(
            told(
                lambda cubes: learner.predict(inputs.changed(cubes, self.input)[:, None]),
                inputs.normalised(field, learner.constants, learner.device),
                inputs.centres(universe, particles, self.input, self.log_mass, learner.device),
                self.input.side,
                self.particles.batch,
                progress,
            )
        )
