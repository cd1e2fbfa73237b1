"""Universes of other people's snapshots: the linear field, our evolution of it, matched pairs."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from snapshot_writers import (
    BOX,
    CELLS,
    GIVEN,
    H,
    Run,
    linear_density,
    linear_displacement,
    write_gadget,
    write_hdf5,
    write_tipsy,
)

from core.cosmos.box import lattice
from core.cosmos.cosmology import growth
from core.cosmos.formats.given import Given
from core.cosmos.formats.lattice import Lattice
from core.cosmos.formats.snapshots import read_snapshot
from core.cosmos.imports.initial import import_initial
from core.cosmos.imports.linear import linear_field
from core.cosmos.imports.pair import import_pair
from core.cosmos.measures.spectra import spectra
from core.cosmos.simulate import Evolution
from core.cosmos.universe import open_universe
from core.errors import InputError, UsageError
from core.files import checksum

AREPO = Given(omega_baryon=0.0486, sigma8=0.831, spectral_index=0.9645)
"""What the header of arepo-L50n32/ics does not say; no result of its import depends on these."""
AREPO_MASS = 3.27054e11
"""Particle mass of the AREPO run [Msun/h]."""
AREPO_MINIMUM = 32
"""Smallest group in AREPO's lists: 1.0466e13 Msun/h."""


def recovered(path: Path, given: Given = GIVEN) -> tuple[float, Lattice]:
    """Largest error of the recovered linear field over the rms of the true one, and the lattice."""
    linear = linear_field(read_snapshot(path, given))
    delta, found = linear.delta, linear.lattice
    truth = linear_density()
    return float(np.abs(delta.values - truth).max() / truth.std()), found


@pytest.mark.parametrize("writer", [write_gadget, write_hdf5])
def test_linear_field_by_ids(tmp_path: Path, writer: Callable[..., Path]) -> None:
    error, found = recovered(writer(tmp_path / "ics", Run().shuffled()))
    assert error < 2e-3  # single-precision positions hold the displacement to about 1e-4
    assert found.name == "x slowest, z fastest (C order)"
    assert found.first_id == 1
    rms = growth(0.3).first(1 / 50) * linear_displacement().std(axis=0)
    np.testing.assert_allclose(found.rms_displacement, rms, rtol=1e-3)
    np.testing.assert_allclose(found.offset, 0, atol=1e-4)


def test_linear_field_by_the_order_of_a_tipsy_file(tmp_path: Path) -> None:
    half = BOX / CELLS / 2
    path = write_tipsy(tmp_path / "ics", Run(offset=half))
    error, found = recovered(path, replace(GIVEN, box_size=BOX, h=H))
    assert error < 2e-3
    np.testing.assert_allclose(found.offset, half, atol=1e-4)


@pytest.mark.parametrize("first", [0, 1, 77])
@pytest.mark.parametrize("offset", [0.0, 0.5 * BOX / CELLS, -0.3, 0.49 * BOX])
def test_any_first_id_and_offset(tmp_path: Path, first: int, offset: float) -> None:
    run = Run(offset=offset, ids=np.arange(first, first + CELLS**3))
    error, found = recovered(write_gadget(tmp_path / "ics", run, position_type="f8"))
    assert error < 5e-3
    assert found.first_id == first
    np.testing.assert_allclose(found.offset, offset, atol=1e-4)


@pytest.mark.parametrize("axes", [(2, 1, 0), (1, 0, 2), (1, 2, 0), (2, 0, 1), (0, 2, 1)])
def test_any_order_of_the_lattice(tmp_path: Path, axes: tuple[int, int, int]) -> None:
    # in the id of node (i, j, k), axis axes[0] counts slowest
    digits = np.unravel_index(np.arange(CELLS**3), (CELLS,) * 3)
    run = Run(ids=np.ravel_multi_index(tuple(digits[axis] for axis in axes), (CELLS,) * 3) + 1)
    error, found = recovered(write_gadget(tmp_path / "ics", run))
    assert error < 2e-3
    assert found.name.startswith(f"{'xyz'[axes[0]]} slowest, {'xyz'[axes[2]]} fastest")


