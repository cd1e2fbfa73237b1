"""The pieces of the report on protohalos, each against something known."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ks_2samp

from core.analysis.protohalos import cells, clustering, profiles, shapes
from core.cosmos.box import Array, Catalogue, Field, nearest_image
from core.cosmos.universe import Universe
from core.figures import Curves, Row, Slice, Table
from core.learning.metrics import roc
from core.protohalos.finder import ShellThreshold
from core.protohalos.truth import TrueHalos, true_halos

CELLS, BOX = 32, 64.0


def ball(centre: Array, radius: float) -> Array:
    grid = np.stack(np.meshgrid(*[np.arange(CELLS)] * 3, indexing="ij"), axis=-1)
    return np.asarray((nearest_image(grid - centre, CELLS) ** 2).sum(axis=-1) < radius**2)


@pytest.fixture
def two_balls() -> TrueHalos:
    """Halos of 6 and 3 cells radius, the first across a face; cells of 2 Mpc/h."""
    centres, radii = np.array([[1.0, 16, 16], [20, 16, 16]]), np.array([6.0, 3.0])
    label = ball(centres[0], 6) + 2 * ball(centres[1], 3)
    columns = {
        "mass": np.array([4e14, 5e12]),
        "lagrangian_position": (2 * centres).astype(np.float32),
        "position": (2 * centres).astype(np.float32),
        "lagrangian_radius": 2 * radii,
    }
    return TrueHalos(Catalogue(columns, BOX), label)


def test_place_in_the_halo(two_balls: TrueHalos) -> None:
    radius = cells.radius_of_cells(two_balls)
    assert np.isnan(radius[~two_balls.mask]).all()
    assert radius[1, 16, 16] == radius[20, 16, 16] == 0
    # three cells of six, across the face; two of three
    assert radius[30, 16, 16] == pytest.approx(0.5)
    assert radius[20, 18, 16] == pytest.approx(2 / 3)
    assert np.nanmax(radius) < 1


def test_mass_of_cells_is_in_solar_masses(two_balls: TrueHalos, universes: list[Universe]) -> None:
    mass = cells.mass_of_cells(two_balls, universes[0])
    h = universes[0].cosmology.h
    assert mass[1, 16, 16] == pytest.approx(4e14 / h)
    assert mass[20, 16, 16] == pytest.approx(5e12 / h)
    assert np.isnan(mass[0, 0, 0])


def test_each_class_against_the_background(two_balls: TrueHalos, universes: list[Universe]) -> None:
    # the large halo is found, the small one is not told from the background
    score = np.where(two_balls.label == 1, 1.0, 0.0)
    mass = cells.mass_of_cells(two_balls, universes[0])
    found = cells.class_rocs(score, two_balls.mask, mass, cells.MASS_CLASSES)
    areas = {name: curve.area if curve else None for name, curve in found.items()}
    assert areas == {"clusters": 1.0, "groups": None, "galaxies": 0.5, "smaller": None}
    # the classes of place share out the cells
    rng = np.random.default_rng(1)
    noisy = score + rng.normal(size=score.shape)
    parts = cells.class_rocs(noisy, two_balls.mask, cells.radius_of_cells(two_balls), cells.RADIUS_CLASSES)
    radius = cells.radius_of_cells(two_balls)
    share = [np.count_nonzero((radius >= low) & (radius < high)) for _, low, high in cells.RADIUS_CLASSES.values()]
    mean = np.average([curve.area for curve in parts.values() if curve], weights=share)
    assert sum(share) == two_balls.mask.sum()
    assert mean == pytest.approx(roc(noisy, two_balls.mask).area, abs=1e-4)


def test_stacks_of_a_known_profile(two_balls: TrueHalos) -> None:
    distance = np.stack(np.meshgrid(*[np.arange(CELLS)] * 3, indexing="ij"), axis=-1) - np.array([1, 16, 16])
    r = np.linalg.norm(nearest_image(distance, CELLS), axis=-1)
    probability = np.exp(-r / 5)
    halos = two_balls.halos.at_least(1e14)
    stacked = profiles.stack([probability], [halos])
    # six cells of radius: one row from 6 to 7, out to 1.6 times as far
    assert stacked.lowest == 6
    assert stacked.mean.shape == (1, 12)
    mean, scatter = stacked.mean[-1], stacked.scatter[-1]
    for shell in range(12):
        inside = probability[(r >= shell) & (r < shell + 1)]
        assert mean[shell] == pytest.approx(inside.mean(), abs=1e-6)
        assert scatter[shell] == pytest.approx(inside.std(), abs=1e-4)
    both = profiles.stack([probability], [two_balls.halos])
    assert (both.lowest, both.mean.shape) == (3, (4, 12))
    np.testing.assert_allclose(both.mean[-1], mean)
    assert np.isnan(both.mean[1:3]).all()
    image = profiles.stack_figure(both, 2.0).figures[0]
    assert isinstance(image, Slice)
    assert image.extent == (0, 24, 6, 14)
    # the contour of the radius lies where the distance is that of the row
    [line] = image.contours
    assert line.values[2, 5] == 0


def test_no_halos_to_stack() -> None:
    none = Catalogue(
        {"mass": np.zeros(0), "lagrangian_position": np.zeros((0, 3)), "lagrangian_radius": np.zeros(0)}, BOX
    )
    stacked = profiles.stack([np.zeros((8, 8, 8))], [none])
    assert np.isnan(stacked.mean).all()
    figure = profiles.shell_figure([np.zeros((8, 8, 8))], [none], ShellThreshold(0.1, 0.2, 0.01, 0.5, 4.0))
    assert [series.name for series in figure.series] == ["fitted", "Berger & Stein 2019"]


def test_constants_beside_the_paper() -> None:
    numbers = profiles.shell_numbers(ShellThreshold(0.1, 0.2, 0.01, 0.5, 4.0), papers=True)
    assert [n.value for n in numbers] == [0.1, 0.2, 0.01, 0.5, 4.0]
    assert [n.paper for n in numbers] == [0.044, 0.31, 0.0045, 0.57, 6.7]
    assert {n.paper for n in profiles.shell_numbers(ShellThreshold(), papers=False)} == {None}


def test_shapes_are_those_of_the_simulation(universes: list[Universe]) -> None:
    truth = true_halos(universes[0], "nbody", 8)
    delta = universes[0].field("delta_linear")
    table = shapes.shapes([delta, delta], [truth.label] * 2, [len(truth.halos)] * 2)
    once = table[:, : len(truth.halos)]
    np.testing.assert_array_equal(table[:, len(truth.halos) :], once)
    np.testing.assert_array_equal(once[0], truth.halos["count"])
    for row, name in enumerate(shapes.QUANTITIES, start=1):
        np.testing.assert_allclose(once[row], truth.halos[name], rtol=1e-3, atol=1e-3)
    # the order of the strain's eigenvalues bounds the prolateness
    assert (np.abs(once[3]) <= once[2] + 1e-9).all()
    # the first three alone
    few = shapes.shapes([delta], [truth.label], [3])
    np.testing.assert_allclose(few, once[:, :3])
    assert shapes.shapes([delta], [truth.label], [0]).shape == (4, 0)
    # a halo that lost its cells to others is left out
    gap = np.where(truth.label == 2, 0, truth.label)
    np.testing.assert_allclose(shapes.shapes([delta], [gap], [3]), once[:, [0, 2]])


def test_shapes_beside_one_another() -> None:
    rng = np.random.default_rng(1)
    truth = np.stack([rng.uniform(20, 500, 400), rng.normal(2, 0.3, 400), rng.uniform(0, 0.4, 400), np.zeros(400)])
    ours = truth * np.array([1, 0.9, 1.2, 1])[:, None] + np.array([0, 0, 0, 0.05])[:, None]
    values = {n.key: n.value for n in shapes.numbers(truth, ours, truth)}
    assert {key: values[key] for key in shapes.QUANTITIES} == pytest.approx(
        {"overdensity": 0.9, "ellipticity": 1.2, "prolateness": 0.05}
    )
    for row, name in enumerate(shapes.QUANTITIES, start=1):
        assert values[f"{name}_distance"] == pytest.approx(ks_2samp(ours[row], truth[row]).statistic)
    assert all(n.baseline == 0 for n in shapes.numbers(truth, ours, truth) if n.key.endswith("_distance"))
    figure = shapes.figures(truth, ours, 1e11)["overdensity"]
    image, curves = figure.figures[0], figure.figures[2]
    assert isinstance(image, Slice)
    assert isinstance(curves, Curves)
    assert image.values.max() == 1
    middle = curves.series[0]
    assert middle.low is not None
    assert middle.high is not None
    np.testing.assert_allclose(middle.y, 2, atol=0.15)
    np.testing.assert_allclose((middle.high - middle.low) / 2, 0.3, atol=0.12)


def catalogue(rng: np.random.Generator, count: int) -> Catalogue:
    position = rng.uniform(0, BOX, (count, 3)).astype(np.float32)
    return Catalogue({"mass": rng.uniform(1, 10, count), "position": position, "lagrangian_position": position}, BOX)


def pairs(rng: np.random.Generator, count: int) -> Catalogue:
    """Halos in pairs 1 Mpc/h apart, which have as much power of their own as shot noise."""
    halos = catalogue(rng, count)
    place = halos["position"].copy()
    place[1::2] = (place[::2] + 0.577) % BOX
    same = np.repeat(halos["mass"][::2], 2)
    return replace(halos, columns={"mass": same, "position": place, "lagrangian_position": place})


def test_clustering_of_the_same_and_of_strangers() -> None:
    rng = np.random.default_rng(4)
    truth, strangers = ([pairs(rng, n) for n in some] for some in ((600, 720), (480, 600)))
    mask = rng.random((CELLS,) * 3) < 0.2
    measured = clustering.measure(truth, truth, strangers, truth, [mask * 0.5] * 2, [mask] * 2)
    numbers = {n.key: n for n in clustering.numbers(measured)}
    for cut in ("_tenth", "_third", ""):
        ratio, r = numbers[f"power_ratio{cut}"], numbers[f"correlation{cut}"]
        assert (ratio.value, r.value) == pytest.approx((1, 1))
        assert ratio.error == pytest.approx(0, abs=1e-6)
        assert ratio.paper is None
        assert ratio.baseline is not None
        assert r.baseline is not None
        # pairs as well, but others: two boxes of 257 modes
        assert ratio.baseline == pytest.approx(1, abs=0.4)
        assert abs(r.baseline) < 0.3
        assert "paper: within" in ratio.note
    assert numbers["mask_correlation"].value == pytest.approx(1)
    # the cuts hold a tenth and a third of the halos
    shot = [found["network"][0].large.shot_noise[0] for found in measured.cuts.values()]
    np.testing.assert_allclose(BOX**3 / np.array(shot), [60, 200, 600])
    figures = clustering.figures(measured)
    panel = figures["number_cuts"]
    assert isinstance(panel, Row)
    ratio_panel = panel.figures[0]
    assert isinstance(ratio_panel, Curves)
    for series in ratio_panel.series:
        np.testing.assert_allclose(series.y, 1, rtol=1e-6)
    rows = figures["clustering"]
    assert isinstance(rows, Table)
    random = [row for row in rows.rows if row[1] == "random points"]
    assert [row[0] for row in random] == ["Lagrangian, " + words for words, _ in clustering.CUTS.values()] + [
        "today, all"
    ]
    for row in random:
        told, by_modes, by_boxes, noise = (float(row[i] or "nan") for i in (2, 3, 4, -1))
        assert abs(told) < 3 * max(by_modes, by_boxes) < 1
        assert noise == pytest.approx(0.5, abs=0.1)


def test_halos_without_clustering_are_told_to_say_nothing() -> None:
    rng = np.random.default_rng(6)
    points = [[catalogue(rng, 600)] for _ in range(3)]
    mask = rng.random((CELLS,) * 3) < 0.2
    measured = clustering.measure(points[0], points[1], points[2], points[0], [mask * 0.5], [mask])
    [ratio] = [n for n in clustering.numbers(measured) if n.key == "power_ratio"]
    assert ratio.error is not None
    assert ratio.error > 1
    assert "paper" not in ratio.note
    assert "too few modes" in ratio.note


def test_ratios_are_drawn_to_as_many_true_halos() -> None:
    """Shot noise depends on the number: a catalogue must not be held against the truth as it is cut for another."""
    rng = np.random.default_rng(5)
    truth, fewer = [pairs(rng, 600)], [pairs(rng, 300)]
    mask = rng.random((CELLS,) * 3) < 0.2
    drawn = clustering.figures(clustering.measure(truth, fewer, truth, truth, [mask * 0.5], [mask]))
    for name, same in (("power_ratio", "without network"), ("power_ratio_today", "true halos by 2LPT")):
        figure = drawn[name]
        assert isinstance(figure, Curves)
        [series] = [item for item in figure.series if item.name == same]
        np.testing.assert_allclose(series.y, 1, rtol=1e-6)


def test_clustering_without_halos() -> None:
    none = [catalogue(np.random.default_rng(1), 0)]
    nothing = np.zeros((8, 8, 8))
    measured = clustering.measure(none, none, none, none, [nothing], [nothing > 0])
    assert all(np.isnan(n.value or np.nan) for n in clustering.numbers(measured))
    figure = clustering.figures(measured)["power"]
    assert isinstance(figure, Curves)
    assert figure.ratio_to is None
    assert not figure.series


def test_the_shape_of_a_plane_wave(two_balls: TrueHalos) -> None:
    # a plane wave is a sheet in every halo: eigenvalues (delta, 0, 0), so e_v = p_v = 1/2
    wave = 2 * np.cos(2 * np.pi * (np.arange(CELLS) - 20) / CELLS)
    delta = Field("delta", np.broadcast_to(wave[:, None, None], (CELLS,) * 3).astype(np.float32), BOX)
    table = shapes.shapes([delta], [np.where(two_balls.label == 2, 1, 0)], [1])
    assert table[1, 0] == pytest.approx(float(wave[np.nonzero(two_balls.label == 2)[0]].mean()), rel=1e-4)
    np.testing.assert_allclose(table[2:, 0], 0.5, atol=1e-4)
