"""Snapshot files written from the formats' descriptions alone, from a displacement field known in closed form."""

import struct
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

from core.cosmos.box import lattice
from core.cosmos.cosmology import CRITICAL_DENSITY, growth
from core.cosmos.formats.given import Given

CELLS, BOX, OMEGA_MATTER, H = 16, 50.0, 0.3, 0.7
GIVEN = Given(omega_baryon=0.05, sigma8=0.8, spectral_index=0.96)
"""What GADGET's header has no place for."""

WAVES = [((1, 0, 0), 0.8, 0.3), ((0, 2, 1), 0.6, 1.1), ((3, -1, 2), 0.5, 2.0), ((1, 4, -3), 0.3, 0.7)]
"""Plane waves of the linear density: wave vector in fundamental modes, amplitude, phase."""


def linear_density() -> np.ndarray:
    """Sum of plane waves on the lattice, (n, n, n)."""
    q = lattice(CELLS, BOX, np.float64)
    density = np.zeros(len(q))
    for mode, amplitude, phase in WAVES:
        density += amplitude * np.cos(2 * np.pi / BOX * q @ np.array(mode) + phase)
    return density.reshape((CELLS,) * 3)


def linear_displacement() -> np.ndarray:
    """psi (N, 3) with div psi = -delta, wave by wave: -k / k^2 sin(k q + phase)."""
    q = lattice(CELLS, BOX, np.float64)
    psi = np.zeros_like(q)
    for mode, amplitude, phase in WAVES:
        k = 2 * np.pi / BOX * np.array(mode)
        psi -= amplitude * np.outer(np.sin(q @ k + phase), k / (k @ k))
    return psi


@dataclass
class Run:
    """Particles of a run by lattice node in C order, in Mpc/h and peculiar km/s."""

    z: float = 49.0
    offset: float = 0.0
    ids: np.ndarray = field(default_factory=lambda: np.arange(1, CELLS**3 + 1))

    def __post_init__(self) -> None:
        functions, a = growth(OMEGA_MATTER), 1 / (1 + self.z)
        first, psi = functions.first(a), linear_displacement()
        hubble = 100 * np.sqrt(OMEGA_MATTER * a**-3 + 1 - OMEGA_MATTER)
        self.positions = (lattice(CELLS, BOX, np.float64) + first * psi + self.offset) % BOX
        self.velocities = a * hubble * functions.rate(a) * first * psi

    def shuffled(self, seed: int = 0) -> "Run":
        """The same particles in another order of the file."""
        order = np.random.default_rng(seed).permutation(len(self.ids))
        self.ids, self.positions, self.velocities = self.ids[order], self.positions[order], self.velocities[order]
        return self

    @property
    def mass(self) -> float:
        """Of one particle [Msun/h]."""
        return OMEGA_MATTER * CRITICAL_DENSITY * BOX**3 / len(self.positions)


def write_gadget(
    path: Path,
    run: Run,
    *,
    version: int = 1,
    order: str = "<",
    unit: float = 1e-3,
    stated: int | None = None,
    files: int = 1,
    part: slice = slice(None),
    omega_matter: float = OMEGA_MATTER,
    position_type: str = "f4",
    id_type: str = "u4",
    masses: np.ndarray | None = None,
) -> Path:
    """A GADGET-1 or -2 file. `unit` is the length unit in Mpc/h, `stated` the particle number the header claims."""
    count = len(run.ids[part])
    header = struct.pack(
        f"{order}6I6d2d2i6I2i4d",
        *(0, count if stated is None else stated, 0, 0, 0, 0),
        *(0, 0 if masses is not None else run.mass / 1e10, 0, 0, 0, 0),
        *(1 / (1 + run.z), run.z, 0, 0),
        *(0, len(run.ids), 0, 0, 0, 0),
        *(0, files, BOX / unit, omega_matter, 1 - omega_matter, H),
    ).ljust(256, b"\0")
    blocks = {
        "HEAD": header,
        "POS ": (run.positions[part] / unit).astype(order + position_type).tobytes(),
        "VEL ": (run.velocities[part] * np.sqrt(1 + run.z)).astype(order + "f4").tobytes(),
        "ID  ": run.ids[part].astype(order + id_type).tobytes(),
    }
    if masses is not None:
        blocks["MASS"] = (masses[part] / 1e10).astype(order + "f4").tobytes()
    with path.open("wb") as file:
        for name, data in blocks.items():
            marker = struct.pack(f"{order}I", len(data))
            if version == 2:
                file.write(struct.pack(f"{order}I4sII", 8, name.encode(), len(data) + 8, 8))
            file.write(marker + data + marker)
    return path