def test_what_is_no_set_of_initial_conditions(tmp_path: Path) -> None:
    path = tmp_path / "ics"
    run = Run()
    run.ids[5] = run.ids[6]
    with pytest.raises(InputError, match="1 particle ids occur more than once"):
        linear_field(read_snapshot(write_gadget(path, run), GIVEN))
    run.ids[5] = 5000
    with pytest.raises(InputError, match="ids run from 1 to 5000, with gaps"):
        linear_field(read_snapshot(write_gadget(path, run), GIVEN))
    run = Run()
    run.ids = np.random.default_rng(0).permutation(run.ids)
    with pytest.raises(InputError, match="in no order of the ids do the particles lie near a 16\\^3 lattice"):
        linear_field(read_snapshot(write_gadget(path, run), GIVEN))
    with pytest.raises(InputError, match="is too far evolved to evolve again"):
        import_initial(write_gadget(path, Run(z=0.0)), tmp_path / "u.h5", GIVEN, Evolution(device="cpu"))
    run = Run()
    run.ids, run.positions, run.velocities = run.ids[1:], run.positions[1:], run.velocities[1:]
    with pytest.raises(InputError, match="4095 particles, which is no cube"):
        linear_field(read_snapshot(write_gadget(path, run), GIVEN))


def test_import_initial(tmp_path: Path) -> None:
    path = write_gadget(tmp_path / "ics", Run())
    progress: list[float] = []
    universe = import_initial(
        path,
        tmp_path / "mine.h5",
        GIVEN,
        Evolution(steps=3, outputs=(0.0, 1.0)),
        {"command": "halodeck import"},
        lambda fraction, doing: progress.append(fraction),
    )
    assert universe.name == "mine"
    assert {"delta_linear", "density", "density_z1", "label", "velocity"} <= universe.fields.keys()
    assert set(universe.halos) == {"fof", "fof_z1"}
    provenance = open_universe(tmp_path / "mine.h5").provenance
    assert provenance["command"] == "halodeck import"
    assert provenance["sources"] == [
        {"path": str(path), "sha256": checksum(path), "format": "gadget1", "units": "kpc/h, from the particle mass"}
    ]
    assert provenance["given"] == {"omega_baryon": 0.05, "sigma8": 0.8, "spectral_index": 0.96}
    assert provenance["lattice"]["order"] == "x slowest, z fastest (C order)"
    assert provenance["settings"]["steps"] == 3
    assert progress == sorted(progress)
    with pytest.raises(UsageError):
        import_initial(path, tmp_path / "other.h5", GIVEN, Evolution(outputs=(20.0,)))
    assert [entry.name for entry in tmp_path.glob("*.h5")] == ["mine.h5"]


def later(offset: float = 0.0) -> Run:
    """The run at z = 0, its waves damped so that nothing crosses, and 5^3 particles in one clump."""
    run = Run(z=0.0, offset=offset)
    q = lattice(CELLS, BOX, np.float64)
    displacement = 0.2 * linear_displacement()
    clump = (np.abs(q / (BOX / CELLS) - 8) <= 2).all(axis=1)
    displacement[clump] = np.array([25.0, 26.0, 24.0]) - q[clump]
    displacement[clump] += np.random.default_rng(0).normal(0, 0.05, (125, 3))
    run.positions = (q + displacement + offset) % BOX
    run.velocities[clump] = (100.0, -200.0, 300.0)
    return run


@pytest.mark.parametrize("offset", [0.0, 0.5 * BOX / CELLS])
def test_import_pair(tmp_path: Path, offset: float) -> None:
    initial = write_gadget(tmp_path / "ics", Run(offset=offset).shuffled(1))
    final_run = later(offset)
    velocities = final_run.velocities.copy()
    final = write_hdf5(tmp_path / "snap", final_run.shuffled(2))
    universe = import_pair(initial, final, tmp_path / "pair.h5", GIVEN, minimum_particles=60)
    q = lattice(CELLS, BOX, np.float64)
    clump = (np.abs(q / (BOX / CELLS) - 8) <= 2).all(axis=1).reshape((CELLS,) * 3)

    assert np.abs(universe.field("delta_linear").values - linear_density()).max() < 5e-3
    displacement = universe.field("displacement").values
    quiet = ~clump
    expected = 0.2 * linear_displacement().T.reshape(3, CELLS, CELLS, CELLS)
    np.testing.assert_allclose(displacement[:, quiet], expected[:, quiet], atol=2e-4)
    np.testing.assert_allclose(
        universe.field("velocity").values.reshape(3, -1).T, velocities, atol=1e-3 * velocities.std()
    )
    assert universe.field("velocity").redshift == 0
    label = universe.field("label").values
    assert (label[clump] == 1).all()
    halos = universe.catalogue()
    assert len(halos) == label.max() == 1
    assert halos["count"][0] == np.count_nonzero(label) >= 125
    assert halos["mass"][0] == pytest.approx(halos["count"][0] * universe.particle_mass)
    np.testing.assert_allclose(halos["position"][0], [25, 26, 24], atol=0.3)
    density = universe.field("density").values
    assert np.unravel_index(density.argmax(), density.shape) == (8, 8, 8)
    assert density.mean() == pytest.approx(0, abs=1e-5)
    assert len(universe.provenance["sources"]) == 2
    np.testing.assert_allclose(universe.provenance["lattice"]["offset [Mpc/h]"], offset, atol=1e-4)


