"""Counts and masses of halos by hand, and where the paper's numbers stand beside them."""

from dataclasses import replace

import numpy as np
import pytest

from core.analysis.protohalos import counts
from core.cosmos.box import Catalogue
from core.cosmos.cosmology import preset
from core.cosmos.universe import Universe
from core.protohalos.truth import true_halos


def halos(*masses: float, box_size: float = 100.0) -> Catalogue:
    return Catalogue({"mass": np.array(masses), "position": np.zeros((len(masses), 3))}, box_size)


def papers_box(universe: Universe) -> Universe:
    """Its cells of 1 Mpc in its cosmology, in a smaller box."""
    return replace(universe, box_size=universe.cells * 0.7, cosmology=preset("halonet"))


def test_a_hundred_cells_have_the_papers_mass_in_its_boxes_alone(universes: list[Universe]) -> None:
    same = papers_box(universes[0])
    assert 100 * same.particle_mass / 0.7 == pytest.approx(counts.CUT_MASS, rel=1e-3)
    assert counts.at_the_papers_cut([same])
    assert not counts.at_the_papers_cut([same, universes[0]])


def test_only_peak_patch_halos_are_the_papers(universes: list[Universe]) -> None:
    truth = true_halos(universes[0], "nbody")
    assert not counts.learnt_from_peak_patch([truth])
    patches = replace(truth, halos=replace(truth.halos, definition="peak patch"))
    assert counts.learnt_from_peak_patch([patches])
    assert not counts.learnt_from_peak_patch([patches, truth])
    assert counts.papers_matches(True) == (0.6, "")
    assert counts.papers_matches(False)[0] is None


def test_counts_are_densities() -> None:
    truth, ours = [halos(1e12, 3e12), halos(2e12)], [halos(1e12), halos(5e12)]
    true, found = counts.densities("density", "halos", truth, ours, truth, 2e12, paper=True)
    # two and one in 2e6 (Mpc/h)^3
    assert (true.value, found.value, found.baseline) == pytest.approx((1e-3, 0.5e-3, 1e-3))
    assert found.error == pytest.approx(0.5e-3)
    # 60,000 and 55,000 in 512 Mpc
    assert (true.paper, found.paper) == pytest.approx((1.3033, 1.1947), rel=1e-4)
    assert counts.densities("density", "halos", truth, ours, truth, 2e12, paper=False)[1].paper is None


def test_mass_in_each_class_is_in_solar_masses() -> None:
    # 0.7e14 Msun/h are 1e14 Msun
    truth, ours = [halos(0.71e14, 0.71e13, 0.69e13, 1e12)], [halos(1.42e14, 0.8e13, 0.3e13)]
    found = {n.key: (n.value, n.error) for n in counts.class_masses(truth, ours, truth, [0.7])}
    assert found["mass_clusters"] == pytest.approx((2, 2))
    assert found["mass_groups"] == pytest.approx((8 / 7.1, 8 / 7.1))
    assert found["mass_galaxies"] == pytest.approx((3 / 6.9, 3 / 6.9))
    assert found["mass_smaller"] == (0.0, 0.0)
    [none] = [n for n in counts.class_masses([halos()], ours, truth, [0.7]) if n.key == "mass_groups"]
    assert none.value is None
