import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import f1_score, roc_auc_score, roc_curve

from core.cosmos.box import Array, Catalogue
from core.learning.metrics import foreground_dice, roc, two_class_dice
from core.protohalos.matching import match, separations


def scores(seed: int = 0, count: int = 20_000) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    truth = rng.random(count) < 0.3
    return (rng.normal(size=count) + truth).astype(np.float32), truth


def halos(positions: list[tuple[float, float, float]], radii: list[float], box_size: float = 10.0) -> Catalogue:
    radius = np.array(radii, dtype=np.float64)
    place = np.array(positions, dtype=np.float32).reshape(-1, 3)
    columns: dict[str, Array] = {
        "mass": radius**3,
        "position": place,
        "lagrangian_position": place,
        "lagrangian_radius": radius,
    }
    return Catalogue(columns, box_size)


def saturated(steepness: float) -> tuple[Array, Array]:
    """Probabilities of a net that is sure of itself: most of them within 1e-6 of 0 or 1, many exactly."""
    score, truth = scores(1, 200_000)
    return expit(np.float32(steepness) * (score - np.float32(0.5))), truth


@pytest.mark.parametrize(
    ("score", "truth"),
    [
        scores(),
        saturated(30.0),
        saturated(300.0),
        (np.round(scores(4)[0], 1), scores(4)[1]),
        (scores(5)[0].astype(np.float64) * 1e-300, scores(5)[1]),
        (np.arange(-500, 500) // 7, np.arange(1000) % 3 == 0),
        (np.ones(10), np.arange(10) < 5),
        (np.array([0.0, -0.0, 1.0, -1.0]), np.array([True, False, True, False])),
        (np.array([1e-45, 0, 2e-45, -1e-45], dtype=np.float32), np.array([True, False, True, False])),
    ],
)
def test_area_agrees_with_sklearn(score: Array, truth: Array) -> None:
    # both count pairs: what is left is rounding
    assert roc(score, truth).area == pytest.approx(roc_auc_score(truth, score), abs=1e-12)


def test_area_does_not_depend_on_shape_or_order() -> None:
    score, truth = scores(count=27**3)
    order = np.random.default_rng(1).permutation(27**3)
    assert roc(score.reshape(27, 27, 27), truth.reshape(27, 27, 27)).area == roc(score, truth).area
    assert roc(score[order], truth[order]).area == roc(score, truth).area


def test_infinite_scores_have_their_rank() -> None:
    assert roc(np.array([np.inf, -np.inf, 1.0, -1.0]), np.array([True, False, True, False])).area == 1.0


def test_the_curve_is_thin_and_that_of_sklearn() -> None:
    score, truth = scores(2)
    ours = roc(score, truth)
    fpr, tpr, _ = roc_curve(truth, score)
    x = np.linspace(0.01, 0.99, 50)
    # 4,096 steps along the sum of the rates: neither jumps by more than 1/2048 and a cell between points
    np.testing.assert_allclose(np.interp(x, ours.false_positive, ours.true_positive), np.interp(x, fpr, tpr), atol=6e-4)
    assert 1000 < len(ours.true_positive) <= 4097
    assert (ours.false_positive[0], ours.true_positive[0]) == (0, 0)
    assert (ours.false_positive[-1], ours.true_positive[-1]) == (1, 1)
    few = roc(np.round(score), truth)
    assert len(few.true_positive) == len(np.unique(np.round(score))) + 1


def test_perfect_and_reversed_scores() -> None:
    truth = np.arange(100) % 3 == 0
    assert roc(truth.astype(float), truth).area == 1.0
    assert roc(-truth.astype(float), truth).area == 0.0


@pytest.mark.parametrize(
    ("score", "truth"),
    [
        (np.arange(4.0), np.zeros(4, bool)),
        (np.arange(4.0), np.ones(4, bool)),
        (np.array([0, 1, np.nan, 2]), np.array([True, False, True, False])),
    ],
)
def test_one_class_alone_or_no_rank_has_no_area(score: Array, truth: Array) -> None:
    found = roc(score, truth)
    assert np.isnan(found.area)
    assert np.isnan(np.interp(0.5, found.false_positive, found.true_positive))


def test_foreground_dice_is_the_f1_score() -> None:
    score, truth = scores(3)
    assert foreground_dice(score > 0.5, truth) == pytest.approx(f1_score(truth, score > 0.5))
    assert foreground_dice(np.array([1, 1, 0, 0], bool), np.array([1, 0, 1, 0], bool)) == 0.5
    assert foreground_dice(np.zeros(3, bool), np.zeros(3, bool)) == 1.0


def test_two_class_dice_by_hand() -> None:
    # p = (0.8, 0.3), g = (1, 0): overlap 0.8 + 0.7; norms 2 + 0.64 + 0.04 + 0.09 + 0.49
    assert two_class_dice(np.array([0.8, 0.3]), np.array([True, False])) == pytest.approx(2 * 1.5 / 3.26)
    mask = np.arange(8).reshape(2, 2, 2) % 2 == 0
    assert two_class_dice(mask, mask) == 1.0


@pytest.mark.parametrize("fraction", [0.0, 0.27, 0.5, 1.0])
def test_an_empty_mask_has_a_two_class_dice(fraction: float) -> None:
    truth = np.arange(100) < 100 * fraction
    assert two_class_dice(np.zeros(100), truth) == pytest.approx(1 - fraction)


def test_matches_by_hand() -> None:
    truth = halos([(1, 1, 1), (5, 5, 5), (9.9, 5, 5), (3, 8, 8)], [2.0, 1.5, 1.0, 0.5])
    predicted = halos(
        [
            (1.5, 1, 1),  # inside the first, 10 % larger
            (5.2, 5, 5),  # inside the second, too large by 40 %
            (0.2, 5, 5),  # inside the third across the boundary, of its size
            (3, 8, 8.6),  # just outside the fourth
        ],
        [2.2, 2.1, 1.0, 0.5],
    )
    assert match(truth, predicted).tolist() == [0, -1, 2, -1]
    assert match(truth, predicted, tolerance=0.5).tolist() == [0, 1, 2, -1]
    np.testing.assert_allclose(separations(truth, predicted, match(truth, predicted)), [0.5, 0.3], rtol=1e-5)


def test_each_prediction_matches_once_and_the_massive_choose_first() -> None:
    truth = halos([(5, 5, 5), (5.5, 5, 5)], [1.0, 1.2])
    only = halos([(5.2, 5, 5)], [1.1])
    assert match(truth, only).tolist() == [-1, 0]
    both = halos([(5.2, 5, 5), (5.3, 5, 5)], [1.02, 1.21])
    assert match(truth, both).tolist() == [0, 1]


def test_the_closest_in_radius_wins() -> None:
    assert match(halos([(5, 5, 5)], [1.0]), halos([(5, 5, 5), (5.9, 5, 5)], [1.2, 1.01])).tolist() == [1]


def test_nothing_matches_nothing() -> None:
    none, one = halos([], []), halos([(1, 1, 1)], [1.0])
    assert match(none, one).tolist() == []
    assert match(one, none).tolist() == [-1]
    assert separations(one, none, match(one, none)).shape == (0,)


def test_matches_do_not_depend_on_the_origin() -> None:
    rng = np.random.default_rng(5)
    places, radii = rng.random((40, 3)) * 10, rng.random(40) + 0.5
    offset = np.array([3.3, -7.1, 12.0])

    def both(shift: Array) -> Array:
        truth = halos([tuple(p) for p in (places + shift) % 10], list(radii))
        near = halos([tuple(p) for p in (places + 0.2 + shift) % 10], list(radii * 1.1))
        return match(truth, near)

    assert both(np.zeros(3)).tolist() == both(offset).tolist()
    assert (both(offset) >= 0).mean() > 0.8
