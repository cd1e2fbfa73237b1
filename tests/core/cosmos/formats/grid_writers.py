"""A cube as the codes write it that keep it as blocks of cells: a plotfile of Nyx, an output of Enzo."""

from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

H, OMEGA_M, OMEGA_B, Z = 0.7, 0.3, 0.05, 1.5
BOX = 70.0
"""[Mpc/h]"""
HALVES = (((0, 0, 0), (3, 8, 8)), ((3, 0, 0), (5, 8, 8)))
"""Two blocks of an 8^3 cube: first cell and cells."""
ORDERS = {"<f8": "8 7 6 5 4 3 2 1", ">f8": "1 2 3 4 5 6 7 8", "<f4": "4 3 2 1", ">f4": "1 2 3 4"}
TYPES = {"f8": "64 11 52 0 1 12 0 1023", "f4": "32 8 23 0 1 9 0 127"}


def write_nyx(
    path: Path,
    fields: dict[str, np.ndarray],
    kind: str = "<f8",
    first: int = 0,
    finer: int = 0,
    halves: Sequence[tuple[tuple[int, ...], tuple[int, ...]]] = HALVES,
) -> Path:
    """A plotfile; cells are numbered from `first`, and finer levels are spoken of, not written."""
    (path / "Level_0").mkdir(parents=True)
    cells, names = len(next(iter(fields.values()))), list(fields)

    def box(start: tuple[int, ...], shape: tuple[int, ...], factor: int = 1) -> str:
        low = [(first + a) * factor for a in start]
        high = [a + n * factor - 1 for a, n in zip(low, shape, strict=True)]
        return f"(({','.join(map(str, low))}) ({','.join(map(str, high))}) (0,0,0))"

    length = BOX / H
    levels = range(finer + 1)
    edges = [
        f"{length * a / cells!r} {length * (a + n) / cells!r}"
        for start, shape in halves
        for a, n in zip(start, shape, strict=True)
    ]
    header = ["HyperCLaw-V1.1", str(len(names)), *names, "3", "0.0125", str(finer), "0 0 0 ", f"{length!r} " * 3]
    header += ["2 " * finer, " ".join(box((0,) * 3, (cells,) * 3, 2**level) for level in levels), "7 " * len(levels)]
    header += [f"{length / cells / 2**level!r} " * 3 for level in levels] + ["0", "0"]
    header += ["0 2 0.0125", "7", *edges, "Level_0/Cell"]
    (path / "Header").write_text("\n".join(header) + "\n")
    places = []
    with (path / "Level_0" / "Cell_D_00000").open("wb") as file:
        for start, shape in halves:
            places.append(f"FabOnDisk: Cell_D_00000 {file.tell()}")
            told = f"FAB ((8, ({TYPES[kind[1:]]})),({kind[2]}, ({ORDERS[kind]}))){box(start, shape)} {len(names)}\n"
            file.write(told.encode())
            for values in fields.values():
                place = tuple(slice(a, a + n) for a, n in zip(start, shape, strict=True))
                file.write(values[place].astype(kind).tobytes(order="F"))
    extremes = ["2,1", "0.0,", "0.0,", ""]
    boxes = [box(start, shape) for start, shape in halves]
    cell_h = ["1", "1", str(len(names)), "0", "(2 0", *boxes, ")", "2", *places, "", *extremes, *extremes]
    (path / "Level_0" / "Cell_H").write_text("\n".join(cell_h))
    (path / "comoving_a").write_text(f"{1 / (1 + Z)!r}\n")
    told = f"Omega_m (comoving):      {OMEGA_M}\nOmega_lambda (comoving): {1 - OMEGA_M}\nh (comoving):            {H}\n"
    (path / "job_info").write_text(f" Cosmology Information\n{told}\nnyx.comoving_OmB = {OMEGA_B}\n")
    return path


def write_enzo(
    path: Path, fields: dict[str, np.ndarray], matter: np.ndarray | None = None, finer: bool = False
) -> Path:
    """An output of two root grids, each in a file of its own, with a particle at the centre of each cell of `matter`.

    With `finer` those of one cell are in a grid of the next level, in whose smaller cells they are denser.
    """
    cells = len(next(iter(fields.values())))
    parameters = {"TopGridRank": 3, "TopGridDimensions": f"{cells} {cells} {cells}", "ComovingCoordinates": 1}
    parameters |= {"DomainLeftEdge": "0 0 0 ", "DomainRightEdge": "1 1 1 ", "CosmologyHubbleConstantNow": H}
    parameters |= {"CosmologyOmegaMatterNow": OMEGA_M, "CosmologyOmegaDarkMatterNow": OMEGA_M - OMEGA_B}
    parameters |= {"CosmologyOmegaLambdaNow": 1 - OMEGA_M, "CosmologyComovingBoxSize": BOX}
    parameters |= {"CosmologyInitialRedshift": 99, "CosmologyCurrentRedshift": Z}
    path.write_text("".join(f"{name:<20} = {value}\n" for name, value in parameters.items()))
    told = []
    grids = [*HALVES, *([((1, 2, 3), (1, 1, 1))] if finer else [])]
    for number, (start, shape) in enumerate(grids, 1):
        name, place = (
            f"{path.name}.cpu{number - 1:04d}",
            tuple(slice(a, a + n) for a, n in zip(start, shape, strict=True)),
        )
        left, right = (" ".join(f"{a / cells:.14g}" for a in edge) for edge in (start, np.add(start, shape)))
        refined = 2 if number > 2 else 1
        centres = (np.indices(shape).reshape(3, -1).T + start + 0.5) / cells
        mass = np.ravel(matter[place]) * refined**3 if matter is not None else np.zeros(0)
        if finer and number == 1:
            kept = (centres * cells != np.add(grids[2][0], 0.5)).any(axis=1)
            centres, mass = centres[kept], mass[kept]
        told += ["", f"Grid = {number}", "Task              = 0", "GridRank          = 3"]
        told += [f"GridDimension     = {' '.join(str(n * refined + 6) for n in shape)} ", "GridStartIndex    = 3 3 3 "]
        told += [f"GridEndIndex      = {' '.join(str(n * refined + 2) for n in shape)} "]
        told += [f"GridLeftEdge      = {left} ", f"GridRightEdge     = {right} ", "NumberOfBaryonFields = 5"]
        told += [f"BaryonFileName = /scratch/somebody/{path.parent.name}/{name}", f"NumberOfParticles   = {len(mass)}"]
        if number == 1:
            told += ["Pointer: Grid[1]->NextGridThisLevel = 2"]
        if number == 2:
            told += ["Pointer: Grid[2]->NextGridThisLevel = 0", "Pointer: Grid[2]->NextGridNextLevel = 0"]
            told += [f"Pointer: Grid[1]->NextGridNextLevel = {3 if finer else 0}"]
        if number == 3:
            told += ["Pointer: Grid[3]->NextGridThisLevel = 0", "Pointer: Grid[3]->NextGridNextLevel = 0"]
        with h5py.File(path.with_name(name), "w") as file:
            group = file.create_group(f"Grid{number:08d}")
            if len(mass):
                group["particle_mass"] = mass
                for axis, values in zip("xyz", centres.T, strict=True):
                    group[f"particle_position_{axis}"] = values
            for field, values in fields.items() if number < 3 else ():
                group[field] = values[place].T
    path.with_name(f"{path.name}.hierarchy").write_text("\n".join(told) + "\n")
    return path
