"""Catalogues beside the snapshot they should be of: every row is proven, whole catalogues of something else refused."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from core.cosmos.box import Array, Particles, lattice
from core.cosmos.cosmology import preset
from core.cosmos.formats.catalogues import read_catalogue
from core.cosmos.formats.given import Given
from core.cosmos.formats.membership import assign
from core.cosmos.initial import linear_field
from core.cosmos.power import linear_power
from core.cosmos.simulate import Evolution, by_particle, evolve
from core.errors import InputError

CELLS, BOX = 32, 32.0
PLANCK = preset("planck2018")
BESIDE = Given(box_size=BOX, redshift=0.0, h=PLANCK.h, omega_matter=PLANCK.omega_matter)
COLUMNS = "mass [Msun/h],x [Mpc/h],y [Mpc/h],z [Mpc/h],radius [Mpc/h]"


@dataclass(frozen=True)
class Evolved:
    """Particles, and their halos by mass and radius at 200 times the mean density."""

    particles: Particles
    mass: Array
    position: Array
    radius: Array


@pytest.fixture(scope="module")
def evolved() -> Evolved:
    field = linear_field(CELLS, BOX, linear_power(PLANCK), seed=5)
    fields, catalogues = evolve(field, PLANCK, Evolution(steps=10, device="cpu"))
    (psi,) = (item.values for item in fields if item.name == "displacement")
    positions = ((lattice(CELLS, BOX) + by_particle(psi)) % BOX).astype(np.float32)
    halos = catalogues["fof"]
    keep = halos["mass_200m"] > 20 * PLANCK.particle_mass(BOX, CELLS)
    particles = Particles(positions, np.arange(CELLS**3), BOX, 0.0, PLANCK.particle_mass(BOX, CELLS))
    return Evolved(particles, halos["mass_200m"][keep], halos["position"][keep], halos["radius_200m"][keep])


def csv(path: Path, mass: Array, position: Array, radius: Array | None = None, header: str = COLUMNS) -> Path:
    rows = np.column_stack([mass, position] if radius is None else [mass, position, radius])
    lines = [",".join(f"{x:.6g}" for x in row) for row in rows]
    names = ",".join(header.split(",")[: rows.shape[1]])
    path.write_text("\n".join([names, *lines]) + "\n")
    return path


def test_the_right_catalogue_passes_whole(evolved: Evolved, tmp_path: Path) -> None:
    e = evolved
    path = csv(tmp_path / "c.csv", e.mass, e.position, e.radius)
    found = assign(path, read_catalogue(path, BESIDE), e.particles)
    assert len(e.mass) > 40
    # neighbours share what lies in both of their spheres; those inside heavier ones were left out before
    assert len(found.catalogue) > 0.9 * len(e.mass)
    held = np.bincount(found.labels)[1:] * e.particles.particle_mass
    assert np.median(held / found.catalogue["mass"]) == pytest.approx(1, abs=0.05)


Change = Callable[[Evolved, np.random.Generator], Evolved]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda e, draw: replace(e, position=draw.uniform(0, BOX, e.position.shape)), "do not hold the particles"),
        (lambda e, draw: replace(e, position=e.position[:, [2, 0, 1]]), "order of x, y and z"),
        (lambda e, draw: replace(e, position=e.position * PLANCK.h), "do not hold the particles of their mass"),
        (lambda e, draw: replace(e, mass=e.mass / PLANCK.h), r"weigh 0\.\d+ times their masses"),
        (lambda e, draw: replace(e, mass=e.mass * PLANCK.h), r"weigh 1\.\d+ times their masses"),
    ],
)
def test_catalogues_of_something_else(evolved: Evolved, tmp_path: Path, change: Change, words: str) -> None:
    wrong = change(evolved, np.random.default_rng(1))
    path = csv(tmp_path / "c.csv", wrong.mass, wrong.position, wrong.radius)
    with pytest.raises(InputError, match=words):
        assign(path, read_catalogue(path, BESIDE), evolved.particles)


def test_masses_without_radii(evolved: Evolved, tmp_path: Path) -> None:
    path = csv(tmp_path / "c.csv", evolved.mass, evolved.position)
    assert len(assign(path, read_catalogue(path, BESIDE), evolved.particles).catalogue) > 0.8 * len(evolved.mass)
    path = csv(tmp_path / "c.csv", 2 * evolved.mass, evolved.position)
    with pytest.raises(InputError, match=r"weigh 0\.\d+ times|do not hold"):
        assign(path, read_catalogue(path, BESIDE), evolved.particles)


def test_bad_radii_are_named_and_take_nothing_from_others(evolved: Evolved, tmp_path: Path) -> None:
    e = evolved
    path = csv(tmp_path / "c.csv", e.mass, e.position, e.radius)
    truth = assign(path, read_catalogue(path, BESIDE), e.particles)
    bad = np.arange(len(e.mass)) % 4 == 3
    path = csv(tmp_path / "c.csv", e.mass, e.position, np.where(bad, 3, 1) * e.radius)
    found = assign(path, read_catalogue(path, BESIDE), e.particles)
    assert any("whose mass and radius do not belong together left out (halo 4, 8" in words for words in found.repairs)
    centres = {tuple(np.round(row, 3)) for row in e.position[bad]}
    assert not centres & {tuple(np.round(row, 3)) for row in found.catalogue["position"]}
    # the labels of the others are what they were: Jaccard of the particles of both
    theirs = {tuple(np.round(row, 3)): label for label, row in enumerate(truth.catalogue["position"], 1)}
    overlaps = []
    for label, row in enumerate(found.catalogue["position"], 1):
        if (other := theirs.get(tuple(np.round(row, 3)))) is not None:
            a, b = found.labels == label, truth.labels == other
            overlaps.append(np.count_nonzero(a & b) / np.count_nonzero(a | b))
    assert np.mean(overlaps) > 0.95
    assert len(overlaps) > 0.6 * len(truth.catalogue)
