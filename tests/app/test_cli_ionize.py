from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli.ionize import parse_range
from core.cosmos.universe import open_universe
from core.errors import UsageError

Command = Callable[..., tuple[int, str, str]]
SMALL = ("--cells", 16, "--box", 16, "--mesh-ratio", 1, "--device", "cpu", "--out", "out")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("7", [7.0]), ("6.5,7,8", [6.5, 7.0, 8.0]), ("6.5-8/4", [6.5, 7.0, 7.5, 8.0]), (".07,.08", [0.07, 0.08])],
)
def test_ranges(text: str, numbers: list[float]) -> None:
    assert parse_range(text, "--redshifts") == numbers


@pytest.mark.parametrize("text", ["7-", "7-8/x", "7/3", "7-8/1", "a,b"])
def test_ranges_that_cannot_be_read(text: str) -> None:
    with pytest.raises(UsageError, match="--redshifts"):
        parse_range(text, "--redshifts")


def test_one_universe_for_each_and_kept(command: Command) -> None:
    arguments = ("ionize", "--redshifts", "7,8", "--escape-fractions", ".05,.1", "--seeds", "1-2", *SMALL)
    code, output, _ = command(*arguments)
    assert code == 0
    assert output.count("neutral fraction") == 8
    files = sorted(Path("out").iterdir())
    assert len(files) == 8
    assert files[0].name == "planck2015-16-L16-s0001-z07.00-f0.050.h5"
    before = [path.stat().st_mtime_ns for path in files]
    code, output, _ = command(*arguments)
    assert (code, output) == (0, "")
    assert [path.stat().st_mtime_ns for path in files] == before
    code, _, error = command(*arguments, "--photons", 100)
    assert code == 1
    assert "exists with other settings" in error


def test_a_density_that_is_given(command: Command) -> None:
    assert command("ionize", "--redshifts", 7, "--seeds", 3, *SMALL)[0] == 0
    [first] = Path("out").glob("*.h5")
    code, _, _ = command("ionize", "--density", first, "--escape-fractions", "0.02", "--out", "again")
    assert code == 0
    again = open_universe(next(Path("again").glob("*.h5")))
    assert again.cells == 16
    assert again.fields["density"].redshift == 7
    assert (again.field("density").values == open_universe(first).field("density").values).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--redshifts", "2"), "no sources are known at z = 2"),
        (("--redshifts", "7", "--escape-fractions", "0"), "an escape fraction of 0"),
        (("--redshifts", "7,7.001"), "two universes would have one name"),
        (("--redshifts", "6", "--escape-fractions", ".9"), "nothing is neutral at z = 6"),
        (("--density", "nowhere.h5"), "nowhere.h5 does not exist"),
    ],
)
def test_mistakes_are_one_line(arguments: tuple[str, ...], words: str, command: Command) -> None:
    code, _, error = command("ionize", "--seeds", "1", *SMALL, *arguments)
    assert code in (1, 2)
    assert words in error
    assert "Traceback" not in error
