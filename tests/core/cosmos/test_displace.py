import numpy as np
import pytest

from core.cosmos import displace
from core.cosmos.box import Catalogue, Field, nearest_image
from core.cosmos.cosmology import growth, preset
from core.cosmos.displace import mean_over, move
from core.cosmos.simulate import Evolution, Simulation, simulate
from core.cosmos.universe import open_universe

CELLS, BOX = 16, 32.0


def halos(centres: list[list[float]]) -> Catalogue:
    position = np.array(centres, np.float32)
    return Catalogue({"mass": np.ones(len(centres)), "position": position, "lagrangian_position": position}, BOX)


def test_halos_in_a_plane_wave() -> None:
    # first order is exact for one wave: x = q - D A/k sin(k q) for delta = A cos(k q)
    k, amplitude = 2 * np.pi / BOX, 0.8
    q = np.arange(CELLS) * BOX / CELLS
    delta = Field("delta", np.broadcast_to((amplitude * np.cos(k * q))[:, None, None], (CELLS,) * 3), BOX)
    label = np.zeros((CELLS,) * 3, np.int32)
    label[4, 3, 3] = 1
    label[[11, 13], 5, 5] = 2
    moved = move(halos([[8.0, 6, 6], [24, 10, 10], [31.5, 0, 0]]), label, delta, preset("planck2018"))
    psi = -amplitude / k * np.sin(k * q)
    np.testing.assert_allclose(moved["position"][:, 1:], [[6, 6], [10, 10], [0, 0]], atol=1e-4)
    np.testing.assert_allclose(moved["position"][0, 0], 8 + psi[4], atol=1e-4)
    np.testing.assert_allclose(moved["position"][1, 0], 24 + (psi[11] + psi[13]) / 2, atol=1e-4)
    # without a cell of its own: as the cell at the centre, here 16 = 0
    np.testing.assert_allclose(moved["position"][2, 0], 31.5, atol=1e-4)
    to_kms = preset("planck2018").hubble(1.0) * growth(preset("planck2018").omega_matter).rate(1.0)
    np.testing.assert_allclose(moved["velocity"][0], [to_kms * psi[4], 0, 0], rtol=1e-4, atol=1e-2)
    earlier = move(halos([[8.0, 6, 6]]), label, delta, preset("planck2018"), redshift=1.0)
    growth_half = growth(preset("planck2018").omega_matter).first(0.5)
    np.testing.assert_allclose(earlier["position"][0, 0], 8 + growth_half * psi[4], atol=1e-4)


def test_no_halos() -> None:
    assert mean_over(np.ones((3, 4, 4, 4)), np.zeros((4, 4, 4), np.int32), none()).shape == (0, 3)


def none() -> Catalogue:
    return Catalogue({"mass": np.zeros(0), "lagrangian_position": np.zeros((0, 3))}, BOX)


def test_most_halos_arrive_near_those_of_the_simulation(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("moved") / "u.h5"
    evolution = Evolution(steps=8, mesh_ratio=2, minimum_particles=10, device="cpu")
    simulate(path, Simulation(32, 50.0, preset("planck2018"), 1, evolution))
    universe = open_universe(path)
    found = universe.catalogue("fof")
    moved = move(found, np.asarray(universe.field("label").values), universe.field("delta_linear"), universe.cosmology)

    def away(start: np.ndarray) -> float:
        offset = nearest_image(found["position"].astype(np.float64) - start, 50.0)
        return float(np.median(np.linalg.norm(offset, axis=1)))

    # they travel several Mpc/h, and second-order theory leaves a fraction of that
    assert away(found["lagrangian_position"]) > 2.0
    assert away(moved["position"]) < 0.25 * away(found["lagrangian_position"])


def test_a_coarser_mesh_moves_halos_almost_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [displace.coarser(512, free) for free in (10**11, 10**10, 10**9, 0)] == [1, 2, 4, 512]
    assert displace.coarser(75, 10**6) == 5
    k, amplitude = 2 * np.pi / BOX, 0.8
    q = np.arange(CELLS) * BOX / CELLS
    values = np.broadcast_to((amplitude * np.cos(k * q))[:, None, None], (CELLS,) * 3)
    label = np.zeros((CELLS,) * 3, np.int32)
    label[3:6, 3:6, 0:3] = 1
    label[9:12, 15, 15] = 2
    centres = halos([[8.0, 8, 2], [20, 30, 30], [31.5, 0, 0]])
    for axes in ((0, 1, 2), (1, 0, 2), (1, 2, 0)):  # the wave along each axis
        delta = Field("delta", values.transpose(axes), BOX)
        exact = move(centres, label, delta, preset("planck2018"))
        monkeypatch.setattr(displace, "coarser", lambda cells, free: 2)
        coarse = move(centres, label, delta, preset("planck2018"))
        monkeypatch.undo()
        # 8 coarse cells to the wave: their means take 2 % of it, straight lines between them up to 8 %
        error = np.abs(nearest_image(coarse["position"] - exact["position"], BOX)).max()
        assert error < 0.1 * amplitude / k