def write_hdf5(
    path: Path,
    run: Run,
    *,
    style: str = "gadget",
    stated: int | None = None,
    files: int = 1,
    part: slice = slice(None),
) -> Path:
    """An HDF5 snapshot. Styles: gadget (Mpc/h, not stated), gadget-units and arepo (kpc/h), swift (Mpc)."""
    a = 1 / (1 + run.z)
    numbers = [0, len(run.ids[part]) if stated is None else stated, 0, 0, 0, 0]
    with h5py.File(path, "w") as file:
        header = file.create_group("Header").attrs
        header.update(NumPart_ThisFile=numbers, NumPart_Total=numbers, NumFilesPerSnapshot=files, Redshift=run.z)
        dark = file.create_group("PartType1")
        dark["ParticleIDs"] = run.ids[part].astype(np.uint64)
        if style == "swift":
            header.update(BoxSize=[BOX / H] * 3, Dimension=[3], Time=[0.0], NumFilesPerSnapshot=[1])
            file.create_group("Cosmology").attrs.update(
                {
                    "Cosmological run": [1],
                    "Scale-factor": [a],
                    "Redshift": [run.z],
                    "h": [H],
                    "Omega_m": [OMEGA_MATTER],
                    "Omega_lambda": [1 - OMEGA_MATTER],
                    "Omega_b": [0.05],
                    "Omega_cdm": [OMEGA_MATTER - 0.05],
                    "Omega_nu_0": [0.0],
                }
            )
            units = {"length": 3.08567758e24, "mass": 1.98841e43, "time": 3.08567758e19, "temperature": 1.0}
            symbols = {"length": "U_L", "mass": "U_M", "time": "U_t", "temperature": "U_T"}
            file.create_group("InternalCodeUnits").attrs.update(
                {f"Unit {name} in cgs ({symbols[name]})": [value] for name, value in units.items()}
            )
            file.create_group("Parameters")
            file.create_group("Policy")
            for name, values, exponents in (
                ("Coordinates", run.positions / H, {"U_L": 1.0, "a-scale": 1.0}),
                ("Velocities", run.velocities.astype(np.float32), {"U_L": 1.0, "U_t": -1.0}),
                ("Masses", np.full(len(run.ids), run.mass / H / 1e10), {"U_M": 1.0}),
            ):
                dark[name] = values
                dark[name].attrs.update({f"{unit} exponent": [power] for unit, power in exponents.items()})
            return path
        kpc = 1.0 if style == "gadget" else 1e-3
        header.update(BoxSize=BOX / kpc, Time=a, MassTable=[0, run.mass / 1e10, 0, 0, 0, 0])
        dark["Coordinates"] = run.positions[part] / kpc
        dark["Velocities"] = (run.velocities[part] * np.sqrt(1 + run.z)).astype(np.float32)
        cosmology = {"Omega0": OMEGA_MATTER, "OmegaLambda": 1 - OMEGA_MATTER, "HubbleParam": H}
        units = {"UnitLength_in_cm": 3.08567758e21, "UnitMass_in_g": 1.98841e43, "UnitVelocity_in_cm_per_s": 1e5}
        if style == "arepo":
            file.create_group("Config").attrs["VORONOI"] = ""
            file.create_group("Parameters").attrs.update(cosmology | units | {"BoxSize": BOX / kpc})
            for name, a_power, h_power, length, velocity, to_cgs in (
                ("Coordinates", 1.0, -1.0, 1.0, 0.0, 3.08567758e21),
                ("Velocities", 0.5, 0.0, 0.0, 1.0, 1e5),
                ("ParticleIDs", 0.0, 0.0, 0.0, 0.0, 0.0),
            ):
                dark[name].attrs.update(a_scaling=a_power, h_scaling=h_power, mass_scaling=0.0, to_cgs=to_cgs)
                dark[name].attrs.update(length_scaling=length, velocity_scaling=velocity)
        else:
            header.update(cosmology)
            header.update(units if style == "gadget-units" else {})
    return path


