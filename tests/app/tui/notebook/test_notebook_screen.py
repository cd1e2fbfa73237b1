"""The notebook: what one key collects in other places, taken out and put back."""

from __future__ import annotations

from pathlib import Path

from tui_pilot import a_report, a_run, opened, sees, until

from core.figures import dump_report
from core.files import write_json
from core.notebook import NOTEBOOK, read_notebook


async def test_a_page_of_a_report_is_noted(deck: Path) -> None:
    run = a_run(deck / "runs", state="done")
    write_json(run.report_path, dump_report(a_report()))
    async with opened(Path("runs"), universes=Path("universes"), place=7) as pilot:
        await sees(pilot, "There is nothing in notebook.md yet", "halodeck replay")
        await pilot.press("5")
        await sees(pilot, run.name)
        await pilot.press("f")
        await sees(pilot, "foreground Dice")
        await pilot.press("j", "B")
        await until(pilot, lambda: bool(read_notebook(NOTEBOOK)))
        [note] = read_notebook(NOTEBOOK)
        assert note.command == f"halodeck report {run.name} --save notebook/001"
        assert (Path(note.picture).parent, Path(note.picture).stat().st_size > 0) == (Path("notebook/001"), True)
        await pilot.press("7")
        await sees(pilot, "notebook.md · 1", "the command that makes it again", note.command)
        await pilot.press("d")
        await sees(pilot, "There is nothing in notebook.md yet")
        await pilot.press("z")
        await sees(pilot, "notebook.md · 1")
        assert read_notebook(NOTEBOOK) == [note]
