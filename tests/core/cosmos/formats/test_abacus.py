"""CompaSO halos of AbacusSummit, written from the description of ASDF: read right, or refused."""

import hashlib
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.cosmos.formats.catalogues import read_catalogue
from core.cosmos.formats.given import Given
from core.cosmos.formats.recognise import recognise
from core.cosmos.imports.catalogue import import_catalogue
from core.errors import InputError, ResourceError

BOX, MASS = 500.0, 2e9
NUMBERS = {
    "BoxSizeHMpc": BOX,
    "Redshift": 0.5,
    "H0": 67.36,
    "Omega_M": 0.315192,
    "Omega_DE": 0.684808,
    "ParticleMassHMsun": MASS,
    "VelZSpace_to_kms": 40000.0,
    "w0": -1.0,
    "wa": 0.0,
}


def halos(seed: int, count: int) -> dict[str, np.ndarray]:
    """Columns of one slab; numbers of particles and places are those of the file."""
    random = np.random.default_rng(seed)
    return {
        "N": random.integers(50, 5000, count).astype("<u4"),
        "id": (1000 * seed + np.arange(count)).astype("<u8"),
        "v_L2com": random.normal(0, 0.01, (count, 3)).astype("<f4"),
        "x_L2com": random.uniform(-0.5, 0.5, (count, 3)).astype("<f4"),
    }


def packed(data: bytes) -> bytes:
    """Blosc in two pieces, each behind its length."""
    blosc = pytest.importorskip("blosc")
    pieces = [blosc.compress(piece, typesize=4, cname="zstd") for piece in (data[:400], data[400:])]
    return b"".join(struct.pack(">I", len(piece)) + piece for piece in pieces)


def write(
    path: Path, columns: dict[str, np.ndarray], blsc: bool = False, numbers: dict[str, float] | None = None
) -> None:
    """One file: the tree, then a block for each array."""
    tree = "#ASDF 1.0.0\n#ASDF_STANDARD 1.5.0\n%YAML 1.1\n%TAG ! tag:stsci.edu:asdf/\n--- !core/asdf-1.1.0\ndata:\n"
    blocks = b""
    for number, (name, values) in enumerate(columns.items()):
        shape = ", ".join(map(str, values.shape))
        kind = values.dtype.name
        if number % 2:  # both ways to write a mapping
            tree += f"  {name}: !core/ndarray-1.0.0\n    source: {number}\n    datatype: {kind}\n"
            tree += f"    byteorder: little\n    shape: [{shape}]\n"
        else:
            told = f"{{source: {number}, datatype: {kind}, byteorder: little, shape: [{shape}]}}"
            tree += f"  {name}: !core/ndarray-1.0.0 {told}\n"
        data = values.tobytes()
        stored = packed(data) if blsc else data
        checksum = hashlib.md5(data).digest()  # the library of AbacusSummit sums what it packs
        head = struct.pack(
            ">I4sQQQ16s", 0, b"blsc" if blsc else bytes(4), len(stored), len(stored), len(data), checksum
        )
        blocks += b"\xd3BLK" + struct.pack(">H", len(head)) + head + stored
    tree += "header:\n" + "".join(f"  {name}: {number!r}\n" for name, number in (numbers or NUMBERS).items())
    path.write_bytes(tree.encode() + b"  SimName: small\n...\n" + blocks)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """halo_info of two slabs, 60 halos."""
    folder = tmp_path / "z0.500" / "halo_info"
    folder.mkdir(parents=True)
    for seed in range(2):
        write(folder / f"halo_info_00{seed}.asdf", halos(seed, 30))
    return folder