def write_tipsy(path: Path, run: Run, *, order: str = "<", mass_sum: float = OMEGA_MATTER) -> Path:
    """A tipsy file in units of the box; the particles lie in the order of `run`."""
    count = len(run.ids)
    particles = np.zeros(count, [("mass", "f4"), ("x", "3f4"), ("v", "3f4"), ("eps", "f4"), ("phi", "f4")])
    particles["mass"] = mass_sum / count
    particles["x"] = run.positions / BOX - 0.5
    # G = 1, critical density = 1: the unit of velocity is H0 L sqrt(3 / 8 pi); velocities are comoving
    particles["v"] = run.velocities * (1 + run.z) / (100 * BOX * np.sqrt(3 / (8 * np.pi)))
    header = struct.pack(f"{order}d6i", 1 / (1 + run.z), count, 3, 0, count, 0, 0)
    path.write_bytes(header + particles.astype(particles.dtype.newbyteorder(order)).tobytes())
    return path


def write_bigfile(
    path: Path,
    run: Run,
    *,
    code: str = "mp-gadget",
    files: int = 2,
    order: str = "<",
    peculiar: bool = True,
    header: dict[str, tuple[str, list[float]]] | None = None,
) -> Path:
    """A folder as mp-gadget and genic (kpc/h) or fastpm (Mpc/h) write it."""
    unit, a = (1.0 if code == "fastpm" else 1e-3), 1 / (1 + run.z)
    factor = 1.0 if peculiar else a if code == "mp-gadget" else a**-0.5
    columns = {
        "Position": (run.positions / unit).astype(f"{order}f8"),
        "Velocity": (run.velocities * factor).astype(f"{order}f4"),
        "ID": run.ids.astype(f"{order}u8"),
    }
    for name, values in columns.items():
        folder = path / "1" / name
        folder.mkdir(parents=True)
        members = 3 if values.ndim > 1 else 1
        lines = [f"DTYPE: {values.dtype.str}", f"NMEMB: {members}", f"NFILE: {files}"]
        for number, piece in enumerate(np.array_split(values, files)):
            data = piece.tobytes()
            (folder / f"{number:06X}").write_bytes(data)
            lines.append(f"{number:06X}: {len(piece)} : {sum(data) % 2**32} : 0")
        (folder / "header").write_text("\n".join(lines) + "\n")
    count = len(run.ids)
    told: dict[str, tuple[str, list[float]]] = {
        "BoxSize": ("f8", [BOX / unit]),
        "HubbleParam": ("f8", [H]),
        "MassTable": ("f8", [0, run.mass / 1e10, 0, 0, 0, 0]),
        "Omega0": ("f8", [OMEGA_MATTER]),
        "OmegaLambda": ("f8", [1 - OMEGA_MATTER]),
        "Time": ("f8", [a]),
        "TotNumPart": ("i8", [0, count, 0, 0, 0, 0]),
        "UnitLength_in_cm": ("f8", [3.085678e24 * unit]),
        "UnitMass_in_g": ("f8", [1.989e43]),
        "UnitVelocity_in_cm_per_s": ("f8", [1e5]),
        "UsePeculiarVelocity": ("i4", [int(peculiar)]),
    }
    told |= {"OmegaM": ("f8", [OMEGA_MATTER])} if code == "fastpm" else {"OmegaBaryon": ("f8", [0.05])}
    told |= ({"TimeIC": ("f8", [0.01])} if code == "mp-gadget" else {}) | (header or {})
    lines = ["CodeVersion S1 3 352e30 #HUMANE [ 5.0 ]"]
    for name, (kind, values_) in told.items():
        data = np.array(values_, order + kind).tobytes().hex().upper()
        lines.append(f"{name} {order}{kind} {len(values_)} {data} #HUMANE [ {' '.join(map(str, values_))} ]")
    (path / "Header").mkdir()
    (path / "Header" / "header").write_text("DTYPE: <i8\nNMEMB: 1\nNFILE: 0\n")
    (path / "Header" / "attr-v2").write_text("\n".join(lines) + "\n")
    return path


