"""Damage in stored data that carries a checksum: no value differs from the intact file's unless the file is refused.

Bytes are flipped, a stretch is zeroed, or the file is cut, within what is stored of an HDF5 dataset with gzip or
fletcher32, or anywhere in an .npz.
"""

from pathlib import Path

import h5py
import numpy as np
import pytest
from snapshot_writers import BOX, GIVEN, OMEGA_MATTER, H, Run, write_hdf5

from core.cosmos.formats.snapshots import Snapshot, read_snapshot
from core.errors import HalodeckError

FILES = 60
"""Per dataset and filter."""


def packed(path: Path, **filters: object) -> Path:
    """A snapshot whose datasets are stored in chunks."""
    write_hdf5(path.with_name("plain.hdf5"), Run(), style="gadget-units")
    with h5py.File(path.with_name("plain.hdf5")) as plain, h5py.File(path, "w") as file:
        plain.copy("Header", file)
        for name in ("Coordinates", "Velocities", "ParticleIDs"):
            values = plain[f"PartType1/{name}"][...]
            chunks = (512, *values.shape[1:])
            file.create_dataset(f"PartType1/{name}", data=values, chunks=chunks, **filters)
    return path


def spoilt(whole: bytes, start: int, size: int, draw: np.random.Generator) -> bytes:
    data = bytearray(whole)
    at = start + int(draw.integers(size))
    kind = draw.integers(3)
    if kind == 0:
        data[at] ^= 1 << int(draw.integers(8))
    elif kind == 1:
        end = min(start + size, at + int(draw.integers(1, 64)))
        data[at:end] = bytes(end - at)
    else:
        del data[at:]
    return bytes(data)


def same(a: Snapshot, b: Snapshot) -> bool:
    p, q = a.particles, b.particles
    assert p.velocities is not None
    assert q.velocities is not None
    pairs = ((p.positions, q.positions), (p.velocities, q.velocities), (p.ids, q.ids))
    return all(np.array_equal(x, y) for x, y in pairs)


@pytest.mark.parametrize(
    "filters", [{"compression": "gzip"}, {"fletcher32": True}, {"compression": "gzip", "shuffle": True}]
)
@pytest.mark.parametrize("name", ["Coordinates", "Velocities", "ParticleIDs"])
def test_chunks(tmp_path: Path, name: str, filters: dict[str, object]) -> None:
    path = packed(tmp_path / "snap.hdf5", **filters)
    truth, whole = read_snapshot(path, GIVEN), path.read_bytes()
    with h5py.File(path) as file:
        stored = file[f"PartType1/{name}"].id
        chunks = [stored.get_chunk_info(number) for number in range(stored.get_num_chunks())]
    draw = np.random.default_rng(1)
    refused = 0
    for _ in range(FILES):
        chunk = chunks[int(draw.integers(len(chunks)))]
        path.write_bytes(spoilt(whole, chunk.byte_offset, chunk.size, draw))
        try:
            assert same(read_snapshot(path, GIVEN), truth)
        except HalodeckError:
            refused += 1
    # what was zero already, or a bit that nothing hangs on, does not count
    assert refused > 0.9 * FILES


def test_npz(tmp_path: Path) -> None:
    run, path = Run(), tmp_path / "mine.npz"
    numbers = {"box_size": BOX, "redshift": run.z, "omega_matter": OMEGA_MATTER, "h": H}
    np.savez_compressed(path, position=run.positions, velocity=run.velocities, id=run.ids, **numbers)  # type: ignore[arg-type]
    truth, whole = read_snapshot(path, GIVEN), path.read_bytes()
    draw = np.random.default_rng(1)
    for _ in range(3 * FILES):
        path.write_bytes(spoilt(whole, 0, len(whole), draw))
        try:
            assert same(read_snapshot(path, GIVEN), truth)
        except HalodeckError:
            continue
