"""The report that is kept in the folder of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import InputError, RunError
from core.reading import read_json
from core.runs.run import Run

if TYPE_CHECKING:
    from core.figures import Report


def read_report(run: Run) -> Report:
    """The report that was kept with a run. Raises: RunError when there is none or it is damaged; ResourceError."""
    from core.figures import load_report

    again = f"make it again with `halodeck report {run.name} --again`"
    try:
        return load_report(read_json(run.report_path))
    except FileNotFoundError:
        remedy = f"make it with `halodeck report {run.name} --again`"
        raise RunError(f"run {run.name} has no report yet", remedy) from None
    except InputError as error:
        raise RunError(error.problem, again) from error
    except ValueError as error:
        raise RunError(f"{run.report_path} cannot be read ({error})", again) from error
