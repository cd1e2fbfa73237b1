import numpy as np
import pytest
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


def test_area_agrees_with_sklearn() -> None:
    score, truth = scores()
    assert roc(score, truth).area == pytest.approx(roc_auc_score(truth, score), abs=1e-4)
    cube = score[:19683].reshape(27, 27, 27)
    assert roc(cube, truth[:19683].reshape(27, 27, 27)).area == pytest.approx(
        roc_auc_score(truth[:19683], score[:19683]), abs=1e-4
    )


def test_ties_count_half() -> None:
    rng = np.random.default_rng(1)
    truth = rng.random(5000) < 0.5
    score = np.round(rng.random(5000) + 0.4 * truth, 1)
    assert roc(score, truth).area == pytest.approx(roc_auc_score(truth, score), abs=1e-6)
    assert roc(np.ones(10), np.arange(10) < 5).area == pytest.approx(0.5)


def test_curve_agrees_with_sklearn() -> None:
    score, truth = scores(2)
    ours = roc(score, truth)
    fpr, tpr, _ = roc_curve(truth, score)
    x = np.linspace(0.01, 0.99, 50)
    np.testing.assert_allclose(np.interp(x, ours.false_positive, ours.true_positive), np.interp(x, fpr, tpr), atol=2e-3)
    assert (ours.false_positive[0], ours.true_positive[0]) == (0, 0)
    assert (ours.false_positive[-1], ours.true_positive[-1]) == (1, 1)


def test_perfect_and_reversed_scores() -> None:
    truth = np.arange(100) % 3 == 0
    assert roc(truth.astype(float), truth).area == pytest.approx(1.0)
    assert roc(-truth.astype(float), truth).area == pytest.approx(0.0)


@pytest.mark.parametrize("truth", [np.zeros(4, bool), np.ones(4, bool)])
def test_one_class_alone_has_no_area(truth: Array) -> None:
    assert roc(np.arange(4.0), truth).area == 0.0


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
