from itertools import pairwise

import pytest
import torch

from core.learning.samples import ROTATIONS, Crops, corners, mix, periodic_cut, turn


def coordinates(n: int) -> torch.Tensor:
    """A box (3, n, n, n) whose channels say which cell this is."""
    return torch.stack(torch.meshgrid(*[torch.arange(n)] * 3, indexing="ij"))


def crops(n: int = 8, crop: int = 4, context: int = 1, batch: int = 3, seed: int = 1, boxes: int = 2) -> Crops:
    # the target of a cell is its flat index, its input the same number: they must stay together
    flat = torch.arange(n**3, dtype=torch.float32).reshape(n, n, n)
    pairs = [(flat[None] + n**3 * box, flat + n**3 * box) for box in range(boxes)]
    return Crops(pairs, pairs[:1], crop, context, batch, seed, {"sigma": 1.0})


def test_48_distinct_symmetries() -> None:
    cube = torch.arange(27).reshape(3, 3, 3)
    assert torch.equal(turn(cube, 0), cube)
    assert len({tuple(turn(cube, s).flatten().tolist()) for s in range(48)}) == 48


def test_symmetries_keep_distances() -> None:
    # neighbours stay neighbours: the places of consecutive cells along each axis are one cell apart
    cells = coordinates(4)
    for symmetry in range(48):
        turned = torch.stack([turn(channel, symmetry) for channel in cells])
        for axis in (1, 2, 3):
            step = turned.diff(dim=axis).abs().sum(dim=0)
            assert torch.equal(step, torch.ones_like(step))


def test_symmetries_are_closed() -> None:
    cube = torch.arange(27).reshape(3, 3, 3)
    every = {tuple(turn(cube, s).flatten().tolist()) for s in range(48)}
    for first in range(0, 48, 7):
        for second in range(0, 48, 5):
            assert tuple(turn(turn(cube, first), second).flatten().tolist()) in every


def test_symmetries_leave_leading_axes_alone() -> None:
    values = torch.randn(2, 3, 4, 4, 4)
    for symmetry in (1, 9, 23, 47):
        assert torch.equal(turn(values, symmetry)[1, 2], turn(values[1, 2], symmetry))


def test_periodic_cut_wraps_as_often_as_needed() -> None:
    n = 5
    cells = coordinates(n)
    for corner, size in [((0, 0, 0), 5), ((3, 4, 1), 4), ((-2, -7, 9), 3), ((-6, 0, 2), 13)]:
        cut = periodic_cut(cells, corner, size)
        expected = torch.stack(torch.meshgrid(*[(torch.arange(size) + c) % n for c in corner], indexing="ij"))
        assert torch.equal(cut, expected)


@pytest.mark.parametrize(("cells", "size"), [(8, 8), (8, 4), (8, 3), (7, 2), (4, 6)])
def test_corners_cover_the_box(cells: int, size: int) -> None:
    starts = sorted({corner[0] for corner in corners(cells, size)})
    assert len(corners(cells, size)) == len(starts) ** 3
    covered = {(start + i) for start in starts for i in range(min(size, cells))}
    assert covered == set(range(cells))
    assert all(b - a <= size for a, b in pairwise(starts))


def test_crops_have_their_context() -> None:
    samples = crops()
    batch = samples.training(5)
    assert batch.inputs.shape == (3, 1, 6, 6, 6)
    assert batch.targets.shape == (3, 4, 4, 4)
    # the inner part of the input is the target: cut, turned and mirrored alike
    assert torch.equal(batch.inputs[:, 0, 1:-1, 1:-1, 1:-1], batch.targets)


