"""Build the wheel and the sdist, install each in an environment of its own, and use what is installed.

    python tests/wheel.py [--keep FOLDER]

Needs build and hatchling. The environments take the packages that halodeck needs from the running one, so that nothing
is downloaded; halodeck itself comes from the distribution alone, in a working directory without its sources.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import venv
import zipfile
from itertools import takewhile
from pathlib import Path
from subprocess import PIPE, STDOUT

ROOT = Path(__file__).resolve().parents[1]
SMALL = ("--cells", "8", "--box", "12.5", "--steps", "4", "--minimum-particles", "8", "--device", "cpu")


def main() -> None:
    """Build, look into the wheel, install, use."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, help="Put the distributions here.")
    kept = parser.parse_args().keep
    with tempfile.TemporaryDirectory() as folder:
        out = (kept or Path(folder) / "dist").resolve()
        _run([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)], ROOT)
        [wheel], [sdist] = out.glob("*.whl"), out.glob("*.tar.gz")
        _look_into(wheel)
        for distribution in (wheel, sdist):
            _use(distribution, Path(folder) / distribution.name)
            print(f"{distribution.name}  {distribution.stat().st_size / 2**20:.1f} MiB, installed and used")


def _look_into(wheel: Path) -> None:
    """Every file that the code reads beside itself is there, and nothing of the tests."""
    names = set(zipfile.ZipFile(wheel).namelist())
    data = [path for folder in ("configs", "models/trained") for path in (ROOT / folder).rglob("*") if path.is_file()]
    missing = {str(path.relative_to(ROOT)) for path in data if "__pycache__" not in path.parts} - names
    assert not missing, f"not in the wheel: {missing}"
    assert any(name.endswith("share/man/man1/halodeck.1") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "docs/"))]


def _use(distribution: Path, folder: Path) -> None:
    """Install it into a new environment and go through the first minute."""
    venv.create(folder / "env", with_pip=True)
    [packages] = (folder / "env").glob("lib/python*/site-packages")
    theirs = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "halodeck-needs.pth").write_text("\n".join(theirs) + "\n")
    python, halodeck = folder / "env" / "bin" / "python", folder / "env" / "bin" / "halodeck"
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--ignore-installed")
    _run([str(python), "-m", "pip", "install", *options, str(distribution)], folder)
    where = _run([str(python), "-c", "import core, halodeck; print(core.__file__, halodeck.__version__)"], folder)
    assert str(packages) in where, where
    version = _run([str(halodeck), "--version"], folder).split()
    assert version == ["halodeck", where.split()[1]], version
    made = json.loads(_run([str(halodeck), "simulate", *SMALL, "--json"], folder))
    assert (folder / made["universes"][0]["path"]).is_file()
    assert "halonet" in _run([str(halodeck), "recipes"], folder)
    assert "halonet@cpu" in _run([str(halodeck), "networks"], folder)
    assert "halonet@cpu" in _run([str(halodeck), "inspect", "halonet@cpu", "--cells", "16"], folder)
    page = folder / "env" / "share" / "man" / "man1" / "halodeck.1"
    assert page.read_text() == _run([str(halodeck), "--man"], folder)
    _first_look(halodeck, folder)


def _first_look(halodeck: Path, folder: Path) -> None:
    """The demo until it has shown what a network that comes along predicts; then as by Ctrl-C."""
    with subprocess.Popen(
        [str(halodeck), "demo"], cwd=folder, env=_clean(), stdout=PIPE, stderr=STDOUT, text=True
    ) as demo:
        assert demo.stdout
        shown = [*takewhile(lambda line: not line.startswith("That took"), demo.stdout)]
        demo.send_signal(signal.SIGINT)
        rest = demo.stdout.read()
    look = "".join(shown)
    assert "A first look: halonet@cpu" in look, look + rest
    assert "Dice" in look, look
    assert demo.returncode == 130, rest
    assert "Traceback" not in rest, rest


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, env=_clean(), capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
