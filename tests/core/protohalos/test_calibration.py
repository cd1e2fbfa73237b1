import numpy as np
import pytest

from core.cosmos.box import Array, Catalogue, nearest_image
from core.protohalos.calibration import Calibration, calibrate, fit_shell, from_constants, measure, measure_shell
from core.protohalos.finder import ShellThreshold


def halos(centres: Array, radii: Array, box_size: float) -> Catalogue:
    columns = {"mass": radii**3, "lagrangian_radius": radii, "lagrangian_position": centres}
    return Catalogue(columns, box_size)


def test_a_known_broken_line_is_fitted() -> None:
    rng = np.random.default_rng(1)
    radii = rng.uniform(1.5, 15, 4000)
    true = ShellThreshold(0.06, 0.2, 0.005, 0.2 + 0.055 * 6.0, 6.0)
    fitted = fit_shell(radii, true(radii) + 0.02 * rng.standard_normal(4000))
    x = np.linspace(2, 14, 50)
    # the knee can only be at a bin's mean radius: 20 % bins leave up to 0.03 beside it
    np.testing.assert_allclose(fitted(x), true(x), atol=0.03)
    assert fitted.inner_slope == pytest.approx(0.06, rel=0.2)
    assert fitted.outer_slope == pytest.approx(0.005, abs=0.004)
    assert fitted.knee == pytest.approx(6.0, abs=1.5)


def test_a_straight_line_is_fitted_exactly() -> None:
    radii = np.linspace(2, 10, 300)
    fitted = fit_shell(radii, 0.3 + 0.02 * radii)
    np.testing.assert_allclose(fitted(radii), 0.3 + 0.02 * radii, atol=1e-9)


def test_few_halos_give_their_mean() -> None:
    few = fit_shell(np.array([2.0, 3.0]), np.array([0.4, 0.6]))
    np.testing.assert_allclose(few(np.array([1.0, 2.5, 30.0])), 0.5)
    assert fit_shell(np.zeros(0), np.zeros(0)) == ShellThreshold()


def test_the_edge_of_true_halos_is_measured() -> None:
    # probability falls linearly with the distance from the centre: its mean at the edge is known
    cells = np.stack(np.meshgrid(*[np.arange(32)] * 3, indexing="ij"), axis=-1)
    distance = np.linalg.norm(nearest_image(cells - np.array([1, 30, 16]), 32), axis=-1)
    probability = np.clip(1 - distance / 10, 0, 1)
    catalogue = halos(np.array([[2.0, 60.0, 32.0]], np.float32), np.array([10.0]), 64.0)
    radii, edge = measure_shell(probability, catalogue)
    np.testing.assert_allclose(radii, [5.0])
    np.testing.assert_allclose(edge, [0.5], atol=0.01)


def spheres(cells: int = 48) -> tuple[Array, Array, Array]:
    """Eight spheres on a lattice, softened at the edge, four of a high and four of a low peak; centres and radii."""
    grid = np.stack(np.meshgrid(*[np.arange(cells)] * 3, indexing="ij"), axis=-1)
    centres = np.array([[i, j, k] for i in (10, 34) for j in (10, 34) for k in (10, 34)], dtype=np.float64)
    radii = np.array([3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 6.5])
    probability = np.zeros((cells,) * 3)
    for number, (centre, radius) in enumerate(zip(centres, radii, strict=True)):
        distance = np.linalg.norm(nearest_image(grid - centre, cells), axis=-1)
        peak = 0.95 if number % 2 else 0.75
        probability = np.maximum(probability, peak / (1 + np.exp(3 * (distance - radius))))
    return probability, centres, radii


@pytest.mark.parametrize(("true", "levels"), [(8, 2), (4, 1)])
def test_the_thresholds_end_where_the_number_is_right(true: int, levels: int) -> None:
    probability, centres, radii = spheres()
    # of the true halos either all are known, or those with a high peak alone
    kept = np.arange(8) if true == 8 else np.arange(1, 8, 2)
    catalogue = halos(centres[kept], radii[kept], 48.0)
    shell = measure([probability], [catalogue])
    found = calibrate([probability], [catalogue], shell, (0.8, 0.6, 0.3), 20)
    assert found.levels == levels
    assert len(found.find(probability, (0.8, 0.6, 0.3), 20).radii) == true


def test_calibrated_radii_are_right() -> None:
    probability, centres, radii = spheres()
    catalogue = halos(centres, radii, 48.0)
    shell = measure([probability, probability], [catalogue, catalogue])
    found = calibrate([probability, probability], [catalogue, catalogue], shell, (0.8, 0.6), 20)
    sizes = found.find(probability, (0.8, 0.6), 20).radii
    # one mean threshold for peaks of two heights: a tenth in probability is 0.1 cells at this slope
    np.testing.assert_allclose(np.sort(sizes), radii, atol=0.25)


def test_no_true_halos_leave_the_paper() -> None:
    none = halos(np.zeros((0, 3)), np.zeros(0), 48.0)
    nothing = [np.zeros((8,) * 3)]
    assert measure(nothing, [none]) == ShellThreshold()
    found = calibrate(nothing, [none], ShellThreshold(0.1, 0.2, 0.3, 0.4, 5.0), (0.9, 0.5), 8)
    assert found == Calibration(ShellThreshold(), 2)


def test_constants_round_trip() -> None:
    found = Calibration(ShellThreshold(0.1, 0.2, 0.3, 0.4, 5.0), 3)
    constants = {"other.knee": 1.0, **found.as_constants("finder")}
    assert from_constants(constants, "finder", (0.9,) * 5) == found
    assert from_constants({}, "finder", (0.9,) * 5) == Calibration(ShellThreshold(), 5)
