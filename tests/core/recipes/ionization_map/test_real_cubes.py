"""A real pair of 21cmFAST: its density here, its brightness there. What is not beside the repository is skipped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from core.cosmos.box import Array, Field
from core.cosmos.cosmology import preset
from core.cosmos.measures.spectra import spectra
from core.cosmos.reionization.bubbles import temperature_scale
from core.cosmos.universe import Universe, write_universe
from core.recipes.ionization_map.recipe import IonizationMap
from core.recipes.ionization_map.sources import Excursion, fitted_efficiency, sources

SIDE = 64
"""Cells of the corner that is looked at: what lies beyond it is not seen, and the largest bubbles with it."""
REDSHIFT = 6.5
CELL = 1.5 * preset("planck2015").h
"""300 Mpc in 200 cells [Mpc/h]."""


@pytest.fixture(scope="module")
def pair(shared_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Universe:
    """The corner as a universe of density and brightness."""
    size = SIDE * CELL
    fields = [
        Field(
            name,
            np.array(np.load(shared_data(f"21cmfast-z6.5/{file}"), mmap_mode="r")[:SIDE, :SIDE, :SIDE], np.float32),
            size,
            units,
            REDSHIFT,
            "eulerian",
        )
        for name, file, units in (
            ("density", "density_z6.5.npy", "overdensity"),
            ("brightness_temperature", "delta_T_z6.5_esc0.070.npy", "mK"),
        )
    ]
    return write_universe(
        tmp_path_factory.mktemp("real") / "real.h5",
        name="real",
        box_size=size,
        cosmology=preset("planck2015"),
        fields=fields,
        catalogues={},
        provenance={"given": {"escape_fraction": 0.07}},
    )


def neutral(pair: Universe) -> Array:
    """The neutral fraction that the brightness is the product of."""
    density, brightness = (np.array(pair.field(name).values) for name in ("density", "brightness_temperature"))
    scale = temperature_scale(REDSHIFT, pair.cosmology) * np.maximum(1 + density, 1e-3)
    return np.asarray((brightness / scale).clip(0, 1))


def correlations(pair: Universe, made: Array, truth: Array) -> Array:
    """r at k = 0.2 and 0.5 h/Mpc."""
    found = spectra(Field("made", made, pair.box_size), Field("truth", truth, pair.box_size))
    return np.interp((0.2, 0.5), found.k, found.correlation)


def test_the_excursion_set_finds_the_bubbles_of_a_real_density(pair: Universe) -> None:
    truth = neutral(pair)
    ionized = float((truth == 0).mean())
    assert 0.4 < ionized < 0.7  # 55.6 % of the whole cube
    excursion = Excursion(pair, sources(pair))
    made = excursion.neutral(fitted_efficiency([excursion], float(truth.mean()))).numpy()
    large, small = correlations(pair, made, truth)
    assert large > 0.8
    assert small > 0.5
    # the share of cells follows from the mean within what the half ionized make of it
    assert float((made == 0).mean()) == pytest.approx(ionized, abs=0.1)
    # the same bubbles at other places are none
    assert np.abs(correlations(pair, made[::-1, ::-1].copy(), truth)).max() < 0.4


def test_a_network_sees_real_cubes(pair: Universe) -> None:
    """The units, spheres and parameters of a foreign cube are those that a network is trained on."""
    settings = IonizationMap.model_validate({"spheres": (0.6, 4.0), "parameters": True, "network": {"filters": 2}})
    inputs = settings._seen(pair, 0.4)
    assert inputs.shape == (5, SIDE, SIDE, SIDE)
    assert bool(torch.isfinite(inputs).all())
    # more photons where less is neutral
    assert float(np.corrcoef(inputs[2].flatten().numpy(), neutral(pair).ravel())[0, 1]) < -0.5
