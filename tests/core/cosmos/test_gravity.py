"""Gravity by planes against three plain inverse transforms: forces, and what twenty steps make of them."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.cosmos import nbody
from core.cosmos.box import Array, Field, lattice
from core.cosmos.cosmology import Cosmology
from core.cosmos.gravity import Work, _gravity_torch, gravity
from core.cosmos.halos import friends_of_friends
from core.cosmos.initial import linear_field
from core.cosmos.measures.spectra import spectra
from core.cosmos.paint import gather, paint, scatter
from core.cosmos.power import linear_power

Force = Callable[[torch.Tensor, float, int, Work | None], torch.Tensor]


def plain(positions: torch.Tensor, box_size: float, mesh: int, _work: Work | None = None) -> torch.Tensor:
    """One forward and three inverse transforms of whole meshes, in double precision."""
    k = 2 * np.pi / box_size * np.fft.fftfreq(mesh, 1 / mesh)
    axes = np.meshgrid(k, k, np.abs(k[: mesh // 2 + 1]), indexing="ij")
    squared = sum(axis**2 for axis in axes)
    squared[0, 0, 0] = np.inf
    counts = scatter(positions, mesh).numpy().astype(np.float64) * mesh**3 / positions.shape[1]
    potential = np.fft.rfftn(counts) / squared
    highest = np.abs(k).max()
    force = [np.fft.irfftn(np.where(np.abs(axis) < highest, 1j * axis, 0) * potential) for axis in axes]
    return torch.stack([gather(torch.from_numpy(one.astype(np.float32)), positions) for one in force])


def along_lines(positions: torch.Tensor, box_size: float, mesh: int, _work: Work | None = None) -> torch.Tensor:
    """Fourth-order differences of the potential: what saves two transforms and is not good enough."""
    counts = scatter(positions, mesh).numpy().astype(np.float64) * mesh**3 / positions.shape[1]
    k = 2 * np.pi / box_size * np.fft.fftfreq(mesh, 1 / mesh)
    squared = k[:, None, None] ** 2 + k[:, None] ** 2 + k[: mesh // 2 + 1] ** 2
    squared[0, 0, 0] = np.inf
    potential = np.fft.irfftn(np.fft.rfftn(counts) / squared)
    width = box_size / mesh

    def slope(axis: int) -> Array:
        near, far = (np.roll(potential, -n, axis) - np.roll(potential, n, axis) for n in (1, 2))
        return (8 * near - far) / (12 * width)

    return torch.stack([gather(torch.from_numpy(slope(axis).astype(np.float32)), positions) for axis in range(3)])


@pytest.fixture
def positions() -> torch.Tensor:
    """1000 particles in any periodic image of 20 cells."""
    return torch.from_numpy(np.random.default_rng(1).uniform(-20, 40, (3, 1000)).astype(np.float32))


@pytest.fixture
def restored_threads() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("mesh", [4, 16, 20])
@pytest.mark.parametrize("ours", [gravity, _gravity_torch], ids=["planes", "any device"])
def test_forces_are_those_of_three_transforms(
    positions: torch.Tensor, mesh: int, ours: Callable[[torch.Tensor, float, int], torch.Tensor]
) -> None:
    expected = plain(positions, 30.0, mesh)
    assert expected.std() > 0.1
    torch.testing.assert_close(ours(positions, 30.0, mesh), expected, rtol=0, atol=1e-5 * float(expected.std()))


@pytest.mark.usefixtures("restored_threads")
def test_the_number_of_threads_changes_nothing(positions: torch.Tensor) -> None:
    found = []
    for threads in (1, 2, 3):
        torch.set_num_threads(threads)
        found.append(gravity(positions, 30.0, 20))
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])


@pytest.mark.parametrize("planes", [1, 3, 8, 32])
def test_how_many_planes_stay_in_cache_changes_nothing(positions: torch.Tensor, planes: int) -> None:
    expected = gravity(positions, 30.0, 20)
    assert Work.of(20).planes != planes
    assert torch.equal(gravity(positions, 30.0, 20, replace(Work.of(20), planes=planes)), expected)


def test_arrays_that_are_kept_remember_nothing(positions: torch.Tensor) -> None:
    work = Work.of(16)
    gravity(2 * positions + 1, 30.0, 16, work)
    assert torch.equal(gravity(positions, 30.0, 16, work), gravity(positions, 30.0, 16))


def test_each_step_is_told(planck: Cosmology) -> None:
    rest, told = torch.zeros(3, 8, 8, 8), []
    end = nbody.follow(nbody.State(rest, rest, 0.1), [0.2, 0.3], planck.growth, 10.0, 16, after=lambda: told.append(1))
    assert told == [1, 1]
    assert end.first == 0.3


class TestTwentySteps:
    """32^3 particles in 32 Mpc/h to today, mesh ratio 2: P(k) to k = 2 h/Mpc and the halos."""

    cells, box_size = 32, 32.0

    @pytest.fixture(scope="class")
    def evolved(self, planck: Cosmology) -> Callable[[Force], torch.Tensor]:
        delta = linear_field(self.cells, self.box_size, linear_power(planck), 1)
        modes = torch.fft.rfftn(torch.from_numpy(delta.values))
        start = nbody.initial_state(modes, self.box_size, planck.growth, 9.0)
        [edges] = nbody.edges(start.first, [1.0], 20)

        def evolve(force: Force) -> torch.Tensor:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(nbody, "gravity", force)
                end = nbody.follow(start, edges[1:], planck.growth, self.box_size, 2 * self.cells)
            return end.displacement

        return evolve

    @pytest.fixture(scope="class")
    def expected(self, evolved: Callable[[Force], torch.Tensor]) -> torch.Tensor:
        return evolved(plain)

    def off(self, found: torch.Tensor, expected: torch.Tensor) -> tuple[float, float]:
        """Largest relative error of P(k) to k = 2 h/Mpc, and the share of cells with another label."""
        density, labels = [], []
        for displacement in (found, expected):
            positions = lattice(self.cells, self.box_size) + displacement.numpy().reshape(3, -1).T
            mesh = paint(positions, 2 * self.cells, self.box_size)
            density.append(Field("density", mesh, self.box_size, frame="eulerian", assignment="cic"))
            labels.append(friends_of_friends(positions, self.box_size, 20))
        compared = spectra(density[0], density[1])
        assert labels[1].max() > 10
        error = np.abs(compared.transfer[compared.k <= 2] ** 2 - 1).max()
        return float(error), float((labels[0] != labels[1]).mean())

    def test_are_those_of_three_transforms(
        self, evolved: Callable[[Force], torch.Tensor], expected: torch.Tensor
    ) -> None:
        error, other = self.off(evolved(gravity), expected)
        assert error < 1e-3
        assert other < 1e-3

    def test_are_not_those_of_differences(
        self, evolved: Callable[[Force], torch.Tensor], expected: torch.Tensor
    ) -> None:
        error, other = self.off(evolved(along_lines), expected)
        assert error > 1e-3
        assert other > 1e-3
