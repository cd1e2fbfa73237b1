"""Cosmologies of campaigns: tables of ours and of others, latin hypercubes."""

from pathlib import Path

import numpy as np
import pytest

from core.cosmos.campaign import NUMBERS, latin_hypercube, parse_ranges, read_table, table_text, varied
from core.cosmos.cosmology import preset
from core.errors import InputError, UsageError

PLANCK = preset("planck2018")


def test_changed_numbers_make_a_name() -> None:
    assert varied(PLANCK, {}) is PLANCK
    found = varied(PLANCK, {"omega_matter": 0.3, "w0": -0.9})
    assert (found.omega_matter, found.w0, found.sigma8) == (0.3, -0.9, PLANCK.sigma8)
    assert found.name == "planck2018-omegamatter0.3-w0-0.9"


def test_a_latin_hypercube_meets_every_stratum_once(tmp_path: Path) -> None:
    ranges = {"omega_matter": (0.1, 0.5), "sigma8": (0.6, 1.0)}
    found = latin_hypercube(20, ranges, PLANCK)
    assert found == latin_hypercube(20, ranges, PLANCK)
    for name, (low, high) in ranges.items():
        strata = np.floor([(getattr(item, name) - low) / (high - low) * 20 for item in found])
        np.testing.assert_array_equal(np.sort(strata), np.arange(20))
    assert {item.h for item in found} == {PLANCK.h}
    path = tmp_path / "t.csv"
    path.write_text(table_text(found))
    assert read_table(path, PLANCK) == found


def test_a_table_of_others(tmp_path: Path) -> None:
    """As the latin hypercube of the Quijote simulations is written."""
    path = tmp_path / "latin_hypercube_params.txt"
    path.write_text(
        "#Omega_m Omega_b h n_s sigma_8\n0.1755 0.06681 0.7737 0.8849 0.6641\n0.2139 0.05557 0.8599 0.9785 0.8619\n"
    )
    first, second = read_table(path, PLANCK)
    assert [getattr(first, name) for name in NUMBERS] == [0.1755, 0.06681, 0.7737, 0.6641, 0.8849, -1, 0]
    assert (second.name, second.sigma8) == ("c0002", 0.8619)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("omega_matter,sigma8\n", "has no rows"),
        ("omega_mater\n0.3\n", "did you mean 'omega_matter'"),
        ("omega_matter\nx\n", "row 1 is not 1 numbers"),
        ("omega_matter,sigma8\n0.3,0.8\n0.3\n", "row 2 is not 2 numbers"),
        ("omega_matter\n1.3\n", "row 1: omega_matter = 1.3 in a flat universe"),
        ("om,omega_m\n0.3,0.3\n", "names a column twice"),
    ],
)
def test_tables_that_cannot_be(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=words):
        read_table(path, PLANCK)


def test_ranges() -> None:
    assert parse_ranges("omega_matter=0.1:0.5,w0=-1.2:-0.8") == {"omega_matter": (0.1, 0.5), "w0": (-1.2, -0.8)}
    for text in ("omega_matter", "h=1:2:3", "h=a:b"):
        with pytest.raises(UsageError, match="cannot be read"):
            parse_ranges(text)
    with pytest.raises(UsageError, match="is empty"):
        latin_hypercube(3, {"h": (0.7, 0.6)}, PLANCK)
    with pytest.raises(UsageError, match="unknown range"):
        latin_hypercube(3, {"hh": (0.6, 0.7)}, PLANCK)
    with pytest.raises(UsageError, match="needs ranges"):
        latin_hypercube(3, {}, PLANCK)
