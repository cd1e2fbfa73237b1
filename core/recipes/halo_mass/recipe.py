"""Halo masses particle by particle (Lucie-Smith et al. 2024, arXiv:2011.10577).

A convolutional network looks at the initial density around a particle and tells the mass of the halo in which the
particle ends. What it still knows when the density is averaged over shells is what is isotropic in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from core.cosmos.box import Array, Catalogue, Field
from core.learning.learner import Network, Precision, uses_bf16
from core.progress import Progress, part, silent
from core.recipes.halo_mass.experiment import Experiment
from core.runs.recipe import Product

if TYPE_CHECKING:
    import torch

    from core.cosmos.measures.crossing import FirstCrossing
    from core.cosmos.universe import Universe
    from core.figures import Report
    from core.learning.samples import Samples
    from core.protohalos.truth import TrueHalos
    from core.recipes.halo_mass.boxes import Boxes
    from core.recipes.halo_mass.cubes import Cubes
    from core.recipes.halo_mass.particles import HaloParticles

Tell: TypeAlias = "Callable[..., Array]"
"""log10 of the masses [Msun/h] (N,) of (particles, progress)."""

EPS_PARTICLES = 16
"""Of every halo, in its middle, from which EPS tells its mass: it tells less from fewer and from more of them."""

TEST_SEED = 1
"""Of the particles that are judged: the same in every run, so that runs can be compared."""


class HaloMass(Experiment):
    """Regression of the final halo mass of a particle from the initial density around it."""

    name: ClassVar[str] = "halo_mass"
    title: ClassVar[str] = "Halo mass of each particle by a CNN"
    paper: ClassVar[str] = "Lucie-Smith et al. 2024, PRD 109, 063524, arXiv:2011.10577"
    cites: ClassVar[tuple[str, ...]] = ("lucie-smith2024",)
    product: ClassVar[Product] = "particles"

    def samples(self, universes: Sequence[Universe], device: torch.device) -> Samples:
        self.check(universes)
        return self._view.samples(self.split.parts(universes), uses_bf16(self._precision, device), device)

    def learner(self, device: torch.device) -> Network:
        import torch

        from core.recipes.halo_mass.likelihood import OneWidth, likelihood_of
        from models.cauchy import clip, priors

        torch.manual_seed(self.seed)
        view = self._view
        module = view.module()
        likelihood = likelihood_of(module, self._tilt)
        alpha, dex = 10**self.loss.log_alpha, self.log_mass.half_width

        def mean(values: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
            # a crop may hold no particle that counts
            return (values * weight).sum() / weight.sum().clamp_min(1e-6)

        def loss(output: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            y, d, weight = view.judged(output, targets)
            return mean(likelihood.loss(y, d), weight) + alpha * priors(module)

        def metrics(output: torch.Tensor, targets: torch.Tensor) -> dict[str, float]:
            """The likelihood without priors, the rms error in dex, and the half width in dex where there is one."""
            y, d, weight = view.judged(output, targets)
            return {
                "likelihood": float(mean(likelihood.loss(y, d, learnt=False), weight).detach()),
                "rms": float(mean((likelihood.told(y) - d).square(), weight).sqrt()) * dex,
                **({} if likelihood.width is None else {"width": likelihood.width * dex}),
            }

        patience, precision = self.loss.patience, self._precision
        learner = Network(module, loss, metrics, self.optimiser, self.steps, self.seed, device, precision, patience)
        if isinstance(likelihood, OneWidth):
            scale = likelihood.scale
            learner.optimiser.register_step_post_hook(lambda *_: clip(scale))
        return learner

    def held_out(self, universes: Sequence[Universe]) -> list[Universe]:
        return self.split.parts(universes).test

    def _fit_trees(self, learner: Network, universes: Sequence[Universe]) -> None:
        """Fit what tells masses without a network, unless the network sees the end."""
        from core.protohalos.boosted import BOXES
        from core.protohalos.inputs import run_seen
        from core.recipes.halo_mass.without_network import PREFIX, fit_trees

        if self.input.kind != "evolved":
            training = self.split.parts(universes).training[:BOXES]
            known = [self.halo_particles(universe) for universe in training]
            run, redshift = run_seen(self.inputs, self.nbody), learner.constants.get("beside.redshift", 0.0)
            trees = fit_trees(training, known, self.seed, run, redshift)
            learner.tensors |= trees.as_tensors(PREFIX)

    def finish(self, learner: Network, universes: Sequence[Universe]) -> None:
        """Measure on the validation universes how the mass of a halo follows from its particles', ours and EPS'."""
        from core.recipes.halo_mass.masses import best_reading, first_crossings

        self._fit_trees(learner, universes)
        if not self.particles.each_halo:
            return
        validation = self.split.parts(universes).validation
        found = [self._in_halos(self._teller(learner, u), u, first_crossings(u)) for u in validation]
        for name in found[0]:
            learner.constants |= best_reading([told[name] for told in found]).as_constants(name)

    def predict(
        self, learner: Network, universe: Universe, progress: Progress = silent
    ) -> tuple[list[Field], dict[str, Catalogue]]:
        """First-crossing masses of every cell; predicted masses of random particles and of whole halos."""
        from core.protohalos.inputs import check_cell_size
        from core.recipes.halo_mass.masses import first_crossings, of_halos, of_particles, reading_from
        from core.recipes.halo_mass.particles import drawn
        from core.recipes.halo_mass.without_network import with_trees

        self._check_universe(universe)
        check_cell_size(universe, learner.constants)
        some = drawn(self.halo_particles(universe), -(-self.particles.test // self.split.test), TEST_SEED)
        tell = self._teller(learner, universe)
        catalogues = {"particles": of_particles(universe, some, tell(some, part(progress, 0.0, 0.6)))}
        crossing = first_crossings(universe, part(progress, 0.6, 0.8))
        catalogues["particles"] = with_trees(catalogues["particles"], learner.tensors, universe)
        if self.particles.each_halo:
            found = self._in_halos(tell, universe, crossing, part(progress, 0.8, 1.0))
            for name, (few, log_mass) in found.items():
                catalogues[name] = of_halos(universe, few, log_mass, reading_from(learner.constants, name))
        return [crossing.eps, crossing.sheth_tormen], catalogues

    def evaluate(
        self, learner: Network, pairs: Sequence[tuple[Universe, Universe]], progress: Progress = silent
    ) -> Report:
        from core.recipes.halo_mass.beside import beside, gather
        from core.recipes.halo_mass.likelihood import likelihood_of
        from core.recipes.halo_mass.report import report

        facts, masses = self._facts(learner, pairs), self.log_mass
        width = likelihood_of(learner.module).width

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
        from core.recipes.halo_mass.likelihood import likelihood_of

        first = pairs[0][0]
        side, cell = self.side(first.cells), first.box_size / first.cells
        fine = cell / self.input.mesh_ratio if self.input.kind == "evolved" else cell
        width, steps = likelihood_of(learner.module).width, self.loss.bins
        return {
            "paper": self.paper,
            "input": f"{self.seen.words}, {side}^3 cells of {fine:.3g} Mpc/h: {side * fine:.3g} Mpc/h",
            "held-out universes": ", ".join(truth.name for truth, _ in pairs),
            "particles": "",
            "parameters": f"{sum(p.numel() for p in learner.module.parameters()):,} (the paper's network: 2,108,258)",
            "likelihood": f"chances of {steps} masses; the mean is told"
            if width is None
            else f"half width {width * self.log_mass.half_width:.3g} dex",
            "seed": str(self.seed),
        }

    def check(self, universes: Sequence[Universe]) -> None:
        """Refuse universes that cannot be trained on. Raises: InputError."""
        from core.protohalos.inputs import check_set
        from core.recipes.halo_mass.inputs import check_settings

        check_settings(self.seen, self.log_mass, self.sees, self.loss)
        check_set(universes, self.split, self.truth)
        for universe in universes:
            self._check_universe(universe)

    def _check_universe(self, universe: Universe) -> None:
        from core.recipes.halo_mass.inputs import check_universe

        check_universe(universe, self.input, self.truth)
        self._view.check(universe)

    def side(self, cells: int) -> int:
        return self._view.side(cells)

    @property
    def _view(self) -> Cubes | Boxes:
        from core.recipes.halo_mass.boxes import Boxes
        from core.recipes.halo_mass.cubes import Cubes

        return Cubes(self) if self.sees == "cubes" else Boxes(self)

    @property
    def _tilt(self) -> float:
        """By how many dex a particle counts less for each unit of the network's output."""
        from core.recipes.halo_mass.particles import FALL

        return FALL[self.particles.weight] * self.log_mass.half_width

    @property
    def _precision(self) -> Precision:
        return "float32" if self.precision == "auto" and self.input.kind == "potential" else self.precision

    def _in_halos(
        self, tell: Tell, universe: Universe, crossing: FirstCrossing, progress: Progress = silent
    ) -> dict[str, tuple[HaloParticles, Array]]:
        """The particles from which the masses of whole halos are read and log10 of their masses [Msun/h], the network's
        and EPS', by the name of the catalogue."""
        from core.recipes.halo_mass.masses import log_crossing
        from core.recipes.halo_mass.particles import nearest_the_middle

        every = self.halo_particles(universe)
        ours, theirs = (
            nearest_the_middle(every, universe.cells, count) for count in (self.particles.each_halo, EPS_PARTICLES)
        )
        return {
            "halo_mass": (ours, tell(ours, progress)),
            "halo_mass_eps": (theirs, log_crossing(crossing.eps, theirs)),
        }

    def _teller(self, learner: Network, universe: Universe) -> Tell:
        """What tells the log10 of the mass [Msun/h] of the halo of each of some particles."""
        import torch

        from core.recipes.halo_mass.likelihood import likelihood_of

        tell, likelihood = self._view.teller(learner, universe), likelihood_of(learner.module, self._tilt)

        def log_mass(particles: HaloParticles, progress: Progress = silent) -> Array:
            return self.log_mass.unscaled(likelihood.told(torch.from_numpy(tell(particles, progress))).numpy())

        return log_mass