def test_density_of_all_matter(tmp_path: Path) -> None:
    """Gas half a cell beside the dark matter smooths the density; the weights are the masses."""
    initial = write_gadget(tmp_path / "ics", Run())
    run, fraction, cell = later(), 0.25, BOX / CELLS
    path = write_hdf5(tmp_path / "snap", run)
    with h5py.File(path, "r+") as file:
        file["Header"].attrs.update(NumPart_ThisFile=[CELLS**3] * 2 + [0] * 4)
        file["Header"].attrs["MassTable"] = [run.mass * fraction / 1e10, run.mass * (1 - fraction) / 1e10, 0, 0, 0, 0]
        file["PartType0/Coordinates"] = (run.positions + np.array([0, 0, cell])) % BOX
        file["PartType0/Velocities"], file["PartType0/ParticleIDs"] = run.velocities, run.ids + CELLS**3
    dark = import_pair(initial, path, tmp_path / "dark.h5", GIVEN).field("density").values
    universe = import_pair(initial, path, tmp_path / "all.h5", GIVEN, total_matter=True)
    expected = (1 - fraction) * dark + fraction * np.roll(dark, 1, axis=2)
    np.testing.assert_allclose(universe.field("density").values, expected, atol=2e-3)
    assert universe.provenance["density"].startswith("of all matter;")


def test_pairs_of_different_runs(tmp_path: Path) -> None:
    initial = write_gadget(tmp_path / "ics", Run())

    def pair(change: Callable[[Run], None] = lambda run: None, given: Given = GIVEN, **options: float) -> None:
        run = later()
        change(run)
        import_pair(initial, write_gadget(tmp_path / "snap", run, **options), tmp_path / "pair.h5", given)  # type: ignore[arg-type]

    def fewer(run: Run) -> None:
        run.ids, run.positions, run.velocities = run.ids[:3375], run.positions[:3375], run.velocities[:3375]

    def other_ids(run: Run) -> None:
        run.ids = run.ids + 10

    def mixed_ids(run: Run) -> None:
        run.ids = np.random.default_rng(0).permutation(run.ids)

    def earlier(run: Run) -> None:
        run.z = 60.0

    with pytest.raises(InputError, match=r"ics has 4096 particles, .*snap has 3375"):
        pair(fewer)
    with pytest.raises(InputError, match=r"ids of .*ics begin with 1, those of .*snap do not"):
        pair(other_ids)
    with pytest.raises(InputError, match=r"did not move as the initial conditions say \(correlation -?0.0"):
        pair(mixed_ids)
    with pytest.raises(InputError, match=r"snap \(z = 60\) is not later than .*ics \(z = 49\)"):
        pair(earlier)
    with pytest.raises(InputError, match=r"omega_matter = 0\.3, .*snap has 0.301"):
        pair(omega_matter=0.301)
    assert not (tmp_path / "pair.h5").exists()


def test_boxes_that_differ(tmp_path: Path) -> None:
    import snapshot_writers

    initial = write_gadget(tmp_path / "ics", Run())
    run = later()
    run.positions *= 1.01
    box = snapshot_writers.BOX
    try:
        snapshot_writers.BOX = box * 1.01
        final = write_gadget(tmp_path / "snap", run)
    finally:
        snapshot_writers.BOX = box
    with pytest.raises(InputError, match=r"has a box of 50 Mpc/h, .*snap of 50.5 Mpc/h"):
        import_pair(initial, final, tmp_path / "pair.h5", GIVEN)


# real initial conditions


def test_linear_field_of_real_initial_conditions(shared_data: Callable[[str], Path]) -> None:
    """N-GenIC's realisation against the spectrum it was drawn from: chi^2 of 15 bins, and the growth factor."""
    snapshot = read_snapshot(shared_data("arepo-L50n32/ics"), AREPO)
    assert snapshot.particles.box_size == pytest.approx(50)
    assert len(snapshot.particles) == 32**3
    assert snapshot.particles.redshift == 127
    assert snapshot.particles.particle_mass == pytest.approx(AREPO_MASS, rel=1e-4)
    assert snapshot.cosmology.omega_matter == 0.3089
    assert snapshot.cosmology.h == 0.6774

    linear = linear_field(snapshot)
    delta, found = linear.delta, linear.lattice
    assert linear.found.model == "first order"
    assert linear.found.residual < 2e-3  # waves at the Nyquist frequency
    assert found.name == "x slowest, z fastest (C order)"
    np.testing.assert_allclose(found.offset, 0, atol=1e-6)
    spectrum = shared_data("arepo-L50n32/inputspec_ics.txt")
    redshift, ratio = (float(word) for word in spectrum.read_text().split(maxsplit=2)[:2])
    assert 1 / growth(0.3089).first(1 / (1 + redshift)) == pytest.approx(ratio, rel=1e-4)
    # columns 1 and 2 are the linear input at z = 0, k in h/kpc; 3 and 4 its non-linear mapping
    table = np.loadtxt(spectrum, skiprows=1)
    measured = spectra(delta)
    variance = measured.k**3 * measured.power / (2 * np.pi**2)
    expected = np.exp(np.interp(np.log(measured.k / 1e3), np.log(table[:, 0]), np.log(table[:, 1])))
    pull = (variance / expected - 1) / measured.relative_error
    assert np.abs(pull).max() < 3
    assert (pull**2).sum() < 25  # 15 bins: chance 5 %
    weighted = np.average(variance / expected, weights=measured.modes)
    assert weighted == pytest.approx(1, abs=3 * np.sqrt(2 / measured.modes.sum()))


