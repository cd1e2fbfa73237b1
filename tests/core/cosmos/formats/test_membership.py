"""Which particles are in which halo of somebody's catalogue: by ids, by order, by nearest radius, or refused."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from snapshot_writers import BOX, GIVEN, Halos, Run, write_ahf, write_gadget, write_groups, write_rockstar
from three_halos import BESIDE, MEAN_DENSITY, halos, particles, run_with, write_csv

from core.cosmos.box import lattice, nearest_image
from core.cosmos.formats.catalogues import read_catalogue
from core.cosmos.formats.membership import assign, nearest_radius
from core.cosmos.imports.halos import TheirHalos
from core.cosmos.imports.pair import import_pair
from core.errors import InputError


def expected_labels() -> np.ndarray:
    labels = np.zeros(16**3, np.int32)
    for label, row in enumerate((1, 2, 0), 1):
        labels[halos().members[row]] = label
    return labels


@pytest.mark.parametrize("form", ["rockstar", "ahf", "subfind", "subfind-ids"])
def test_members_by_id(tmp_path: Path, form: str) -> None:
    found = halos()
    run = run_with(found)
    run.ids = run.ids + 2**40
    truth = expected_labels()
    if form == "subfind":
        path = write_groups(tmp_path / "tab", found)
    else:
        ids = run.ids[np.concatenate(found.members)]
        order = np.random.default_rng(0).permutation(len(run.ids))
        if form == "subfind-ids":
            path = write_groups(tmp_path / "tab", found, ids=ids)
        elif form == "ahf":
            path = write_ahf(tmp_path / "snap.AHF_halos", found, run)
        else:
            path = write_rockstar(tmp_path / "halos_0.0.ascii", found, run)
        run.ids, run.positions, truth = run.ids[order], run.positions[order], truth[order]
    given = assign(path, read_catalogue(path, BESIDE), particles(run))
    np.testing.assert_array_equal(given.labels, truth)
    assert given.repairs == ()
    assert {"rockstar": "halos_0.0.particles", "ahf": "AHF_particles", "subfind": "order of the snapshot"}.get(
        form, "ids of members"
    ) in given.source


def test_members_by_nearest_radius(tmp_path: Path) -> None:
    found = halos()
    run = run_with(found)
    path = write_csv(tmp_path / "a", found)
    given = assign(path, read_catalogue(path, BESIDE), particles(run))
    np.testing.assert_array_equal(given.labels, expected_labels())
    assert "nearest in units of its radius (200 times the mean density" in given.source


def test_nearest_radius_against_all_pairs() -> None:
    random = np.random.default_rng(3)
    positions, centres, radii = random.random((500, 3)) * 10, random.random((20, 3)) * 10, 1 + random.random(20)
    ratio = np.linalg.norm(nearest_image(positions[:, None] - centres, 10.0), axis=2) / radii
    expected = np.where(ratio.min(axis=1) < 1, ratio.argmin(axis=1) + 1, 0)
    np.testing.assert_array_equal(nearest_radius(positions, centres, radii, 10.0), expected)
    assert np.count_nonzero(expected) > 50


def test_members_that_cannot_be(tmp_path: Path) -> None:
    found = halos()
    run = run_with(found)
    path = write_ahf(tmp_path / "a_halos", found, run)
    other = replace(particles(run), ids=run.ids + 100)
    with pytest.raises(InputError, match="100 of 225 members are not in the snapshot"):
        assign(path, read_catalogue(path, BESIDE), other)
    shuffled = replace(particles(run), ids=np.random.default_rng(0).permutation(run.ids))
    with pytest.raises(InputError, match=r"members of its halos lie .* radii away"):
        assign(path, read_catalogue(path, BESIDE), shuffled)
    listed = tmp_path / "a_particles"
    os.truncate(listed, listed.stat().st_size // 2)
    with pytest.raises(InputError, match=r"a_particles is cut off"):
        assign(path, read_catalogue(path, BESIDE), particles(run))
    csv = write_csv(tmp_path / "far.csv", halos(positions=np.full((3, 3), 15.0)))
    lonely = replace(particles(run), positions=np.full((16**3, 3), 40, np.float32))
    with pytest.raises(InputError, match="3 of its 3 halos do not hold the particles of their mass"):
        assign(csv, read_catalogue(csv, BESIDE), lonely)


def test_members_of_two_halos_and_halos_without(tmp_path: Path) -> None:
    found = halos()
    run = run_with(found)
    found.members[0] = np.append(found.members[0], found.members[1][:7])
    found.members[2] = found.members[2][:0]
    path = write_ahf(tmp_path / "a_halos", found, run)
    given = assign(path, read_catalogue(path, BESIDE), particles(run))
    assert given.repairs == (
        "7 particles of several halos given to the heaviest",
        "1 halos without particles left out",
    )
    np.testing.assert_array_equal(np.bincount(given.labels)[1:], [125, 40])
    np.testing.assert_array_equal(given.catalogue["id"], [1001, 1000])


@pytest.mark.parametrize("offset", [0.0, 0.5 * BOX / 16])
def test_their_halos_in_a_universe(tmp_path: Path, offset: float) -> None:
    """Ours are replaced: catalogue and labels agree, and lie where the lattice's first node is at the corner."""
    from test_imports import later

    initial = write_gadget(tmp_path / "ics", Run(offset=offset).shuffled(1))
    run = later(offset)
    clump = np.flatnonzero((np.abs(lattice(16, BOX) / (BOX / 16) - 8) <= 2).all(axis=1))
    run.velocities[:] = run.velocities[clump[0]]
    mass = 125 * run.mass
    found = Halos(np.array([[25.0, 26.0, 24.0]]) + offset, np.array([1.1 * mass]), np.array([1.8]), [clump])
    path = write_rockstar(tmp_path / "halos_0.0.ascii", found, run)
    final = write_gadget(tmp_path / "snap", run.shuffled(2))
    universe = import_pair(initial, final, tmp_path / "u.h5", GIVEN, halos=TheirHalos(path))
    catalogue = universe.catalogue()
    label = universe.field("label").values
    np.testing.assert_array_equal(np.flatnonzero(label), clump)
    assert catalogue.definition == "rockstar (vir)"
    assert catalogue["count"][0] == 125
    assert catalogue["mass"][0] == pytest.approx(1.1 * mass)
    np.testing.assert_allclose(catalogue["position"][0], [25, 26, 24], atol=1e-4)
    np.testing.assert_allclose(catalogue["lagrangian_position"][0], [25, 25, 25], atol=1e-4)
    np.testing.assert_allclose(catalogue["velocity"][0], [100, -200, 300])
    assert 4 / 3 * np.pi * catalogue["lagrangian_radius"][0] ** 3 * MEAN_DENSITY == pytest.approx(1.1 * mass, rel=1e-3)
    inside = universe.field("delta_linear").values[label == 1].mean()
    assert catalogue["overdensity"][0] == pytest.approx(inside, rel=1e-3)
    # what is measured of particles is what it is for our own halos
    assert "mass_corrected" not in catalogue
    assert catalogue["mass_200m"][0] >= 125 * run.mass * 0.999
    per_volume = 200 * MEAN_DENSITY * 4 / 3 * np.pi
    assert catalogue["mass_200m"][0] == pytest.approx(per_volume * catalogue["radius_200m"][0] ** 3, rel=1e-3)
    assert catalogue.units["mass_200m"] == "Msun/h"
    told = universe.provenance["halos"]
    assert told["labels"] == "the ids in halos_0.0.particles"
    assert [Path(source["path"]).name for source in told["sources"]] == ["halos_0.0.ascii"]
