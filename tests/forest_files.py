"""A small forest of known fates, and writers of every format it can be read from."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

TIMES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
NONE = -1
COLUMNS = (
    *("scale", "id", "desc_scale", "desc_id", "num_prog", "pid", "upid", "mvir", "rvir", "rs"),
    *("x", "y", "z", "vx", "vy", "vz", "Spin", "b_to_a", "c_to_a"),
)
HEAD = (
    "#" + " ".join(f"{name}({k})" for k, name in enumerate(COLUMNS)),
    "#Omega_M = 0.300000; Omega_L = 0.700000; h0 = 0.700000",
    "#Full box size = 100.000000 Mpc/h",
)


@dataclass
class Halo:
    """One halo of one snapshot; `host` and `descendant` are identifiers."""

    id: int
    snapshot: int
    mass: float
    position: tuple[float, float, float]
    descendant: int = NONE
    host: int = NONE
    velocity: tuple[float, float, float] = (0.0, 0.0, 0.0)
    spin: float = 0.04
    scale_radius: float = 0.05


@dataclass
class Forest:
    halos: list[Halo] = field(default_factory=list)

    def branch(
        self,
        first: int,
        masses: list[float],
        places: list[float],
        hosts: list[int],
        velocity: tuple[float, float, float] = (0.0, 0.0, 0.0),
        into: int = NONE,
    ) -> list[int]:
        """A branch from snapshot `first` on at distances along x from the middle of the box; its identifiers."""
        ids = [len(self.halos) + 100 + k for k in range(len(masses))]
        for k, (mass, place, host) in enumerate(zip(masses, places, hosts, strict=True)):
            following = ids[k + 1] if k + 1 < len(ids) else into
            position = ((50.0 + place) % 100, 50.0, 50.0)
            self.halos.append(Halo(ids[k], first + k, mass, position, following, host, velocity))
        return ids


def small_forest() -> Forest:
    """A host of 1e13 that grows, and what falls into it; particles of 1e9, a thousand make a subhalo that counts.

    survivor, merger (gone), stripped (below a tenth), light, swapped (grown fourfold), born (first seen inside),
    group and member (which falls in inside the group); and a neighbour that stays outside.
    """
    forest = Forest()
    n = NONE
    host = forest.branch(0, [8e12, 9e12, 1e13, 1.1e13, 1.2e13, 1.3e13, 1.4e13], [0.0] * 7, [n] * 7)
    inside = [host[k] for k in range(7)]
    away = (-300.0, 100.0, 0.0)
    forest.branch(
        0, [2e12, 2e12, 1.8e12, 1.5e12, 1e12, 9e11, 8e11], [3, 1.0, 0.5, 0.2, 0.3, 0.4, 0.35], [n, n, *inside[2:]], away
    )
    forest.branch(0, [1.5e12, 1.6e12, 1.2e12, 8e11], [2, 1.1, 0.4, 0.1], [n, n, *inside[2:4]], away, into=host[4])
    forest.branch(
        0, [1.1e12, 1.2e12, 6e11, 2e11, 1e11, 1e11, 9e10], [2, 1.2, 0.6, 0.2, 0.3, 0.1, 0.1], [n, n, *inside[2:]], away
    )
    forest.branch(
        0, [5e11, 5e11, 4e11, 4e11, 3e11, 3e11, 3e11], [2, 1.3, 0.6, 0.2, 0.3, 0.1, 0.1], [n, n, *inside[2:]], away
    )
    forest.branch(
        0, [1e12, 1e12, 9e11, 4e12, 4e12, 4e12, 4e12], [2, 1.4, 0.6, 0.2, 0.3, 0.1, 0.1], [n, n, *inside[2:]], away
    )
    forest.branch(3, [1.3e12, 1.2e12, 1.1e12, 1e12], [0.3, 0.2, 0.3, 0.1], inside[3:], away)
    group = forest.branch(
        0,
        [3e12, 3e12, 2.8e12, 2e12, 1.9e12, 1.8e12, 1.7e12],
        [-4, -1.3, -0.6, -0.4, -0.3, -0.2, -0.3],
        [n, n, *inside[2:]],
        (250.0, 50.0, 0.0),
    )
    forest.branch(
        0,
        [1.2e12, 1.2e12, 1.2e12, 1.1e12, 1.1e12, 1.0e12, 1.0e12],
        [-4.1, -1.4, -0.65, -0.45, -0.35, -0.25, -0.3],
        [group[0], group[1], group[2], group[3], *inside[4:]],
        (250.0, 50.0, 0.0),
    )
    forest.branch(0, [6e11] * 7, [3.0] * 7, [n] * 7)
    return forest


def write_tree_dat(path: Path, forest: Forest) -> None:
    """consistent-trees' tree_0_0_0.dat, one tree."""
    rows = [hlist_row(halo, forest) for halo in sorted(forest.halos, key=lambda halo: -halo.snapshot)]
    path.write_text("\n".join([*HEAD, "1", "#tree 106", *rows]) + "\n")