def test_velocities_of_real_initial_conditions(shared_data: Callable[[str], Path]) -> None:
    """Zel'dovich: v = a H f s, for both conventions of velocity."""
    tipsy_given = Given(box_size=50, h=0.7, omega_baryon=0.045, sigma8=0.817, spectral_index=0.96)
    for name, given in (("arepo-L50n32/ics", AREPO), ("genetic-ics/tipsy_32_z99.tipsy", tipsy_given)):
        snapshot = read_snapshot(shared_data(name), given)
        found = linear_field(snapshot).lattice
        a = 1 / (1 + snapshot.particles.redshift)
        expected = a * snapshot.cosmology.hubble(a) * growth(snapshot.cosmology.omega_matter).rate(a)
        assert snapshot.particles.velocities is not None
        slope = snapshot.particles.velocities.std(axis=0) / found.rms_displacement
        np.testing.assert_allclose(slope, expected, rtol=1e-4)


def test_real_tipsy_initial_conditions(shared_data: Callable[[str], Path]) -> None:
    """genetIC: lattice at cell centres; amplitude consistent with its sigma8 (its n and h are not stated)."""
    from core.cosmos.power import linear_power

    given = Given(box_size=50, h=0.7, omega_baryon=0.045, sigma8=0.817, spectral_index=0.96)
    snapshot = read_snapshot(shared_data("genetic-ics/tipsy_32_z99.tipsy"), given)
    assert snapshot.cosmology.omega_matter == 0.279
    assert snapshot.particles.redshift == pytest.approx(99)
    linear = linear_field(snapshot)
    delta, found = linear.delta, linear.lattice
    np.testing.assert_allclose(found.offset, 0.5 * 50 / 32, atol=1e-5)
    measured = spectra(delta)
    ratio = np.average(measured.power / linear_power(snapshot.cosmology)(measured.k), weights=measured.modes)
    assert ratio == pytest.approx(1, abs=0.15)


def test_our_halos_against_arepo(shared_data: Callable[[str], Path], tmp_path: Path) -> None:
    """The same initial conditions evolved by AREPO and by our N-body (mesh ratio 2, 20 steps): FoF masses.

    Phases are equal, so there is no sample variance: what remains is force resolution and where friends-of-friends
    bridges fall. The third group of AREPO at z = 0 is two of ours (285 + 254 particles, 2.4 Mpc/h apart).
    """
    universe = import_initial(
        shared_data("arepo-L50n32/ics"),
        tmp_path / "arepo.h5",
        AREPO,
        Evolution(steps=20, mesh_ratio=2, outputs=(0.0, 1.0)),
    )
    for name, file in (("fof", "Masses_L50n32_z0.txt"), ("fof_z1", "Masses_L50n32_z1.txt")):
        theirs = np.sort(np.loadtxt(shared_data(f"arepo-L50n32/{file}")))[::-1] / AREPO_MASS
        assert theirs.min() == pytest.approx(AREPO_MINIMUM, abs=0.01)
        ours = universe.catalogue(name)["count"]
        for threshold in (AREPO_MINIMUM, 50, 64, 100):
            counts = np.count_nonzero(ours >= threshold), np.count_nonzero(theirs > threshold - 0.5)
            assert abs(counts[0] - counts[1]) <= max(1, 0.1 * counts[1]), (name, threshold, counts)
        for threshold in (AREPO_MINIMUM, 100):
            mass = ours[ours >= threshold].sum() / theirs[theirs > threshold - 0.5].sum()
            assert mass == pytest.approx(1, abs=0.08), (name, threshold)
        largest = ours[:10] / theirs[:10]
        assert ours[:10].sum() / theirs[:10].sum() == pytest.approx(1, abs=0.05), name
        assert np.median(largest) == pytest.approx(1, abs=0.06), name
        assert np.count_nonzero(np.abs(largest - 1) < 0.25) >= 9, name
