"""The page of results: what its blocks ask for, and how numbers become tables."""

from __future__ import annotations

import pytest

from core.figures import Number, Report, Table
from core.runs import registry
from tests.results import tables
from tests.results.__main__ import PAGES, label
from tests.results.blocks import KINDS, Wanted, filled, parse

FIRST = Report(
    "one",
    (
        Number("dice", "Dice", 0.91234, "", 0.002, 0.8, 0.93, ceiling=0.97),
        Number("bias", "median", -0.04, "dex"),
        Number("none", "of nothing", None),
    ),
    {},
)


def test_blocks_are_filled_and_the_rest_stays() -> None:
    page = "# a\n\n<!-- results: numbers | halonet cpu | dice -->\n\nold\n\n<!-- end -->\n\ntext\n"
    once = filled(page, lambda wanted: f"{wanted.kind} {wanted.keys}")
    assert "old" not in once
    assert once.startswith("# a\n\n<!-- results: numbers | halonet cpu | dice -->\n\nnumbers ('dice',)\n\n<!-- end -->")
    assert once.endswith("text\n")
    assert filled(once, lambda wanted: f"{wanted.kind} {wanted.keys}") == once
    assert filled(page, lambda wanted: None) == page


def test_what_no_block_may_ask_for() -> None:
    with pytest.raises(ValueError, match="is no block"):
        parse("figures | halonet cpu")


def test_numbers_stand_beside_baseline_ceiling_and_paper() -> None:
    head, _, first, second = tables.numbers([("halonet cpu", FIRST)], ("dice", "bias")).splitlines()
    assert head == "| | halonet cpu | halonet cpu: trees | ceiling | paper |"
    assert first == "| Dice | 0.9123 ± 0.002 | 0.8 | 0.97 | 0.93 |"
    assert second == "| median [dex] | -0.04 | | | |"
    other = tables.numbers([("ionization_map cpu", FIRST)], ("dice",)).splitlines()[0]
    assert other == "| | ionization_map cpu | ionization_map cpu: smoothed density | ceiling | paper |"


def test_ways_are_rows_and_what_is_asked_for_columns() -> None:
    made = Table("t", ("quantity", "a", "b"), (("complete  > 1", 0.5, 0.25), ("pure  > 1", None, 1.0)))
    assert tables.turned(made, ("pure",)).splitlines() == ["| | pure > 1 |", "| --- | --- |", "| a | |", "| b | 1 |"]


def test_runs_are_told_apart_by_their_command() -> None:
    command = "halodeck train halonet --on 'a b' --config cpu --set seed=2 --runs x"
    assert label(command) == "halonet cpu seed=2"


def test_the_page_asks_for_what_there_is() -> None:
    wanted: list[Wanted] = []

    def collect(one: Wanted) -> None:
        wanted.append(one)

    for page in PAGES:
        filled(page.read_text(), collect)
    assert {one.kind for one in wanted} == set(KINDS)
    assert all(name.split()[0] in registry.names() for one in wanted for name in one.runs)
