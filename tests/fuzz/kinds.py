"""Every kind of file that halodeck opens: how one of others is written, which file of it is damaged, how it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from forest_files import (
    small_forest,
    write_galacticus,
    write_hlists,
    write_lhalo,
    write_millennium,
    write_sublink,
    write_times,
    write_tree_dat,
)
from forest_files import write_rockstar as write_parents
from grid_writers import write_enzo, write_nyx
from snapshot_writers import (
    BOX,
    GIVEN,
    H,
    Run,
    write_ahf,
    write_bigfile,
    write_gadget,
    write_groups,
    write_hdf5,
    write_ramses,
    write_rockstar,
    write_tipsy,
)
from test_abacus import halos as slab_halos
from test_abacus import write as write_slab
from test_binary_catalogues import write_bin, write_group_tab
from test_cubes import CELLS, overdensity, write_21cmfast, write_npy
from test_hdf5_catalogues import WRITERS as HDF5_CATALOGUES
from test_membership import write_listed, write_members
from test_own import as_hdf5, npz
from test_table_catalogues import columns_of, write_parquet, write_uchuu
from three_halos import BESIDE, halos, particles, run_with, write_csv

from core.cosmos.formats.catalogues import read_catalogue
from core.cosmos.formats.cubes import read_cube
from core.cosmos.formats.given import Given
from core.cosmos.formats.membership import assign
from core.cosmos.formats.recognise import recognise
from core.cosmos.formats.snapshots import read_snapshot
from core.cosmos.formats.trees import read_trees
from core.cosmos.formats.trees_given import Told
from core.errors import HalodeckError
from fuzz.made import Kind, Made
from fuzz.own import (
    archive,
    campaign,
    checkpoint,
    configuration,
    preferences,
    report,
    run_file,
    task,
    universe,
    universes_of,
    weights,
)

SNAPSHOT = replace(GIVEN, box_size=BOX, h=H)
CUBE = replace(SNAPSHOT, omega_matter=0.3, redshift=1.0)


def _snapshot(write: Callable[[Path, Run], object], name: str = "snap", folder: Path = Path()) -> Made:
    path = folder / name
    made = write(path, Run())
    path = made if isinstance(made, Path) else path
    return Made(path, (lambda: recognise(path), lambda: read_snapshot(path, SNAPSHOT)))


def snapshot(write: Callable[[Path, Run], object], name: str = "snap") -> Kind:
    return lambda folder: _snapshot(write, name, folder)


def ramses(damaged: str) -> Kind:
    def make(folder: Path) -> Made:
        output = write_ramses(folder, Run())
        return Made(output / damaged, (lambda: recognise(output), lambda: read_snapshot(output, SNAPSHOT)))

    return make


def catalogue(write: Callable[[Path], Path]) -> Kind:
    def make(folder: Path) -> Made:
        path = write(folder)
        return Made(path, (lambda: recognise(path), lambda: read_catalogue(path, BESIDE)))

    return make


def hdf5_catalogue(form: str) -> Kind:
    def make(folder: Path) -> Made:
        path = HDF5_CATALOGUES[form](folder, halos())
        last = sorted(path.parent.glob(f"{path.name}*"))[-1]
        return Made(last, (lambda: recognise(path), lambda: read_catalogue(path, BESIDE)))

    return make


def members(form: str, name: str) -> Kind:
    def make(folder: Path) -> Made:
        found = halos()
        run = run_with(found)
        path = write_listed(folder, "ahf" if form == "list" else form, found, run)
        beside = write_members(folder / name, found, run) if form == "list" else None
        known = read_catalogue(path, BESIDE)
        return Made(folder / name, (lambda: assign(path, known, particles(run), beside=beside),))

    return make


def cube(write: Callable[[Path], object], given: Given = CUBE, **wish: Any) -> Kind:
    def make(folder: Path) -> Made:
        path = folder / "cube"
        write(path)
        return Made(path, (lambda: recognise(path), lambda: read_cube(path, given, **wish)))

    return make


def nyx(damaged: str) -> Kind:
    def make(folder: Path) -> Made:
        path = write_nyx(
            folder / "plt00100", {"density": overdensity(1) + 1, "particle_mass_density": overdensity() + 1}
        )
        return Made(path / damaged, (lambda: recognise(path), lambda: read_cube(path, GIVEN)))

    return make


def enzo(damaged: str) -> Kind:
    def make(folder: Path) -> Made:
        path = write_enzo(folder / "output_0010", {"Density": overdensity(1) + 1}, overdensity() + 1, finer=True)
        reads = (partial(read_cube, path, GIVEN), partial(read_cube, path, GIVEN, dataset="Density"))
        return Made(path.with_name(path.name + damaged), (lambda: recognise(path), *reads))

    return make


def trees(write: Callable[[Path], list[Path]], told: Told | None = None) -> Kind:
    def make(folder: Path) -> Made:
        paths = write(folder)
        all_told = told
        if told and told.times:
            write_times(folder / told.times)
            all_told = replace(told, times=folder / told.times)
        return Made(paths[-1], (lambda: recognise(paths[-1]), lambda: list(read_trees(paths, all_told, folder))))

    return make


TOLD = Told(0.3, 0.7, 100.0, 1e9, Path("times"))
"""What the trees of others do not say."""


def _sublink(folder: Path) -> list[Path]:
    write_sublink(folder / "tree_extended.0.hdf5", small_forest())
    return [folder / "tree_extended.0.hdf5"]


def _lhalo(folder: Path) -> list[Path]:
    write_lhalo(folder / "trees_sf1_006.0.hdf5", [small_forest()])
    return [folder / "trees_sf1_006.0.hdf5"]


def _millennium(folder: Path) -> list[Path]:
    write_millennium(folder / "trees_006.0", [small_forest()])
    return [folder / "trees_006.0"]


def bigfile(damaged: str) -> Kind:
    def make(folder: Path) -> Made:
        path = write_bigfile(folder / "ics", Run())
        return Made(path / damaged, (lambda: recognise(path), lambda: read_snapshot(path, GIVEN)))

    return make


def abacus(folder: Path) -> Made:
    path = folder / "halo_info"
    path.mkdir()
    for slab in range(2):
        write_slab(path / f"halo_info_00{slab}.asdf", slab_halos(slab, 30))
    return Made(path / "halo_info_001.asdf", (lambda: recognise(path), lambda: read_catalogue(path)))


def _tree_dat(folder: Path) -> list[Path]:
    write_tree_dat(folder / "tree_0_0_0.dat", small_forest())
    return [folder / "tree_0_0_0.dat"]


def _galacticus(folder: Path) -> list[Path]:
    write_galacticus(folder / "trees.hdf5", small_forest())
    return [folder / "trees.hdf5"]


def pksc(folder: Path) -> Made:
    from core.cosmos.box import Catalogue
    from core.cosmos.cosmology import preset
    from core.cosmos.formats.readers.pksc import read_pksc, write_pksc

    found, path, planck = halos(), folder / "merge.pksc", preset("planck2018")
    order = np.argsort(-found.masses)
    columns = {"mass": found.masses, "position": found.positions, "velocity": np.zeros_like(found.positions)}
    columns |= {"lagrangian_position": found.positions, "lagrangian_radius": found.radii}
    write_pksc(path, Catalogue({name: values[order] for name, values in columns.items()}, BOX), planck)
    return Made(path, (lambda: recognise(path), lambda: read_pksc(path, BOX, planck)))


def parquet(folder: Path) -> Path:
    return write_parquet(folder / "a.parquet", columns_of(halos(), np.arange(3)))


KINDS: dict[str, Kind] = {
    "gadget1": snapshot(write_gadget),
    "gadget2": snapshot(partial(write_gadget, version=2)),
    "gadget big-endian": snapshot(partial(write_gadget, order=">")),
    "gadget hdf5": snapshot(write_hdf5),
    "gadget4": snapshot(partial(write_hdf5, style="gadget4")),
    "arepo": snapshot(partial(write_hdf5, style="arepo")),
    "swift": snapshot(partial(write_hdf5, style="swift")),
    "tipsy": snapshot(write_tipsy),
    "own npz": snapshot(npz, "mine.npz"),
    "own hdf5": snapshot(as_hdf5),
    "ramses info": ramses("info_00007.txt"),
    "ramses header": ramses("header_00007.txt"),
    "ramses particles": ramses("part_00007.out00001"),
    "rockstar": catalogue(lambda folder: write_rockstar(folder / "a", halos())),
    "ahf": catalogue(lambda folder: write_ahf(folder / "a", halos())),
    "subfind": catalogue(lambda folder: write_groups(folder / "a", halos())),
    "csv": catalogue(lambda folder: write_csv(folder / "a", halos())),
    "rockstar binary": catalogue(lambda folder: write_bin(folder / "halos_0.0.bin", halos(), slice(0, 3))),
    "group_tab": catalogue(lambda folder: write_group_tab(folder, halos())),
    "pksc": pksc,
    "members of ahf": members("ahf", "snap.AHF_particles"),
    "members of rockstar": members("rockstar", "halos_0.0.particles"),
    "members of group_tab": members("group-tab", "group_ids_004.1"),
    "members of rockstar binary": members("rockstar-bin", "halos_0.1.bin"),
    "members of velociraptor": members("velociraptor", "stf.catalog_groups.1"),
    "members of hbt": members("hbt", "004/SubSnap_004.1.hdf5"),
    "members in csv": members("list", "a.csv"),
    "members in npz": members("list", "a.npz"),
    **{form: hdf5_catalogue(form) for form in HDF5_CATALOGUES},
    "uchuu": catalogue(lambda folder: write_uchuu(folder, halos(), files=1)),
    **({"parquet": catalogue(parquet)} if find_spec("pyarrow") else {}),
    "npy": cube(lambda path: write_npy(path, overdensity()), name="density"),
    "raw": cube(lambda path: path.write_bytes(overdensity().tobytes()), name="density", cells=CELLS),
    "21cmfast": cube(lambda path: write_21cmfast(path, overdensity()), Given()),
    "nyx header": nyx("Header"),
    "nyx level": nyx("Level_0/Cell_H"),
    "nyx boxes": nyx("Level_0/Cell_D_00000"),
    "nyx job": nyx("job_info"),
    "nyx scale factor": nyx("comoving_a"),
    "enzo parameters": enzo(""),
    "enzo hierarchy": enzo(".hierarchy"),
    "enzo grids": enzo(".cpu0000"),
    "consistent-trees": trees(_tree_dat),
    "hlists": trees(lambda folder: write_hlists(folder, small_forest())),
    "rockstar parents": trees(lambda folder: write_parents(folder, small_forest())),
    "galacticus": trees(_galacticus),
    "sublink": trees(_sublink, TOLD),
    "lhalotree": trees(_lhalo, replace(TOLD, times=None)),
    "millennium": trees(_millennium, TOLD),
    "abacus": abacus,
    "bigfile header": bigfile("Header/attr-v2"),
    "bigfile block": bigfile("1/ID/header"),
    "bigfile data": bigfile("1/Velocity/000000"),
    "universe": universe("universe"),
    "prediction": universe("prediction"),
    "infall table": universe("infall"),
    "config.toml": run_file("config.toml"),
    "status.json": run_file("status.json"),
    "events.jsonl": run_file("events.jsonl"),
    "notes.json": run_file("notes.json"),
    "report.json": report,
    "model.pt": checkpoint,
    "model.safetensors": weights,
    "archive": archive,
    "universes.json": universes_of,
    "task.json": task("task.json"),
    "progress.json": task("progress.json"),
    "settings.toml": preferences,
    "configuration": configuration,
    "campaign": campaign,
}
"""By name."""
HDF5 = (
    *("gadget hdf5", "gadget4", "arepo", "swift", "own hdf5", "subfind", "21cmfast", "galacticus"),
    *("sublink", "lhalotree", "members of velociraptor", "members of hbt", "uchuu", "enzo grids", *HDF5_CATALOGUES),
    *("universe", "prediction", "infall table"),
)
"""Kinds on which the HDF5 library itself may spin or crash, against which halodeck has a helper process."""
CHECKSUMMED = ("own npz", "model.pt", "archive")
"""Kinds whose every stored value has a checksum: what is not refused is as it was."""


def result(made: Made) -> list[Any]:
    """What each read gives, or its refusal."""
    found: list[Any] = []
    for read in made.reads:
        try:
            found.append(read())
        except HalodeckError as error:
            str(error)
            found.append(error)
    return found
