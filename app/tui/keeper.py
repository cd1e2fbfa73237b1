"""A keeper of the terminal: a process that does nothing until the workbench is gone, and then looks after it.

A killed program leaves the terminal raw, on its second screen, with the mouse captured. The keeper is forked before
anything heavy is imported, and waits for the end of a pipe, which comes however the workbench dies.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

_AS_IT_WAS = (
    "\x1b[<u"  # the keyboard's own protocol
    "\x1b[?2026l"  # drawing
    "\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"  # the mouse
    "\x1b[?1004l\x1b[?2004l\x1b[?2048l"  # focus, pasting, sizes
    "\x1b[?1049l\x1b[?25h\x1b[?7h\x1b[0m"  # the first screen, the cursor, wrapped lines, plain text
    "\r\nhalodeck ended without a word; runs and tasks go on\r\n"
)


def keep() -> Callable[[], None]:
    """Start the keeper of the terminal on standard input; call what it returns when the workbench has ended well."""
    import termios

    try:
        terminal = sys.stdin.fileno()
        settings = termios.tcgetattr(terminal)
    except (OSError, termios.error):
        return lambda: None
    reading, writing = os.pipe()
    if child := os.fork():
        os.close(reading)
        os.set_inheritable(writing, False)

        def ended_well() -> None:
            os.write(writing, b"!")
            os.close(writing)
            os.waitpid(child, 0)

        return ended_well

    # whatever happens here must never come back as a second workbench
    try:
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGTSTP, signal.SIGTTOU, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)
        os.close(writing)
        if not os.read(reading, 1):
            os.write(terminal, _AS_IT_WAS.encode())
            termios.tcsetattr(terminal, termios.TCSADRAIN, settings)
    finally:
        os._exit(0)
