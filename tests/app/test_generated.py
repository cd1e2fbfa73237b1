"""The manual page, the keys of --json and the tables of settings are those of the code."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_what_is_made_of_the_code_is_current() -> None:
    found = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    for path, text in module.generated().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is old: run `make format`"


def test_the_manual_page_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    from app.cli.program import program

    program(["--man"], standalone_mode=False)
    page = capsys.readouterr().out
    assert page == (ROOT / "docs" / "halodeck.1").read_text(encoding="utf-8")
    assert not re.search(r"^['.](?!TH|SH|SS|TP|PP|B )", page, re.MULTILINE)  # no line of text is taken for a request
    assert ".SS simulate" in page
