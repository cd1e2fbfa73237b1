"""One version: that of the code, from which all else takes it."""

import re
import tomllib
from pathlib import Path

from core import VERSION

ROOT = Path(__file__).resolve().parents[2]


def test_the_files_have_the_version_of_the_code() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    source = project["tool"]["hatch"]["version"]
    [found] = re.findall(source["pattern"], (ROOT / source["path"]).read_text(encoding="utf-8"))
    assert "version" in project["project"]["dynamic"]
    assert found == VERSION
    assert f"\nversion: {VERSION}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\S+)", changes, re.MULTILINE)[0] == VERSION
