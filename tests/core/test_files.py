import errno
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core import processes
from core.errors import HalodeckError, InputError, ResourceError, did_you_mean
from core.files import appearing, begun, checksum, damage, explain, left_behind, overwrite, write_json, write_text


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a.txt"
    with appearing(path) as temporary:
        temporary.write_text("half")
        assert not path.exists()
        temporary.write_text("whole")
    assert path.read_text() == "whole"
    assert left(path.parent) == ["a.txt"]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, InputError])
def test_a_failure_keeps_the_old_file(tmp_path: Path, failure: type[BaseException]) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def fail_halfway() -> None:
        with appearing(path) as temporary:
            temporary.write_text("half")
            raise failure("stop")

    with pytest.raises(failure):
        fail_halfway()
    assert path.read_text() == "old"
    assert left(tmp_path) == ["a.txt"]


def test_no_space_left(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    begun(path).symlink_to("/dev/full")
    with pytest.raises(ResourceError, match=r"no space left for .*a\.txt: free some room"):
        write_text(path, "words " * 10000)
    assert left(tmp_path) == []


def test_what_killed_processes_have_left_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    dead = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True
    ).stdout
    mine = begun(path).name
    of_the_dead = mine.replace(str(os.getpid()), dead.strip())
    elsewhere = mine.replace(f".{processes.host()}.", ".elsewhere.")
    young = mine.replace(str(os.getpid()), str(os.getppid()))
    for name in (of_the_dead, elsewhere, young, of_the_dead.replace("a.txt", "b.txt"), ".notes.part", ".a.txt.part"):
        (tmp_path / name).write_text("half")
    write_text(path, "whole")
    assert of_the_dead not in left(tmp_path)
    assert left_behind(tmp_path) == [tmp_path / of_the_dead.replace("a.txt", "b.txt")]
    os.utime(tmp_path / elsewhere, (0, 0))  # nobody has touched it for long
    os.utime(tmp_path / young, (0, 0))  # older than the process that has its number now
    assert {path.name for path in left_behind(tmp_path)} >= {elsewhere, young}
    assert left(tmp_path)[:1] != ["a.txt"]  # and what is no such file stays
    assert {".notes.part", ".a.txt.part"} <= set(left(tmp_path))


def test_a_folder_that_was_deleted_stays_so(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    for path in (folder / "status.json", folder / "report" / "report.json"):
        with pytest.raises(ResourceError, match="does not exist"):
            write_text(path, "x", folder)
    assert left(tmp_path) == []
    folder.mkdir()
    write_text(folder / "report" / "more" / "report.json", "x", folder)
    assert left(folder / "report" / "more") == ["report.json"]


def test_overwriting_takes_the_room_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("a long text")
    overwrite(path, "short")
    assert path.read_text() == "short"
    with pytest.raises(ResourceError, match="does not exist"):
        overwrite(tmp_path / "b.txt", "x")


def test_no_space_left_told_by_hdf5(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="no space left"), appearing(tmp_path / "a.h5"):
        raise OSError("Can't write data (file write failed, errno = 28, error message = 'No space left on device')")


@pytest.mark.parametrize("place", ["file/a.txt", "file/b/a.txt", "/proc/halodeck/a.txt", "/proc/a.txt"])
def test_impossible_places(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ResourceError):
        write_text(tmp_path / place, "x")
    assert left(tmp_path) == ["file"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "no space left for p: free some room"),
        (errno.EACCES, "no permission for p: choose a folder"),
        (errno.EROFS, "no permission for p"),
        (errno.ENOENT, "p does not exist: check the path"),
        (errno.EIO, "p: Input/output error"),
    ],
)
def test_refusals_in_words(number: int, words: str) -> None:
    assert str(explain(OSError(number, os.strerror(number)), Path("p"))).startswith(words)


def test_json_and_checksum(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"a": [1, None, "µ"]})
    assert json.loads(path.read_text()) == {"a": [1, None, "µ"]}
    assert path.read_bytes().endswith(b"\n")
    assert checksum(path) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_errors_say_problem_and_remedy() -> None:
    assert str(HalodeckError("it is wrong", "mend it")) == "it is wrong: mend it"
    assert str(HalodeckError("it is wrong")) == "it is wrong"


@pytest.mark.parametrize(
    ("name", "known", "words"),
    [
        ("densty", ["density", "label"], "did you mean 'density'?"),
        ("zzz", ["b", "a"], "known: a, b"),
        ("zzz", [], "there are none yet"),
        (
            "zzz",
            [f"a{n:015d}" for n in range(50)],
            f"known: {', '.join(f'a{n:015d}' for n in range(8))}, ... (50 in all)",
        ),
    ],
)
def test_suggestions(name: str, known: list[str], words: str) -> None:
    assert did_you_mean(name, known) == words


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            OSError(
                "Unable to synchronously open file (truncated file: eof = 96, sblock->base_addr = 0, stored_eof = 2048)"
            ),
            "96 of 2,048 bytes are there",
        ),
        (
            KeyError("Unable to synchronously open object (object 'fields' doesn't exist)"),
            "object 'fields' doesn't exist",
        ),
        (ValueError("no cube"), "no cube"),
        (OSError(), ""),
    ],
)
def test_damage_is_told_without_the_words_of_the_library(error: Exception, words: str) -> None:
    assert damage(error) == words
