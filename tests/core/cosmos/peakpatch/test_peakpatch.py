"""Peak Patch against the same steps written plainly in numpy, against spheres, and against its own symmetries."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.cosmos.box import Array, Catalogue, Field
from core.cosmos.cosmology import Cosmology, growth
from core.cosmos.initial import linear_field
from core.cosmos.lpt import first_order, second_order
from core.cosmos.peakpatch import search as peakpatch
from core.cosmos.peakpatch.collapse import CollapseTable, collapse_table
from core.cosmos.peakpatch.kernels import asymmetry, shells
from core.cosmos.peakpatch.merge import Patches, cap, exclude, reduced_radii
from core.cosmos.peakpatch.search import (
    PeakPatchSettings,
    check_peak_patch,
    filter_bank,
    find_peaks,
    grow_patches,
    halo_mask,
    label_field,
    peak_patch,
    peak_patch_output,
    tidal_field,
)
from core.cosmos.power import linear_power
from core.errors import ResourceError, UsageError

N, BOX = 32, 32.0
EVERY = PeakPatchSettings(minimum_cells=0)


@pytest.fixture(autouse=True)
def coarse_table(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A table of few nodes, kept beside the tests."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp()))
    monkeypatch.setattr(peakpatch, "collapse_table", lambda omega_matter: collapse_table(omega_matter, (16, 7, 5)))


@pytest.fixture(scope="module")
def delta(planck: Cosmology) -> Field:
    return linear_field(N, BOX, linear_power(planck), seed=3)


@pytest.fixture
def halos(delta: Field, planck: Cosmology) -> Catalogue:
    return peak_patch(delta, planck, EVERY)


def modes_of(values: Array) -> torch.Tensor:
    return torch.fft.rfftn(torch.from_numpy(values.astype(np.float32)))


def periodic(one: Array, two: Array, size: float) -> Array:
    separation = np.abs(one - two)
    return np.sqrt((np.minimum(separation, size - separation) ** 2).sum(axis=-1))


def test_top_hat_perturbation(planck: Cosmology) -> None:
    """A sphere of 8 cells with F = 2 in nothing becomes one halo, out to where the mean inside is 1.718."""
    cells = 48
    q = np.indices((cells,) * 3)
    centre = np.array([20, 24, 3])
    inside = periodic(np.moveaxis(q, 0, -1), centre, cells) < 8
    halos = peak_patch(Field("delta", 2.0 * inside, 48.0), planck)
    # the box has no mean: what is in the sphere is missing elsewhere
    mean = 2 * inside.mean()
    radius = (2 * inside.sum() / (1.718 + mean) * 3 / (4 * np.pi)) ** (1 / 3)
    assert halos["lagrangian_radius"][0] == pytest.approx(radius, abs=1.0)
    np.testing.assert_allclose(halos["lagrangian_position"][0], centre, atol=1.0)
    assert len(halos) == 1
    assert halos["mass"][0] == pytest.approx(planck.mean_density * 4 / 3 * np.pi * halos["lagrangian_radius"][0] ** 3)
    assert halos["overdensity"][0] == pytest.approx(1.73, abs=0.06)
    assert halos["ellipticity"][0] < 0.03


def test_tidal_field(delta: Field) -> None:
    """k_a k_b / k^2 delta in double precision; its trace is delta."""
    tide = tidal_field(modes_of(delta.values), BOX)
    k = np.stack(np.meshgrid(*[np.fft.fftfreq(N, 1 / N)] * 3, indexing="ij"))
    squared = (k**2).sum(axis=0)
    squared[0, 0, 0] = 1
    transform = np.fft.fftn(delta.values.astype(np.float64)) / squared
    for component, (a, b) in enumerate(((1, 1), (2, 2), (0, 1), (0, 2), (1, 2)), start=1):
        expected = np.fft.ifftn(k[a] * k[b] * transform).real
        np.testing.assert_allclose(tide[..., component], expected, atol=1e-4)
    first = np.fft.ifftn(k[0] ** 2 * transform).real
    np.testing.assert_allclose(tide[..., 0] - tide[..., 1] - tide[..., 2], first, atol=1e-4)


def test_ellipticity_and_prolateness_from_eigenvalues() -> None:
    for seed in range(20):
        matrix = np.random.default_rng(seed).normal(size=(3, 3))
        matrix = matrix + matrix.T + 2 * np.eye(3)
        low, middle, high = np.linalg.eigvalsh(matrix)
        total = low + middle + high
        strain = np.array([np.trace(matrix), *(matrix[a, b] for a, b in ((1, 1), (2, 2), (0, 1), (0, 2), (1, 2)))])
        expected = (high - low) / (2 * total), (high + low - 2 * middle) / (2 * total)
        np.testing.assert_allclose(asymmetry(strain), expected, atol=1e-9)
    assert asymmetry(np.array([3.0, 1, 1, 0, 0, 0])) == pytest.approx((0, 0), abs=1e-12)
    assert asymmetry(np.zeros(6)) == (0, 0)


def test_shells_hold_every_lattice_vector_once() -> None:
    around = shells(5)
    vectors = np.argwhere(np.ones((11, 11, 11))) - 5
    squared = (vectors**2).sum(axis=1)
    np.testing.assert_array_equal(around.radius, np.sqrt(np.unique(squared[squared <= 25])))
    np.testing.assert_array_equal(np.unique(around.offsets, axis=0), np.unique(vectors[squared <= 25], axis=0))
    length = np.sqrt((around.offsets.astype(float) ** 2).sum(axis=1))
    np.testing.assert_allclose(length, np.repeat(around.radius, np.diff(around.first)))


def test_filter_bank() -> None:
    bank = filter_bank(128, 128.0, PeakPatchSettings())
    assert len(bank) == 17
    assert bank[-1] == pytest.approx(1.65)
    np.testing.assert_allclose(bank[:-1] / bank[1:], 1.15)
    assert filter_bank(512, 512.0, PeakPatchSettings())[0] <= 25
    assert filter_bank(8, 8.0, PeakPatchSettings()).tolist() == [1.65]


def test_peaks_are_local_maxima_of_the_smoothed_field(delta: Field) -> None:
    bank, threshold = np.array([3.0, 2.0]), 1.0
    peaks, filters = find_peaks(modes_of(delta.values), bank, threshold)
    k = 2 * np.pi / N * np.sqrt((np.stack(np.meshgrid(*[np.fft.fftfreq(N, 1 / N)] * 3)) ** 2).sum(axis=0))
    k[0, 0, 0] = 1
    expected: dict[int, float] = {}
    for radius in bank:
        x = k * radius
        window = 3 * (np.sin(x) - x * np.cos(x)) / x**3
        smoothed = np.fft.ifftn(np.fft.fftn(delta.values) * window).real
        moved = [np.roll(smoothed, shift, (0, 1, 2)) for shift in np.ndindex(3, 3, 3) if shift != (1, 1, 1)]
        moved = [np.roll(m, (-1, -1, -1), (0, 1, 2)) for m in moved]
        highest = (smoothed >= np.max(moved, axis=0)) & (smoothed >= threshold)
        for cell in np.flatnonzero(highest):
            expected.setdefault(int(cell), radius)
    assert dict(zip(peaks.tolist(), filters.tolist(), strict=True)) == expected
    assert len(expected) > 30
    assert len(set(expected.values())) == 2


def plain_growth(
    delta: Field, peak: int, reach: float, threshold: float, table: CollapseTable, largest: int
) -> tuple[float, float, float]:
    """Radius, F and e of one patch, in double precision and without a trick; the radius is 0 for none."""
    k = np.stack(np.meshgrid(*[np.fft.fftfreq(N, 1 / N)] * 3, indexing="ij"))
    squared = (k**2).sum(axis=0)
    squared[0, 0, 0] = 1
    transform = np.fft.fftn(delta.values.astype(np.float64)) / squared
    strain = np.array([[np.fft.ifftn(k[a] * k[b] * transform).real for a in range(3)] for b in range(3)])
    centre = np.array(np.unravel_index(peak, (N,) * 3))
    vectors = np.argwhere(np.ones((2 * largest + 1,) * 3)) - largest
    length = (vectors**2).sum(axis=1)
    cells = (centre + vectors) % N
    radii = np.unique(length[length <= largest**2])
    shell = [strain[:, :, *cells[length == r].T].mean(axis=-1) for r in radii]
    r3 = radii**1.5
    mean = [shell[0]]
    for s in range(1, len(radii)):
        mean.append((r3[s - 1] * mean[-1] + (shell[s - 1] + shell[s]) / 2 * (r3[s] - r3[s - 1])) / r3[s])

    def state(tensor: Array) -> tuple[float, float, float]:
        low, middle, high = np.linalg.eigvalsh(tensor)
        total = low + middle + high
        if total < 1:
            return 0.0, total, 0.0
        e, p = (high - low) / (2 * total), (high + low - 2 * middle) / (2 * total)
        return float(table(np.array(total), np.array(e), np.array(p))), total, e

    last = next(
        (s for s, r in enumerate(radii) if np.sqrt(r) > reach and np.trace(mean[s]) < threshold), len(radii) - 1
    )
    outside = 0.0
    for s in range(last, -1, -1):
        z, f, e = state(mean[s])
        if z >= 1:
            if s == last or outside <= 0:
                return float(r3[s] ** (1 / 3)), f, e
            weight = (z - 1) / (z - outside)
            _, f, e = state(mean[s] + weight * (mean[s + 1] - mean[s]))
            return float((r3[s] + weight * (r3[s + 1] - r3[s])) ** (1 / 3)), f, e
        outside = z
    return 0.0, 0.0, 0.0


def test_patches_grow_as_written_plainly(delta: Field, planck: Cosmology) -> None:
    table = collapse_table(planck.omega_matter, (16, 7, 5))
    peaks, filters = find_peaks(modes_of(delta.values), np.array([3.0, 2.0]), 1.686)
    around = shells(9)
    tide = tidal_field(modes_of(delta.values), BOX)
    reach = 1.75 * filters
    patches = grow_patches(tide, peaks, reach, 1.686, 1.0, table.values, around)
    found = {int(cell): row for cell, row in zip(patches.cells, patches.measured, strict=True)}
    chosen = range(0, len(peaks), max(1, len(peaks) // 12))
    collapsed = 0
    for index in chosen:
        radius, f, e = plain_growth(delta, int(peaks[index]), reach[index], 1.686, table, 9)
        row = found.get(int(peaks[index]), np.zeros(5))
        assert row[0] == pytest.approx(radius, abs=1e-3)
        if radius > 0:
            collapsed += 1
            assert row[1:3] == pytest.approx([f, e], abs=1e-3)
    assert collapsed > 5


@pytest.fixture
def spheres() -> Patches:
    """400 crowded spheres in 40^3 cells, some of equal size."""
    rng = np.random.default_rng(5)
    measured = np.zeros((400, 5))
    measured[:, 0] = np.round(rng.uniform(1.5, 7, 400), 1)
    return Patches(np.sort(rng.choice(40**3, 400, replace=False)), measured)


def positions_of(patches: Patches) -> Array:
    return np.stack(np.unravel_index(patches.cells, (40,) * 3), axis=1)


def test_no_centre_survives_in_a_larger_sphere(spheres: Patches) -> None:
    kept = exclude(spheres, 40, shells(8))
    x, r = positions_of(kept), kept.radii
    assert (np.diff(r) <= 0).all()
    distance = periodic(x[:, None], x[None], 40)
    np.fill_diagonal(distance, np.inf)
    assert (distance >= np.maximum(r[:, None], r[None])).all()
    # and nothing is dropped without a reason
    dropped = ~np.isin(spheres.cells, kept.cells)
    distance = periodic(positions_of(spheres)[dropped][:, None], x[None], 40)
    assert ((distance < r) & (r >= spheres.radii[dropped][:, None])).any(axis=1).all()
    assert 20 < len(r) < 200


def test_order_of_the_peaks_does_not_matter(spheres: Patches) -> None:
    kept = exclude(spheres, 40, shells(8))
    shuffled = exclude(spheres[np.random.default_rng(0).permutation(400)], 40, shells(8))
    np.testing.assert_array_equal(kept.cells, shuffled.cells)
    np.testing.assert_array_equal(reduced_radii(kept, 40), reduced_radii(shuffled, 40))


def test_caps() -> None:
    """Both caps together are the lens of two spheres; equal spheres lose half of it each."""
    one, two, d = 3.0, 2.0, 4.2
    s = one + two - d
    lens = np.pi * s**2 * (d**2 + 2 * d * two - 3 * two**2 + 2 * d * one + 6 * two * one - 3 * one**2) / (12 * d)
    assert cap(one, two, d) + cap(two, one, d) == pytest.approx(lens)
    assert cap(2.0, 2.0, 1.0) == pytest.approx(np.pi * (4 * 2 + 1) * (2 * 2 - 1) ** 2 / 12 / 2)
    assert cap(3.0, 1.0, 4.0) == cap(3.0, 1.0, 1.9) == 0  # apart, and one inside the other


def test_volume_reduction_by_hand(spheres: Patches) -> None:
    kept = exclude(spheres, 40, shells(8))
    x, r = positions_of(kept), kept.radii
    volume = 4 / 3 * np.pi * r**3
    for a in range(len(r)):
        for b in range(len(r)):
            d = float(periodic(x[a], x[b], 40))
            if a != b and d < r[a] + r[b]:
                volume[a] -= cap(r[a], r[b], d)
    expected = np.cbrt(3 * np.maximum(volume, 0) / (4 * np.pi))
    np.testing.assert_allclose(reduced_radii(kept, 40), expected, atol=1e-9)
    assert (expected < 0.9 * r).any()


def test_mask_and_labels_by_search(planck: Cosmology) -> None:
    """Lattice points inside spheres across the boundary; in an overlap the least d^2 - R^2 wins."""
    rng = np.random.default_rng(2)
    radius = np.sort(rng.uniform(0.3, 5, 12))[::-1]
    columns = {"mass": radius**3, "lagrangian_position": rng.uniform(0, 20, (12, 3)), "lagrangian_radius": radius}
    halos = Catalogue(columns, 20.0)
    cells = 16
    points = np.moveaxis(np.indices((cells,) * 3), 0, -1) * 20 / cells
    power = np.stack(
        [
            periodic(points, q, 20) ** 2 - r**2
            for q, r in zip(columns["lagrangian_position"], columns["lagrangian_radius"], strict=True)
        ]
    )
    expected = np.where(power.min(axis=0) < 0, power.argmin(axis=0) + 1, 0)
    label = label_field(halos, cells)
    assert label.dtype == np.int32
    np.testing.assert_array_equal(label, expected)
    np.testing.assert_array_equal(halo_mask(halos, cells), expected > 0)
    assert (np.sum(power < 0, axis=0) > 1).any()


def test_catalogue_moves_with_the_mean_displacement(delta: Field, planck: Cosmology) -> None:
    """At z = 1.5, when halos are few and apart: no overlap has cut the spheres that displacements are means of."""
    halos = peak_patch(delta, planck, replace(EVERY, redshift=1.5))
    modes = modes_of(delta.values)
    psi1, psi2 = first_order(modes, BOX).numpy(), second_order(modes, BOX).numpy()
    functions, a = growth(planck.omega_matter), 0.4
    q, r = halos["lagrangian_position"], halos["lagrangian_radius"]
    checked = 0
    for h in range(len(halos)):
        distance = periodic(q, q[h], BOX)
        if (distance < 1.3 * r + r[h]).sum() > 1:  # more than itself: it may have lost a cap
            continue
        checked += 1
        points = np.moveaxis(np.indices((N,) * 3), 0, -1) * BOX / N
        inside = periodic(points, q[h], BOX) < r[h]
        one, two = psi1[:, inside].mean(axis=1), psi2[:, inside].mean(axis=1)
        moved = halos["position"][h] - q[h] - functions.first(a) * one - functions.second(a) * two
        np.testing.assert_allclose(moved - BOX * np.round(moved / BOX), 0, atol=1e-4)
        velocity = one + functions.second_slope(a) * two
        velocity *= a * planck.hubble(a) * functions.rate(a) * functions.first(a)
        np.testing.assert_allclose(halos["velocity"][h], velocity, rtol=1e-3, atol=0.01)
    assert checked > 3


def test_catalogue_is_sensible(halos: Catalogue, planck: Cosmology) -> None:
    assert len(halos) > 30
    assert (np.diff(halos["mass"]) <= 0).all()
    assert set(halos.units) == set(halos.columns)
    assert halos["overdensity"].min() > 1.69
    assert (np.abs(halos["prolateness"]) <= halos["ellipticity"] + 1e-9).all()
    assert (halos["ellipticity"] <= 0.5).all()
    assert np.median(halos["formation_redshift"]) > 0  # the inner half collapses before the whole
    volume = 4 / 3 * np.pi * halos["lagrangian_radius"] ** 3
    np.testing.assert_allclose(halos["mass"], volume * planck.mean_density)
    fraction = float(halo_mask(halos, N).mean())
    assert 0.15 < fraction <= volume.sum() / BOX**3
    big = at_least_cells(halos, 27)
    assert (4 / 3 * np.pi * big["lagrangian_radius"] ** 3 >= 27).all()


def at_least_cells(halos: Catalogue, cells: float) -> Catalogue:
    return halos.at_least(cells * halos["mass"][0] / (4 / 3 * np.pi * halos["lagrangian_radius"][0] ** 3))


def test_minimum_size(delta: Field, planck: Cosmology, halos: Catalogue) -> None:
    big = peak_patch(delta, planck)
    np.testing.assert_array_equal(big["mass"], at_least_cells(halos, 27)["mass"])
    assert 0 < len(big) < len(halos)


def test_translation_of_the_field(delta: Field, planck: Cosmology, halos: Catalogue) -> None:
    shift = np.array([5, 17, 30])
    moved = replace(delta, values=np.roll(delta.values, shift, (0, 1, 2)))
    again = peak_patch(moved, planck, EVERY)
    np.testing.assert_allclose(again["mass"], halos["mass"], rtol=2e-4)

    def cells(centres: Array) -> Array:
        return np.sort(np.round(centres % BOX / BOX * N).astype(int) @ [N * N, N, 1])

    np.testing.assert_array_equal(
        cells(again["lagrangian_position"]), cells(halos["lagrangian_position"] + shift * BOX / N)
    )


def test_fewer_halos_in_the_past(delta: Field, planck: Cosmology, halos: Catalogue) -> None:
    early = peak_patch(delta, planck, replace(EVERY, redshift=1.0))
    assert early.redshift == 1.0
    first = growth(planck.omega_matter).first(0.5)
    assert early["overdensity"].min() > 1.68 / first
    assert early["mass"].sum() < 0.8 * halos["mass"].sum()
    assert early["formation_redshift"].max() > 1


def test_output_of_a_universe(delta: Field, planck: Cosmology, halos: Catalogue) -> None:
    told: list[float] = []
    fields, catalogues = peak_patch_output(delta, planck, EVERY, lambda fraction, doing: told.append(fraction))
    assert told == sorted(told)
    assert told[-1] == pytest.approx(0.98)
    [field] = fields
    assert (field.name, field.frame, field.cells) == ("label_peakpatch", "lagrangian", N)
    for name in halos.columns:
        np.testing.assert_array_equal(catalogues["peakpatch"][name], halos[name])
    np.testing.assert_array_equal(field.values, label_field(halos, N))


def test_a_field_without_peaks_gives_no_halos(planck: Cosmology) -> None:
    wave = 0.1 * np.cos(2 * np.pi * np.arange(16) / 16)[:, None, None] * np.ones((16, 16, 16))
    halos = peak_patch(Field("delta", wave, 16.0), planck)
    assert len(halos) == 0
    assert halos["position"].shape == (0, 3)
    assert not halo_mask(halos, 16).any()


@pytest.mark.parametrize(
    "wrong", [{"redshift": -0.5}, {"filter_ratio": 1.0}, {"smallest_filter": 0.5}, {"largest_filter": 0.0}]
)
def test_impossible_settings(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        check_peak_patch(replace(PeakPatchSettings(), **wrong), 32)


def test_too_large_a_field_is_refused_beforehand() -> None:
    with pytest.raises(ResourceError, match=r"GiB.*would fit"):
        check_peak_patch(PeakPatchSettings(), 100_000)
