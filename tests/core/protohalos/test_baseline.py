import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from core.cosmos.box import Array
from core.cosmos.universe import Universe
from core.learning.metrics import foreground_dice
from core.protohalos import baseline


def sample(count: int = 20_000) -> tuple[Array, Array]:
    rng = np.random.default_rng(1)
    x = rng.normal(2.0, 3.0, count)
    return x, rng.random(count) < 1 / (1 + np.exp(-1.5 * (x - 4.0)))


def test_logistic_curve_agrees_with_sklearn() -> None:
    x, truth = sample()
    slope, centre = baseline.fit_logistic([x[:7000], x[7000:]], [truth[:7000], truth[7000:]])
    reference = LogisticRegression(C=np.inf).fit(x[:, None], truth)
    # 400 bins of x
    assert slope == pytest.approx(float(reference.coef_[0, 0]), rel=0.01)
    assert centre == pytest.approx(float(-reference.intercept_[0] / reference.coef_[0, 0]), rel=0.01)
    assert (slope, centre) == pytest.approx((1.5, 4.0), rel=0.05)


def test_a_separable_truth_stays_finite() -> None:
    x = np.linspace(-1, 1, 1000)
    slope, centre = baseline.fit_logistic([x], [x > 0.5])
    assert 10 < slope < 1e6
    assert centre == pytest.approx(0.5, abs=0.02)
    p = baseline.probability(x, {"baseline.slope": slope, "baseline.centre": centre})
    assert p[0] < 0.1 < 0.9 < p[-1]


@pytest.mark.parametrize("everywhere", [False, True])
def test_one_class_alone(everywhere: bool) -> None:
    x = np.linspace(-1, 1, 100)
    slope, centre = baseline.fit_logistic([x], [np.full(100, everywhere)])
    p = baseline.probability(x, {"baseline.slope": slope, "baseline.centre": centre})
    assert (p >= 0.5).all() if everywhere else (p <= 0.5).all()


def test_the_cut_fills_the_fraction() -> None:
    field = np.random.default_rng(2).normal(size=(16, 16, 16))
    for fraction in (0.1, 0.4):
        mask = baseline.cut(field, fraction)
        assert mask.mean() == pytest.approx(fraction, abs=2 / 16**3)
        assert field[mask].min() > field[~mask].max()
    assert not baseline.cut(field, 0.0).any()


def test_smoothing_is_periodic() -> None:
    field = np.random.default_rng(3).normal(size=(16, 16, 16))
    moved = baseline.smoothed(np.roll(field, 5, 1), 1.5)
    np.testing.assert_allclose(moved, np.roll(baseline.smoothed(field, 1.5), 5, 1), atol=1e-12)
    # in Fourier space a Gaussian of 1.5 cells multiplies by exp(-k^2 R^2 / 2)
    k = 2 * np.pi * np.fft.fftfreq(16)
    k2 = k[:, None, None] ** 2 + k[None, :, None] ** 2 + k[None, None, :] ** 2
    exact = np.fft.ifftn(np.fft.fftn(field) * np.exp(-k2 * 1.5**2 / 2)).real
    np.testing.assert_allclose(baseline.smoothed(field, 1.5), exact, atol=0.01)


def test_the_best_smoothing_is_chosen(universes: list[Universe]) -> None:
    universe = universes[0]
    density, mask = universe.field("delta_linear").values, np.asarray(universe.field("label").values) > 0
    constants = baseline.fit([density], [mask], [universe.catalogue("fof")], 8)
    assert constants["baseline.fraction"] == pytest.approx(mask.mean())

    def score(radius: float) -> float:
        return foreground_dice(baseline.cut(baseline.smoothed(density, radius), float(mask.mean())), mask)

    assert score(constants["baseline.smoothing"]) == max(map(score, baseline.SMOOTHINGS))
    field = baseline.smoothed(density, constants["baseline.smoothing"])
    # the curve of greatest likelihood keeps the mean
    assert baseline.probability(field, constants).mean() == pytest.approx(mask.mean(), rel=0.02)
    found = baseline.find(field, constants, 8)
    assert found.label.max() == len(found.radii)
    assert len(found.radii) >= 1


def test_no_true_halos(universes: list[Universe]) -> None:
    universe = universes[0]
    density = universe.field("delta_linear").values
    none = np.zeros(density.shape, bool)
    constants = baseline.fit([density], [none], [universe.catalogue("fof").at_least(1e20)], 8)
    assert constants["baseline.fraction"] == 0
    field = baseline.smoothed(density, constants["baseline.smoothing"])
    assert baseline.probability(field, constants).max() <= 0.5
    assert len(baseline.find(field, constants, 8).radii) == 0
