from dataclasses import replace

import numpy as np
import pytest

from core.cosmos.box import Catalogue, Field
from core.cosmos.universe import Universe
from core.errors import InputError
from core.recipes.halo_mass.masses import crossing_masses
from core.recipes.halo_mass.particles import (
    HaloParticles,
    centre_cells,
    drawn,
    drawn_from_each,
    drawn_together,
    final_positions,
    halo_particles,
    nearest_the_middle,
    potential,
    radii,
    seen,
    weights,
)

RANGE = (11.0, 16.0)


def test_every_particle_of_a_halo_has_its_mass(universes: list[Universe]) -> None:
    universe = universes[0]
    particles = halo_particles(universe, "nbody", *RANGE)
    halos, label = universe.catalogue("fof"), np.asarray(universe.field("label").values).reshape(-1)
    assert np.array_equal(particles.ids, np.flatnonzero(label))
    assert np.array_equal(particles.mass, halos["mass"][label[particles.ids] - 1])
    assert np.array_equal(np.bincount(particles.halo), halos["count"])


def test_only_masses_in_the_range_count(universes: list[Universe]) -> None:
    masses = np.log10(universes[0].catalogue("fof")["mass"])
    low, high = np.percentile(masses, (30, 70))
    particles = halo_particles(universes[0], "auto", low, high)
    assert low <= np.log10(particles.mass).min() <= np.log10(particles.mass).max() <= high
    assert len(np.unique(particles.halo)) == np.count_nonzero((masses >= low) & (masses <= high))
    with pytest.raises(InputError, match=r"no halos of 10\^17 to 10\^18 Msun/h: change log_mass"):
        halo_particles(universes[0], "auto", 17, 18)


def test_draws(universes: list[Universe]) -> None:
    every = halo_particles(universes[0], "auto", *RANGE)
    some = drawn(every, 50, 1)
    assert len(some) == len(np.unique(some.ids)) == 50
    assert np.array_equal(some.ids, drawn(every, 50, 1).ids)
    assert not np.array_equal(some.ids, drawn(every, 50, 2).ids)
    assert np.array_equal(drawn(every, 10**6, 1).ids, every.ids)
    few = drawn_from_each(every, 3, 1)
    assert np.array_equal(np.bincount(few.halo), np.minimum(np.bincount(every.halo), 3))
    assert len(np.unique(few.ids)) == len(few)
    pairs = dict(zip(every.ids.tolist(), every.halo.tolist(), strict=True))
    assert all(pairs[i] == h for i, h in zip(few.ids.tolist(), few.halo.tolist(), strict=True))


def test_between_particles_and_halos_a_halo_counts_as_the_root_of_its_size() -> None:
    halo = np.repeat([0, 1, 2], [1, 4, 900])
    particles = HaloParticles(np.arange(905), halo, Catalogue({"mass": np.ones(3)}, 10.0))
    assert np.allclose(np.bincount(halo, weights(particles, "particles")), [1, 4, 900])
    assert np.allclose(np.bincount(halo, weights(particles, "between")), [1, 2, 30])
    assert np.allclose(np.bincount(halo, weights(particles, "halos")), 1)
    counts = [np.bincount(drawn_together([particles], 11, "between", seed)[0].halo) for seed in range(400)]
    # a third of 1 + 2 + 30; Poisson errors of the mean of 400 draws are below 0.03 and 0.16
    mean = np.mean([np.pad(count, (0, 3 - len(count))) for count in counts], axis=0)
    assert mean == pytest.approx([1 / 3, 2 / 3, 10], abs=0.6)
    assert mean[:2] == pytest.approx([1 / 3, 2 / 3], abs=0.15)
    [one] = drawn_together([particles], 0, "between", 1)
    assert len(one) == 1


def test_the_middle_of_a_halo_that_crosses_the_border() -> None:
    """A ball of 57 particles about the corner of the box, and a pair."""
    from core.cosmos.box import Catalogue

    n = 12
    axis = (np.arange(n) + n // 2) % n - n // 2
    squared = axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2
    ball = np.flatnonzero(squared <= 5)
    pair = np.array([(6 * n + 6) * n + 6, (6 * n + 6) * n + 7])
    ids = np.sort(np.concatenate([ball, pair]))
    halos = Catalogue({"mass": np.ones(2), "position": np.zeros((2, 3))}, 12.0)
    every = HaloParticles(ids, np.isin(ids, pair).astype(np.int64), halos)
    few = nearest_the_middle(every, n, 7)
    assert set(few.ids[few.halo == 0]) == set(np.flatnonzero(squared <= 1))
    assert set(few.ids[few.halo == 1]) == set(pair)


def test_the_potential_of_a_wave() -> None:
    phase = 2 * np.pi * 3 * np.arange(16) / 16
    wave = np.broadcast_to(np.cos(phase)[:, None, None], (16, 16, 16)).astype(np.float32)
    found = potential(Field("delta_linear", wave, 50.0))
    assert np.allclose(found, -wave / (2 * np.pi * 3 / 50.0) ** 2, atol=1e-4)


def test_what_is_seen(universes: list[Universe]) -> None:
    universe = universes[0]
    delta = universe.field("delta_linear").values
    assert np.array_equal(seen(universe, "density", 4), delta)
    assert np.array_equal(seen(universe, "averaged", 4), delta)
    assert seen(universe, "potential", 4).shape == delta.shape
    evolved = seen(universe, "evolved", 2)
    assert evolved.shape == (32, 32, 32)
    assert evolved.min() == pytest.approx(np.log(0.01))


def test_particles_sit_where_the_field_shows_them(universes: list[Universe]) -> None:
    universe = universes[0]
    particles = halo_particles(universe, "auto", *RANGE)
    cells = centre_cells(universe, particles.ids, "density", 4)
    assert np.array_equal(np.ravel_multi_index(tuple(cells.T), (16,) * 3), particles.ids)
    there = centre_cells(universe, particles.ids, "evolved", 2)
    distance = np.abs(there * (25.0 / 32) - final_positions(universe)[particles.ids])
    assert np.minimum(distance, 25.0 - distance).max() <= 25.0 / 64 * 1.001
    # halos are dense
    density = seen(universe, "evolved", 2)
    assert density[tuple(there.T)].mean() > 2


def test_radii_are_from_the_centre_of_the_halo(universes: list[Universe]) -> None:
    universe = universes[0]
    particles = halo_particles(universe, "auto", *RANGE)
    found = radii(universe, particles)
    assert found is not None
    # friends of friends of at least 8 particles: most are within two virial radii
    assert 0.2 < np.median(found) < 2
    assert radii(replace(universe, fields={}), particles) is None


def test_fields_that_are_missing(universes: list[Universe]) -> None:
    fields = {name: info for name, info in universes[0].fields.items() if name != "displacement"}
    with pytest.raises(InputError, match="has no displacement"):
        seen(replace(universes[0], fields=fields), "evolved", 2)


def test_the_scales_of_the_paper(universes: list[Universe]) -> None:
    """256^3 particles in 50 Mpc/h: two cells hold the paper's 3e10 Msun."""
    paper = replace(universes[0], box_size=50.0, cells=256)
    masses = crossing_masses(paper) / paper.cosmology.h
    assert len(masses) == 50
    assert masses[0] == pytest.approx(1e15)
    assert masses[-1] == pytest.approx(3e10, rel=0.15)