@dataclass
class Halos:
    """Halos of a run in Mpc/h, Msun/h and km/s, in no order of mass; `members` are indices into the run's particles."""

    positions: np.ndarray
    masses: np.ndarray
    radii: np.ndarray
    members: list[np.ndarray]
    z: float = 0.0
    velocities: np.ndarray | None = None
    ids: np.ndarray | None = None
    parents: np.ndarray | None = None

    def __post_init__(self) -> None:
        count = len(self.masses)
        self.velocities = np.tile((100.0, -200.0, 300.0), (count, 1)) if self.velocities is None else self.velocities
        self.ids = 1000 + np.arange(count) if self.ids is None else self.ids
        self.parents = np.full(count, -1) if self.parents is None else self.parents


ROCKSTAR_HEADER = """#a = {a:.6f}
#Om = {om:.6f}; Ol = {ol:.6f}; h = {h:.6f}
#FOF linking length: 0.280000
#Unbound Threshold: 0.500000; FOF Refinement Threshold: 0.700000
#Particle mass: 1.03289e+10 Msun/h
#Box size: {box:.6f} Mpc/h
#Units: Masses in Msun / h
#Units: Positions in Mpc / h (comoving)
#Units: Velocities in km / s (physical, peculiar)
#Units: Halo Distances, Lengths, and Radii in kpc / h (comoving)
"""


def write_rockstar(
    path: Path, halos: Halos, run: Run | None = None, *, box: float = BOX, parents: bool = False
) -> Path:
    """Rockstar's ascii list; with `run` the particle table beside it, as FULL_PARTICLE_CHUNKS makes it."""
    header = ROCKSTAR_HEADER.format(a=1 / (1 + halos.z), om=OMEGA_MATTER, ol=1 - OMEGA_MATTER, h=H, box=box)
    lines = [
        "#id num_p mvir mbound_vir rvir vmax rvmax vrms x y z vx vy vz idx i_so" + " pid" * parents,
        header.rstrip(),
    ]
    for row, (x, v) in enumerate(zip(halos.positions, halos.velocities, strict=True)):
        mass, pid = f"{halos.masses[row]:.6e}", f" {halos.parents[row]}" * parents
        place = " ".join(f"{value:.6f}" for value in (*x, *v))
        count = len(halos.members[row])
        lines.append(f"{halos.ids[row]} {count} {mass} {mass} {1e3 * halos.radii[row]:.6f} 9 9 9 {place} {row} -1{pid}")
    path.write_text("\n".join(lines) + "\n")
    if run is not None:
        table = [
            "#Particle table:",
            "#x y z vx vy vz particle_id assigned_internal_haloid internal_haloid external_haloid",
        ]
        for row, members in enumerate(halos.members):
            table += [f"0 0 0 0 0 0 {run.ids[member]} {row} {row} {halos.ids[row]}" for member in members]
        path.with_suffix(".particles").write_text("\n".join(table) + "\n")
    return path


def write_ahf(path: Path, halos: Halos, run: Run | None = None, *, unit: float = 1e-3) -> Path:
    """AHF's halos, named *_halos; with `run` its *_particles."""
    names = ("ID", "hostHalo", "numSubStruct", "Mvir", "npart", "Xc", "Yc", "Zc", "VXc", "VYc", "VZc", "Rvir", "Rmax")
    lines = ["#" + "\t".join(f"{name}({number})" for number, name in enumerate(names, 1))]
    for row, (x, v) in enumerate(zip(halos.positions, halos.velocities, strict=True)):
        values = [halos.ids[row], max(halos.parents[row], 0), 0, f"{halos.masses[row]:.6g}", len(halos.members[row])]
        values += [*(f"{value / unit:.6f}" for value in x), *v, f"{halos.radii[row] / 1e-3:.3f}", 1.0]
        lines.append("\t".join(map(str, values)))
    path.write_text("\n".join(lines) + "\n")
    if run is not None:
        table = [str(len(halos.masses))]
        for row, members in enumerate(halos.members):
            table += [f"{len(members) + 1} {halos.ids[row]}", f"{10**9 + row} 0", *(f"{run.ids[m]} 1" for m in members)]
        path.with_name(path.name.replace("_halos", "_particles")).write_text("\n".join(table) + "\n")
    return path


