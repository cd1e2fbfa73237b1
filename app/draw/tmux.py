"""What tmux knows of the terminal that it is in, and does not tell by the environment."""

from __future__ import annotations

import os


def of_tmux(what: str) -> str:
    """What tmux answers for one of its formats, e.g. `client_termname`; "" outside of it, or where it is silent."""
    if not os.environ.get("TMUX"):
        return ""
    import subprocess

    asked = ["tmux", "display-message", "-p", f"#{{{what}}}"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, timeout=0.5, check=False).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""
