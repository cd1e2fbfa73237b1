"""One universe from a seed: reproducible, interruptible, consistent over redshifts, refusing what cannot work."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.cosmos.box import Array, Field, lattice
from core.cosmos.cosmology import Cosmology, growth
from core.cosmos.emulator_input import damped_2lpt
from core.cosmos.initial import linear_field
from core.cosmos.measures.spectra import spectra
from core.cosmos.paint import paint
from core.cosmos.power import linear_power
from core.cosmos.simulate import Evolution, Simulation, evolve, memory_needed, simulate
from core.cosmos.universe import Universe, open_universe
from core.errors import InputError, Interrupted, ResourceError, UsageError

QUICK = Evolution(steps=3, device="cpu")


@pytest.fixture
def quick(tmp_path: Path, planck: Cosmology) -> Any:
    """Simulate 16^3 particles in 16 Mpc/h; what is given replaces a setting."""

    def run(name: str = "quick.h5", **settings: Any) -> Universe:
        about = {name: settings.pop(name) for name in ("provenance", "progress") if name in settings}
        return simulate(tmp_path / name, replace(Simulation(16, 16.0, planck, 1, QUICK), **settings), **about)

    return run


def test_what_a_universe_holds(universe: Universe) -> None:
    evolved = {"density", "displacement", "velocity", "label"}
    assert set(universe.fields) == {"delta_linear", *evolved, *(f"{name}_z1" for name in evolved)}
    assert set(universe.halos) == {"fof", "fof_z1"}
    assert universe.provenance["seed"] == 1
    assert universe.provenance["settings"]["outputs"] == [1.0, 0.0]
    for name, info in universe.fields.items():
        assert info.redshift == (1.0 if name.endswith("_z1") else 0.0)
        assert info.frame == ("eulerian" if name.startswith("density") else "lagrangian")
    assert universe.catalogue("fof_z1").redshift == 1.0


def test_the_linear_field_is_the_seed_s(universe: Universe, planck: Cosmology) -> None:
    expected = linear_field(64, 64.0, linear_power(planck), seed=1)
    np.testing.assert_array_equal(universe.field("delta_linear").values, expected.values)


@pytest.mark.parametrize("suffix", ["", "_z1"])
def test_density_is_that_of_the_displaced_lattice(universe: Universe, suffix: str) -> None:
    positions = lattice(64, 64.0) + universe.field(f"displacement{suffix}").values.reshape(3, -1).T
    np.testing.assert_array_equal(universe.field(f"density{suffix}").values, paint(positions, 64, 64.0))


def test_same_seed_same_universe(quick: Any) -> None:
    one, two = quick("one.h5"), quick("two.h5")
    for name in one.fields:
        np.testing.assert_array_equal(one.field(name).values, two.field(name).values)
    for name, column in one.catalogue().columns.items():
        np.testing.assert_array_equal(column, two.catalogue()[name])


def test_other_seed_other_universe(quick: Any) -> None:
    one, two = quick("one.h5"), quick("two.h5", seed=2)
    correlation = np.corrcoef(one.field("delta_linear").values.ravel(), two.field("delta_linear").values.ravel())
    assert abs(correlation[0, 1]) < 0.2  # about 100 modes carry most of the variance


def test_fixed_amplitudes(quick: Any, planck: Cosmology) -> None:
    universe = quick(fixed=True)
    expected = linear_field(16, 16.0, linear_power(planck), seed=1, fixed=True)
    np.testing.assert_array_equal(universe.field("delta_linear").values, expected.values)
    assert universe.provenance["settings"] == Simulation(16, 16.0, planck, 1, QUICK, fixed=True).settings()


@pytest.mark.parametrize(
    ("truth", "halos", "labels"),
    [("nbody", {"fof"}, {"label"}), ("peakpatch", {"peakpatch"}, {"label_peakpatch"}),
     ("both", {"fof", "peakpatch"}, {"label", "label_peakpatch"})],
)  # fmt: skip
def test_where_halos_come_from(quick: Any, truth: str, halos: set[str], labels: set[str]) -> None:
    universe = quick(truth=truth, cells=32, box_size=32.0)
    assert set(universe.halos) == halos
    assert {name for name in universe.fields if name.startswith("label")} == labels
    assert universe.provenance["settings"]["truth"] == truth


def test_the_input_of_an_emulator_on_request(quick: Any, planck: Cosmology) -> None:
    plain, more = quick("plain.h5"), quick("more.h5", with_2lpt=True)
    assert set(more.fields) == {*plain.fields, "density_2lpt", "displacement_2lpt"}
    for name in plain.fields:
        np.testing.assert_array_equal(plain.field(name).values, more.field(name).values)
    density, displacement = damped_2lpt(more.field("delta_linear"), planck)
    np.testing.assert_array_equal(more.field("displacement_2lpt").values, displacement.values)
    np.testing.assert_array_equal(more.field("density_2lpt").values, density.values)
    assert more.provenance["settings"] == plain.provenance["settings"] | {"with_2lpt": True}


@pytest.mark.parametrize("after", [0.0, 0.3, 0.8])
def test_interruption_leaves_nothing(quick: Any, tmp_path: Path, after: float) -> None:
    def stop(fraction: float, doing: str) -> None:
        if fraction >= after:
            raise Interrupted("stopped")

    with pytest.raises(Interrupted):
        quick(progress=stop)
    assert not any(tmp_path.iterdir())


def test_progress_goes_from_nothing_to_all(quick: Any) -> None:
    fractions: list[float] = []
    quick(progress=lambda fraction, doing: fractions.append(fraction))
    assert fractions[0] == 0
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(0.98)  # the rest is writing


def test_halos_grow(universe: Universe) -> None:
    early, late = universe.catalogue("fof_z1"), universe.catalogue()
    assert early["count"].sum() < 0.8 * late["count"].sum()
    assert early["mass"][0] < late["mass"][0]
    massive = 100 * universe.particle_mass
    assert len(early.at_least(massive)) < len(late.at_least(massive))
    # matter of a halo at z = 1 is in a halo today
    before, now = universe.field("label_z1").values > 0, universe.field("label").values > 0
    assert now[before].mean() > 0.9


def large_scale(vectors: Array, box_size: float, modes: int) -> Array:
    """-div at wave numbers up to `modes` fundamental ones, as Fourier coefficients."""
    n = vectors.shape[-1]
    k = np.fft.fftfreq(n, 1 / n)
    waves = np.stack(np.meshgrid(k, k, k, indexing="ij"))
    coefficients = (-1j * waves * 2 * np.pi / box_size * np.fft.fftn(vectors, axes=(1, 2, 3))).sum(axis=0)
    low = ((waves**2).sum(axis=0) <= modes**2) & ((waves**2).sum(axis=0) > 0)
    return np.asarray(coefficients[low])


def test_large_scales_grow_linearly(planck: Cosmology) -> None:
    """On the largest scales displacement is D psi and velocity a H f D psi, at each redshift.

    The mesh smooths the force, by 0.5 % at a sixteenth of its Nyquist frequency: what is asked is 2 %.
    """
    cells, box_size = 32, 500.0
    delta = linear_field(cells, box_size, linear_power(planck), seed=3)
    fields, _ = evolve(delta, planck, Evolution(outputs=(2.0, 1.0, 0.0), steps=12, mesh_ratio=1, device="cpu"))
    by_name = {field.name: field.values.astype(np.float64) for field in fields}
    k = np.fft.fftfreq(cells, 1 / cells)
    squared = k[:, None, None] ** 2 + k[:, None] ** 2 + k**2
    linear = np.fft.fftn(delta.values.astype(np.float64))[(squared > 0) & (squared <= 1)]
    functions = growth(planck.omega_matter)

    def response(vectors: Array) -> float:
        return float((large_scale(vectors, box_size, 1) * linear.conj()).real.sum() / (np.abs(linear) ** 2).sum())

    for z, suffix in ((2.0, "_z2"), (1.0, "_z1"), (0.0, "")):
        a = 1 / (1 + z)
        moved = response(by_name[f"displacement{suffix}"])
        assert moved == pytest.approx(functions.first(a), rel=0.02)
        velocity = response(by_name[f"velocity{suffix}"])
        assert velocity == pytest.approx(a * planck.hubble(a) * functions.rate(a) * moved, rel=0.02)


def test_evolved_field_keeps_the_phases(universe: Universe) -> None:
    measured = spectra(universe.field("density"), universe.field("delta_linear"))
    assert measured.correlation[0] > 0.95


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"cells": 15}, "15 cells"),
        ({"cells": 2}, "2 cells"),
        ({"cells": -8}, "-8 cells"),
        ({"box_size": -10.0}, "-10 Mpc/h"),
        ({"box_size": 0.0}, "0 Mpc/h"),
        ({"box_size": float("nan")}, "nan Mpc/h"),
        ({"box_size": float("inf")}, "inf Mpc/h"),
        ({"evolution": replace(QUICK, steps=0)}, "0 steps"),
        ({"evolution": replace(QUICK, outputs=(9.0,))}, "z = 9"),
        ({"evolution": replace(QUICK, outputs=(20.0, 0.0))}, "z = 20, 0"),
        ({"evolution": replace(QUICK, outputs=(-0.5,))}, "z = -0.5"),
        ({"evolution": replace(QUICK, outputs=(float("nan"),))}, "z = nan"),
        ({"evolution": replace(QUICK, outputs=())}, "outputs"),
        ({"evolution": replace(QUICK, mesh_ratio=0.1)}, "mesh ratio"),
        ({"evolution": replace(QUICK, mesh_ratio=float("nan"))}, "mesh ratio"),
        ({"evolution": replace(QUICK, minimum_particles=0)}, "0 particles"),
        ({"evolution": replace(QUICK, device="abacus")}, "abacus"),
    ],
)
def test_impossible_settings_are_refused(quick: Any, tmp_path: Path, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        quick(**settings)
    assert said in caught.value.problem
    assert caught.value.remedy
    assert not any(tmp_path.iterdir())


def test_unusable_linear_fields_are_refused(planck: Cosmology) -> None:
    values = np.random.default_rng(1).normal(size=(8, 8, 8)).astype(np.float32)
    for bad in (np.zeros_like(values), values[:, :, :6], np.where(values > 2, np.nan, values)):
        with pytest.raises(InputError, match="delta"):
            evolve(Field("delta", bad, 8.0), planck, QUICK)


@pytest.mark.parametrize("outputs", [(0.0,), (1.0, 0.0, 0.0)])
def test_too_large_for_the_memory_names_what_fits(
    quick: Any, monkeypatch: pytest.MonkeyPatch, outputs: tuple[float, ...]
) -> None:
    free = 2 * 2**30
    monkeypatch.setattr("core.cosmos.simulate.free_memory", lambda: free)
    with pytest.raises(ResourceError) as caught:
        quick(cells=1024, evolution=replace(QUICK, outputs=outputs))
    found = re.search(r"(\d+)\^3 would fit", caught.value.remedy)
    assert found
    fits = int(found[1])
    assert fits % 2 == 0
    kept = len(set(outputs))
    assert memory_needed(fits, QUICK.mesh_ratio, kept) <= free < memory_needed(fits + 2, QUICK.mesh_ratio, kept)


def test_missing_device(quick: Any) -> None:
    with pytest.raises(ResourceError, match="--device cpu"):
        quick(evolution=replace(QUICK, device="cuda:77"))


def test_opened_again_is_the_same(universe: Universe) -> None:
    assert open_universe(universe.path) == universe