def write_groups(
    path: Path,
    halos: Halos,
    *,
    files: int = 1,
    rows: slice = slice(None),
    unit: float = 1e-3,
    ids: np.ndarray | None = None,
) -> Path:
    """SUBFIND's groups in HDF5 in units that are not stated; `ids` of all members where they are listed."""
    masses = halos.masses[rows]
    lengths = np.zeros((len(masses), 6), np.int32)
    lengths[:, 1] = [len(members) for members in halos.members[rows]]
    with h5py.File(path, "w") as file:
        file.create_group("Header").attrs.update(
            Ngroups_ThisFile=len(masses),
            Ngroups_Total=len(halos.masses),
            NumFiles=files,
            Redshift=halos.z,
            BoxSize=BOX / unit,
            Omega0=OMEGA_MATTER,
            HubbleParam=H,
        )
        group = file.create_group("Group")
        if len(masses):
            group["GroupMass"] = (masses / 1e10).astype(np.float32)
            group["GroupPos"] = (halos.positions[rows] / unit).astype(np.float32)
            group["GroupLen"] = lengths.sum(axis=1)
            group["GroupLenType"] = lengths
        if ids is not None:
            file["IDs/ID"] = ids
    return path


def write_ramses(folder: Path, run: Run, *, cpus: int = 2, h0: float = 100 * H) -> Path:
    """An output of RAMSES with dark matter alone, `folder`/output_00007; no AMR files."""
    folder = folder / "output_00007"
    folder.mkdir()
    a, megaparsec, second = 1 / (1 + run.z), 3.0856775814913673e24, 1e5 / 3.0856775814913673e24
    # unit_t makes H0 = 1 of supercomoving time; unit_d is the mean density of matter, so that all masses add up to 1
    numbers = {
        "ncpu": cpus,
        "ndim": 3,
        "levelmin": 4,
        "levelmax": 4,
        "boxlen": 1.0,
        "time": -1.0,
        "aexp": a,
        "H0": h0,
        "omega_m": OMEGA_MATTER,
        "omega_l": 1 - OMEGA_MATTER,
        "omega_k": 0.0,
        "omega_b": 0.05,
        "unit_l": a * BOX / H * megaparsec,
        "unit_d": OMEGA_MATTER * 1.8783e-29 * H**2 / a**3,
        "unit_t": a**2 / (h0 * second),
    }
    lines = [
        f"{name:<12}= {value:{'22.15E' if isinstance(value, float) else '10d'}}" for name, value in numbers.items()
    ]
    (folder / "info_00007.txt").write_text("\n".join(lines) + "\n\nordering type=hilbert\n")
    (folder / "header_00007.txt").write_text("Total number of particles\n\nParticle fields\npos vel mass iord level\n")
    velocity = numbers["unit_l"] / numbers["unit_t"] / 1e5
    for cpu, part in enumerate(np.array_split(np.arange(len(run.ids)), cpus), 1):
        blocks: list[np.ndarray] = [np.array([value], np.int32) for value in (cpus, 3, len(part))]
        blocks += [np.zeros(4, np.int32), np.zeros(1, np.int32), np.zeros(1), np.zeros(1), np.zeros(1, np.int32)]
        blocks += [*(run.positions[part] / BOX).T, *(run.velocities[part] / velocity).T]
        blocks += [
            np.full(len(part), 1 / len(run.ids)),
            run.ids[part].astype(np.int32),
            np.full(len(part), 4, np.int32),
        ]
        with (folder / f"part_00007.out{cpu:05d}").open("wb") as file:
            for block in blocks:
                marker = struct.pack("<I", block.nbytes)
                file.write(marker + block.tobytes() + marker)
    return folder
