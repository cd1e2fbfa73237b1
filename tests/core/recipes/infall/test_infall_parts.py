"""Tables as learning data, tolerance accuracies, and the ranking of features."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.cosmos.box import Array
from core.cosmos.infall.model import Infalls, draw_infalls
from core.cosmos.infall.table import CATALOGUE, FEATURES, VISHNU, write_table
from core.cosmos.universe import Universe
from core.errors import InputError
from core.figures import Histogram, Slice
from core.recipes.infall import paper
from core.recipes.infall.bins import FEWEST, NO_BIN, NarrowBin, differences, narrow_bin
from core.recipes.infall.figures import demographics
from core.recipes.infall.ranking import rank
from core.recipes.infall.rows import InfallRows, RowSplit, check_tables, read_tables, usable
from core.recipes.infall.scores import baseline, best_and_worst, by_bin, score

SPLIT = RowSplit(0.2, 0.2, 1)


def written(path: Path, columns: dict[str, Array], particle_mass: float = 0.0, softening: float = 0.0) -> Universe:
    settings = {"particle_mass": particle_mass, "softening": softening}
    return write_table(path, columns, VISHNU, 100.0, {"settings": settings})


@pytest.fixture(scope="module")
def columns() -> dict[str, Array]:
    return draw_infalls(Infalls(400, 1))


def test_parts_share_no_row_and_leave_none(columns: dict[str, Array], tmp_path: Path) -> None:
    table = read_tables([written(tmp_path / "a.h5", columns)], SPLIT)
    count = table.training.astype(int) + table.validation + table.test
    assert (count == 1).all()
    assert (table.test.sum(), table.validation.sum(), table.training.sum()) == (80, 64, 256)
    again = read_tables([written(tmp_path / "b.h5", columns)], SPLIT)
    np.testing.assert_array_equal(table.test, again.test)
    other = read_tables([written(tmp_path / "b.h5", columns)], replace(SPLIT, seed=2))
    assert not np.array_equal(table.test, other.test)
    assert table.names == tuple(FEATURES)


def test_features_that_cannot_be_used_are_told(columns: dict[str, Array], tmp_path: Path) -> None:
    flat = columns | {"sub_spin": np.full(400, 0.04)}
    without = {name: values for name, values in columns.items() if name != "host_triaxiality"}
    universes = [written(tmp_path / "a.h5", flat)]
    names, left_out = usable(universes)
    assert left_out == {"sub_spin": "always 0.04"}
    assert len(names) == 23
    universes.append(written(tmp_path / "b.h5", without))
    names, left_out = usable(universes)
    assert left_out == {"host_triaxiality": "not in b"}
    table = read_tables(universes, SPLIT)
    assert len(table) == 800
    assert table.names == names
    with pytest.raises(InputError, match="lacks host_triaxiality, which the forest learnt from"):
        read_tables(universes, SPLIT, tuple(FEATURES))


def test_tables_that_teach_nothing(columns: dict[str, Array], universes: list[Universe], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no infall table was given"):
        check_tables([], SPLIT)
    with pytest.raises(InputError, match="holds no infall table: make one with"):
        check_tables(universes, SPLIT)
    one = columns["survived"].copy()
    one[:] = 0
    one[5] = 1
    with pytest.raises(InputError, match="1 subhalo has survived in one: at least 10 of each fate"):
        check_tables([written(tmp_path / "one.h5", columns | {"survived": one})], SPLIT)
    flat = {name: np.full(400, 2.0) if name in FEATURES else values for name, values in columns.items()}
    with pytest.raises(InputError, match=r"no feature varies \(.*: always 2; and \d+ more\)"):
        check_tables([written(tmp_path / "flat.h5", flat)], SPLIT)
    without = {name: values for name, values in columns.items() if name != "merge_time"}
    with pytest.raises(InputError, match="lacks merge_time: make the table again"):
        check_tables([written(tmp_path / "less.h5", without)], SPLIT)
    bad = columns["host_spin"].copy()
    bad[3] = np.nan
    with pytest.raises(InputError, match="values that are not finite in host_spin"):
        check_tables([written(tmp_path / "bad.h5", columns | {"host_spin": bad})], SPLIT)


@pytest.fixture
def table(columns: dict[str, Array], tmp_path: Path) -> InfallRows:
    """Four rows by hand in the place of the first four, in the order of the file."""
    return read_tables([written(tmp_path / "t.h5", columns, particle_mass=1e7, softening=0.01)], SPLIT)


def test_tolerances_by_hand(table: InfallRows) -> None:
    mass = table.rows("final_mass", table.test)[:1]
    start, end = table.rest["sub_mass"][mass], 10 ** table.targets["final_mass"][mass]
    # eq. 2.7: twice the Poisson noise of the particles at accretion is forgiven
    told = score(table, "final_mass", np.log10(end + 0.1 * start), mass)
    np.testing.assert_allclose(told.error, 0.1 - 2 * 1e7 * np.sqrt(start / 1e7) / start)
    place = table.rows("final_distance", table.test)[:1]
    told = score(table, "final_distance", table.targets["final_distance"][place] - 0.3, place)
    np.testing.assert_allclose(told.error, 0.3 - 2 * 0.01 / table.rest["host_final_radius"][place])
    time = table.rows("merge_time", table.test)[:1]
    told = score(table, "merge_time", table.targets["merge_time"][time] + 2.0, time)
    np.testing.assert_allclose(told.error, 2.0 / table.rest["crossing_time"][time])
    fates = table.rows("survived", table.test)
    told = score(table, "survived", np.ones(len(fates)), fates)
    assert told.accuracies()[0] == pytest.approx(table.targets["survived"][fates].mean())


def test_baselines_tell_the_mean_of_the_training_rows(table: InfallRows) -> None:
    for outcome in ("final_mass", "final_distance", "merge_time"):
        rows = table.rows(outcome, table.test)
        idle = baseline(table, outcome, rows)
        assert 0 < idle.accuracies()[0] < idle.accuracies()[2] <= 1
    fates = table.rows("survived", table.test)
    assert baseline(table, "survived", fates).accuracies()[0] == np.mean(table.targets["survived"][fates] == 0)


def test_bins_and_populations() -> None:
    values, error = np.arange(100.0), np.repeat([1.0, 3.0], 50)
    found = by_bin(values, error, 4)
    np.testing.assert_allclose(found.error, [0.5, 0.5, 1.5, 1.5])
    np.testing.assert_allclose(found.at, [12, 37, 62, 87])
    np.testing.assert_allclose(found.spread, 0)
    mixed = by_bin(values, np.tile([1.0, 3.0], 50), 4)
    np.testing.assert_allclose(mixed.spread, 0.5 / np.sqrt(25), rtol=1e-2)


def test_best_and_worst_are_the_ends(table: InfallRows) -> None:
    rows = table.rows("final_distance", table.test)
    said = table.targets["final_distance"][rows] + np.arange(len(rows))
    best, worst = best_and_worst(score(table, "final_distance", said, rows), 0.2)
    count = round(0.2 * len(rows))
    assert best.tolist() == rows[:count].tolist()
    assert worst.tolist() == rows[-count:].tolist()


def test_differences_at_fixed_features(columns: dict[str, Array], tmp_path: Path) -> None:
    """Those told worst have another spin and another scale factor: in a narrow bin of the latter the spin is left."""
    random = np.random.default_rng(1)
    a = random.random(400)
    spin = random.random(400)
    many = columns | {"scale_factor": a, "host_spin": spin, "host_mass": random.random(400) + 1}
    table = read_tables([written(tmp_path / "t.h5", many)], SPLIT)
    badly = (table.column("host_spin") > 0.6) | (table.column("scale_factor") > 0.9)
    best, worst = np.flatnonzero(~badly), np.flatnonzero(badly)
    inside = narrow_bin(table, ("scale_factor",), best, worst)
    assert 100 < len(inside.best) + len(inside.worst) < 400
    assert set(inside.best) <= set(best)
    # the test for few rows is a little stricter than that for many, by which the box was found
    assert differences(table, ("scale_factor",), inside)["scale_factor"] > 0.03
    assert differences(table, ("scale_factor",), NarrowBin(best, worst))["scale_factor"] < 0.0027
    found = differences(table, ("host_spin", "host_mass"), inside)
    assert found["host_spin"] < 1e-10
    assert found["host_mass"] > 0.0027


def test_the_ranking_finds_what_matters_in_its_order() -> None:
    random = np.random.default_rng(1)
    features = random.random((30_000, 5))
    target = features[:, 3] + 0.5 * features[:, 1] + 0.2 * features[:, 0] + 0.05 * random.random(30_000)
    found = rank(tuple("abcde"), features, target, seed=1, runs=20)
    assert found.names[:3] == ("d", "b", "a")
    span = float(np.ptp(target))
    # the mean over a bin of ten is 0.9 of the feature's range apart from that over the last
    assert found.ranges[0] == pytest.approx(0.9 / span, rel=0.03)
    assert found.ranges[1] == pytest.approx(0.5 * 0.8 / span, rel=0.03)
    assert found.ranges[2] == pytest.approx(0.2 * 0.8 / span, rel=0.15)
    # a feature of no consequence is within the noise
    assert found.ranges[3] == pytest.approx(found.noise, abs=4 * found.noise_error)
    assert found.noise < found.ranges[2] / 2


def test_the_same_information_is_ranked_by_order_and_counts_share_a_bin() -> None:
    random = np.random.default_rng(2)
    mass = random.random(5000)
    counts = random.integers(0, 2, 5000).astype(float)
    target = mass + counts
    found = rank(("mass", "radius", "count"), np.stack([mass, np.cbrt(mass), counts], axis=1), target, seed=1, runs=3)
    assert found.names[0] == "count"
    assert found.ranges[0] == pytest.approx(1 / np.ptp(target), rel=0.05)
    assert found.names[1] == "mass"


def test_the_catalogue_of_a_table_is_sorted(columns: dict[str, Array], tmp_path: Path) -> None:
    table = written(tmp_path / "t.h5", columns).catalogue(CATALOGUE)
    assert (np.diff(table["mass"]) <= 0).all()
    row = int(np.argmax(columns["sub_mass"]))
    assert table["host_mass"][0] == columns["host_mass"][row]


def test_the_papers_numbers_stand_beside_tables_of_simulations_alone(columns: dict[str, Array], tmp_path: Path) -> None:
    def table(name: str, **facts: object) -> Universe:
        return write_table(tmp_path / f"{name}.h5", columns, VISHNU, 100.0, dict(facts))

    read = table("read", kind="read", settings={"fewest_particles": 1000})
    assert paper.why_not_beside([read]) == ""
    small = table("small", kind="read", settings={"fewest_particles": 20})
    assert "1000 particles or more, these 20" in paper.why_not_beside([read, small])
    drawn = table("drawn", kind="drawn", settings={"fewest_particles": 1000})
    assert "drawn is drawn by a model" in paper.why_not_beside([read, drawn])
    assert "does not say" in paper.why_not_beside([table("other")])


def test_gains_stand_beside_the_papers_for_as_long_as_the_order_is_its_own() -> None:
    assert paper.gains("survived", ("scale_factor", "mass_ratio", "velocity")) == (0.9, 0.027)
    assert paper.gains("final_mass", ("sub_mass", "scale_factor", "impact_angle", "host_mass")) == (0.442, 0.385, 0.053)
    assert len(paper.gains("final_distance", (*(n for n, _ in paper.RANKING["final_distance"]), "sub_mass"))) == 5
    assert paper.gains("merge_time", ("velocity",)) == ()


def test_a_narrow_bin_holds_enough_of_both_or_there_is_none(columns: dict[str, Array], tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    many = columns | {name: random.random(400) for name in ("scale_factor", "mass_ratio", "velocity", "impact_angle")}
    table = read_tables([written(tmp_path / "t.h5", many)], SPLIT)
    names = ("scale_factor", "mass_ratio", "velocity", "impact_angle")
    a = table.column("scale_factor")
    late = random.random(400) < a  # the later, the better, with much in common
    found = narrow_bin(table, names, np.flatnonzero(late), np.flatnonzero(~late))
    assert min(len(found.best), len(found.worst)) >= FEWEST
    assert not narrow_bin(table, names, np.flatnonzero(a > 0.5), np.flatnonzero(a <= 0.5))  # nothing in common
    assert not narrow_bin(table, names, np.arange(FEWEST - 1), np.arange(200, 400))
    assert differences(table, ("host_spin",), NO_BIN) == {}


def test_axes_without_units_are_no_lengths(columns: dict[str, Array], tmp_path: Path) -> None:
    table = read_tables([written(tmp_path / "t.h5", columns)], SPLIT)
    row = demographics(table)
    assert row is not None
    first, second, *along = row.figures
    assert isinstance(first, Slice)
    assert isinstance(second, Slice)
    assert first.limits == second.limits
    assert (first.x_label, first.y_label) == ("host mass, log M_host / (Msun/h)", "mass ratio, log q")
    assert not first.keeps_aspect
    assert [item.x_label.partition(",")[0] for item in along if isinstance(item, Histogram)] == [
        "host mass",
        "scale factor a_acc",
        "mass ratio",
    ]
    assert sum(int(np.sum(item.counts[""])) for item in along if isinstance(item, Histogram)) == 3 * 400