def write_hlists(folder: Path, forest: Forest) -> list[Path]:
    """One hlist file for each snapshot."""
    paths = []
    for snapshot, a in enumerate(TIMES):
        rows = [hlist_row(halo, forest) for halo in forest.halos if halo.snapshot == snapshot]
        paths.append(folder / f"hlist_{a:.5f}.list")
        paths[-1].write_text("\n".join([*HEAD, *rows]) + "\n")
    return paths


def write_rockstar(folder: Path, forest: Forest) -> list[Path]:
    """Rockstar's out_N.parents, whose identifiers begin anew in each snapshot."""
    names = "#ID DescID Mvir Vmax Vrms Rvir Rs Np X Y Z VX VY VZ Spin b_to_a c_to_a PID"
    local = {}
    for snapshot in range(len(TIMES)):
        for k, halo in enumerate(halo for halo in forest.halos if halo.snapshot == snapshot):
            local[halo.id] = k
    paths = []
    for snapshot, a in enumerate(TIMES):
        head = [names, f"#a = {a}", "#Om = 0.300000; Ol = 0.700000; h = 0.700000", "#Box size: 100.000000 Mpc/h"]
        head.append("#Particle mass: 1.00000e+09 Msun/h")
        rows = [
            f"{local[h.id]} {local.get(h.descendant, -1)} {h.mass:.6e} 200 150 300 {1000 * h.scale_radius} 1000 "
            f"{_three(h.position)} {_three(h.velocity)} {h.spin} 0.8 0.6 {local.get(h.host, -1)}"
            for h in forest.halos
            if h.snapshot == snapshot
        ]
        paths.append(folder / f"out_{snapshot}.parents")
        paths[-1].write_text("\n".join([*head, *rows]) + "\n")
    return paths


def write_galacticus(path: Path, forest: Forest, physical: bool = False) -> None:
    """Galacticus' HDF5; with `physical` in units without h and a: Mpc and Msun."""
    import h5py

    h = 0.7
    a = np.array([TIMES[halo.snapshot] for halo in forest.halos])
    length = (a / h)[:, None] if physical else np.ones((len(a), 1))
    mass = 1 / h if physical else 1.0
    with h5py.File(path, "w") as file:
        halos = file.create_group("forestHalos")
        halos["nodeIndex"] = [halo.id for halo in forest.halos]
        halos["descendantIndex"] = [halo.descendant for halo in forest.halos]
        halos["hostIndex"] = [halo.id if halo.host == NONE else halo.host for halo in forest.halos]
        halos["expansionFactor"] = a
        halos["nodeMass"] = np.array([halo.mass for halo in forest.halos]) * mass
        halos["position"] = np.array([halo.position for halo in forest.halos]) * length
        halos["velocity"] = np.array([halo.velocity for halo in forest.halos])
        halos["scaleRadius"] = np.array([halo.scale_radius for halo in forest.halos]) * length[:, 0]
        halos["spin"] = np.array([halo.spin for halo in forest.halos])
        file.create_group("cosmology").attrs.update(HubbleParam=h, OmegaMatter=0.3, OmegaBaryon=0.05)
        file.create_group("simulation").attrs["boxSize"] = 100.0
        power = 0 if physical else -1
        file.create_group("units").attrs.update(
            lengthUnitsInSI=3.0857e22,
            lengthHubbleExponent=power,
            lengthScaleFactorExponent=0 if physical else 1,
            massUnitsInSI=1.9891e30,
            massHubbleExponent=power,
            massScaleFactorExponent=0,
            velocityUnitsInSI=1000.0,
            velocityHubbleExponent=0,
            velocityScaleFactorExponent=0,
        )


def several(count: int) -> Forest:
    """As many small forests, 3 Mpc/h apart along y, so that those beside each other feel each other."""
    forest = Forest()
    for number in range(count):
        for halo in small_forest().halos:
            x, y, z = halo.position
            moved = replace(halo, id=halo.id + 1000 * number, position=(x, (y + 3 * number) % 100, z))
            moved.descendant += 1000 * number if halo.descendant != NONE else 0
            moved.host += 1000 * number if halo.host != NONE else 0
            forest.halos.append(moved)
    return forest


def write_times(path: Path, redshifts: bool = False) -> None:
    """The scale factor of every snapshot, or its number and redshift."""
    lines = [f"{number} {1 / a - 1:.10f}" if redshifts else f"{a:.10f}" for number, a in enumerate(TIMES)]
    path.write_text("\n".join(["# all snapshots", *lines]) + "\n")


