from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.cosmos.formats.cubes import read_cube
from core.cosmos.formats.given import Given, in_cosmology
from core.cosmos.formats.names import Told, told_by_name
from core.cosmos.imports.cube import import_cube
from core.errors import InputError, UsageError
from core.recipes.ionization.cubes import label

PLANCK = in_cosmology(Given(), "planck2015")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("updated_smoothed_deltax_z006.50_200_300Mpc", Told("density", 6.5, None, 200, 300.0)),
        (
            "delta_T_v3_no_halos_z007.00_nf0.443109_useTs0_200_300Mpc",
            Told("brightness_temperature", 7.0, None, 200, 300.0),
        ),
        ("delta_T_z6.5_esc0.070.npy", Told("brightness_temperature", 6.5, 0.07)),
        ("xH_z8.00_32_50.5Mpc", Told("neutral_fraction", 8.0, None, 32, 50.5)),
        ("density_z6.5.npy", Told(None, 6.5)),
        ("density.npy", Told()),
    ],
)
def test_names(name: str, told: Told) -> None:
    assert told_by_name(Path(name)) == told


def test_a_raw_box_of_21cmfast_needs_its_cosmology_only(tmp_path: Path) -> None:
    values = np.random.default_rng(1).uniform(0, 20, (6, 6, 6)).astype("<f4")
    path = tmp_path / "delta_T_v3_z007.50_nf0.44_esc0.1_6_9Mpc"
    values.tofile(path)
    cube = read_cube(path, PLANCK)
    assert cube.field.name == "brightness_temperature"
    assert cube.field.redshift == 7.5
    assert cube.field.box_size == pytest.approx(9 * 0.6774)
    np.testing.assert_array_equal(cube.field.values, values)
    universe = import_cube(path, tmp_path / "u.h5", PLANCK)
    assert (label(universe, "redshift"), label(universe, "escape_fraction")) == (7.5, 0.1)
    stated = import_cube(path, tmp_path / "v.h5", PLANCK, escape_fraction=0.2)
    assert label(stated, "escape_fraction") == 0.2


def test_options_go_before_the_name(tmp_path: Path) -> None:
    path = tmp_path / "delta_T_z7.5_6_9Mpc"
    np.zeros((6, 6, 6), "<f4").tofile(path)
    np.random.default_rng(1).uniform(size=216).astype("<f4").tofile(path)
    given = in_cosmology(Given(box_size=10), "planck2015")
    field = read_cube(path, given, "neutral_fraction").field
    assert (field.name, field.redshift, field.box_size) == ("neutral_fraction", 7.5, 10)
    with pytest.raises(InputError, match=r"is of z = 7\.5, not 6: leave --redshift out"):
        read_cube(path, replace(given, redshift=6), "neutral_fraction")


@pytest.mark.parametrize("cells", [5, 7])
def test_a_name_that_says_another_size(cells: int, tmp_path: Path) -> None:
    path = tmp_path / f"delta_T_z7.5_{cells}_9Mpc"
    np.random.default_rng(1).uniform(size=216).astype("<f4").tofile(path)
    with pytest.raises(InputError, match=r"864 bytes.*it is cut off, or --cells is wrong"):
        read_cube(path, PLANCK)


def test_bytes_that_are_no_floats(tmp_path: Path) -> None:
    path = tmp_path / "delta_T_z7.5_6_9Mpc"
    np.full(216, 0x7F01FF7F, "<u4").tofile(path)
    with pytest.raises(InputError, match="holds no floats of either byte order"):
        read_cube(path, PLANCK)


def test_both_byte_orders_are_read(tmp_path: Path) -> None:
    values = np.random.default_rng(1).uniform(1, 20, (6, 6, 6))
    for order in "<>":
        path = tmp_path / "delta_T_z7.5_6_9Mpc"
        values.astype(f"{order}f4").tofile(path)
        np.testing.assert_allclose(read_cube(path, PLANCK).field.values, values, rtol=1e-6)


def test_a_pair_of_cubes_is_one_universe(tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    density = draw.normal(size=(6, 6, 6)) * 0.1
    np.save(tmp_path / "deltax_z7.npy", density - density.mean())
    np.save(tmp_path / "delta_T_z7_esc0.05.npy", draw.uniform(size=(6, 6, 6)))
    np.save(tmp_path / "xH_z8.npy", draw.uniform(size=(6, 6, 6)))
    given = in_cosmology(Given(box_size=10), "planck2015")
    first = tmp_path / "deltax_z7.npy"
    universe = import_cube(first, tmp_path / "u.h5", given, other=tmp_path / "delta_T_z7_esc0.05.npy")
    assert set(universe.fields) == {"density", "brightness_temperature"}
    assert label(universe, "escape_fraction") == 0.05
    assert len(universe.provenance["sources"]) == 2
    with pytest.raises(InputError, match=r"at z = 7, .* at 8: bring them in one by one"):
        import_cube(first, tmp_path / "v.h5", given, other=tmp_path / "xH_z8.npy")
    with pytest.raises(UsageError, match="both hold density"):
        import_cube(first, tmp_path / "v.h5", given, other=first)


def test_the_real_pair(shared_data, tmp_path: Path) -> None:
    density = shared_data("21cmfast-z6.5/density_z6.5.npy")
    given = in_cosmology(Given(box_size=300 * 0.6774), "planck2015")
    told = read_cube(shared_data("21cmfast-z6.5/delta_T_z6.5_esc0.070.npy"), given)
    assert (told.field.name, told.field.redshift, told.field.cells) == ("brightness_temperature", 6.5, 200)
    assert float((told.field.values == 0).mean()) == pytest.approx(0.556, abs=5e-4)
    assert read_cube(density, given).field.name == "density"
