"""What a process may take is what the narrowest limit leaves."""

import resource
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from core.limits import _left_in_groups, cores, free_memory

MIB = 1 << 20


def group(folder: Path, limit: str, used: int, cached: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 1\ninactive_file {cached // 2}\nactive_file {cached // 2}\n")


def test_every_group_on_the_way_up_counts(tmp_path: Path) -> None:
    own = tmp_path / "cgroup"
    own.write_text("0::/slurm/job_7/step_0\n")
    groups = tmp_path / "groups"
    group(groups / "slurm" / "job_7" / "step_0", "max", 100 * MIB)
    group(groups / "slurm" / "job_7", str(500 * MIB), 120 * MIB, cached=20 * MIB)
    group(groups / "slurm", str(900 * MIB), 300 * MIB)
    assert sorted(_left_in_groups(own, groups)) == [400 * MIB, 600 * MIB]


def test_groups_of_version_one(tmp_path: Path) -> None:
    own, folder = tmp_path / "cgroup", tmp_path / "groups" / "memory" / "job"
    own.write_text("5:cpu:/job\n4:memory:/job\n")
    folder.mkdir(parents=True)
    (folder / "memory.limit_in_bytes").write_text(str(300 * MIB))
    (folder / "memory.usage_in_bytes").write_text(str(50 * MIB))
    (folder / "memory.stat").write_text(f"total_inactive_file {10 * MIB}\n")
    assert _left_in_groups(own, tmp_path / "groups") == [260 * MIB]


def test_no_groups_are_no_limit(tmp_path: Path) -> None:
    assert _left_in_groups(tmp_path / "none", tmp_path) == []
    (tmp_path / "cgroup").write_text("0::/\nnonsense\n")
    assert _left_in_groups(tmp_path / "cgroup", tmp_path) == []


def test_the_memory_of_a_job_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    rss = psutil.Process().memory_info().rss // MIB
    monkeypatch.setenv("SLURM_MEM_PER_NODE", str(rss + 200))
    assert 100 * MIB < free_memory() < 300 * MIB
    monkeypatch.setenv("SLURM_MEM_PER_NODE", "0")
    assert free_memory() > 0


def test_a_limit_of_the_shell_is_obeyed() -> None:
    """`ulimit -v`: what would not fit is refused before it is begun."""
    limit = 6 << 30
    program = "from app.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "simulate", "--cells", "320", "--box", "320"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "320^3 particles need about" in done.stderr
    assert "would fit" in done.stderr


def test_cores_are_those_allowed() -> None:
    assert cores() >= 1
