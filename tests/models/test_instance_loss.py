"""The discriminative loss against sums by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.instance_loss import APART, PULL, discriminative, instance_loss

N = 8


def by_hand(displacement: np.ndarray, label: np.ndarray) -> float:
    """Halo by halo, particle by particle; no halo crosses the border."""
    middles, pulls = [], []
    for halo in range(1, label.max() + 1):
        places = np.array([cell + displacement[:, *cell] for cell in np.argwhere(label == halo)])
        middle = places.mean(axis=0)
        middles.append(middle)
        pulls.append(np.mean([max(float(np.linalg.norm(place - middle)) - PULL, 0.0) ** 2 for place in places]))
    pushes = []
    for a, one in enumerate(middles):
        near = 0.0
        for b, other in enumerate(middles):
            apart = one - other
            apart -= N * np.round(apart / N)
            near += max(APART - float(np.linalg.norm(apart)), 0.0) ** 2 if a != b else 0.0
        pushes.append(near)
    return float(np.mean(pulls) + np.mean(pushes))


@pytest.fixture
def label() -> np.ndarray:
    label = np.zeros((N, N, N), dtype=np.int64)
    label[1:4, 1:3, 1:3] = 1
    label[4:6, 1:3, 1:3] = 2
    label[1:3, 5:7, 5:7] = 3
    return label


def test_is_the_sum_by_hand(label: np.ndarray) -> None:
    displacement = np.random.default_rng(1).normal(0, 0.3, (3, N, N, N))
    found = discriminative(torch.from_numpy(displacement), torch.from_numpy(label))
    assert float(found) == pytest.approx(by_hand(displacement, label), rel=1e-4)  # 1e-6 under the roots


def test_does_not_see_where_the_border_is(label: np.ndarray) -> None:
    displacement = np.random.default_rng(2).normal(0, 0.3, (3, N, N, N))

    def at(shift: int) -> float:
        moved = np.roll(displacement, shift, axis=(1, 2, 3)), np.roll(label, shift, axis=(0, 1, 2))
        return float(discriminative(torch.from_numpy(moved[0]), torch.from_numpy(moved[1])))

    assert at(3) == pytest.approx(at(0), rel=1e-9)
    assert at(6) == pytest.approx(at(0), rel=1e-9)


def test_vanishes_where_halos_are_points_far_apart(label: np.ndarray) -> None:
    displacement = np.zeros((3, N, N, N))
    targets = {1: (0.0, 0.0, 0.0), 2: (4.0, 0.0, 0.0), 3: (0.0, 4.0, 4.0)}
    for halo, target in targets.items():
        for cell in np.argwhere(label == halo):
            displacement[:, *cell] = np.array(target) - cell
    assert float(discriminative(torch.from_numpy(displacement), torch.from_numpy(label))) < 1e-6


def test_without_halos_there_is_only_dice(label: np.ndarray) -> None:
    output = torch.randn(1, 5, N, N, N, generator=torch.Generator().manual_seed(1), requires_grad=True)
    targets = torch.zeros(1, 4, N, N, N)
    loss = instance_loss(output, targets, 0.5)
    loss.backward()
    assert output.grad is not None
    assert not output.grad[:, 2:].any()
    with_halos = targets.clone()
    with_halos[0, 0] = torch.from_numpy(label).float()
    with torch.no_grad():
        assert instance_loss(output, with_halos, 0.5) > instance_loss(output, with_halos, 0.0)
