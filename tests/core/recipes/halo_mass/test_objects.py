"""Masses of whole halos: the network is judged beside EPS on the halos that both give a mass."""

import numpy as np
import pytest

from core.recipes.halo_mass.objects import WholeHalos, numbers, together

TRUE = np.linspace(12.0, 15.0, 301)
CROSSED = TRUE > 13.5


def halos() -> WholeHalos:
    """The network is .1 dex too heavy and, below EPS' reach, of no use; EPS is .3 dex too light where it crosses."""
    network = np.where(CROSSED, TRUE + 0.1, 12.5)
    return WholeHalos(TRUE, network, np.where(CROSSED, TRUE - 0.3, np.nan))


def test_the_baseline_is_of_the_same_halos() -> None:
    found = {number.key: number for number in numbers(halos())}
    assert found["halo_bias"].value == pytest.approx(0.1)
    assert found["halo_bias"].baseline == pytest.approx(-0.3)
    assert found["halo_correlation"].value == pytest.approx(1)
    assert found["halo_correlation"].baseline == pytest.approx(1)
    assert found["halo_all_correlation"].value == pytest.approx(np.corrcoef(TRUE, halos().network)[0, 1])
    assert found["halo_all_scatter"].value is not None
    assert found["halo_all_scatter"].value > 0.2
    assert f"{CROSSED.sum()} of {len(TRUE)} halos" in found["halo_bias"].note


def test_boxes_together() -> None:
    both = together([halos(), halos()])
    assert both is not None
    assert len(both.true) == 602
    assert together([]) is None


def test_no_halo_that_eps_knows() -> None:
    nothing = WholeHalos(TRUE, TRUE, np.full(len(TRUE), np.nan))
    found = {number.key: number for number in numbers(nothing)}
    assert found["halo_bias"].value is None
    assert found["halo_bias"].baseline is None
    assert found["halo_all_correlation"].value == pytest.approx(1)
