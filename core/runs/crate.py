"""A crate: a folder that holds what one run has learnt and found, told file by file with checksums, as an RO-Crate 1.1.

    ro-crate-metadata.json  what is in the folder: size and SHA-256 of every file, licence, authors, paper
    config.toml             settings, universes by name and identity
    model.safetensors       the weights
    status.json             that the run is done
    universes.json          how each universe is made again
    report/                 report.json, and figures as pictures where they are wanted
    card.md                 all that for people
    citation.bib            paper, data, software
    environment.json        the versions that it was made with

It is the folder of a run, so that a crate is worked with like any run. Networks that come with halodeck are crates in
models/trained; an archive is a crate in a zip file. Both may be anybody's: nothing in them is believed.
"""

from __future__ import annotations

import shutil
import stat
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from core.errors import HalodeckError, InputError
from core.files import appearing, checksum, explain, write_json
from core.reading import open_regular, read_json
from core.typed import typed

METADATA = "ro-crate-metadata.json"
NEEDED = ("config.toml", "model.safetensors", "report/report.json", "universes.json")
ENDING = ".zip"

_MOST_FILES = 500
_LARGEST = 2 << 30
"""Bytes of a crate that is unpacked."""
_DENSEST = 200
"""Times that a file may be larger than what it is packed into: text of figures is some twenty times."""
_BLOCK = 1 << 20
_AGAIN = "get it again from whom it is"
_MAKE = "make one with `halodeck export RUN`"
_KINDS = {
    ".bib": "application/x-bibtex",
    ".json": "application/json",
    ".md": "text/markdown",
    ".png": "image/png",
    ".safetensors": "application/octet-stream",
    ".toml": "application/toml",
}


@dataclass(frozen=True)
class About:
    """What is said of a crate as a whole."""

    name: str
    description: str
    licence: str
    created: str
    """ISO date."""
    authors: tuple[str, ...] = ()
    papers: tuple[str, ...] = ()
    """Titles or identifiers of what it follows."""
    software: str = ""


@dataclass(frozen=True)
class _Entity:
    id: str
    sha256: str = ""


@dataclass(frozen=True)
class _Graph:
    graph: tuple[dict[str, Any], ...] = field(default_factory=tuple)


def describe(folder: Path, about: About) -> None:
    """Write the metadata of all files that are in a folder. Raises: ResourceError."""
    files = [
        {
            "@id": name,
            "@type": "File",
            "contentSize": str((folder / name).stat().st_size),
            "encodingFormat": _KINDS.get(Path(name).suffix, "application/octet-stream"),
            "sha256": checksum(folder / name),
        }
        for name in _files(folder)
    ]
    people = [
        {"@id": f"#author-{number}", "@type": "Person", "name": name} for number, name in enumerate(about.authors)
    ]
    papers = [
        {"@id": f"#paper-{number}", "@type": "ScholarlyArticle", "name": name}
        for number, name in enumerate(about.papers)
    ]
    software = {"@id": "#halodeck", "@type": "SoftwareApplication", "name": "halodeck", "version": about.software}
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": about.name,
        "description": about.description,
        "datePublished": about.created,
        "license": about.licence,
        "author": _ids(people),
        "citation": _ids(papers),
        "hasPart": _ids(files),
        "mentions": _ids([software]),
    }
    descriptor = {
        "@id": METADATA,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
    }
    graph = [descriptor, root, *files, *people, *papers, software]
    write_json(folder / METADATA, {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph})


def verify(folder: Path) -> None:
    """Refuse a crate that is not what its metadata says, by the name of the file. Raises: InputError."""
    told = _told(folder)
    found = set(_files(folder))
    for name in sorted({*NEEDED, *told} - found):
        raise InputError(f"{folder} lacks {name}", _AGAIN)
    for name in sorted(found - told.keys()):
        raise InputError(f"{folder} holds {name}, which its metadata does not name", _AGAIN)
    for name, expected in told.items():
        if checksum(folder / name) != expected:
            raise InputError(f"{name} of {folder} has another checksum than its metadata says", _AGAIN)


