"""Real initial conditions evolved to z = 5, saved, imported and evolved on: as if evolved in one go."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from core.cosmos.box import lattice
from core.cosmos.formats.given import Given
from core.cosmos.imports.initial import import_initial
from core.cosmos.imports.pair import import_pair
from core.cosmos.measures.spectra import spectra
from core.cosmos.simulate import Evolution, by_particle
from core.cosmos.universe import Universe

AREPO = Given(omega_baryon=0.0486, sigma8=0.831, spectral_index=0.9645)


def save(path: Path, universe: Universe, z: float, suffix: str) -> Path:
    """The particles of one output as GADGET HDF5 in kpc/h."""
    count, box = universe.cells**3, universe.box_size
    moved = by_particle(np.asarray(universe.field(f"displacement{suffix}").values))
    velocity = by_particle(np.asarray(universe.field(f"velocity{suffix}").values))
    cosmology = universe.cosmology
    with h5py.File(path, "w") as file:
        file.create_group("Header").attrs.update(
            NumPart_ThisFile=[0, count, 0, 0, 0, 0], NumPart_Total=[0, count, 0, 0, 0, 0], NumFilesPerSnapshot=1,
            MassTable=[0, universe.particle_mass / 1e10, 0, 0, 0, 0], Time=1 / (1 + z), Redshift=z, BoxSize=box * 1e3,
            Omega0=cosmology.omega_matter, OmegaLambda=1 - cosmology.omega_matter, HubbleParam=cosmology.h,
        )  # fmt: skip
        file["PartType1/Coordinates"] = ((lattice(universe.cells, box) + moved) % box) * 1e3
        file["PartType1/Velocities"] = velocity * np.sqrt(1 + z)
        file["PartType1/ParticleIDs"] = np.arange(1, count + 1)
    return path


def test_a_snapshot_of_z_5_is_evolved_on(shared_data: Callable[[str], Path], tmp_path: Path) -> None:
    """P(k) within .5 % to k = .5 h/Mpc and 2 % to k = 1; as a pair, the linear field of the initial conditions."""
    evolution = Evolution(outputs=(5.0, 0.0), device="cpu")
    direct = import_initial(shared_data("arepo-L50n32/ics"), tmp_path / "direct.h5", AREPO, evolution)
    early = save(tmp_path / "z5.hdf5", direct, 5.0, "_z5")
    again = import_initial(early, tmp_path / "again.h5", AREPO, Evolution(device="cpu"))
    found = spectra(again.field("density"), direct.field("density"))
    ratio = found.transfer**2
    assert np.abs(ratio[found.k <= 0.5] - 1).max() < 0.005
    assert np.abs(ratio[found.k <= 1] - 1).max() < 0.02
    pair = import_pair(early, save(tmp_path / "z0.hdf5", direct, 0.0, ""), tmp_path / "pair.h5", AREPO)
    linear = spectra(pair.field("delta_linear"), direct.field("delta_linear"))
    # what is next to the Nyquist frequency moved the least
    below = linear.k < 1.5
    np.testing.assert_allclose(linear.transfer[below], 1, atol=5e-3)
    assert linear.correlation[below].min() > 0.9999
    np.testing.assert_array_equal(pair.catalogue()["count"], direct.catalogue()["count"])
    assert "N-body" in pair.provenance["linear_field"]
