"""A format is one Reader record, be it ours or another distribution's; damage in any dataset is refused by its name."""

from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import h5py
import numpy as np
import pytest
from snapshot_writers import Run, write_hdf5

from core.cosmos.formats import registry
from core.cosmos.formats.given import Given
from core.cosmos.formats.recognise import recognise
from core.cosmos.formats.snapshots import read_snapshot
from core.errors import InputError

GIVEN = Given(omega_baryon=0.05, sigma8=0.8, spectral_index=0.96)

TOY = """
import numpy as np
from core.cosmos.formats.header import Header
from core.cosmos.formats.reader import RawParticles, Reader, particle_facts
from core.cosmos.formats.units import Units

def header(path):
    return Header("toy", 64, box_size=10.0, redshift=0.0, omega_matter=0.3, omega_lambda=0.7, h=0.7, parts=(path,))

def particles(path, header, total_matter):
    x = np.stack(np.meshgrid(*[np.arange(4) * 2.5] * 3, indexing="ij"), -1).reshape(-1, 3)
    return RawParticles(x, np.zeros_like(x), np.arange(64), 2.77536627e11 * 0.3 * 1000)

TOY = Reader(
    ("toy",),
    "particles",
    lambda path, start: "toy" if start.startswith(b"TOY") else "",
    lambda path: particle_facts(header(path)),
    header=header,
    particles=particles,
    units=lambda *_: Units(1.0, 1.0, 1.0, "the toy's"),
)
"""


@pytest.fixture
def brought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    monkeypatch.syspath_prepend(tmp_path)

    def bring(**codes: tuple[str, str]) -> None:
        for name, (code, _) in codes.items():
            (tmp_path / f"reader_{name}.py").write_text(code)
        points = tuple(EntryPoint(name, f"reader_{name}:{what}", registry.GROUP) for name, (_, what) in codes.items())
        monkeypatch.setattr(registry, "_points", lambda: points)

    return bring


def test_a_format_is_one_record(brought: Callable[..., None], tmp_path: Path) -> None:
    brought(toy=(TOY, "TOY"), torn=("def", "TOY"), other=("TOY = 3", "TOY"))
    path = tmp_path / "run.toy"
    path.write_bytes(b"TOY and so on")
    described = recognise(path)
    assert (described.kind, described.holds) == ("toy", "particles")
    assert described.facts["dark matter particles"] == "64 = 4^3"
    snapshot = read_snapshot(path, GIVEN)
    assert snapshot.particles.box_size == 10.0
    assert snapshot.units == "the toy's"
    assert "toy" in registry.named("particles")
    assert set(registry.broken_readers()) == {"torn", "other"}


def test_every_format_has_one_reader() -> None:
    names = [name for reader in registry.readers() for name in reader.names]
    assert len(names) == len(set(names))
    assert {"gadget1", "hdf5-snapshot", "tipsy", "ramses", "rockstar", "subfind", "npy", "21cmfast"} <= set(names)


