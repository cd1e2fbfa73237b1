"""Crates: what is packed comes back, and what strangers send is believed in nothing."""

import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import pytest

from core.errors import InputError
from core.reading import read_json
from core.runs.crate import METADATA, NEEDED, About, describe, pack, unpack, verify

ABOUT = About("run", "what it is", "CC-BY-4.0", "2026-01-01", ("A. Person",), ("A paper",), "0.2")


@pytest.fixture
def crate(tmp_path: Path) -> Path:
    """A crate of files that hold nothing."""
    folder = tmp_path / "crate"
    for name in (*NEEDED, "report/roc.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"this is {name}\n" * 50)
    describe(folder, ABOUT)
    return folder


def rewritten(archive: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """An archive with other files in it, the metadata as it was."""
    with ZipFile(archive) as old:
        files = {name: old.read(name) for name in old.namelist()}
    change(files)
    with ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in files.items():
            new.writestr(name, data)


def test_what_is_packed_comes_back(crate: Path, tmp_path: Path) -> None:
    pack(crate, tmp_path / "one.zip")
    pack(crate, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    unpack(tmp_path / "one.zip", tmp_path / "runs" / "there")
    for path in crate.rglob("*.*"):
        assert (tmp_path / "runs" / "there" / path.relative_to(crate)).read_bytes() == path.read_bytes()
    with pytest.raises(InputError, match="there exists: delete it"):
        unpack(tmp_path / "one.zip", tmp_path / "runs" / "there")
    with pytest.raises(InputError, match="there is no archive"):
        unpack(tmp_path / "three.zip", tmp_path / "runs" / "three")


def test_the_metadata_is_an_ro_crate(crate: Path) -> None:
    data = read_json(crate / METADATA)
    entities = {item["@id"]: item for item in data["@graph"]}
    assert data["@context"] == "https://w3id.org/ro/crate/1.1/context"
    assert entities[METADATA]["about"] == {"@id": "./"}
    root = entities["./"]
    assert root["@type"] == "Dataset"
    assert (root["name"], root["license"], root["datePublished"]) == ("run", "CC-BY-4.0", "2026-01-01")
    parts = {item["@id"] for item in root["hasPart"]}
    assert parts == {*NEEDED, "report/roc.png"}
    assert all(len(entities[name]["sha256"]) == 64 for name in parts)
    assert all(reference["@id"] in entities for reference in (*root["author"], *root["citation"], *root["mentions"]))


def _lie(files: dict[str, bytes]) -> None:
    files[METADATA] = files[METADATA].replace(b'"sha256": "', b'"sha256": "0')


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda f: f.update({"model.safetensors": f["model.safetensors"][:-1] + b"x"}),
            "model.safetensors .* checksum",
        ),
        (_lie, "another checksum"),
        (lambda f: f.pop("universes.json"), "lacks universes.json"),
        (lambda f: f.pop("report/roc.png"), "lacks report/roc.png"),
        (lambda f: f.pop(METADATA), f"lacks {METADATA}"),
        (lambda f: f.update({METADATA: b"{}"}), "is not understood"),
        (lambda f: f.update({METADATA: b'{"@graph": [{"@type": "File", "@id": 3}]}'}), "is not understood"),
        (lambda f: f.update({METADATA: b"[" * 100_000}), "is damaged"),
        (lambda f: f.update({"more.py": b"print()"}), r"holds more\.py, which its metadata does not name"),
        (lambda f: f.update({"../outside": b""}), "no path within it"),
        (lambda f: f.update({"report/../../outside": b""}), "no path within it"),
        (lambda f: f.update({"/tmp/outside": b""}), "no path within it"),
        (lambda f: f.update({"C:/outside": b""}), "no path within it"),
        (lambda f: f.update({"report\\..\\outside": b""}), "no path within it"),
        (lambda f: f.update({"report/./roc.png": b""}), "no path within it"),
        (lambda f: f.update({"config.toml/inner": b""}), "no path within it"),
        (lambda f: f.update({f"{k}.txt": b"" for k in range(501)}), "holds 50[0-9] files, of 500"),
        (lambda f: f.update({"zeros": bytes(8 << 20)}), "zeros of .* unpacks to more than 200 times its size"),
    ],
)
def test_archives_of_strangers(
    change: Callable[[dict[str, bytes]], None], words: str, crate: Path, tmp_path: Path
) -> None:
    archive, runs = tmp_path / "sent.zip", tmp_path / "runs"
    pack(crate, archive)
    rewritten(archive, change)
    with pytest.raises(InputError, match=words):
        unpack(archive, runs / "sent")
    assert list(runs.iterdir()) == []
    assert not (tmp_path / "outside").exists()


def test_a_link_is_no_file(crate: Path, tmp_path: Path) -> None:
    archive = tmp_path / "sent.zip"
    pack(crate, archive)
    link = ZipInfo("report/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with ZipFile(archive, "a") as file:
        file.writestr(link, "/etc/passwd")
    with pytest.raises(InputError, match="'report/link', which is no regular file"):
        unpack(archive, tmp_path / "runs" / "sent")


def test_a_file_twice_is_refused(crate: Path, tmp_path: Path) -> None:
    archive = tmp_path / "sent.zip"
    pack(crate, archive)
    with ZipFile(archive, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr("config.toml", "recipe = 'other'")
    with pytest.raises(InputError, match=r"holds 'config\.toml' twice"):
        unpack(archive, tmp_path / "runs" / "sent")


def test_a_size_that_is_no_truth(crate: Path, tmp_path: Path) -> None:
    """What says that it unpacks to little, and does not."""
    archive = tmp_path / "sent.zip"
    pack(crate, archive)
    size = (crate / "config.toml").stat().st_size
    data = archive.read_bytes().replace(size.to_bytes(4, "little"), (10).to_bytes(4, "little"))
    archive.write_bytes(data)
    with pytest.raises(InputError):
        unpack(archive, tmp_path / "runs" / "sent")
    assert list((tmp_path / "runs").iterdir()) == []


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_archives_that_are_cut_off(share: float, crate: Path, tmp_path: Path) -> None:
    archive = tmp_path / "sent.zip"
    pack(crate, archive)
    archive.write_bytes(archive.read_bytes()[: int(share * archive.stat().st_size)])
    with pytest.raises(InputError, match="no archive of a run"):
        unpack(archive, tmp_path / "runs" / "sent")


def test_a_crate_with_a_link_in_it(crate: Path) -> None:
    (crate / "report" / "link").symlink_to("/etc/passwd")
    with pytest.raises(InputError, match="no regular file"):
        verify(crate)
