"""The entry point of `halodeck`: runs a command, or opens the workbench; every error becomes one line."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from app.waiting import let_threads_wait


def main() -> None:
    """Run the command line and exit: 0 done, 1 refused, 2 wrong usage, 128 + n ended by signal n."""
    let_threads_wait()
    _check_packages()
    from app.cli.encodings import use_what_is_there

    use_what_is_there()
    from app.cli.terminal import guard

    guard()
    from app.opening import BLOCKS_OF_IMAGES, COLOR, RUNS, UNIVERSES, opening
    from app.signals import Ended, ending, silence
    from core.errors import HalodeckError, Interrupted
    from core.files import explain

    try:
        from app.background.describing import guarded

        with ending(), guarded():
            plain = opening(sys.argv[1:])
            if plain:
                code = _open_workbench(plain[COLOR], plain[BLOCKS_OF_IMAGES], Path(plain[RUNS]), Path(plain[UNIVERSES]))
            else:
                code = _run_command()
        sys.exit(code)
    except HalodeckError as error:
        _say(str(error))
        # to the launcher of several ranks every other exit is a failure, after which it starts them again
        sys.exit(0 if isinstance(error, Interrupted) and "TORCHELASTIC_RUN_ID" in os.environ else error.exit_code)
    except Ended as error:
        _say(f"ended by {signal.Signals(error.number).name}; nothing half-written is left")
        sys.exit(error.exit_code)
    except BrokenPipeError:  # the reader, e.g. `head`, has enough
        silence()
        sys.exit(0)
    except OSError as error:
        _say(str(explain(error, Path(error.filename or "a file"))))
        sys.exit(1)
    except MemoryError:
        _say("out of memory: use fewer cells, smaller tiles or a machine with more")
        sys.exit(1)


def _run_command() -> int:
    """The exit code of what the command line asks for."""
    from typer.exceptions import Abort, TyperException

    from app.cli.program import program

    try:
        # standalone, Typer would tell a wrong usage in several lines
        code = program(prog_name="halodeck", standalone_mode=False, obj=_open_workbench) or 0
        if code == 130:  # Typer's word for Ctrl-C
            _say("interrupted; nothing half-written is left")
        return int(code)
    except TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "halodeck"
        _say(f"{error.format_message().rstrip('.')} (see `{command} --help`)")
        return error.exit_code
    except Abort:  # a question was answered by no
        _say("nothing was done")
        return 1


def _open_workbench(color: str, blocks: str, runs: Path, universes: Path) -> int:
    """Open the workbench and return its exit code. Raises: UsageError without a terminal."""
    from core.errors import UsageError

    # textual-serve names a driver that speaks to a browser through pipes
    if not ("TEXTUAL_DRIVER" in os.environ or (sys.stdin.isatty() and sys.stdout.isatty())):
        raise UsageError("the workbench needs a terminal", "use a command, see `halodeck --help`")
    from app.tui.app import run_workbench

    return run_workbench(runs, color, universes, blocks)


def _say(text: str) -> None:
    from app.draw.shown import shown
    from app.signals import silence

    try:
        print(f"halodeck: {shown(' '.join(text.split()))}", file=sys.stderr, flush=True)
    except OSError:  # the terminal is gone
        silence()


def _check_packages() -> None:
    """Another distribution may own a top-level package called core: say so instead of failing strangely."""
    import core

    here = Path(__file__).resolve().parent.parent
    found = Path(core.__file__ or "nowhere").resolve().parent.parent
    if found != here:
        _say(f"the package 'core' in {found} is not halodeck's: install halodeck into an environment of its own")
        sys.exit(1)
