"""Peak Patch files: a round trip, and every way in which a file can be wrong."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.cosmos.box import Catalogue
from core.cosmos.cosmology import PRESETS, Cosmology
from core.cosmos.formats.readers.pksc import read_pksc, sniff, write_pksc
from core.errors import InputError, UsageError

BOX = 100.0


@pytest.fixture
def halos(planck: Cosmology) -> Catalogue:
    """Seven halos, most massive first."""
    rng = np.random.default_rng(3)
    radius = np.sort(rng.uniform(1, 8, 7))[::-1]
    columns = {
        "mass": 4 / 3 * np.pi * radius**3 * planck.mean_density,
        "position": rng.uniform(0, BOX, (7, 3)).astype(np.float32),
        "velocity": rng.normal(0, 300, (7, 3)).astype(np.float32),
        "lagrangian_position": rng.uniform(0, BOX, (7, 3)).astype(np.float32),
        "lagrangian_radius": radius,
        "formation_redshift": rng.uniform(0, 2, 7),
    }
    return Catalogue(columns, BOX, 0.5, "peak patch")  # type: ignore[arg-type]


def rows(count: int) -> np.ndarray:
    """A plausible body of a file."""
    values = np.random.default_rng(1).uniform(-40, 40, (count, 11)).astype("<f4")
    values[:, 6] = np.linspace(9, 2, count)
    return values


def write(path: Path, values: np.ndarray, count: int | None = None, largest: float | None = None) -> Path:
    order = values.dtype.byteorder
    header = np.array([values[:, 6].max(initial=0) if largest is None else largest, 0], dtype=f"{order}f4")
    number = np.array(len(values) if count is None else count, dtype=f"{order}i4")
    path.write_bytes(number.tobytes() + header.tobytes() + values.tobytes())
    return path


@pytest.mark.parametrize("unit", ["Mpc", "Mpc/h"])
def test_round_trip(tmp_path: Path, halos: Catalogue, planck: Cosmology, unit: str) -> None:
    path = tmp_path / "halos.pksc"
    write_pksc(path, halos, planck, unit)
    again = read_pksc(path, BOX, planck, unit)
    assert (again.redshift, again.definition, again.box_size) == (0.5, "peak patch", BOX)
    assert list(again.columns) == list(halos.columns)
    for name, values in halos.columns.items():
        np.testing.assert_allclose(again[name], values, rtol=1e-5, atol=2e-5)


def test_layout_of_the_file(tmp_path: Path, halos: Catalogue, planck: Cosmology) -> None:
    path = tmp_path / "halos.pksc"
    write_pksc(path, halos, planck)
    raw = path.read_bytes()
    assert len(raw) == 12 + 7 * 44
    assert sniff(raw[:12], len(raw))
    assert int(np.frombuffer(raw, "<i4", 1)[0]) == 7
    largest, redshift = np.frombuffer(raw, "<f4", 2, 4)
    body = np.frombuffer(raw, "<f4", offset=12).reshape(7, 11)
    assert largest == body[0, 6] == np.float32(halos["lagrangian_radius"][0] / planck.h)
    assert redshift == 0.5
    np.testing.assert_allclose(body[:, 7:10], (halos["lagrangian_position"] - BOX / 2) / planck.h, atol=1e-4)


def test_columns_that_are_missing(tmp_path: Path, halos: Catalogue, planck: Cosmology) -> None:
    names = ("mass", "position", "lagrangian_position", "lagrangian_radius")
    write_pksc(tmp_path / "a.pksc", replace(halos, columns={name: halos[name] for name in names}), planck)
    again = read_pksc(tmp_path / "a.pksc", BOX, planck)
    assert (again["formation_redshift"] == -1).all()
    assert not again["velocity"].any()
    with pytest.raises(InputError, match="lagrangian_position"):
        write_pksc(tmp_path / "b.pksc", replace(halos, columns={"mass": halos["mass"]}), planck)
    assert not (tmp_path / "b.pksc").exists()


def test_other_byte_order_and_any_sequence(tmp_path: Path, planck: Cosmology) -> None:
    little, big = rows(5)[::-1], rows(5)[::-1].astype(">f4")
    one = read_pksc(write(tmp_path / "little", little), BOX, planck)
    two = read_pksc(write(tmp_path / "big", big), BOX, planck)
    assert (np.diff(one["mass"]) <= 0).all()
    for name in one.columns:
        np.testing.assert_array_equal(one[name], two[name])


def test_positions_today_are_folded_into_the_box(tmp_path: Path, planck: Cosmology) -> None:
    values = rows(2)
    values[0, :3] = 51, -50, 0
    halos = read_pksc(write(tmp_path / "a", values), BOX, planck, "Mpc/h")
    np.testing.assert_allclose(halos["position"][0], [1, 0, 50], atol=1e-5)


def nan(values: np.ndarray) -> None:
    values[3, 4] = np.nan


def no_radius(values: np.ndarray) -> None:
    values[2, 6] = 0


def raw(values: np.ndarray) -> None:
    values[:, 7:10] = 0


def outside(values: np.ndarray) -> None:
    values[1, 8] = 1.5 * BOX


@pytest.mark.parametrize(
    ("damage", "message"), [(nan, "not finite"), (no_radius, "radius"), (raw, "raw catalogue"), (outside, "the box")]
)
def test_impossible_values(
    tmp_path: Path, planck: Cosmology, damage: Callable[[np.ndarray], None], message: str
) -> None:
    values = rows(6)
    damage(values)
    with pytest.raises(InputError, match=message):
        read_pksc(write(tmp_path / "a", values), BOX, planck)


def test_wrong_unit_is_noticed_where_it_can_be(tmp_path: Path, planck: Cosmology) -> None:
    """A box full of halos in Mpc does not fit into the same number of Mpc/h."""
    values = rows(6)
    values[:, 7:10] *= BOX / 2 / planck.h / np.abs(values[:, 7:10]).max()
    path = write(tmp_path / "a", values)
    assert len(read_pksc(path, BOX, planck, "Mpc")) == 6
    with pytest.raises(InputError, match="unit of length"):
        read_pksc(path, BOX, planck, "Mpc/h")
    with pytest.raises(UsageError, match="Mpc"):
        read_pksc(path, BOX, planck, "kpc")


def test_headers_that_lie(tmp_path: Path, planck: Cosmology) -> None:
    for count, message in ((7, "cut off"), (5, "11 columns"), (-3, "11 columns"), (0, "no halos")):
        with pytest.raises(InputError, match=message):
            read_pksc(write(tmp_path / "a", rows(6), count=count), BOX, planck)
    with pytest.raises(InputError, match="largest radius"):
        read_pksc(write(tmp_path / "a", rows(6), largest=20), BOX, planck)
    (tmp_path / "short").write_bytes(b"abc")
    with pytest.raises(InputError, match="bytes"):
        read_pksc(tmp_path / "short", BOX, planck)
    with pytest.raises(InputError, match="cannot be read"):
        read_pksc(tmp_path / "none", BOX, planck)


def test_a_signalling_nan_is_refused(tmp_path: Path) -> None:
    """Casting one to double precision raises a warning of its own."""
    raw = (1).to_bytes(4, "little") + b"\0" * 8 + b"\0\0\x81\x7f" * 11
    (tmp_path / "nan.pksc").write_bytes(raw)
    with pytest.raises(InputError):
        read_pksc(tmp_path / "nan.pksc", BOX, PRESETS["planck2015"])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([None, 1, 2, 5]))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, raw: bytes, count: int | None) -> None:
    """Also with a header that fits the length."""
    if count is not None:
        raw = count.to_bytes(4, "little") + raw.ljust(8 + 44 * count, b"\1")[: 8 + 44 * count]
    path = tmp_path_factory.getbasetemp() / "fuzz.pksc"
    path.write_bytes(raw)
    try:
        halos = read_pksc(path, BOX, PRESETS["planck2015"])
    except InputError:
        return
    assert len(halos) == count
    assert np.isfinite(halos["mass"]).all()