@pytest.mark.parametrize("dataset", ["Coordinates", "Velocities", "ParticleIDs"])
@pytest.mark.parametrize("packed", [{"compression": "gzip"}, {"fletcher32": True}])
def test_a_damaged_chunk_is_refused_by_name(tmp_path: Path, dataset: str, packed: dict[str, object]) -> None:
    """A few stored bytes of one chunk are overwritten: the reading must not go on with zeros in their place."""
    path = write_hdf5(tmp_path / "snap.hdf5", Run())
    with h5py.File(path, "a") as file:
        values = file[f"PartType1/{dataset}"][...]
        del file[f"PartType1/{dataset}"]
        chunks = (64, *values.shape[1:])
        made = file.create_dataset(f"PartType1/{dataset}", data=values, chunks=chunks, **packed)
        chunk = made.id.get_chunk_info(2)
    with path.open("r+b") as raw:
        raw.seek(chunk.byte_offset + chunk.size // 2)
        raw.write(b"\xff" * 8)
    with pytest.raises(InputError, match=f"dataset PartType1/{dataset} is damaged"):
        read_snapshot(path, GIVEN)


def test_a_missing_filter_is_named(tmp_path: Path) -> None:
    path = write_hdf5(tmp_path / "snap.hdf5", Run())
    with h5py.File(path, "a") as file:
        values = file["PartType1/Velocities"][...]
        del file["PartType1/Velocities"]
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((64, 3))
        plist.set_filter(32015, h5py.h5z.FLAG_OPTIONAL)
        space = h5py.h5s.create_simple(values.shape)
        made = h5py.h5d.create(file["PartType1"].id, b"Velocities", h5py.h5t.NATIVE_FLOAT, space, plist)
        for first in range(0, len(values), 64):
            made.write_direct_chunk((first, 0), np.zeros((64, 3), np.float32).tobytes(), filter_mask=0)
    with pytest.raises(InputError, match=r"Velocities is packed by filter 32015.*: pip install hdf5plugin"):
        read_snapshot(path, GIVEN)


def test_parts_of_two_snapshots_are_refused(tmp_path: Path) -> None:
    half = len(Run().ids) // 2
    write_hdf5(tmp_path / "snap.0.hdf5", Run(), files=2, part=slice(half))
    write_hdf5(tmp_path / "snap.1.hdf5", Run(z=9.0), files=2, part=slice(half, None))
    with pytest.raises(InputError, match=r"snap\.0\.hdf5 has redshift = 49.0, .*snap\.1\.hdf5 has 9.0"):
        read_snapshot(tmp_path / "snap", GIVEN)


def test_the_missing_part_is_named(tmp_path: Path) -> None:
    third = len(Run().ids) // 3
    for number in (0, 2):
        write_hdf5(tmp_path / f"snap.{number}.hdf5", Run(), files=3, part=slice(number * third, (number + 1) * third))
    with pytest.raises(InputError, match=r"snap\.1\.hdf5 is missing, one of 3 files"):
        read_snapshot(tmp_path / "snap", GIVEN)


@pytest.mark.parametrize("form", [lambda value: np.array([value]), str, lambda value: str(value).encode()])
def test_header_numbers_in_other_clothes(tmp_path: Path, form: Callable[[float], object]) -> None:
    path = write_hdf5(tmp_path / "snap.hdf5", Run())
    plain = read_snapshot(path, GIVEN)
    with h5py.File(path, "a") as file:
        for name in ("Omega0", "HubbleParam", "OmegaLambda", "Redshift", "BoxSize"):
            file["Header"].attrs[name] = form(float(file["Header"].attrs[name]))
    again = read_snapshot(path, GIVEN)
    assert again.cosmology == plain.cosmology
    assert (again.particles.box_size, again.particles.redshift) == (plain.particles.box_size, plain.particles.redshift)
    with h5py.File(path, "a") as file:
        file["Header"].attrs["Omega0"] = "dark"
    with pytest.raises(InputError, match="Omega0 is 'dark', which is no number"):
        read_snapshot(path, GIVEN)


def test_tracers_without_places_are_passed_over(tmp_path: Path) -> None:
    path = write_hdf5(tmp_path / "snap.hdf5", Run())
    with h5py.File(path, "a") as file:
        file.create_group("PartType3")["ParticleIDs"] = np.arange(7)
        counts = file["Header"].attrs["NumPart_ThisFile"]
        counts[3] = 7
        file["Header"].attrs["NumPart_ThisFile"] = counts
    assert len(read_snapshot(path, GIVEN).particles) == len(Run().ids)


def test_files_are_read_where_there_are_no_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The locking of files is asked of none, as some file systems refuse it."""
    asked: list[object] = []
    real = h5py.File.__init__

    def opened(*given: object, **options: object) -> None:
        if not isinstance(given[1], h5py.h5f.FileID):  # an open file under its name again
            asked.append(options.get("locking"))
        real(*given, **options)

    path = write_hdf5(tmp_path / "snap.hdf5", Run())
    monkeypatch.setattr(h5py.File, "__init__", opened)
    read_snapshot(path, GIVEN)
    assert set(asked) == {False}
