"""HDF5 catalogues of halo finders, written from the sources of the codes alone: VELOCIraptor, SOAP, HBT+."""

from pathlib import Path

import h5py
import numpy as np
from snapshot_writers import BOX, OMEGA_MATTER, H, Halos

MPC, MSUN = 3.0856775814913673e24, 1.988409870698051e33


def write_velociraptor(
    path: Path, found: Halos, ids: np.ndarray | None = None, *, comoving: bool = True, files: int = 2
) -> Path:
    """x.properties.0, ...: WriteProperties of src/io.cxx; with `ids` of all particles the catalogues of members too."""
    a = 1 / (1 + found.z)
    length, mass = (1.0, 1.0) if comoving else (a / H, 1 / H)
    frame, centre, other = ("2", "cminpot", "c") if comoving else ("0", "c", "cminpot")
    for number, rows in enumerate(np.array_split(np.arange(len(found.masses)), files)):
        with h5py.File(path.with_name(f"{path.name}.properties.{number}"), "w") as file:
            file.update({"File_id": [number], "Num_of_files": [files]})
            file.update({"Num_of_groups": [len(rows)], "Total_num_of_groups": [len(found.masses)]})
            file.attrs.update(Cosmological_Sim=1, Comoving_or_Physical=int(comoving), Period=BOX * length, Time=a)
            file.attrs.update(Length_unit_to_kpc=1e3, Velocity_to_kms=1.0, Mass_unit_to_solarmass=1e10)
            file.create_group("Configuration").attrs["Reference_frame_for_properties"] = frame
            words = {"ScaleFactor": a, "h_val": H, "Omega_m": OMEGA_MATTER, "Omega_Lambda": 1 - OMEGA_MATTER}
            file.create_group("SimulationInfo").attrs.update({name: f"{value:f}" for name, value in words.items()})
            assert found.ids is not None
            assert found.parents is not None
            assert found.velocities is not None
            file["ID"] = found.ids[rows].astype(np.uint64)
            file["hostHaloID"] = found.parents[rows]
            file["npart"] = np.array([len(found.members[row]) for row in rows], np.uint64)
            file["Mass_200crit"], file["R_200crit"] = found.masses[rows] * mass / 1e10, found.radii[rows] * length
            file["Mass_tot"] = np.full(len(rows), 1e3)
            for axis, name in enumerate("XYZ"):
                file[f"{name}{other}"] = np.full(len(rows), 1.0)
                file[f"{name}{centre}"] = found.positions[rows, axis] * length
                file[f"V{name}{centre}"] = found.velocities[rows, axis]
        if ids is not None:
            members = [ids[found.members[row]] for row in rows]
            with h5py.File(path.with_name(f"{path.name}.catalog_groups.{number}"), "w") as file:
                file["Offset"] = np.cumsum([0, *map(len, members)])[:-1].astype(np.uint64)
            with h5py.File(path.with_name(f"{path.name}.catalog_particles.{number}"), "w") as file:
                file["Particle_IDs"] = np.concatenate([np.zeros(0, np.int64), *members])
    return path.with_name(f"{path.name}.properties")


