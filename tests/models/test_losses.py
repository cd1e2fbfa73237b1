import pytest
import torch

from models.losses import LEAST_MEAN_DISTANCE, dice, dice_loss, distance_loss


def test_dice_by_hand() -> None:
    # p = (1, 0.5), g = (1, 0): overlap 1 + 0 + 0 + 0.5, |g|^2 = 2 (both classes), |p|^2 = 1 + 0.25 + 0.25
    assert float(dice(torch.tensor([1.0, 0.5]), torch.tensor([1, 0]))) == pytest.approx(2 * 1.5 / 3.5)


def test_dice_is_one_only_for_the_truth() -> None:
    truth = torch.tensor([0, 1, 1, 0, 1])
    assert float(dice(truth.float(), truth)) == pytest.approx(1.0)
    assert float(dice(1 - truth.float(), truth)) == pytest.approx(0.0)
    assert float(dice(torch.full((5,), 0.5), truth)) == pytest.approx(2 / 3)


def test_dice_weighs_both_classes_alike() -> None:
    p, g = torch.rand(100, generator=torch.Generator().manual_seed(1)), torch.arange(100) % 3 == 0
    assert float(dice(p, g)) == pytest.approx(float(dice(1 - p, ~g)), rel=1e-6)


def test_loss_takes_the_second_channel_as_foreground() -> None:
    truth = torch.tensor([[[[1, 0]]]])
    right = torch.tensor([[[[[-20.0, 20.0]]], [[[20.0, -20.0]]]]])
    assert float(dice_loss(right, truth)) == pytest.approx(0.0, abs=1e-6)
    assert float(dice_loss(-right, truth)) == pytest.approx(1.0, abs=1e-6)


def test_gradient_matches_finite_differences() -> None:
    # the loss computes in float32: central differences of step 1e-2 are good to about 1e-4
    generator = torch.Generator().manual_seed(2)
    logits = torch.randn((2, 2, 3, 3, 3), generator=generator).requires_grad_()
    truth = torch.randint(2, (2, 3, 3, 3), generator=generator)
    dice_loss(logits, truth).backward()
    assert logits.grad is not None
    step = 1e-2
    for place in [(0, 0, 0, 0, 0), (0, 1, 2, 1, 0), (1, 0, 1, 1, 1), (1, 1, 2, 2, 2)]:
        change = torch.zeros_like(logits)
        change[place] = step
        with torch.no_grad():
            slope = (dice_loss(logits + change, truth) - dice_loss(logits - change, truth)) / (2 * step)
        assert float(logits.grad[place]) == pytest.approx(float(slope), abs=1e-4)
    assert float(logits.grad.abs().max()) > 1e-3


def test_integer_truth_and_half_precision_logits() -> None:
    logits = torch.zeros((1, 2, 2, 2, 2), dtype=torch.bfloat16)
    loss = dice_loss(logits, torch.ones((1, 2, 2, 2), dtype=torch.uint8))
    assert loss.dtype == torch.float32
    assert float(loss) == pytest.approx(1 / 3)


def test_distance_loss_by_hand() -> None:
    # two crops of four cells: (.01 + .04 + 0 + 1) / 4 / .5 and (.25 + 0 + 0 + 0) / 4 / .25
    truth = torch.tensor([[1.0, 0.5, 0.5, 0.0], [1.0, 0.0, 0.0, 0.0]])
    output = torch.tensor([[0.9, 0.7, 0.5, 1.0], [0.5, 0.0, 0.0, 0.0]])
    expected = (1.05 / 4 / 0.5 + 0.25 / 4 / 0.25) / 2
    loss = distance_loss(output.reshape(2, 1, 1, 2, 2), truth.reshape(2, 1, 2, 2), "squared")
    assert float(loss) == pytest.approx(expected)
    # the mean distance of zero is 1 / mean g times the mean square
    assert float(distance_loss(torch.zeros(1, 1, 4), truth[1:], "squared")) == pytest.approx(1.0)


def test_normalised_l1_by_hand() -> None:
    # (.1 + .2 + 0 + 1) / 2 and .5 / 1
    truth = torch.tensor([[1.0, 0.5, 0.5, 0.0], [1.0, 0.0, 0.0, 0.0]])
    output = torch.tensor([[0.9, 0.7, 0.5, 1.0], [0.5, 0.0, 0.0, 0.0]])
    assert float(distance_loss(output[:, None], truth)) == pytest.approx((1.3 / 2 + 0.5) / 2)
    assert float(distance_loss(torch.zeros(2, 1, 4), truth)) == pytest.approx(1.0)


def test_distance_loss_of_a_crop_without_halos_is_finite() -> None:
    output, truth = torch.full((1, 1, 2, 2, 2), 0.1), torch.zeros(1, 2, 2, 2)
    assert float(distance_loss(output, truth, "squared")) == pytest.approx(0.01 / LEAST_MEAN_DISTANCE)
    assert float(distance_loss(output, truth)) == pytest.approx(0.1 / LEAST_MEAN_DISTANCE)


def test_gradient_of_the_distance_loss() -> None:
    generator = torch.Generator().manual_seed(3)
    output = torch.rand((2, 1, 2, 2, 2), generator=generator).double().requires_grad_()
    truth = torch.rand((2, 2, 2, 2), generator=generator)
    distance_loss(output, truth, "squared").backward()
    assert output.grad is not None
    with torch.no_grad():
        p, g = output[1, 0, 1, 0, 1], truth[1, 1, 0, 1]
        # d/dp of (g - p)^2 / (n mean g), half of it for two crops
        expected = 2 * (p - g) / truth[1].sum() / 2
    assert float(output.grad[1, 0, 1, 0, 1]) == pytest.approx(float(expected), rel=1e-5)
