"""The sentence that names what a network is not better in."""

from __future__ import annotations

from core.analysis.protohalos.verdict import words
from core.figures import Number

AHEAD = Number("auc", "area under ROC", 0.98, "", 0.001, 0.96)
TIED = Number("dice", "Dice", 0.947, "", 0.002, 0.948)
LOW = Number("mass_scatter", "scatter", 0.06, "dex", None, 0.12)
WORSE = Number("false_positive_rate", "false positives", 0.06, "", 0.001, 0.05)
OVER = Number("mass_function", "N / N_true", 1.3, "", 0.05, 0.9)


def test_says_where_the_network_is_not_ahead() -> None:
    said = words([AHEAD, TIED, LOW, WORSE, OVER], "trees")
    assert said.startswith("In 3 of 5 numbers the network is no better than trees")
    assert "Dice; false positives; N / N_true" in said
    assert "area" not in said


def test_says_where_it_is_ahead_everywhere() -> None:
    assert words([AHEAD, LOW], "trees").startswith("The network is nearer to the truth than trees in all 2")


def test_leaves_out_counts_and_what_has_no_baseline() -> None:
    assert (
        words([Number("halos", "halos", 5.0, baseline=4.0), Number("auc", "a", 0.9), Number("x", "x", None)], "") == ""
    )
    assert words([Number("auc", "area", float("nan"), baseline=0.5)], "trees") == ""