@pytest.mark.parametrize("blsc", [False, True])
def test_halos(folder: Path, blsc: bool) -> None:
    write(folder / "halo_info_001.asdf", halos(1, 30), blsc)
    for path in (folder, folder.parent):
        found = recognise(path)
        assert (found.kind, found.holds, found.facts["halos"]) == ("abacus", "halos", "60")
    read = read_catalogue(folder.parent)
    table, header = read.catalogue, read.header
    raw = {name: np.concatenate([halos(seed, 30)[name] for seed in range(2)])[read.rows] for name in halos(0, 1)}
    np.testing.assert_allclose(table["mass"], raw["N"] * MASS, rtol=1e-12)
    np.testing.assert_allclose(table["position"], (raw["x_L2com"] + 0.5) * BOX, atol=1e-4)
    np.testing.assert_allclose(table["velocity"], raw["v_L2com"] * 40000, rtol=1e-6)
    assert (table["id"] == raw["id"]).all()
    assert (header.box_size, header.redshift, header.omega_matter) == (BOX, 0.5, 0.315192)
    assert header.h == pytest.approx(0.6736, rel=1e-12)


def test_a_universe_of_halos(folder: Path, tmp_path: Path) -> None:
    given = Given(omega_baryon=0.0493, sigma8=0.8076, spectral_index=0.9649)
    universe = import_catalogue(folder, tmp_path / "u.h5", given, cells=8)
    assert len(universe.catalogue("halos")) == 60
    names = [Path(source["path"]).name for source in universe.provenance["sources"]]
    assert names == ["halo_info_000.asdf", "halo_info_001.asdf"]


def test_without_blosc(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "halo_info_000.asdf"
    path.write_bytes(path.read_bytes().replace(b"\0\0\0\0\0\0\0\0", b"\0\0\0\0blsc", 1))
    monkeypatch.setitem(__import__("sys").modules, "blosc", None)
    with pytest.raises(ResourceError, match=r"packed by Blosc: install blosc with: pip install 'halodeck\[abacus\]'"):
        read_catalogue(folder)


def _in_file(change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda path: (path / "halo_info_001.asdf").write_bytes(change((path / "halo_info_001.asdf").read_bytes()))


def _listed(folder: Path) -> None:
    (folder / "checksums.crc32").write_text("".join(f"1 2 halo_info_00{number}.asdf\n" for number in range(3)))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: (path / "halo_info_001.asdf").rename(path / "halo_info_002.asdf"), "001.asdf is missing"),
        (_listed, "halo_info_002.asdf is missing: copy the files of all slabs"),
        (lambda path: write(path / "halo_info_001.asdf", halos(0, 30)), "30 halo ids occur more than once"),
        (
            lambda path: write(path / "halo_info_001.asdf", halos(1, 9), numbers=NUMBERS | {"Redshift": 0.8}),
            "is of another snapshot",
        ),
        (_in_file(lambda data: data[:-1]), "is cut off in array 3"),
        (_in_file(lambda data: data[:-600]), "is cut off: it holds 3 of 4 arrays|is cut off in array"),
        (_in_file(lambda data: data[:-9] + b"\x07" + data[-8:]), "x_L2com is damaged: its checksum is another"),
        (_in_file(lambda data: data[:300]), "its tree is cut off"),
        (_in_file(lambda data: data.replace(b"uint32", b"object", 1)), "has no N"),
        (_in_file(lambda data: data.replace(b"shape: [30]", b"shape: [99]", 1)), "N has 120 of 396 bytes"),
        (_in_file(lambda data: data.replace(b"H0: 67", b"H0: xx")), "does not say H0"),
        (_in_file(lambda data: data.replace(bytes(8), bytes(4) + b"lz4\0", 1)), "N is packed by"),
    ],
)
def test_damaged(damage: Callable[[Path], object], words: str, folder: Path) -> None:
    damage(folder)
    with pytest.raises(InputError, match=words):
        read_catalogue(folder)


def test_packed_arrays_that_do_not_fit(folder: Path) -> None:
    """What unpacks to more than the array is not unpacked."""
    path = folder / "halo_info_001.asdf"
    write(path, halos(1, 30), blsc=True)
    data = path.read_bytes()
    at = data.index(b"\xd3BLK") + 6 + 48 + 4 + 4
    path.write_bytes(data[:at] + struct.pack("<I", 2**31 - 1) + data[at + 4 :])
    with pytest.raises(InputError, match="its pieces do not fit"):
        read_catalogue(folder)