def pack(folder: Path, archive: Path) -> None:
    """Put a crate into a zip file, whole or not at all. Raises: ResourceError."""
    with appearing(archive) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in [METADATA, *_files(folder)]:
            # times are left out, so that the same crate is the same archive
            packed.writestr(zipfile.ZipInfo(name), (folder / name).read_bytes(), zipfile.ZIP_DEFLATED)


def unpack(archive: Path, folder: Path) -> None:
    """Make a folder from an archive, once all of it is proven; nothing is left of one that is refused.

    Raises: InputError, ResourceError.
    """
    if folder.exists():
        raise InputError(f"{folder} exists", "delete it, or choose another folder of runs with --runs")
    temporary = folder.with_name(f".{folder.name}.unpacking")
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        with open_regular(archive) as file:
            _unpack(archive, file, temporary)
        try:
            verify(temporary)
        except HalodeckError as error:
            raise InputError(error.problem.replace(str(temporary), str(archive)), error.remedy) from error
        temporary.rename(folder)
    except FileNotFoundError as error:
        raise InputError(f"there is no archive {archive}", "check the path") from error
    except OSError as error:
        raise explain(error, folder) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _unpack(archive: Path, file: BinaryIO, folder: Path) -> None:
    try:
        with zipfile.ZipFile(file) as packed:
            items = [item for item in packed.infolist() if not item.is_dir()]
            _refuse(archive, items)
            for item in items:
                target = folder / item.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                with packed.open(item) as source, target.open("wb") as made:
                    left = item.file_size
                    while block := source.read(min(_BLOCK, left + 1)):
                        left -= len(block)
                        if left < 0:
                            raise InputError(f"{item.filename} of {archive} unpacks to more than it says", _AGAIN)
                        made.write(block)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise InputError(f"{archive} is no archive of a run ({error})", _MAKE) from error
    except zlib.error as error:
        raise InputError(f"{archive} is damaged ({error})", _AGAIN) from error


def _refuse(archive: Path, items: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse names that leave the folder, links, and sizes that no run has. Raises: InputError."""
    if len(items) > _MOST_FILES:
        raise InputError(f"{archive} holds {len(items)} files, of {_MOST_FILES} at most", _AGAIN)
    names = [item.filename for item in items]
    for item in items:
        name, mode = item.filename, item.external_attr >> 16
        path = PurePosixPath(name)
        strange = path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or str(path) != name
        if strange or any(str(parent) in names for parent in path.parents):
            raise InputError(f"{archive} holds {name!r}, which is no path within it", _AGAIN)
        if mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
            raise InputError(f"{archive} holds {name!r}, which is no regular file", _AGAIN)
        if item.file_size > _BLOCK and item.file_size > _DENSEST * max(1, item.compress_size):
            raise InputError(f"{name} of {archive} unpacks to more than {_DENSEST} times its size", _AGAIN)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"{archive} holds {twice!r} twice", _AGAIN)
    if (total := sum(item.file_size for item in items)) > _LARGEST:
        raise InputError(f"{archive} unpacks to {total:,} bytes, of {_LARGEST:,} at most", _AGAIN)


def _told(folder: Path) -> dict[str, str]:
    """The checksum of every file by name, as the metadata has them. Raises: InputError."""
    path = folder / METADATA
    try:
        data = read_json(path)
        graph = data.get("@graph") if isinstance(data, dict) else None
        graph = typed(_Graph, {"graph": graph}).graph
        files = [item for item in graph if item.get("@type") == "File"]
        entities = [typed(_Entity, {**item, "id": item.get("@id")}) for item in files]
    except FileNotFoundError as error:
        raise InputError(f"{folder} lacks {METADATA}", _MAKE) from error
    except ValueError as error:
        raise InputError(f"{METADATA} of {folder} is not understood ({error})", _AGAIN) from error
    return {entity.id: entity.sha256 for entity in entities}


def _files(folder: Path) -> list[str]:
    """Every file of a crate but its metadata, by its path within. Raises: InputError for what is no regular file."""
    paths = sorted(path for path in folder.rglob("*") if not path.is_dir())
    for path in paths:
        if path.is_symlink() or not path.is_file():
            raise InputError(f"{path} is no regular file", _AGAIN)
    return [name for path in paths if (name := path.relative_to(folder).as_posix()) != METADATA]


def _ids(entities: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"@id": entity["@id"]} for entity in entities]