def test_crops_are_wrapped_pieces_of_one_box() -> None:
    n = 8
    for step in range(1, 30):
        for inputs in crops(n).training(step).inputs[:, 0].long():
            assert len(torch.unique(inputs // n**3)) == 1
            place = torch.stack([inputs // n**2 % n, inputs // n % n, inputs % n])
            for axis in (1, 2, 3):
                step_ = (place.diff(dim=axis) + n // 2) % n - n // 2
                assert torch.equal(step_.abs().sum(dim=0), torch.ones_like(step_[0]))


def test_pure_in_seed_and_step() -> None:
    one, other = crops(seed=1), crops(seed=2)
    late = one.training(40)
    for step in (1, 2, 3):
        one.training(step)
    torch.manual_seed(99)
    assert torch.equal(one.training(40).inputs, late.inputs)
    assert not torch.equal(one.training(41).inputs, late.inputs)
    assert not torch.equal(other.training(40).inputs, late.inputs)


def test_every_box_corner_and_symmetry_is_drawn() -> None:
    samples = crops(n=4, crop=4, context=0, batch=64)
    seen, boxes, first = set(), set(), set()
    for step in range(40):
        for target in samples.training(step).targets.long():
            boxes.add(int(target.flatten()[0]) // 64)
            first.add(int(target.flatten()[0]) % 64)
            seen.add(tuple((target % 64).flatten().tolist()))
    assert boxes == {0, 1}
    assert first == set(range(64))
    # 64 corners x 48 symmetries; 2560 draws of 3072 meet 57 % of them
    assert len(seen) > 0.5 * 64 * 48


def test_validation_covers_each_box_once() -> None:
    samples = crops(n=8, crop=4, context=2)
    batches = list(samples.validation())
    assert len(batches) == 8
    assert all(batch.inputs.shape == (1, 1, 8, 8, 8) for batch in batches)
    seen = torch.cat([batch.targets.flatten() for batch in batches])
    assert torch.equal(seen.sort().values, torch.arange(512.0))


def test_neighbouring_seeds_are_unrelated() -> None:
    values = {mix(seed, step) for seed in range(50) for step in range(50)}
    assert len(values) == 2500
    assert all(0 <= value < 2**63 for value in values)
    draws = [
        float(torch.rand(1, generator=torch.Generator().manual_seed(mix(s, t)))) for s in range(30) for t in range(30)
    ]
    # mean of 900 uniform numbers: 0.5 within 4 standard deviations of 0.0096
    assert abs(sum(draws) / len(draws) - 0.5) < 0.04


def test_24_rotations_keep_the_hand() -> None:
    assert len(set(ROTATIONS)) == 24
    axes = torch.stack(torch.meshgrid(*[torch.arange(3.0) - 1] * 3, indexing="ij"))
    for symmetry in range(48):
        # where the three unit vectors come to lie; the determinant tells a rotation from a mirror image
        matrix = torch.stack([turn(axes[axis], symmetry)[place] for axis in range(3) for place in UNIT]).reshape(3, 3)
        assert float(torch.linalg.det(matrix)) == (1 if symmetry in ROTATIONS else -1)


UNIT = ((2, 1, 1), (1, 2, 1), (1, 1, 2))


def test_vectors_turn_with_the_box() -> None:
    # the gradient of a turned field is the turned gradient
    field = torch.randn(6, 6, 6, generator=torch.Generator().manual_seed(1))

    def gradient(values: torch.Tensor) -> torch.Tensor:
        return torch.stack([values.roll(-1, axis) - values.roll(1, axis) for axis in range(3)])

    both = torch.cat([field[None], gradient(field), field[None]])
    for symmetry in range(48):
        turned = turn(both, symmetry, vectors=(1,))
        torch.testing.assert_close(turned[1:4], gradient(turned[0]))
        assert torch.equal(turned[4], turn(field, symmetry))
    assert torch.equal(turn(both, 13)[1:4], turn(gradient(field), 13))


def test_only_the_given_symmetries_are_drawn() -> None:
    flat = torch.arange(27.0).reshape(3, 3, 3)
    samples = Crops([(flat[None], flat)], [], 3, 0, 32, 1, {}, symmetries=ROTATIONS)
    allowed = {
        tuple(turn(flat.roll((i, j, k), (0, 1, 2)), s).flatten().tolist())
        for s in ROTATIONS
        for i in range(3)
        for j in range(3)
        for k in range(3)
    }
    drawn = {tuple(t.flatten().tolist()) for step in range(20) for t in samples.training(step).targets}
    assert drawn <= allowed
    assert len(drawn) > 300