def write_soap(path: Path, found: Halos) -> Path:
    """combine_chunks.py of SOAP: units by attributes; lengths comoving, radii stored as physical."""
    a = 1 / (1 + found.z)
    assert found.ids is not None
    assert found.parents is not None
    with h5py.File(path, "w") as file:
        count = len(found.masses)
        header = file.create_group("Header").attrs
        header.update({"BoxSize": [BOX / H] * 3, "Redshift": [found.z], "Scale-factor": [a], "Time": [0.3]})
        header.update(NumSubhalos_ThisFile=[count], NumFilesPerSnapshot=[1], NumPart_ThisFile=[0] * 7)
        cosmology = {
            "Omega_m": OMEGA_MATTER,
            "Omega_lambda": 1 - OMEGA_MATTER,
            "Omega_b": 0.05,
            "h": H,
            "Redshift": found.z,
        }
        file.create_group("Cosmology").attrs.update({name: [value] for name, value in cosmology.items()})
        file.create_group("Units").attrs["Unit length in cgs (U_L)"] = [MPC]

        def put(name: str, values: np.ndarray, cgs: float, power: float, physical: bool = False) -> None:
            file[name] = values
            file[name].attrs.update(
                {
                    "Conversion factor to CGS (not including cosmological corrections)": [cgs],
                    "a-scale exponent": [power],
                    "h-scale exponent": [0.0],
                    "Value stored as physical": [int(physical)],
                }
            )

        put("SO/200_crit/TotalMass", found.masses / H / 1e10, 1e10 * MSUN, 0.0)
        put("SO/200_crit/SORadius", found.radii / H * a, MPC, 1.0, physical=True)
        put("SO/200_crit/CentreOfMassVelocity", np.asarray(found.velocities), 1e5, 0.0)
        put("InputHalos/HaloCentre", found.positions / H, MPC, 1.0)
        file["InputHalos/HaloCatalogueIndex"] = found.ids
        file["InputHalos/IsCentral"] = (found.parents < 0).astype(np.int32)
        file["InputHalos/NumberOfBoundParticles"] = [len(members) for members in found.members]
        place = {int(halo): row for row, halo in enumerate(found.ids)}
        file["SOAP/HostHaloIndex"] = [place.get(int(parent), -1) for parent in found.parents]
    return path


def write_hbt(folder: Path, found: Halos, ids: np.ndarray | None = None, *, files: int = 2) -> Path:
    """SubSnap_NNN.0.hdf5, ... with Parameters.log above: WriteFile of src/io/subhalo_io.cpp."""
    assert found.ids is not None
    assert found.parents is not None
    (folder / "004").mkdir(exist_ok=True)
    (folder / "Parameters.log").write_text(f"#VERSION 1.16\nBoxSize  {BOX}\nMassInMsunh  1e+10\n")
    kind = np.dtype(
        [
            *(("TrackId", "i8"), ("Nbound", "i8"), ("Mbound", "f4"), ("HostHaloId", "i8"), ("Rank", "i8")),
            *(("BoundR200CritComoving", "f4"), ("BoundM200Crit", "f4")),
            *(("ComovingMostBoundPosition", "f8", 3), ("PhysicalMostBoundVelocity", "f4", 3)),
        ]
    )
    groups = np.where(found.parents < 0, found.ids, found.parents)
    for number, rows in enumerate(np.array_split(np.arange(len(found.masses)), files)):
        table = np.zeros(len(rows), kind)
        table["TrackId"], table["HostHaloId"], table["Rank"] = found.ids[rows], groups[rows], found.parents[rows] >= 0
        table["Nbound"] = [len(found.members[row]) for row in rows]
        table["BoundM200Crit"], table["BoundR200CritComoving"] = found.masses[rows] / 1e10, found.radii[rows]
        table["ComovingMostBoundPosition"] = found.positions[rows]
        table["PhysicalMostBoundVelocity"] = np.asarray(found.velocities)[rows]
        with h5py.File(folder / "004" / f"SubSnap_004.{number}.hdf5", "w") as file:
            file.update({"NumberOfFiles": [files], "NumberOfSubhalosInAllFiles": [len(found.masses)]})
            file.update({"SnapshotId": [4], "Subhalos": table})
            # HubbleParam is H(z) in internal units
            file.update({"Cosmology/OmegaM0": np.float32([OMEGA_MATTER]), "Cosmology/HubbleParam": [180.0]})  # type: ignore[arg-type]
            file["Cosmology/ScaleFactor"] = np.float32([1 / (1 + found.z)])  # type: ignore[arg-type]
            if ids is not None:
                listed = file.create_dataset("SubhaloParticles", len(rows), h5py.vlen_dtype(np.int64))
                for place, row in enumerate(rows):
                    listed[place] = ids[found.members[row]]
    return folder / "004" / "SubSnap_004"