def _subfind(forest: Forest, ids: dict[int, int]) -> dict[str, np.ndarray]:
    """The columns that SubLink and LHaloTree share; `ids` are what links say, a free halo is in itself."""
    halos = forest.halos
    mass = np.array([halo.mass for halo in halos], np.float32) / np.float32(1e10)
    return {
        "Descendant": np.array([ids.get(halo.descendant, NONE) for halo in halos]),
        "First": np.array([ids[halo.id if halo.host == NONE else halo.host] for halo in halos]),
        "SnapNum": np.array([halo.snapshot for halo in halos]),
        "SubhaloMass": mass,
        "SubhaloPos": np.array([halo.position for halo in halos], np.float32),
        "SubhaloVel": np.array([halo.velocity for halo in halos], np.float32),
        "Group_M_Crit200": np.full(len(halos), 77, np.float32),
    }


def write_sublink(path: Path, forest: Forest) -> None:
    """tree_extended.0.hdf5: positions in kpc/h, masses in 1e10 Msun/h, no redshifts."""
    import h5py

    ids = {halo.id: 10**15 + halo.id for halo in forest.halos}
    columns = _subfind(forest, ids)
    with h5py.File(path, "w") as file:
        file["SubhaloID"] = np.array(list(ids.values()))
        file["DescendantID"], file["FirstSubhaloInFOFGroupID"] = columns["Descendant"], columns["First"]
        file["SnapNum"] = columns["SnapNum"].astype(np.int16)
        file["SubhaloPos"] = columns["SubhaloPos"] * 1000
        for name in ("SubhaloMass", "SubhaloVel", "Group_M_Crit200"):
            file[name] = columns[name]


def write_lhalo(path: Path, forests: list[Forest]) -> None:
    """trees_sf1_099.0.hdf5: a group for each tree, masses by type of particle."""
    import h5py

    with h5py.File(path, "w") as file:
        header = file.create_group("Header")
        header.attrs.update(ParticleMass=0.1, NtreesPerFile=len(forests), FirstSnapshotNr=0, LastSnapshotNr=6)
        header["Redshifts"] = 1 / np.array(TIMES) - 1
        header["TreeNHalos"] = [len(forest.halos) for forest in forests]
        for number, forest in enumerate(forests):
            columns = _subfind(forest, {halo.id: k for k, halo in enumerate(forest.halos)})
            tree = file.create_group(f"Tree{number}")
            tree["Descendant"], tree["FirstHaloInFOFGroup"] = columns["Descendant"], columns["First"]
            tree["SubhaloMassType"] = columns["SubhaloMass"][:, None] * np.array([0.25, 0.5, 0, 0, 0.25, 0], np.float32)
            tree["SubhaloPos"] = columns["SubhaloPos"] * 1000
            for name in ("SnapNum", "SubhaloVel", "Group_M_Crit200"):
                tree[name] = columns[name]


def write_millennium(path: Path, forests: list[Forest], order: str = "<") -> None:
    """trees_063.0: 104 bytes a halo, positions in Mpc/h; particles of 1e9 Msun/h."""
    data = np.array([len(forests), sum(len(forest.halos) for forest in forests)], f"{order}i4").tobytes()
    data += np.array([len(forest.halos) for forest in forests], f"{order}i4").tobytes()
    for forest in forests:
        columns = _subfind(forest, {halo.id: k for k, halo in enumerate(forest.halos)})
        for k, halo in enumerate(forest.halos):
            links = (columns["Descendant"][k], NONE, NONE, columns["First"][k], NONE, round(halo.mass / 1e9))
            data += struct.pack(f"{order}6i3f", *links, 77, 77, 77)
            data += struct.pack(f"{order}3f3f2f3f", *halo.position, *halo.velocity, 100, 200, 1, 2, 3)
            data += struct.pack(f"{order}q3if", 10**12 + k, halo.snapshot, 0, k, 0)
    path.write_bytes(data)


def hlist_row(halo: Halo, forest: Forest) -> str:
    progenitors = sum(other.descendant == halo.id for other in forest.halos)
    after = TIMES[halo.snapshot + 1] if halo.descendant != NONE else 0
    return (
        f"{TIMES[halo.snapshot]:.4f} {halo.id} {after} {halo.descendant} {progenitors} {halo.host} {halo.host} "
        f"{halo.mass:.6e} 300 {1000 * halo.scale_radius} {_three(halo.position)} {_three(halo.velocity)} "
        f"{halo.spin} 0.8 0.6"
    )


def _three(values: tuple[float, float, float]) -> str:
    return " ".join(f"{value:.5f}" for value in values)
