from collections.abc import Callable

import numpy as np
import pytest
import torch

from core.learning.samples import turn
from core.recipes.halo_mass.subboxes import Centres, SubBoxes, around, shell_average


def box(cells: int, seed: int) -> torch.Tensor:
    return torch.randn((cells,) * 3, generator=torch.Generator().manual_seed(seed))


def centres(cells: int, count: int, value: float) -> Centres:
    chosen = torch.randint(cells, (count, 3), generator=torch.Generator().manual_seed(count))
    return Centres(chosen, torch.full((count,), value))


def samples(augment: bool = False, change: Callable[[torch.Tensor], torch.Tensor] = lambda cubes: cubes) -> SubBoxes:
    boxes = [(box(8, 1)[None], centres(8, 30, -0.5)), (box(12, 2)[None], centres(12, 10, 0.5))]
    return SubBoxes(boxes, boxes[1:], 5, 16, 7, {"sigma": 1.0}, change, augment)


@pytest.mark.parametrize("side", [1, 3, 7, 11])
def test_cubes_wrap_around_the_box(side: int) -> None:
    fields = torch.stack([box(7, 3), box(7, 4)])
    cells = torch.tensor([[0, 0, 0], [6, 3, 1], [2, 6, 6]])
    found = around(fields, cells, side)
    assert found.shape == (3, 2, side, side, side)
    for cubes, cell in zip(found, cells.tolist(), strict=True):
        rows = [np.arange(c - side // 2, c - side // 2 + side) for c in cell]
        for cube, field in zip(cubes, fields, strict=True):
            expected = (
                field.numpy().take(rows[0], 0, mode="wrap").take(rows[1], 1, mode="wrap").take(rows[2], 2, mode="wrap")
            )
            assert np.array_equal(cube.numpy(), expected)
            assert cube[(side // 2,) * 3] == field[tuple(cell)]


def test_training_is_a_pure_function_of_the_step() -> None:
    one, other = samples(True), samples(True)
    other.training(1)
    assert torch.equal(one.training(5).inputs, other.training(5).inputs)
    assert not torch.equal(one.training(5).inputs, one.training(6).inputs)


def test_particles_are_drawn_evenly_from_all_universes() -> None:
    targets = torch.cat([samples().training(step).targets for step in range(100)])
    # 10 of 40 particles are in the second; binomial error 0.011
    assert float((targets > 0).float().mean()) == pytest.approx(0.25, abs=0.04)


def test_targets_belong_to_their_cubes() -> None:
    every = samples()
    known = {
        float(fields[0, *cell]): float(target)
        for fields, places in every.training_boxes
        for cell, target in zip(places.cells.tolist(), places.targets, strict=True)
    }
    batch = every.training(3)
    assert batch.inputs.shape == (16, 1, 5, 5, 5)
    for cube, target in zip(batch.inputs[:, 0], batch.targets, strict=True):
        assert known[float(cube[2, 2, 2])] == float(target)


def test_augmented_cubes_are_turned_ones() -> None:
    plain, turned = samples().training(2).inputs, samples(True).training(2).inputs
    assert any(torch.equal(turned, turn(plain, symmetry)) for symmetry in range(48))
    assert any(not torch.equal(samples().training(s).inputs, samples(True).training(s).inputs) for s in range(5))


def test_validation_sees_every_particle_once() -> None:
    batches = list(samples().validation())
    assert sum(len(batch.targets) for batch in batches) == 10
    fields, places = samples().validation_boxes[0]
    assert torch.equal(batches[0].inputs, around(fields, places.cells, 5))


def test_a_shell_average_keeps_the_mean_of_each_shell_and_nothing_else() -> None:
    cubes = torch.stack([box(11, 1), box(11, 2)])
    averaged = shell_average(cubes, 4)
    assert torch.allclose(averaged.mean(dim=(1, 2, 3)), cubes.mean(dim=(1, 2, 3)), atol=1e-6)
    for symmetry in range(48):
        assert torch.allclose(turn(averaged, symmetry), averaged, atol=1e-6)
    radius = np.sqrt(sum((np.indices((11,) * 3) - 5) ** 2))
    # 4 shells of 0.875 cells from 2 to the face at 5.5
    for low, high in ((0, 2), (2, 2.875), (4.625, 5.5), (5.5, 6.375)):
        inside = torch.from_numpy((radius >= low) & (radius < high))
        assert torch.allclose(averaged[0][inside], cubes[0][inside].mean(), atol=1e-5)
    assert torch.allclose(shell_average(averaged, 4), averaged, atol=1e-5)
    # of every channel by itself
    several = torch.stack([cubes, cubes.flip(0)], dim=1)
    assert torch.allclose(shell_average(several, 4)[:, 1], averaged.flip(0), atol=1e-6)


def test_vectors_turn_with_the_cubes() -> None:
    boxes = [(torch.stack([box(8, seed) for seed in range(4)]), centres(8, 30, -0.5))]
    plain, turned = (
        SubBoxes(boxes, boxes, 5, 16, 7, {}, lambda cubes: cubes, augment, vectors=(1,)).training(2).inputs
        for augment in (False, True)
    )
    assert plain.shape == (16, 4, 5, 5, 5)
    assert any(torch.equal(turned, turn(plain, symmetry, (1,))) for symmetry in range(48))


def test_a_shell_average_is_made_before_the_network_sees_it() -> None:
    batch = samples(change=lambda cubes: shell_average(cubes, 2)).training(1)
    assert torch.allclose(batch.inputs, batch.inputs.flip(2), atol=1e-6)
