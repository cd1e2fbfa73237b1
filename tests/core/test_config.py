from pathlib import Path
from typing import Any, Literal

import pytest

from core.config import CONFIGS, Settings, describe, read_table, resolve, tables
from core.errors import ConfigError, InputError, UsageError
from core.forms import settings_fields, settings_values, written
from core.runs import registry


class Inner(Settings):
    rate: float = 0.5
    """How fast."""
    names: tuple[str, ...] = ("a",)
    kind: Literal["x", "y"] = "x"


class Outer(Settings):
    steps: int = 10
    """How long."""
    inner: Inner = Inner()
    note: str = ""
    limit: int | None = None


class Wide(Settings):
    outer: Outer = Outer(steps=7, inner=Inner(rate=0.9, kind="y"))
    """What is wide."""


def test_defaults_then_table_then_overrides() -> None:
    table = {"steps": 5, "inner": {"rate": 0.25}}
    result = resolve(Outer, table, ["inner.rate=2e-3", "inner.kind=y", "limit=3"])
    assert result == Outer(steps=5, inner=Inner(rate=0.002, kind="y"), limit=3)
    assert table == {"steps": 5, "inner": {"rate": 0.25}}


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("note=plain words", "plain words"),
        ("note='7'", "7"),
        ('note="a=b"', "a=b"),
        ("note=a=b", "a=b"),
        (" note = padded ", "padded"),
        ("note=", ""),
    ],
)
def test_overrides_are_read_as_toml_else_as_text(override: str, value: str) -> None:
    assert resolve(Outer, {}, [override]).note == value


def test_lists_and_last_word() -> None:
    assert resolve(Outer, {}, ['inner.names=["p", "q"]', "steps=1", "steps=2"]) == Outer(
        steps=2, inner=Inner(names=("p", "q"))
    )


def test_every_mistake_is_told_with_its_path_and_a_suggestion() -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(Outer, {"stepz": 3, "inner": {"rate": "fast"}}, ["inner.kynd=y", "rate=1", "nonsense", "=3", "steps=x"])
    problems = caught.value.problems
    assert len(problems) == 7
    told = "\n".join(problems)
    for part in (
        "stepz: there is no such setting, did you mean 'steps'?",
        "inner.rate: Input should be a valid number",
        "(got 'fast')",
        "inner.kynd: there is no such setting, did you mean 'inner.kind'?",
        "rate: there is no such setting, did you mean 'inner.rate'?",
        "--set nonsense: write it as name=value",
        "--set =3: write it as name=value",
        "steps: Input should be a valid integer",
    ):
        assert part in told
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


def test_a_group_is_no_value() -> None:
    with pytest.raises(ConfigError, match=r"^inner: "):
        resolve(Outer, {}, ["inner=3"])
    assert resolve(Outer, {"inner": 3}, ["inner.rate=1"]).inner.rate == 1


@pytest.mark.parametrize(
    ("table", "overrides", "expected"),
    [
        ({}, [], Wide()),
        ({"outer": {"inner": {}}}, [], Wide()),
        ({"outer": {"note": "n"}}, [], Wide(outer=Outer(steps=7, inner=Inner(rate=0.9, kind="y"), note="n"))),
        ({"outer": {"steps": 8}}, ["outer.inner.kind=x"], Wide(outer=Outer(steps=8, inner=Inner(rate=0.9)))),
        ({"outer": {"inner": {"rate": 0.5}}}, [], Wide(outer=Outer(steps=7, inner=Inner(rate=0.5, kind="y")))),
    ],
)
def test_what_is_left_out_of_a_group_is_as_in_its_own_default(
    table: dict[str, Any], overrides: list[str], expected: Wide
) -> None:
    assert resolve(Wide, table, overrides) == expected


def test_a_setting_leaves_the_rest_of_its_group_as_the_paper_has_it() -> None:
    values = settings_values(resolve(registry.load("ionization"), {}, ["autoencoder.optimiser.weight_decay=1e-3"]))
    found = [values[f"autoencoder.optimiser.{name}"] for name in ("name", "learning_rate", "weight_decay")]
    assert found == ["amsgrad", "0.003", "0.001"]


@pytest.mark.parametrize("name", registry.names())
def test_what_is_described_is_what_holds(name: str) -> None:
    kind = registry.load(name)
    described = {path: written(default) for path, _, default, _ in describe(kind)}
    assert described == settings_values(kind()) == {field.path: field.default for field in settings_fields(kind)}


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Outer().steps = 3  # type: ignore[misc]


def test_describe() -> None:
    rows = {path: (kind, default, text) for path, kind, default, text in describe(Outer)}
    assert rows["steps"] == ("int", 10, "How long.")
    assert rows["inner.rate"] == ("float", 0.5, "How fast.")
    assert "Literal['x', 'y']" in rows["inner.kind"][0]
    assert {path: default for path, _, default, _ in describe(Wide)}["outer.inner.rate"] == 0.9
    assert set(rows) == {"steps", "inner.rate", "inner.names", "inner.kind", "note", "limit"}


DEPARTURES = {
    # where zeros at the border of a crop were the paper's way, periodic context is the default
    "density": {"network", "crop"},
    "density_gan": {"network", "crop"},
    # the default takes what a universe has, and few universes
    "distance_map": {"truth"},
    "halo_mass": {"truth"},
    "halonet": {"split"},
}
"""Settings whose default is not the paper's."""


@pytest.mark.parametrize("name", registry.names())
def test_every_table_of_every_recipe_resolves(name: str) -> None:
    kind = registry.load(name)
    assert tables(name), f"{name} comes with no tables"
    for table in tables(name):
        resolve(kind, read_table(name, table), [])
    paper = resolve(kind, read_table(name, "paper"), [])
    departures = {key for key, value in paper if value != getattr(kind(), key)}
    assert departures <= DEPARTURES.get(name, set())


@pytest.mark.parametrize("name", registry.names())
def test_every_setting_is_explained(name: str) -> None:
    assert [path for path, _, _, text in describe(registry.load(name)) if not text] == []


def test_every_file_belongs_to_a_recipe() -> None:
    assert {path.stem for path in CONFIGS.glob("*.toml")} - {"sites"} <= set(registry.names())


def test_tables_from_files(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("steps = 1\n[fast]\nsteps = 2\n")
    assert read_table("halonet", f"{path}:fast") == {"steps": 2}
    assert read_table("halonet", str(path))["steps"] == 1
    assert read_table("halonet", "smoke")["steps"] == 12
    without_suffix = tmp_path / "mine"
    without_suffix.write_text("[fast]\nsteps = 3\n")
    assert read_table("halonet", f"{without_suffix}:fast") == {"steps": 3}


@pytest.mark.parametrize(
    ("source", "error", "words"),
    [
        ("smok", UsageError, "did you mean 'smoke'"),
        ("missing.toml", InputError, "there is no configuration missing.toml"),
        ("{}/broken.toml:x", InputError, "not a readable TOML file"),
        ("{}/good.toml:b", UsageError, "known: a"),
        ("{}/good.toml:number", UsageError, r"no table \[number\]"),
        ("{}/binary.toml", InputError, "not a readable TOML file"),
        ("{}:x", InputError, "not a readable TOML file"),
    ],
)
def test_unreadable_tables(tmp_path: Path, source: str, error: type[Exception], words: str) -> None:
    (tmp_path / "broken.toml").write_text("a = ")
    (tmp_path / "good.toml").write_text("number = 3\n[a]\n")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(error, match=words):
        read_table("halonet", source.format(tmp_path))


def test_a_recipe_without_tables() -> None:
    assert tables("nobody") == []
