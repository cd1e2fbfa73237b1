"""The N-body by a cheap run of the same phases and a network that corrects it.

The idea of NECOLA (Kaushal et al. 2022, arXiv:2111.02441) with the style of Jamieson et al. 2024 (arXiv:2408.07699): a
few steps of the N-body bring the particles near to where they belong, and a network on the initial lattice says by how
much they and their velocities are off. What comes out is a universe at the moments asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field as Setting

from core.cosmos.box import Array, Catalogue, Field
from core.errors import InputError
from core.learning.boxes import Pair
from core.learning.learner import Network, Precision, uses_bf16
from core.learning.training_set import Split, TiledCropSettings, check_cell_sizes, check_memory, check_tiles
from core.progress import Progress, part, silent
from core.recipes.emulator.settings import EmulatorAdam, EmulatorLossSettings, EmulatorNetworkSettings, StartSettings
from core.runs.recipe import Product, Recipe

if TYPE_CHECKING:
    import torch

    from core.cosmos.cosmology import Cosmology
    from core.cosmos.nbody import State
    from core.cosmos.universe import Universe
    from core.figures import Report
    from core.learning.samples import Crops
    from core.recipes.emulator.start import Moment
    from models.emulator_unet import EmulatorUNet


class Emulator(Recipe[Network]):
    """Displacement and velocity of every particle, from those of a cheap run."""

    name: ClassVar[str] = "emulator"
    title: ClassVar[str] = "Emulator: a cheap N-body corrected by a network"
    paper: ClassVar[str] = "after NECOLA, arXiv:2111.02441, and Jamieson et al. 2024, arXiv:2408.07699"
    cites: ClassVar[tuple[str, ...]] = ("kaushal2022", "jamieson2024")
    product: ClassVar[Product] = "density"

    steps: int = Setting(20_000, ge=1)
    """Training steps."""
    start: StartSettings = StartSettings()
    outputs: Literal["last", "every"] = "last"
    """The moments of each universe that are learnt: the last alone, or every redshift that it keeps."""
    minimum_particles: int = Setting(20, ge=2)
    """Particles of the smallest halo that a predicted universe tells."""
    precision: Precision = "auto"
    """Number format of the convolutions: auto takes bf16 where the device has it."""
    network: EmulatorNetworkSettings = EmulatorNetworkSettings()
    loss: EmulatorLossSettings = EmulatorLossSettings()
    optimiser: EmulatorAdam = EmulatorAdam()
    crop: TiledCropSettings = TiledCropSettings(size=0, context=0, batch=1, tile=0, buffer=24)
    """What the network sees at once, in cells; tiles with a buffer of its reach give what the whole box gives."""
    split: Split = Split()

    def samples(self, universes: Sequence[Universe], device: torch.device) -> Crops:
        from core.cosmos.identity import identity
        from core.cosmos.universe import check_field
        from core.learning.boxes import stored
        from core.learning.memory import cube_memory
        from core.learning.samples import Crops
        from core.recipes.emulator.start import INPUTS, STYLE, VECTORS, aimed_at, moments, scales, seen

        self.check(universes)
        parts = self.split.parts(universes)
        for universe in parts.used:
            check_field(universe.field("delta_linear"))
        kept = INPUTS + STYLE + 9
        learning = cube_memory(
            self.module, INPUTS + STYLE, self.optimiser, uses_bf16(self.precision, device), self.crop.context
        )
        place = check_memory(learning, self.crop, self.halvings, parts.used, 4 * kept, device)
        first = {"last": -1, "every": 0}[self.outputs]

        def begun(universe: Universe) -> list[tuple[Universe, Moment, State]]:
            wanted = moments(universe)[first:]
            redshifts = [moment.redshift for moment in wanted]
            run = self.start.way.states(universe.field("delta_linear"), universe.cosmology, redshifts, device)
            return [(universe, moment, state) for moment, state in zip(wanted, run, strict=True)]

        training = [item for universe in parts.training for item in begun(universe)]
        constants = scales(training, self.start.force_mesh_ratio)

        def pairs(items: Sequence[tuple[Universe, Moment, State]]) -> list[Pair]:
            made = []
            for universe, moment, state in items:

                def pair(universe: Universe = universe, moment: Moment = moment, state: State = state) -> Pair:
                    delta = universe.field("delta_linear")
                    inputs = seen(state, delta, universe.cosmology, moment.redshift, constants)
                    return inputs, aimed_at(universe, moment, state)

                name = f"{identity(universe)} {moment.redshift} {self.model_dump_json()} {sorted(constants.items())}"
                made.append(stored(pair, place, device, name))
            return made

        validation = [item for universe in parts.validation for item in begun(universe)]
        return Crops(
            pairs(training),
            pairs(validation),
            self.crop.size or parts.training[0].cells,
            self.crop.context,
            self.crop.batch,
            self.seed,
            constants,
            vectors=VECTORS,
            target_vectors=VECTORS,
            device=None if place == "device" else device,
            most_validated=self.crop.validation,
        )

    def module(self) -> EmulatorUNet:
        """The network, its weights drawn from torch's generator."""
        from core.recipes.emulator.start import INPUTS, STYLE
        from models.emulator_unet import EmulatorUNet

        return EmulatorUNet(self.network.levels, self.network.filters, INPUTS, 6, STYLE, self.network.patch)

    @property
    def halvings(self) -> int:
        """How often the sides that the network sees are halved."""
        return self.network.levels - 1 + (self.network.patch - 1).bit_length()

    def learner(self, device: torch.device) -> Network:
        import torch

        from core.recipes.emulator.loss import loss, metrics

        torch.manual_seed(self.seed)
        return Network(
            self.module(),
            partial(loss, weight=self.loss),
            metrics,
            self.optimiser,
            self.steps,
            self.seed,
            device,
            self.precision,
        )

    def held_out(self, universes: Sequence[Universe]) -> list[Universe]:
        return self.split.parts(universes).test

    def predict(
        self, learner: Network, universe: Universe, progress: Progress = silent
    ) -> tuple[list[Field], dict[str, Catalogue]]:
        from core.protohalos.inputs import check_linear
        from core.recipes.emulator.start import moments

        check_linear(universe)
        lowest, highest = (learner.constants[f"redshift_{which}"] for which in ("lowest", "highest"))
        kept = [moment.redshift for moment in moments(universe) if lowest <= moment.redshift <= highest]
        return self.emulate(learner, universe.field("delta_linear"), universe.cosmology, kept or [lowest], progress)

    def emulate(
        self,
        learner: Network,
        delta: Field,
        cosmology: Cosmology,
        redshifts: Sequence[float],
        progress: Progress = silent,
    ) -> tuple[list[Field], dict[str, Catalogue]]:
        """Fields and halos at redshifts, latest last, of a linear density, as `simulate.evolve` gives them.

        Halos and labels only where the start tells them. Raises: InputError for what the network has not learnt.
        """
        from core.cosmos.box import lattice
        from core.cosmos.simulate import at_redshift, by_particle, moved_fields

        moved = self.displaced(learner, delta, cosmology, redshifts, part(progress, 0.0, 0.8))
        progress(0.8, "density and halos" if self.start.tells_halos else "density")
        fields: list[Field] = []
        catalogues: dict[str, Catalogue] = {}
        for z, (displacement, velocity) in zip(redshifts, moved, strict=True):
            suffix = "" if z == redshifts[-1] else f"_z{z:g}"
            if self.start.tells_halos:
                mass = cosmology.particle_mass(delta.box_size, delta.cells)
                least = self.minimum_particles
                told, halos = at_redshift(delta, displacement, velocity, mass, z, least, suffix)
                catalogues[f"fof{suffix}"] = halos
            else:
                positions = lattice(delta.cells, delta.box_size) + by_particle(displacement)
                told = moved_fields(positions, displacement, velocity, delta.box_size, z, suffix)
            fields += told
        progress(1.0, "done")
        return fields, catalogues

    def displaced(
        self,
        learner: Network,
        delta: Field,
        cosmology: Cosmology,
        redshifts: Sequence[float],
        progress: Progress = silent,
    ) -> list[tuple[Array, Array]]:
        """Displacements [Mpc/h] and peculiar velocities [km/s] (3, n, n, n) at redshifts, latest last.

        Raises: InputError for what the network has not learnt.
        """
        from core.cosmos.universe import check_field
        from core.heap import kept
        from core.recipes.emulator.start import seen, to_velocity

        check_field(delta)
        self._check_learnt(learner.constants, delta, redshifts)
        self._check_tiles(delta.cells)
        progress(0.0, self.start.way.name)
        moved = []
        with kept():
            begun = self.start.way.states(delta, cosmology, redshifts, learner.device)
            for number, (z, state) in enumerate(zip(redshifts, begun, strict=True)):
                stage = part(progress, 0.3 + 0.7 * number / len(redshifts), 0.3 + 0.7 * (number + 1) / len(redshifts))
                inputs = seen(state, delta, cosmology, z, learner.constants)
                change = delta.cell_size * self.crop.over_box(learner.predict, inputs, stage)
                displacement = state.displacement.cpu() + change[:3]
                velocity = (state.velocity.cpu() + change[3:]) * to_velocity(cosmology, z)
                moved.append((displacement.numpy(), velocity.numpy()))
        return moved

    def finish(self, learner: Network, universes: Sequence[Universe]) -> None:
        """Measure on training universes by how much the power of the ways without a network is off, shell by shell."""
        from core.analysis.densities.ways import fit

        learner.tensors.update(fit(self.split.parts(universes).training, self.start.way))

    def evaluate(
        self, learner: Network, pairs: Sequence[tuple[Universe, Universe]], progress: Progress = silent
    ) -> Report:
        from core.recipes.emulator.report import report

        displace = partial(self.displaced, learner)
        return report(self.title, self.paper, self.start, self.minimum_particles, learner, displace, pairs, progress)

    def side(self, cells: int) -> int:
        return self.crop.side(cells)

    def check(self, universes: Sequence[Universe]) -> None:
        """Refuse universes that cannot be trained on. Raises: InputError."""
        from core.recipes.emulator.start import check_truth

        self.split.parts(universes)
        for universe in universes:
            check_truth(universe)
            self._check_tiles(universe.cells)
        check_cell_sizes(universes)

    def _check_tiles(self, cells: int) -> None:
        """Refuse boxes, crops and tiles that the network cannot take. Raises: InputError."""
        from models.emulator_unet import reach

        n = self.network
        check_tiles(self.crop, self.halvings, cells)
        if self.crop.tile and self.crop.tile < cells and self.crop.buffer < (needed := reach(n.levels, n.patch)):
            raise InputError(
                f"crop.buffer of {self.crop.buffer} cells is less than the network reaches",
                f"set crop.buffer={needed}, or crop.tile=0 for the whole box",
            )

    def _check_learnt(self, constants: dict[str, float], delta: Field, redshifts: Sequence[float]) -> None:
        """Refuse cells and moments of another kind than those trained on. Raises: InputError."""
        trained = constants["cell_size"]
        if abs(delta.cell_size / trained - 1) > 1e-3:
            raise InputError(
                f"{delta.name} has cells of {delta.cell_size:g} Mpc/h, the network was trained on {trained:g}",
                "choose a box of that cell size, see `halodeck simulate --like`",
            )
        lowest, highest = constants["redshift_lowest"], constants["redshift_highest"]
        for z in redshifts:
            if not lowest - 1e-3 <= z <= highest + 1e-3:
                learnt = f"z = {lowest:g}" if lowest == highest else f"z = {lowest:g} to {highest:g}"
                raise InputError(f"z = {z:g} is not learnt, the network was trained on {learnt}", f"ask for {learnt}")
